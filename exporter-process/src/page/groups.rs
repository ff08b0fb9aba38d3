//! What `stat` alone says of a group.

use edctl_exposition::{Family, Page};

use super::units::{Units, seconds, whole};
use crate::groups::{Group, GroupId, Lacks, Source};
use crate::stat::State;

/// Adds the groups to the page; without `boot_time_secs` their start times are left out.
pub(crate) fn render_groups(
    groups: &[(&str, GroupId, &Group)],
    units: Units,
    boot_time_secs: Option<u64>,
    page: &mut Page,
) {
    let mut families = Families::default();
    for (name, _, group) in groups {
        families.push(name, group, units, boot_time_secs);
    }
    families.add_to(page);
}

struct Families {
    processes: Family,
    threads: Family,
    cpu: Family,
    cpu_by_source: Family,
    memory: Family,
    oldest_start: Family,
    states: Family,
    minor_faults: Family,
    major_faults: Family,
}

impl Default for Families {
    fn default() -> Self {
        Self {
            processes: Family::gauge("namedprocess_namegroup_num_procs", "Processes of the group."),
            threads: Family::gauge(
                "namedprocess_namegroup_num_threads",
                "Threads of the group's processes.",
            ),
            cpu: Family::counter(
                "namedprocess_namegroup_cpu_seconds_total",
                "CPU time of the group's processes, of those that are gone too.",
            ),
            cpu_by_source: Family::counter(
                "edctl_process_group_cpu_seconds_total",
                "The same CPU time by how it is known: from live processes, from the kernel's records of \
                 ended ones, from the sums that parents keep of the children they waited for.",
            ),
            memory: Family::gauge(
                "namedprocess_namegroup_memory_bytes",
                "Memory of the group's processes; shared pages count for each of them.",
            ),
            oldest_start: Family::gauge(
                "namedprocess_namegroup_oldest_start_time_seconds",
                "Unix time at which the oldest process of the group started.",
            ),
            states: Family::gauge(
                "namedprocess_namegroup_states",
                "Processes of the group by what they do; Waiting is uninterruptible.",
            ),
            minor_faults: Family::counter(
                "namedprocess_namegroup_minor_page_faults_total",
                "Page faults of the group's processes that needed no disk.",
            ),
            major_faults: Family::counter(
                "namedprocess_namegroup_major_page_faults_total",
                "Page faults of the group's processes that needed a disk.",
            ),
        }
    }
}

impl Families {
    fn push(&mut self, name: &str, group: &Group, units: Units, boot_time_secs: Option<u64>) {
        let label = ("groupname", name);
        let Group { used, live, .. } = group;
        self.processes.push(&[label], live.processes);
        self.threads.push_known(&[label], live.threads.value());
        let Lacks { used: lacks, cpu: lacks_cpu } = live.lacks;
        for (mode, ns, is_lacking) in
            [("user", used.user_ns, lacks.user_ns), ("system", used.system_ns, lacks.system_ns)]
        {
            let secs = whole(seconds(ns), is_lacking);
            self.cpu.push_known(&[label, ("mode", mode)], secs);
        }
        for source in Source::ALL {
            let secs = whole(seconds(group.cpu_ns[source as usize]), lacks_cpu[source as usize]);
            self.cpu_by_source.push_known(&[label, ("source", source.word())], secs);
        }
        let resident_pages = live.resident_pages.value();
        let resident_bytes = resident_pages.map(|pages| pages.saturating_mul(units.page_bytes));
        self.memory.push_known(&[label, ("memtype", "resident")], resident_bytes);
        self.memory.push_known(&[label, ("memtype", "virtual")], live.virtual_bytes.value());
        if let (Some(boot), Some(start)) = (boot_time_secs, live.oldest_start_ticks()) {
            self.oldest_start.push(&[label], boot as f64 + units.seconds(start));
        }
        for state in State::ALL {
            self.states.push(&[label, ("state", state.word())], live.states[state as usize]);
        }
        let minor_faults = whole(used.minor_faults, lacks.minor_faults);
        self.minor_faults.push_known(&[label], minor_faults);
        let major_faults = whole(used.major_faults, lacks.major_faults);
        self.major_faults.push_known(&[label], major_faults);
    }

    fn add_to(self, page: &mut Page) {
        for family in [
            self.processes,
            self.threads,
            self.cpu,
            self.cpu_by_source,
            self.memory,
            self.oldest_start,
            self.states,
            self.minor_faults,
            self.major_faults,
        ] {
            page.add(family);
        }
    }
}
