//! The families of a job and of a step, and what they show of a tally.

use edctl_exposition::{Family, Kind, Page, Value};
use edctl_jobcgroup::Limit;

use super::counter::Counter;
use super::labels::Labels;
use super::tally::{Both, Stalled, Tally};

/// A label beyond those that say whose the series is, and the value; no value where nothing is known.
type Points = Vec<(Option<(&'static str, &'static str)>, Option<Value>)>;
/// What a family shows of a job or a step.
type Figure = fn(&Tally) -> Points;

/// A family of jobs or of steps.
struct Spec {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    points: Figure,
}

const fn gauge(name: &'static str, help: &'static str, points: Figure) -> Spec {
    Spec { name, help, kind: Kind::Gauge, points }
}

const fn counter(name: &'static str, help: &'static str, points: Figure) -> Spec {
    Spec { name, help, kind: Kind::Counter, points }
}

const JOB: [Spec; 17] = [
    counter("edctl_job_cpu_seconds_total", "CPU time of the job.", cpu),
    gauge("edctl_job_cpus", "CPUs that the job may run on.", |t| one(t.cpus)),
    counter(
        "edctl_job_cpu_throttled_seconds_total",
        "Time for which a CPU quota held the job back.",
        |t| count(t.throttled_secs),
    ),
    counter("edctl_job_cpu_periods_total", "Periods of the job's CPU quota.", |t| count(t.periods)),
    counter(
        "edctl_job_cpu_throttled_periods_total",
        "Periods in which a CPU quota held the job back.",
        |t| count(t.throttled_periods),
    ),
    gauge(
        "edctl_job_memory_bytes",
        "Memory of the job: all that is charged to it, anonymous, page cache, and of that shared.",
        memory,
    ),
    gauge(
        "edctl_job_memory_peak_bytes",
        "The most memory that was charged to the job, as the kernel says.",
        |t| one(t.memory.peak_bytes),
    ),
    gauge(
        "edctl_job_memory_anon_peak_bytes",
        "The most anonymous memory of the job that a sample saw.",
        |t| one(t.anon_peak_bytes),
    ),
    gauge("edctl_job_memory_limit_bytes", "Memory that the job may use.", |t| {
        one(t.memory.limit_bytes.and_then(Limit::value))
    }),
    counter(
        "edctl_job_memory_failures_total",
        "How often the job ran into its memory limit.",
        |t| count(t.failures),
    ),
    counter("edctl_job_oom_kills_total", "Processes of the job that the OOM killer ended.", |t| {
        count(t.oom_kills)
    }),
    counter("edctl_job_io_bytes_total", "Bytes to and from block devices.", |t| both(t.bytes)),
    counter("edctl_job_io_operations_total", "Operations of block devices.", |t| {
        both(t.operations)
    }),
    gauge("edctl_job_pids", "Processes and threads of the job.", |t| one(t.pids.current)),
    gauge("edctl_job_pids_limit", "Processes and threads that the job may have.", |t| {
        one(t.pids.limit.and_then(Limit::value))
    }),
    counter(
        "edctl_job_pressure_waiting_seconds_total",
        "Time in which at least one task of the job waited for the resource.",
        |t| pressure(t, |stalled| stalled.some_secs),
    ),
    counter(
        "edctl_job_pressure_stalled_seconds_total",
        "Time in which all tasks of the job waited for the resource.",
        |t| pressure(t, |stalled| stalled.full_secs),
    ),
];

const STEP: [Spec; 5] = [
    counter("edctl_job_step_cpu_seconds_total", "CPU time of the step.", cpu),
    gauge(
        "edctl_job_step_memory_bytes",
        "Memory of the step: all that is charged to it, and anonymous.",
        |t| {
            vec![
                (Some(("type", "current")), value(t.memory.current_bytes)),
                (Some(("type", "anon")), value(t.memory.anon_bytes)),
            ]
        },
    ),
    gauge(
        "edctl_job_step_memory_peak_bytes",
        "The most memory that was charged to the step, as the kernel says.",
        |t| one(t.memory.peak_bytes),
    ),
    gauge(
        "edctl_job_step_memory_anon_peak_bytes",
        "The most anonymous memory of the step that a sample saw.",
        |t| one(t.anon_peak_bytes),
    ),
    gauge("edctl_job_step_pids", "Processes and threads of the step.", |t| one(t.pids.current)),
];

/// Families that are filled job by job, or step by step.
pub(crate) struct Families(Vec<(Family, Figure)>);

impl Families {
    /// Those of jobs.
    pub(crate) fn of_jobs() -> Self {
        Self::new(&JOB)
    }

    /// Those of steps.
    pub(crate) fn of_steps() -> Self {
        Self::new(&STEP)
    }

    fn new(specs: &[Spec]) -> Self {
        let family = |spec: &Spec| Family::new(spec.name, spec.help, spec.kind);
        Self(specs.iter().map(|spec| (family(spec), spec.points)).collect())
    }

    /// Adds the series of one job or step.
    pub(crate) fn push(&mut self, labels: &Labels<'_>, tally: &Tally) {
        for (family, points) in &mut self.0 {
            for (label, value) in points(tally) {
                if let Some(value) = value {
                    let mut labels = labels.clone();
                    labels.extend(label);
                    family.push(&labels, value);
                }
            }
        }
    }

    /// Adds the families that have any series to the page.
    pub(crate) fn add_to(self, page: &mut Page) {
        for (family, _) in self.0.into_iter().filter(|(family, _)| !family.samples.is_empty()) {
            page.add(family);
        }
    }
}

fn value(number: Option<u64>) -> Option<Value> {
    number.map(Value::U64)
}

fn secs(counter: Option<Counter>) -> Option<Value> {
    counter.map(|counter| Value::F64(counter.value()))
}

fn one(number: Option<u64>) -> Points {
    vec![(None, value(number))]
}

fn count(counter: Option<Counter>) -> Points {
    vec![(None, secs(counter))]
}

fn cpu(tally: &Tally) -> Points {
    let cpu = tally.cpu.and_then(|cpu| cpu.value());
    vec![
        (Some(("mode", "user")), cpu.map(|cpu| Value::F64(cpu.user_secs))),
        (Some(("mode", "system")), cpu.map(|cpu| Value::F64(cpu.system_secs))),
    ]
}

fn memory(tally: &Tally) -> Points {
    let memory = tally.memory;
    vec![
        (Some(("type", "current")), value(memory.current_bytes)),
        (Some(("type", "anon")), value(memory.anon_bytes)),
        (Some(("type", "file")), value(memory.file_bytes)),
        (Some(("type", "shmem")), value(memory.shmem_bytes)),
    ]
}

fn both(both: Both) -> Points {
    vec![
        (Some(("direction", "read")), secs(both.read)),
        (Some(("direction", "write")), secs(both.write)),
    ]
}

fn pressure(tally: &Tally, kind: fn(&Stalled) -> Option<Counter>) -> Points {
    vec![
        (Some(("resource", "cpu")), secs(kind(&tally.cpu_stall))),
        (Some(("resource", "memory")), secs(kind(&tally.memory_stall))),
        (Some(("resource", "io")), secs(kind(&tally.io_stall))),
    ]
}
