//! From groups to the page: process-exporter's names and labels.

use edctl_exposition::{Family, Page};

use crate::groups::Group;
use crate::stat::State;

/// What the kernel's units are worth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units {
    pub(crate) ticks_per_second: u64,
    pub(crate) page_bytes: u64,
}

impl Units {
    /// Those of the running kernel.
    pub(crate) fn of_system() -> Self {
        Self {
            ticks_per_second: rustix::param::clock_ticks_per_second(),
            page_bytes: rustix::param::page_size() as u64,
        }
    }

    fn seconds(self, ticks: u64) -> f64 {
        ticks as f64 / self.ticks_per_second as f64
    }
}

/// Failures since the start.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Errors {
    pub(crate) scans: u64,
    pub(crate) processes: u64,
    pub(crate) partial: u64,
}

/// Adds the groups to the page; without `boot_time_secs` their start times are left out.
pub(crate) fn render_groups(
    groups: &[(&str, &Group)],
    units: Units,
    boot_time_secs: Option<u64>,
    page: &mut Page,
) {
    let mut families = Families::default();
    for (name, group) in groups {
        families.push(name, group, units, boot_time_secs);
    }
    families.add_to(page);
}

/// Adds the counts of failures, under names without `_total` as process-exporter has them.
pub(crate) fn render_errors(errors: &Errors, page: &mut Page) {
    for (name, help, value) in [
        ("namedprocess_scrape_errors", "Scrapes that could not list the processes.", errors.scans),
        (
            "namedprocess_scrape_procread_errors",
            "Processes that could not be read though they were there.",
            errors.processes,
        ),
        (
            "namedprocess_scrape_partial_errors",
            "Scrapes that lack start times because the boot time could not be read.",
            errors.partial,
        ),
    ] {
        page.add(Family::counter(name, help).with(&[], value));
    }
}

struct Families {
    processes: Family,
    threads: Family,
    cpu: Family,
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
                "CPU time of the group's processes while they were seen.",
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
        self.threads.push(&[label], live.threads);
        self.cpu.push(&[label, ("mode", "user")], units.seconds(used.user_ticks));
        self.cpu.push(&[label, ("mode", "system")], units.seconds(used.system_ticks));
        let resident_bytes = live.resident_pages.saturating_mul(units.page_bytes);
        self.memory.push(&[label, ("memtype", "resident")], resident_bytes);
        self.memory.push(&[label, ("memtype", "virtual")], live.virtual_bytes);
        if let (Some(boot), Some(start)) = (boot_time_secs, live.oldest_start_ticks) {
            self.oldest_start.push(&[label], boot as f64 + units.seconds(start));
        }
        for state in State::ALL {
            self.states.push(&[label, ("state", state.word())], live.states[state as usize]);
        }
        self.minor_faults.push(&[label], used.minor_faults);
        self.major_faults.push(&[label], used.major_faults);
    }

    fn add_to(self, page: &mut Page) {
        for family in [
            self.processes,
            self.threads,
            self.cpu,
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
