//! What Slurm says in the environment, made into an event.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

use edctl_hookmsg::{
    Event, FACTS, Hook, MAX_COMMENT_BYTES, MAX_FACT_BYTES, MAX_NAME_BYTES, Task, clean,
};

/// When and by whom: what the environment does not say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) time_usec: u64,
    pub(crate) pid: u32,
    /// The caller's user id: a task's hooks run as the job's user.
    pub(crate) uid: u32,
}

impl Moment {
    pub(crate) fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            time_usec: u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX),
            pid: std::process::id(),
            uid: rustix::process::getuid().as_raw(),
        }
    }
}

/// Which hook this is. Only `HealthCheckProgram` runs without a context, and without a job.
pub(crate) fn hook(variable: impl Fn(&str) -> Option<OsString>) -> Option<Hook> {
    match text(&variable, "SLURM_SCRIPT_CONTEXT") {
        Some(context) => Hook::from_word(&context),
        None => {
            let is_node = variable("SLURMD_NODENAME").is_some();
            (is_node && variable("SLURM_JOB_ID").is_none()).then_some(Hook::HealthCheck)
        }
    }
}

/// The hook is a job's, and the environment does not say which.
#[derive(Debug, thiserror::Error)]
#[error("SLURM_JOB_ID is no job's number")]
pub(crate) struct NoJob;

