//! From the store to the page: the names that jobstats asks Prometheus for, which are those of the
//! cgroup_exporter that it is used with. All of them are gauges there, and here.

use edctl_exposition::{Family, Page, Value};

use super::labels::{Labels, named};
use super::store::Store;
use super::tally::Tally;

type Figure = fn(&Tally) -> Option<Value>;

const FAMILIES: [(&str, &str, Figure); 10] = [
    ("cgroup_cpu_user_seconds", "CPU time in user mode.", |t| {
        t.cpu?.value().map(|cpu| Value::F64(cpu.user_secs))
    }),
    ("cgroup_cpu_system_seconds", "CPU time in the kernel.", |t| {
        t.cpu?.value().map(|cpu| Value::F64(cpu.system_secs))
    }),
    ("cgroup_cpu_total_seconds", "CPU time.", |t| t.cpu.map(|cpu| Value::F64(cpu.total_secs()))),
    ("cgroup_cpus", "CPUs that it may run on.", |t| t.cpus.map(Value::U64)),
    ("cgroup_memory_rss_bytes", "Anonymous memory.", |t| t.memory.anon_bytes.map(Value::U64)),
    ("cgroup_memory_cache_bytes", "Page cache.", |t| t.memory.file_bytes.map(Value::U64)),
    ("cgroup_memory_used_bytes", "All memory that is charged to it.", |t| {
        t.memory.current_bytes.map(Value::U64)
    }),
    ("cgroup_memory_total_bytes", "Memory that it may use.", |t| {
        t.memory.limit_bytes?.value().map(Value::U64)
    }),
    ("cgroup_memory_fail_count", "How often it ran into its memory limit.", |t| {
        t.failures.map(|count| Value::F64(count.value()))
    }),
    ("cgroup_memory_shmem_bytes", "Shared memory.", |t| t.memory.shmem_bytes.map(Value::U64)),
];

/// Adds all families: of a job with the labels `step` and `task` empty, of a step with `task` empty.
pub(crate) fn render(store: &Store, page: &mut Page) {
    let mut families = FAMILIES.map(|(name, help, _)| Family::gauge(name, help));
    let mut uid = Family::gauge("cgroup_uid", "The job's user.");
    for named in named(store) {
        let job = named.job;
        push(&mut families, named.labels(), "", &job.tally);
        for (name, step) in &job.steps {
            push(&mut families, named.labels(), name, &step.tally);
        }
        if let Some(number) = job.uid {
            uid.push(&named.labels(), number);
        }
    }
    let families = families.into_iter().chain([uid]);
    for family in families.filter(|family| !family.samples.is_empty()) {
        page.add(family);
    }
}

fn push<'a>(families: &mut [Family], mut labels: Labels<'a>, step: &'a str, tally: &Tally) {
    labels.splice(1..1, [("step", step), ("task", "")]);
    for (family, (_, _, figure)) in families.iter_mut().zip(FAMILIES) {
        if let Some(value) = figure(tally) {
            family.push(&labels, value);
        }
    }
}
