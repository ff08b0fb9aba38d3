//! The state machine: events in, jobs and history out. It does no input or output.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use edctl_hookmsg::{Event, Hook};
use serde::{Deserialize, Serialize};

use super::ended::{self, Ended, Total};
use super::job::Job;

/// More jobs than a node can run; the oldest is forgotten.
const MOST_JOBS: usize = 4096;
/// How many events `status` can show.
const MOST_PAST: usize = 256;
/// How many jobs that have ended are known.
const MOST_ENDED: usize = 256;
/// How many events are known by their id, so that none counts twice.
const MOST_SEEN: usize = 4096;

/// How an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// From the hook itself.
    Socket,
    /// From the spool, where it waited for the agent.
    Spool,
}

impl Source {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Source::Socket => "socket",
            Source::Spool => "spool",
        }
    }
}

/// Whether an event was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    New,
    Known,
}

/// An event that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Past {
    pub(crate) time_usec: u64,
    pub(crate) hook: Hook,
    pub(crate) job_id: Option<u32>,
    pub(crate) user: Option<String>,
    pub(crate) source: Source,
}

/// The jobs on the node and the last events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NodeState {
    jobs: BTreeMap<u32, Job>,
    /// Those of them that are taken as ended; found out again after a restart.
    #[serde(skip)]
    vanished: BTreeSet<u32>,
    past: VecDeque<Past>,
    ended: VecDeque<Ended>,
    totals: Vec<Total>,
    seen: VecDeque<String>,
}

impl NodeState {
    /// Takes one event, once.
    pub(crate) fn apply(&mut self, event: &Event, source: Source, boot_id: &str) -> Applied {
        if self.seen.contains(&event.id) {
            return Applied::Known;
        }
        push_bounded(&mut self.seen, event.id.clone(), MOST_SEEN);
        let known_user = event.job_id.and_then(|id| self.jobs.get(&id)?.user.clone());
        if let Some(job_id) = event.job_id {
            self.apply_to_job(job_id, event, boot_id);
        }
        // A health check comes again and again and would push out what happened.
        if event.hook != Hook::HealthCheck {
            let past = Past {
                time_usec: event.time_usec,
                hook: event.hook,
                job_id: event.job_id,
                user: event.user.clone().or(known_user),
                source,
            };
            push_bounded(&mut self.past, past, MOST_PAST);
        }
        Applied::New
    }

    fn apply_to_job(&mut self, job_id: u32, event: &Event, boot_id: &str) {
        match event.hook {
            Hook::Prolog => {
                let this_boot = event.boot_id.as_deref().is_none_or(|boot| boot == boot_id);
                if this_boot && !self.ended_after(job_id, event.time_usec) {
                    self.begin(Job::begin(job_id, event));
                }
            }
            Hook::Epilog => {
                let is_this_run = |job: &Job| job.since_usec <= event.time_usec;
                if self.jobs.get(&job_id).is_some_and(is_this_run)
                    && let Some(job) = self.jobs.remove(&job_id)
                {
                    self.end(Ended::of(job, event));
                }
            }
            Hook::TaskProlog => {
                self.jobs.entry(job_id).and_modify(|job| job.tasks_started += 1);
            }
            Hook::TaskEpilog => {
                self.jobs.entry(job_id).and_modify(|job| job.tasks_ended += 1);
            }
            Hook::PrologSlurmctld
            | Hook::EpilogSlurmctld
            | Hook::HealthCheck
            | Hook::UnkillableStep => {}
        }
    }

    fn end(&mut self, ended: Ended) {
        ended::count(&mut self.totals, &ended);
        push_bounded(&mut self.ended, ended, MOST_ENDED);
    }

    fn begin(&mut self, job: Job) {
        self.vanished.remove(&job.job_id);
        self.jobs.insert(job.job_id, job);
        if self.jobs.len() > MOST_JOBS {
            let oldest = self.jobs.values().min_by_key(|job| job.since_usec).map(|job| job.job_id);
            self.jobs.retain(|id, _| Some(*id) != oldest);
        }
    }

    /// Whether the job's epilog was seen already: a prolog may come late, through the spool.
    fn ended_after(&self, job_id: u32, time_usec: u64) -> bool {
        self.past.iter().any(|past| {
            past.hook == Hook::Epilog && past.job_id == Some(job_id) && past.time_usec >= time_usec
        })
    }

    /// Forgets the jobs of an earlier boot, and hands back how many there were.
    pub(crate) fn forget_jobs(&mut self) -> usize {
        std::mem::take(&mut self.jobs).len()
    }

    pub(crate) fn job(&self, job_id: u32) -> Option<&Job> {
        self.jobs.get(&job_id)
    }

