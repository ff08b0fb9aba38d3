//! What takes more than `stat`: present for the groups that were read, and only what is whole.

use edctl_exposition::{Family, Page};

use super::units::whole;
use crate::details::Details;
use crate::groups::{Group, GroupId};
use crate::smaps::Smaps;

/// Adds the details of the groups that have them.
pub(crate) fn render_details(
    groups: &[(&str, GroupId, &Group)],
    details: &Details,
    smaps: &Smaps,
    page: &mut Page,
) {
    let mut families = Families::default();
    for (name, id, _) in groups {
        families.push(name, *id, details, smaps);
    }
    families.add_to(page);
}

/// Adds what keeps details from being there.
pub(crate) fn render_detail_limits(details: &Details, stuck_processes: u64, page: &mut Page) {
    let mut unreadable = Family::gauge(
        "edctl_process_unreadable_processes",
        "Processes of which this file could not be read; their groups lack what it says.",
    );
    for (file, processes) in details.unreadable() {
        unreadable.push(&[("file", file)], processes);
    }
    page.add(unreadable);
    page.add(
        Family::gauge(
            "edctl_process_groups_without_details",
            "Groups of which only stat was read, because all processes together are too many.",
        )
        .with(&[], details.skipped_groups()),
    );
    page.add(
        Family::gauge(
            "edctl_process_stuck_processes",
            "Processes whose cmdline or smaps_rollup the kernel has not given yet.",
        )
        .with(&[], stuck_processes),
    );
}

struct Families {
    memory: Family,
    read_bytes: Family,
    write_bytes: Family,
    switches: Family,
    open_files: Family,
    worst_ratio: Family,
    wchans: Family,
}

impl Default for Families {
    fn default() -> Self {
        Self {
            memory: Family::gauge(
                "namedprocess_namegroup_memory_bytes",
                "Memory of the group's processes; shared pages count for each of them.",
            ),
            read_bytes: Family::counter(
                "namedprocess_namegroup_read_bytes_total",
                "Bytes that the group's processes had read from storage.",
            ),
            write_bytes: Family::counter(
                "namedprocess_namegroup_write_bytes_total",
                "Bytes that the group's processes had written to storage.",
            ),
            switches: Family::counter(
                "namedprocess_namegroup_context_switches_total",
                "Context switches of all threads of the group's processes; absent where they are too many.",
            ),
            open_files: Family::gauge(
                "namedprocess_namegroup_open_filedesc",
                "Open file descriptors of the group's processes.",
            ),
            worst_ratio: Family::gauge(
                "namedprocess_namegroup_worst_fd_ratio",
                "Open file descriptors as a share of their soft limit, of the process where it is \
                 highest.",
            ),
            wchans: Family::gauge(
                "namedprocess_namegroup_threads_wchan",
                "Main threads of the group's processes by the kernel's function they sleep in.",
            ),
        }
    }
}

impl Families {
    fn push(&mut self, name: &str, id: GroupId, details: &Details, smaps: &Smaps) {
        let Some(detail) = details.of(id) else { return };
        let label = ("groupname", name);
        let (counted, now) = (&detail.counted, &detail.now);
        let proportional = smaps.of(id);
        for (kind, bytes) in [
            ("swapped", now.swapped_bytes.value()),
            ("proportionalResident", proportional.and_then(|sums| sums.resident_bytes.value())),
            ("proportionalSwapped", proportional.and_then(|sums| sums.swapped_bytes.value())),
        ] {
            self.memory.push_known(&[label, ("memtype", kind)], bytes);
        }
        let read_bytes = whole(counted.read_bytes, now.lacks.read_bytes);
        self.read_bytes.push_known(&[label], read_bytes);
        let write_bytes = whole(counted.write_bytes, now.lacks.write_bytes);
        self.write_bytes.push_known(&[label], write_bytes);
        for (kind, count, is_lacking) in [
            ("voluntary", counted.voluntary_switches, now.lacks.voluntary_switches),
            ("nonvoluntary", counted.nonvoluntary_switches, now.lacks.nonvoluntary_switches),
        ] {
            let count = whole(count, is_lacking);
            self.switches.push_known(&[label, ("ctxswitchtype", kind)], count);
        }
        let open_files = now.open_files.value();
        self.open_files.push_known(&[label], open_files);
        let worst_ratio = now.worst_open_files_ratio().filter(|_| open_files.is_some());
        self.worst_ratio.push_known(&[label], worst_ratio);
        for (wchan, processes) in &now.wchans {
            self.wchans.push(&[label, ("wchan", wchan)], *processes);
        }
    }

    fn add_to(self, page: &mut Page) {
        for family in [
            self.memory,
            self.read_bytes,
            self.write_bytes,
            self.switches,
            self.open_files,
            self.worst_ratio,
            self.wchans,
        ] {
            page.add(family);
        }
    }
}
