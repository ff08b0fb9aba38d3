//! A job's state as squeue names it.

macro_rules! job_states {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A job's state: the flag that squeue shows first, else the base state.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum JobState { $($(#[$doc])* $name,)* }

        impl JobState {
            /// All states.
            pub const ALL: &[JobState] = &[$(JobState::$name,)*];

            /// The state's word in a label: Slurm's own in small letters.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            fn known(word: &str) -> Self {
                match word { $($word => Self::$name,)* _ => Self::Other }
            }
        }
    };
}

job_states! {
    /// Could not boot its nodes.
    BootFail = "boot_fail",
    /// Ended by its user or an administrator.
    Cancelled = "cancelled",
    /// Ended with exit code 0.
    Completed = "completed",
    /// Ending: some processes or an epilog still run.
    Completing = "completing",
    /// Has its nodes and waits for them to boot or for their prologs.
    Configuring = "configuring",
    /// Could not end before its deadline.
    Deadline = "deadline",
    /// Ended, while slurmctld looks whether to requeue it at once.
    Expediting = "expediting",
    /// Ended with a non-zero exit code.
    Failed = "failed",
    /// Lost a node.
    NodeFail = "node_fail",
    /// Took more memory than it may.
    OutOfMemory = "out_of_memory",
    /// Waits.
    Pending = "pending",
    /// Made way for another.
    Preempted = "preempted",
    /// Requeued by its federation.
    RequeueFed = "requeue_fed",
    /// Requeued and held.
    RequeueHold = "requeue_hold",
    /// Waits again.
    Requeued = "requeued",
    /// Changes its size.
    Resizing = "resizing",
    /// Held since its reservation is gone.
    ResvDelHold = "resv_del_hold",
    /// Started by another cluster of its federation.
    Revoked = "revoked",
    /// Runs.
    Running = "running",
    /// Being sent a signal.
    Signaling = "signaling",
    /// Requeued in a special state.
    SpecialExit = "special_exit",
    /// Copies its results out.
    StageOut = "stage_out",
    /// Stopped by a signal, with its CPUs.
    Stopped = "stopped",
    /// Stopped, without its CPUs.
    Suspended = "suspended",
    /// Ran past its time limit.
    Timeout = "timeout",
    /// A word that this version of edctl does not know.
    Other = "other",
}

impl JobState {
    /// Reads squeue's long word. `None` when it is no word at all; a word that is not known becomes
    /// `Other`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_word =
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
        is_word.then(|| Self::known(&text.to_ascii_lowercase()))
    }

    /// The state of which squeue would show the word, of a base state and its flags as newer releases list
    /// them. `None` when there is none, or one that is no word.
    pub fn of_words(words: &[&str]) -> Option<Self> {
        let mut states = Vec::new();
        for word in words {
            let state = Self::parse(word)?;
            if !HIDDEN_FLAGS.contains(word) {
                states.push(state);
            }
        }
        let flag = SHOWN_FLAGS.iter().find(|flag| states.contains(flag));
        flag.or_else(|| states.first()).copied()
    }

    /// Whether the job will not run again unless somebody requeues it.
    pub fn is_finished(self) -> bool {
        matches!(
            self,
            Self::BootFail
                | Self::Cancelled
                | Self::Completed
                | Self::Deadline
                | Self::Failed
                | Self::NodeFail
                | Self::OutOfMemory
                | Self::Preempted
                | Self::Revoked
                | Self::Timeout
        )
    }
}

/// The flags that squeue shows in place of the base state, the first that is set before the others.
const SHOWN_FLAGS: [JobState; 13] = [
    JobState::Completing,
    JobState::StageOut,
    JobState::Configuring,
    JobState::Resizing,
    JobState::Requeued,
    JobState::RequeueFed,
    JobState::RequeueHold,
    JobState::SpecialExit,
    JobState::Stopped,
    JobState::Revoked,
    JobState::ResvDelHold,
    JobState::Signaling,
    JobState::Expediting,
];

/// The flags that it never shows.
const HIDDEN_FLAGS: [&str; 4] = ["LAUNCH_FAILED", "UPDATE_DB", "RECONFIG_FAIL", "POWER_UP_NODE"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_word_in_either_case() {
        for state in JobState::ALL {
            assert_eq!(JobState::parse(state.word()), Some(*state));
            assert_eq!(JobState::parse(&state.word().to_ascii_uppercase()), Some(*state));
        }
    }

    #[test]
    fn an_unknown_word_is_other_and_no_word_is_nothing() {
        assert_eq!(JobState::parse("LEVITATING"), Some(JobState::Other));
        for text in ["", "RUN NING", "12", "RUNNING|", "(null)"] {
            assert_eq!(JobState::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_flag_goes_before_the_base_state() {
        for (words, state) in [
            (&["RUNNING"][..], Some(JobState::Running)),
            (&["running"], Some(JobState::Running)),
            (&["COMPLETED", "COMPLETING"], Some(JobState::Completing)),
            (&["PENDING", "SPECIAL_EXIT", "REQUEUED"], Some(JobState::Requeued)),
            (&["FAILED", "LAUNCH_FAILED"], Some(JobState::Failed)),
            (&["RUNNING", "LEVITATING"], Some(JobState::Running)),
            (&["LEVITATING"], Some(JobState::Other)),
            (&["RUNNING", "RUN NING"], None),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(JobState::of_words(words), state, "{words:?}");
        }
    }

    #[test]
    fn a_job_that_ends_has_not_ended() {
        assert!(!JobState::Completing.is_finished());
        assert!(JobState::OutOfMemory.is_finished());
    }
}