/// The event of this call.
pub(crate) fn event(
    hook: Hook,
    moment: Moment,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Event, NoJob> {
    let named = |name: &str, max_bytes| {
        text(&variable, name).filter(|t| !t.is_empty()).map(|t| clean(&t, max_bytes))
    };
    let number = |name: &str| text(&variable, name).and_then(|t| t.parse::<u32>().ok());

    let job_id = number("SLURM_JOB_ID").filter(|id| *id > 0);
    if hook.has_job() && job_id.is_none() {
        return Err(NoJob);
    }
    let task = hook.runs_as_user().then(|| Task {
        step: number("SLURM_STEP_ID").unwrap_or(BATCH_STEP),
        proc_id: number("SLURM_PROCID").unwrap_or(0),
    });
    let uid = if hook.runs_as_user() { Some(moment.uid) } else { number("SLURM_JOB_UID") };
    let facts: BTreeMap<String, String> = FACTS
        .iter()
        .filter_map(|fact| Some((fact.name.to_owned(), named(fact.variable, MAX_FACT_BYTES)?)))
        .collect();
    Ok(Event {
        id: format!("{}-{}", moment.time_usec, moment.pid),
        hook,
        time_usec: moment.time_usec,
        job_id,
        restart: number("SLURM_JOB_RESTART_COUNT").or_else(|| number("SLURM_RESTART_COUNT")),
        task,
        uid,
        user: named("SLURM_JOB_USER", MAX_NAME_BYTES),
        node: named("SLURMD_NODENAME", MAX_NAME_BYTES),
        cluster: named("SLURM_CLUSTER_NAME", MAX_NAME_BYTES),
        comment: named("SLURM_JOB_COMMENT", MAX_COMMENT_BYTES),
        boot_id: None,
        facts,
    })
}

/// One variable as text; invalid UTF-8 becomes U+FFFD.
pub(crate) fn text(variable: impl Fn(&str) -> Option<OsString>, name: &str) -> Option<String> {
    variable(name).map(|value| value.to_string_lossy().into_owned())
}

/// How Slurm numbers the batch script's step.
pub(crate) const BATCH_STEP: u32 = 0xffff_fffb;

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    const MOMENT: Moment = Moment { time_usec: 1_000_000, pid: 77, uid: 2000 };

    /// What slurmd 22.05.8 gives a Prolog, shortened to what matters.
    const PROLOG: &[(&str, &str)] = &[
        ("SLURMD_NODENAME", "w1"),
        ("SLURM_CLUSTER_NAME", "edctl"),
        ("SLURM_JOB_ID", "42"),
        ("SLURM_JOB_UID", "2000"),
        ("SLURM_JOB_USER", "designer"),
        ("SLURM_JOB_COMMENT", "edctl/1 run=X stage=sim tp=Y"),
        ("SLURM_JOB_PARTITION", "latency"),
        ("SLURM_JOB_RESTART_COUNT", "1"),
        ("SLURM_JOB_WORK_DIR", "/home/designer"),
        ("SLURM_NODELIST", "w1"),
        ("SLURM_SCRIPT_CONTEXT", "prolog_slurmd"),
        ("SPANK_SECRET", "x"),
    ];

    fn of(pairs: &[(&str, &str)], name: &str) -> Option<OsString> {
        pairs.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.into())
    }

    #[test]
    fn a_prolog() {
        let variable = |name: &str| of(PROLOG, name);
        assert_eq!(hook(variable), Some(Hook::Prolog));
        let event = event(Hook::Prolog, MOMENT, variable).unwrap();
        assert_eq!(event.id, "1000000-77");
        assert_eq!((event.job_id, event.uid, event.restart), (Some(42), Some(2000), Some(1)));
        assert_eq!(event.user.as_deref(), Some("designer"));
        assert_eq!(event.comment.as_deref(), Some("edctl/1 run=X stage=sim tp=Y"));
        assert_eq!(event.task, None);
        let facts: Vec<_> = event.facts.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(facts, [("nodes", "w1"), ("partition", "latency")]);
    }

    #[test]
    fn an_epilog_may_know_no_more_than_the_job() {
        let bare = [("SLURM_JOB_ID", "42"), ("SLURM_SCRIPT_CONTEXT", "epilog_slurmd")];
        let event = event(Hook::Epilog, MOMENT, |name| of(&bare, name)).unwrap();
        assert_eq!((event.job_id, event.uid, event.user), (Some(42), None, None));
    }

    #[test]
    fn a_task_belongs_to_the_caller() {
        let mut pairs = PROLOG.to_vec();
        pairs.extend([("SLURM_STEP_ID", "3"), ("SLURM_PROCID", "1"), ("SLURM_JOB_UID", "0")]);
        let event = event(Hook::TaskProlog, MOMENT, |name| of(&pairs, name)).unwrap();
        assert_eq!(event.task, Some(Task { step: 3, proc_id: 1 }));
        assert_eq!(event.uid, Some(2000), "whatever the environment says");
    }

    #[test]
    fn no_job_no_event() {
        for id in ["", "0", "-1", "4294967296", "42; reboot"] {
            let pairs = [("SLURM_JOB_ID", id)];
            assert!(event(Hook::Prolog, MOMENT, |name| of(&pairs, name)).is_err(), "{id:?}");
        }
        assert!(event(Hook::HealthCheck, MOMENT, |_| None).is_ok());
    }

    #[test]
    fn strangers_text_is_cut_and_cleaned() {
        let comment = OsString::from_vec([b"a\nb\xff".to_vec(), vec![b'x'; 5000]].concat());
        let variable = |name: &str| match name {
            "SLURM_JOB_COMMENT" => Some(comment.clone()),
            name => of(PROLOG, name),
        };
        let event = event(Hook::Prolog, MOMENT, variable).unwrap();
        let comment = event.comment.unwrap();
        assert!(comment.starts_with("a\u{fffd}b\u{fffd}x"));
        assert_eq!(comment.len(), MAX_COMMENT_BYTES);
    }

    #[test]
    fn the_hook_is_known_without_a_context_only_for_the_health_check() {
        assert_eq!(hook(|name| of(&[("SLURMD_NODENAME", "w1")], name)), Some(Hook::HealthCheck));
        assert_eq!(hook(|name| of(&[("SLURM_JOB_ID", "1")], name)), None);
        assert_eq!(hook(|name| of(&[("SLURM_SCRIPT_CONTEXT", "prolog_srun")], name)), None);
        assert_eq!(hook(|_| None), None);
    }
}
