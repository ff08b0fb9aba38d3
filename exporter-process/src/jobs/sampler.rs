//! The thread that reads the jobs: in turns, and at once when something ends. It may hang in the
//! kernel; the page shows what there was before, and how old it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use edctl_daemon::Paths;
use edctl_jobcgroup::Faults;
use rustix::time::{ClockId, clock_gettime};

use super::bell::Bell;
use super::budget::Budget;
use super::reader::{Reader, Seen, Task, read_job, read_job_cpu};
use super::settings::Settings;
use super::store::{Moment, Store};
use super::watch::{Watch, Woken};

/// How often Slurm's control groups are looked for while there are none.
const LOOK_FOR_SLURM: Duration = Duration::from_secs(10);

/// What may change while the sampler runs.
#[derive(Debug, Clone)]
pub(crate) struct Orders {
    pub(crate) settings: Settings,
    pub(crate) roots: Paths,
}

/// What the sampler and the page share.
pub(crate) struct Shared {
    orders: Mutex<Option<Orders>>,
    store: Mutex<Store>,
}

impl Shared {
    pub(crate) fn new(orders: Orders) -> Self {
        Self { orders: Mutex::new(Some(orders)), store: Mutex::default() }
    }

    /// What was found; never held while anything is read.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the orders; without any, the sampler ends.
    pub(crate) fn order(&self, orders: Option<Orders>) {
        *self.orders.lock().unwrap_or_else(PoisonError::into_inner) = orders;
    }

    fn orders(&self) -> Option<Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Makes one pass and hands it to the store.
pub(crate) fn sample(reader: &mut Reader, orders: &Orders, shared: &Shared) -> Option<Seen> {
    let started = Instant::now();
    match reader.read(&orders.roots) {
        Ok(mut seen) => {
            let pass = std::mem::take(&mut seen.pass);
            shared.store().take(pass, moment(started), &orders.settings);
            Some(seen)
        }
        Err(error) => {
            tracing::debug!(%error, "cannot list the jobs' control groups");
            let mut faults = Faults::default();
            faults.add("cgroup", "list");
            shared.store().note(faults);
            None
        }
    }
}

/// Samples until there are no orders any more.
pub(crate) fn run(shared: &Arc<Shared>, bell: Bell) {
    let mut faults = Faults::default();
    let mut watch = Watch::new(bell, &mut faults);
    let mut reader = Reader::default();
    let mut budget = Budget::new(Instant::now());
    while let Some(orders) = shared.orders() {
        let started = Instant::now();
        let work = cpu_time();
        let is_on = !orders.settings.profiles.is_empty();
        let seen = is_on.then(|| sample(&mut reader, &orders, shared)).flatten();
        let any_new = seen.as_ref().is_some_and(|seen| watch.follow(seen, &mut faults));
        shared.store().note(std::mem::take(&mut faults));
        budget.spend(cpu_time().saturating_sub(work), Instant::now());

        let has_slurm = seen.is_some_and(|seen| !seen.dirs.is_empty());
        let interval = orders.settings.sample_interval();
        let pause = if has_slurm { interval } else { interval.max(LOOK_FOR_SLURM) };
        let due = if any_new { started } else { started + pause };
        rest(shared, &mut watch, &mut budget, due);
    }
}

/// Waits until the next pass is due: by its turn, or earlier because something happened.
fn rest(shared: &Shared, watch: &mut Watch, budget: &mut Budget, mut due: Instant) {
    loop {
        let now = Instant::now();
        let patience = due.max(budget.earliest(now)).saturating_duration_since(now);
        if patience.is_zero() {
            return;
        }
        let Woken { rung, changed, ended } = watch.wait(patience);
        if rung {
            return;
        }
        let work = cpu_time();
        for task in &ended {
            read_last(shared, task);
        }
        budget.spend(cpu_time().saturating_sub(work), Instant::now());
        if changed || !ended.is_empty() {
            due = now;
        }
    }
}

/// Reads a job in which a task's leading process has just ended: the CPU time first, as its groups may
/// be gone in a moment.
fn read_last(shared: &Shared, task: &Task) {
    let started = Instant::now();
    let mut faults = Faults::default();
    let cpu = read_job_cpu(&task.job, &mut faults);
    let rest = read_job(&task.job, &mut faults);
    let mut store = shared.store();
    for sample in std::iter::once(cpu).chain(rest) {
        store.take_job(task.node.clone(), &sample, moment(started));
    }
    store.note(faults);
}

fn moment(started: Instant) -> Moment {
    let at = Instant::now();
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Moment { at, unix_secs: since_1970.as_secs_f64(), took: at.duration_since(started) }
}

/// CPU time of this thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
