//! Who may say what on the socket, which everybody on the node can open.

use edctl_hookmsg::Event;
use nix::unistd::User;

use crate::node::NodeState;

/// The users who may speak for Slurm.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    privileged: Vec<u32>,
}

impl Authority {
    /// Root, SlurmUser, and the agent's own user, who owns the agent's state anyway.
    pub(crate) fn of(slurm_user: &str) -> Self {
        let mut privileged = vec![0, rustix::process::getuid().as_raw()];
        match User::from_name(slurm_user) {
            Ok(Some(user)) => privileged.push(user.uid.as_raw()),
            Ok(None) => tracing::debug!(slurm_user, "no such user here"),
            Err(error) => tracing::warn!(slurm_user, %error, "cannot look the user up"),
        }
        Self { privileged }
    }

    /// Whether the caller with `uid` may say this: Slurm's own users everything, others only that a
    /// task of their own job runs.
    pub(crate) fn allows(&self, uid: u32, event: &Event, state: &NodeState) -> bool {
        self.privileged.contains(&uid) || (event.hook.runs_as_user() && owns_job(uid, event, state))
    }

    /// Whether the caller comes first when the server is busy.
    pub(crate) fn is_privileged(&self, uid: u32) -> bool {
        self.privileged.contains(&uid)
    }
}

fn owns_job(uid: u32, event: &Event, state: &NodeState) -> bool {
    event.job_id.and_then(|id| state.job(id)).is_some_and(|job| job.uid == Some(uid))
}

#[cfg(test)]
mod tests {
    use edctl_hookmsg::Hook;

    use super::*;
    use crate::node::{Source, tests::event};

    #[test]
    fn a_user_speaks_only_for_his_own_job() {
        let mut state = NodeState::default();
        state.apply(&event(Hook::Prolog, 1, 10), Source::Socket, "boot");
        let authority = Authority { privileged: vec![0, 64030] };
        for (uid, hook, job, allowed) in [
            (0, Hook::Prolog, 2, true),
            (64030, Hook::Epilog, 1, true),
            (2000, Hook::Prolog, 1, false),
            (2000, Hook::Epilog, 1, false),
            (2000, Hook::HealthCheck, 1, false),
            (2000, Hook::TaskProlog, 1, true),
            (2000, Hook::TaskEpilog, 1, true),
            (2000, Hook::TaskProlog, 2, false),
            (2001, Hook::TaskProlog, 1, false),
        ] {
            let allows = authority.allows(uid, &event(hook, job, 20), &state);
            assert_eq!(allows, allowed, "uid {uid}, {hook} of job {job}");
        }
    }
}
