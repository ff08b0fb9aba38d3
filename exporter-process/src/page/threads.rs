//! Single threads by their names, as process-exporter shows them for processes with more than one.

use edctl_exposition::{Family, Page};

use super::units::{seconds, whole};
use crate::groups::{Group, GroupId};
use crate::threads::{Lacks, Sums, Threads};

/// Adds the threads of all groups that were read.
pub(crate) fn render_threads(
    groups: &[(&str, GroupId, &Group)],
    threads: &Threads,
    page: &mut Page,
) {
    let mut families = Families::default();
    for (group, id, _) in groups {
        for (name, sums) in threads.of(*id) {
            families.push(group, name, sums);
        }
    }
    families.add_to(page);
    page.add(
        Family::gauge(
            "edctl_process_threads_skipped",
            "Threads that were left out because they are too many in all.",
        )
        .with(&[], threads.skipped()),
    );
}

struct Families {
    count: Family,
    cpu: Family,
    io: Family,
    minor_faults: Family,
    major_faults: Family,
    switches: Family,
}

impl Default for Families {
    fn default() -> Self {
        let counter = |name: &'static str, help: &'static str| Family::counter(name, help);
        Self {
            count: Family::gauge(
                "namedprocess_namegroup_thread_count",
                "Threads of this name in the group.",
            ),
            cpu: counter(
                "namedprocess_namegroup_thread_cpu_seconds_total",
                "CPU time of the threads of this name while they were seen.",
            ),
            io: counter(
                "namedprocess_namegroup_thread_io_bytes_total",
                "Bytes that the threads of this name had read from and written to storage.",
            ),
            minor_faults: counter(
                "namedprocess_namegroup_thread_minor_page_faults_total",
                "Page faults of the threads of this name that needed no disk.",
            ),
            major_faults: counter(
                "namedprocess_namegroup_thread_major_page_faults_total",
                "Page faults of the threads of this name that needed a disk.",
            ),
            switches: counter(
                "namedprocess_namegroup_thread_context_switches_total",
                "Context switches of the threads of this name.",
            ),
        }
    }
}

impl Families {
    fn push(&mut self, group: &str, thread: &str, sums: &Sums) {
        let Sums { count, used, activity, lacks } = sums;
        let labels = [("groupname", group), ("threadname", thread)];
        let with = |name: &'static str, value: &'static str| [labels[0], labels[1], (name, value)];
        self.count.push(&labels, *count);
        let Lacks { used: lacks, activity: lacks_activity } = lacks;
        for (mode, ns, is_lacking) in
            [("user", used.user_ns, lacks.user_ns), ("system", used.system_ns, lacks.system_ns)]
        {
            let secs = whole(seconds(ns), is_lacking);
            self.cpu.push_known(&with("mode", mode), secs);
        }
        for (mode, bytes, is_lacking) in [
            ("read", activity.read_bytes, lacks_activity.read_bytes),
            ("write", activity.write_bytes, lacks_activity.write_bytes),
        ] {
            self.io.push_known(&with("iomode", mode), whole(bytes, is_lacking));
        }
        for (kind, count, is_lacking) in [
            ("voluntary", activity.voluntary_switches, lacks_activity.voluntary_switches),
            ("nonvoluntary", activity.nonvoluntary_switches, lacks_activity.nonvoluntary_switches),
        ] {
            let count = whole(count, is_lacking);
            self.switches.push_known(&with("ctxswitchtype", kind), count);
        }
        let minor_faults = whole(used.minor_faults, lacks.minor_faults);
        self.minor_faults.push_known(&labels, minor_faults);
        let major_faults = whole(used.major_faults, lacks.major_faults);
        self.major_faults.push_known(&labels, major_faults);
    }

    fn add_to(self, page: &mut Page) {
        for family in
            [self.count, self.cpu, self.io, self.minor_faults, self.major_faults, self.switches]
        {
            page.add(family);
        }
    }
}