    /// The jobs on the node.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.begun().filter(|job| !self.vanished.contains(&job.job_id))
    }

    /// All jobs whose prolog came and whose epilog did not.
    pub(crate) fn begun(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }

    /// Takes exactly these jobs as ended without an epilog, and hands back those that were not yet.
    pub(crate) fn set_vanished(&mut self, vanished: BTreeSet<u32>) -> Vec<u32> {
        let before = std::mem::replace(&mut self.vanished, vanished);
        self.vanished.difference(&before).copied().collect()
    }

    /// The last jobs that have ended, the newest first.
    pub(crate) fn ended(&self) -> impl Iterator<Item = &Ended> {
        self.ended.iter().rev()
    }

    /// All that have ended, by kind.
    pub(crate) fn totals(&self) -> &[Total] {
        &self.totals
    }

    /// The last events, the newest first.
    pub(crate) fn past(&self) -> impl Iterator<Item = &Past> {
        self.past.iter().rev()
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(item);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn event(hook: Hook, job_id: u32, time_usec: u64) -> Event {
        Event {
            id: format!("{time_usec}-{job_id}-{hook}"),
            hook,
            time_usec,
            job_id: Some(job_id),
            restart: None,
            task: None,
            uid: Some(2000),
            user: Some("designer".into()),
            node: None,
            cluster: None,
            comment: Some("edctl/1 run=R stage=sim".into()),
            boot_id: None,
            facts: BTreeMap::from([("partition".into(), "latency".into())]),
        }
    }

    fn after(events: &[Event]) -> NodeState {
        let mut state = NodeState::default();
        for event in events {
            state.apply(event, Source::Socket, "boot");
        }
        state
    }

    fn running(state: &NodeState) -> Vec<u32> {
        state.jobs().map(|job| job.job_id).collect()
    }

    #[test]
    fn a_job_lives_from_prolog_to_epilog() {
        let bare = Event { user: None, ..event(Hook::TaskProlog, 1, 20) };
        let mut state = after(&[
            event(Hook::Prolog, 1, 10),
            bare,
            event(Hook::TaskProlog, 1, 21),
            event(Hook::TaskEpilog, 1, 30),
        ]);
        let job = state.job(1).unwrap();
        assert_eq!((job.tasks_started, job.tasks_ended), (2, 1));
        assert_eq!((job.run.as_deref(), job.stage.as_deref()), (Some("R"), Some("sim")));
        assert_eq!(job.partition.as_deref(), Some("latency"));
        state.apply(&event(Hook::Epilog, 1, 40), Source::Socket, "boot");
        assert_eq!(running(&state), [0; 0]);
        let hooks: Vec<Hook> = state.past().map(|past| past.hook).collect();
        assert_eq!(hooks.first(), Some(&Hook::Epilog));
        assert_eq!(hooks.len(), 5);
        assert!(state.past().all(|past| past.user.as_deref() == Some("designer")));
    }

    #[test]
    fn an_event_counts_once() {
        let prolog = event(Hook::Prolog, 1, 10);
        let mut state = after(std::slice::from_ref(&prolog));
        assert_eq!(state.apply(&prolog, Source::Spool, "boot"), Applied::Known);
        assert_eq!(state.past().count(), 1);
    }

    #[test]
    fn each_end_is_kept_once_with_its_outcome() {
        let epilog = |job_id, time_usec, exit: &str| {
            let mut epilog = event(Hook::Epilog, job_id, time_usec);
            epilog.facts.insert("exit_code".into(), exit.into());
            epilog
        };
        let mut again = epilog(1, 2_000_000, "0:0");
        again.id = "another call of the same epilog".into();
        let state = after(&[
            event(Hook::Prolog, 1, 500_000),
            epilog(1, 2_000_000, "0:0"),
            again,
            event(Hook::Prolog, 2, 10),
            epilog(2, 20, "0:9"),
            event(Hook::Prolog, 2, 30),
            epilog(2, 40, "3:0"),
            event(Hook::Prolog, 3, 50),
            epilog(3, 60, "nonsense"),
            epilog(7, 70, "0:0"),
        ]);
        let ended: Vec<(u32, &str)> =
            state.ended().map(|ended| (ended.job.job_id, ended.outcome.as_str())).collect();
        assert_eq!(ended, [(3, "unknown"), (2, "failed"), (2, "signalled"), (1, "completed")]);
        assert_eq!(state.ended().last().unwrap().seconds(), 1.5);
        let totals: Vec<(&str, u64, u64)> =
            state.totals().iter().map(|total| (&*total.stage, total.jobs, total.usec)).collect();
        assert_eq!(totals, [("sim", 1, 1_500_000), ("sim", 1, 10), ("sim", 1, 10), ("sim", 1, 10)]);
    }

    #[test]
    fn order_does_not_revive_or_kill_a_job() {
        let late_prolog = after(&[event(Hook::Epilog, 1, 40), event(Hook::Prolog, 1, 10)]);
        assert_eq!(running(&late_prolog), [0; 0]);
        let requeued = after(&[
            event(Hook::Prolog, 1, 10),
            event(Hook::Epilog, 1, 20),
            event(Hook::Prolog, 1, 30),
        ]);
        assert_eq!(running(&requeued), [1]);
        let late_epilog = after(&[event(Hook::Prolog, 1, 30), event(Hook::Epilog, 1, 20)]);
        assert_eq!(running(&late_epilog), [1]);
        let unknown = after(&[event(Hook::Epilog, 7, 1), event(Hook::TaskProlog, 8, 2)]);
        assert_eq!(running(&unknown), [0; 0]);
    }

    #[test]
    fn a_job_of_an_earlier_boot_does_not_run() {
        let mut old = event(Hook::Prolog, 1, 10);
        old.boot_id = Some("before".into());
        let mut now = event(Hook::Prolog, 2, 10);
        now.boot_id = Some("boot".into());
        let mut state = after(&[old, now]);
        assert_eq!(running(&state), [2]);
        assert_eq!((state.forget_jobs(), running(&state).len()), (1, 0));
    }

    #[test]
    fn nothing_grows_without_end() {
        let mut state = NodeState::default();
        for n in 1..=u32::try_from(MOST_JOBS).unwrap() + 10 {
            state.apply(&event(Hook::Prolog, n, u64::from(n)), Source::Socket, "boot");
        }
        assert_eq!(state.jobs().count(), MOST_JOBS);
        assert_eq!(state.jobs().next().unwrap().job_id, 11, "the oldest went");
        assert_eq!(state.past().count(), MOST_PAST);
        assert_eq!(state.seen.len(), MOST_SEEN);
    }
}
