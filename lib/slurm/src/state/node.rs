//! A node's state as Slurm keeps it: one base state and any number of flags.

use crate::cpus::CpuCounts;
use crate::lost::{Field, RowError};

macro_rules! node_bases {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What a node does, flags apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum NodeBase { $($(#[$doc])* $name,)* }

        impl NodeBase {
            /// The base state's word in a label.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

node_bases! {
    /// All CPUs belong to jobs.
    Allocated = "allocated",
    /// Not to be used.
    Down = "down",
    /// Slurm found its record in error.
    Error = "error",
    /// Configured for a later day.
    Future = "future",
    /// No job.
    Idle = "idle",
    /// Some CPUs belong to jobs.
    Mixed = "mixed",
    /// Slurm has not heard of it since slurmctld started.
    Unknown = "unknown",
    /// A word that this version of edctl does not know.
    Other = "other",
}

macro_rules! node_flags {
    ($($(#[$doc:meta])* $name:ident = $word:literal $(| $alias:literal)*,)*) => {
        /// What stands beside a node's base state.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum NodeFlag { $($(#[$doc])* $name,)* }

        impl NodeFlag {
            /// All flags.
            pub const ALL: &[NodeFlag] = &[$(NodeFlag::$name,)*];

            /// The flag's word in a label.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            fn parse(word: &str) -> Self {
                match word { $($word $(| $alias)* => Self::$name,)* _ => Self::Other }
            }
        }
    };
}

node_flags! {
    /// Cannot take jobs while another node of its block is used.
    Blocked = "blocked",
    /// Comes and goes with a cloud.
    Cloud = "cloud",
    /// A job is ending on it.
    Completing = "completing",
    /// Takes no new jobs.
    Drain = "drain",
    /// Made by `slurmd -F`.
    DynamicFuture = "dynamic_future",
    /// Made by `slurmd -Z`.
    DynamicNorm = "dynamic_norm",
    /// Not managed by this controller.
    External = "external",
    /// Expected to fail soon.
    Fail = "fail",
    /// Registered with less than slurm.conf says.
    InvalidReg = "invalid_reg" | "invalid_registration" | "inval",
    /// In a maintenance reservation.
    Maintenance = "maintenance" | "maint",
    /// slurmctld cannot reach its slurmd.
    NotResponding = "not_responding" | "no_respond",
    /// Kept free by the backfill scheduler.
    Planned = "planned",
    /// To be powered down.
    PowerDown = "power_down",
    /// To be powered up.
    PowerUp = "power_up",
    /// Off.
    PoweredDown = "powered_down" | "power",
    /// Going off.
    PoweringDown = "powering_down",
    /// Coming up.
    PoweringUp = "powering_up",
    /// Told to reboot.
    RebootIssued = "reboot_issued",
    /// Waits for its jobs to end, then reboots.
    RebootRequested = "reboot_requested" | "reboot",
    /// In a reservation.
    Reserved = "reserved" | "resv",
    /// Comes back from down, drain or fail.
    Undrain = "undrain" | "resume",
    /// A word that this version of edctl does not know.
    Other = "other",
}

macro_rules! node_conditions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A node's state in one word, the most serious first, so that each node counts once.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum NodeCondition { $($(#[$doc])* $name,)* }

        impl NodeCondition {
            /// All conditions.
            pub const ALL: &[NodeCondition] = &[$(NodeCondition::$name,)*];

            /// The condition's word in a label.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

node_conditions! {
    /// Slurm found its record in error.
    Error = "error",
    /// Not to be used.
    Down = "down",
    /// slurmctld cannot reach it, whatever its base state still says.
    NotResponding = "not_responding",
    /// Marked as failing.
    Fail = "fail",
    /// Takes no new jobs; jobs still run.
    Draining = "draining",
    /// Takes no new jobs; no job runs.
    Drained = "drained",
    /// Off, on its way there, or on its way back.
    PowerSaving = "power_saving",
    /// Reboots, or will as soon as its jobs have ended.
    Reboot = "reboot",
    /// In a maintenance reservation.
    Maintenance = "maintenance",
    /// No job but one that is ending.
    Completing = "completing",
    /// All CPUs belong to jobs.
    Allocated = "allocated",
    /// Some CPUs belong to jobs.
    Mixed = "mixed",
    /// Idle, but in a reservation.
    Reserved = "reserved",
    /// Idle, but kept free by the backfill scheduler.
    Planned = "planned",
    /// Free.
    Idle = "idle",
    /// Configured for a later day.
    Future = "future",
    /// Not heard of since slurmctld started.
    Unknown = "unknown",
    /// A word that this version of edctl does not know.
    Other = "other",
}

impl NodeCondition {
    /// Whether jobs may start on a node in this state, as soon as it has room for them.
    pub fn takes_jobs(self) -> bool {
        matches!(
            self,
            Self::PowerSaving
                | Self::Completing
                | Self::Allocated
                | Self::Mixed
                | Self::Reserved
                | Self::Planned
                | Self::Idle
        )
    }
}

/// A node's base state and flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeState {
    /// The base state; `None` where Slurm's word hides it, as `draining` does.
    pub base: Option<NodeBase>,
    flags: u32,
    /// Whether Slurm's word says that it still has jobs.
    says_busy: bool,
}

impl NodeState {
    /// Reads `idle+drain+not_responding` (sinfo's StateComplete, scontrol's State) and the single
    /// words with a sign behind (`idle*`, `drained$`; sinfo's StateLong), in either case. A word that is not known
    /// becomes `Other`; so does one that is no word, and the second value is then an error.
    pub fn read(text: &str) -> (Self, Result<(), RowError>) {
        let text = text.to_ascii_lowercase();
        let (words, sign) = match text.strip_suffix(is_sign) {
            Some(words) => (words, text.chars().last()),
            None => (text.as_str(), None),
        };
        let mut state = NodeState { base: None, flags: 0, says_busy: false };
        let mut outcome = Ok(());
        for (place, word) in words.split('+').enumerate() {
            if word.is_empty() || !word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                outcome = Err(RowError::State);
            }
            match place {
                0 => state.set_first(word),
                _ => state.set(NodeFlag::parse(word)),
            }
        }
        if let Some(flag) = sign.and_then(flag_of_sign) {
            state.set(flag);
        }
        (state, outcome)
    }

    /// Whether the flag is set.
    pub fn has(&self, flag: NodeFlag) -> bool {
        self.flags & (1 << flag as u8) != 0
    }

    /// The flags that are set.
    pub fn flags(&self) -> impl Iterator<Item = NodeFlag> + '_ {
        NodeFlag::ALL.iter().copied().filter(|flag| self.has(*flag))
    }

    /// The state in one word, the most serious first.
    pub fn condition(&self) -> NodeCondition {
        use NodeFlag as Flag;
        let any = |flags: &[NodeFlag]| flags.iter().any(|flag| self.has(*flag));
        match self.base {
            Some(NodeBase::Error) => NodeCondition::Error,
            Some(NodeBase::Down) => NodeCondition::Down,
            _ if self.has(Flag::NotResponding) => NodeCondition::NotResponding,
            _ if self.has(Flag::Fail) => NodeCondition::Fail,
            _ if self.is_draining() => NodeCondition::Draining,
            _ if self.has(Flag::Drain) => NodeCondition::Drained,
            _ if any(&[
                Flag::PowerDown,
                Flag::PowerUp,
                Flag::PoweredDown,
                Flag::PoweringDown,
                Flag::PoweringUp,
            ]) =>
            {
                NodeCondition::PowerSaving
            }
            _ if any(&[Flag::RebootIssued, Flag::RebootRequested]) => NodeCondition::Reboot,
            _ if self.has(Flag::Maintenance) => NodeCondition::Maintenance,
            Some(NodeBase::Allocated) => NodeCondition::Allocated,
            Some(NodeBase::Mixed) => NodeCondition::Mixed,
            _ if self.has(Flag::Completing) => NodeCondition::Completing,
            _ if self.has(Flag::Reserved) => NodeCondition::Reserved,
            _ if self.has(Flag::Planned) => NodeCondition::Planned,
            Some(NodeBase::Idle) => NodeCondition::Idle,
            Some(NodeBase::Future) => NodeCondition::Future,
            Some(NodeBase::Unknown) => NodeCondition::Unknown,
            Some(NodeBase::Other) | None => NodeCondition::Other,
        }
    }

    /// Whether it takes no new jobs and still has some.
    pub fn is_draining(&self) -> bool {
        self.has(NodeFlag::Drain) && self.is_busy()
    }

    /// Learns a hidden base state from the node's CPUs, as far as they tell.
    pub(crate) fn learn_from(&mut self, cpus: &CpuCounts<Field<u64>>) {
        if self.base.is_none()
            && let (Ok(allocated @ 1..), Ok(total)) = (cpus.allocated, cpus.total)
        {
            let all = allocated == total;
            self.base = Some(if all { NodeBase::Allocated } else { NodeBase::Mixed });
        }
    }

    fn is_busy(&self) -> bool {
        matches!(self.base, Some(NodeBase::Allocated | NodeBase::Mixed))
            || self.has(NodeFlag::Completing)
            || self.says_busy
    }

    fn set(&mut self, flag: NodeFlag) {
        self.flags |= 1 << flag as u8;
    }

    /// The first word is a base state, or one that stands for a base state and a flag.
    fn set_first(&mut self, word: &str) {
        self.base = match word {
            "allocated" | "alloc" => Some(NodeBase::Allocated),
            "down" => Some(NodeBase::Down),
            "error" => Some(NodeBase::Error),
            "future" | "futr" => Some(NodeBase::Future),
            "idle" => Some(NodeBase::Idle),
            "mixed" | "mix" => Some(NodeBase::Mixed),
            "unknown" | "unk" => Some(NodeBase::Unknown),
            "drained" => return self.set(NodeFlag::Drain),
            "draining" | "drng" => {
                self.says_busy = true;
                return self.set(NodeFlag::Drain);
            }
            "failing" | "failg" => {
                self.says_busy = true;
                return self.set(NodeFlag::Fail);
            }
            word => match NodeFlag::parse(word) {
                NodeFlag::Other => Some(NodeBase::Other),
                flag => return self.set(flag),
            },
        };
    }
}

fn is_sign(c: char) -> bool {
    "*~#!%$@^-+".contains(c)
}

/// sinfo's signs behind a state, `man sinfo`, "NODE STATE CODES".
fn flag_of_sign(sign: char) -> Option<NodeFlag> {
    Some(match sign {
        '*' => NodeFlag::NotResponding,
        '~' => NodeFlag::PoweredDown,
        '#' => NodeFlag::PoweringUp,
        '!' => NodeFlag::PowerDown,
        '%' => NodeFlag::PoweringDown,
        '$' => NodeFlag::Maintenance,
        '@' => NodeFlag::RebootRequested,
        '^' => NodeFlag::RebootIssued,
        '-' => NodeFlag::Planned,
        '+' => NodeFlag::Completing,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_tell_the_base_state_that_a_word_hides() {
        for (word, allocated, base) in [
            ("draining", 4, Some(NodeBase::Allocated)),
            ("draining", 3, Some(NodeBase::Mixed)),
            ("draining", 0, None),
            ("drained*", 0, None),
            ("down*", 4, Some(NodeBase::Down)),
        ] {
            let (mut state, _) = NodeState::read(word);
            let condition = state.condition();
            let cpus = CpuCounts { allocated, idle: 0, other: 4 - allocated, total: 4 };
            state.learn_from(&cpus.map(Ok));
            assert_eq!((state.base, state.condition()), (base, condition), "{word} {allocated}");
        }
    }

    #[test]
    fn one_word_for_each_state() {
        for (text, condition) in [
            ("idle", "idle"),
            ("IDLE", "idle"),
            ("idle*", "not_responding"),
            ("idle+not_responding", "not_responding"),
            ("down*", "down"),
            ("error", "error"),
            ("down+drain+not_responding", "down"),
            ("mixed-", "mixed"),
            ("mixed+planned", "mixed"),
            ("idle-", "planned"),
            ("idle+planned", "planned"),
            ("drained$", "drained"),
            ("drained", "drained"),
            ("draining", "draining"),
            ("allocated+drain", "draining"),
            ("allocated+", "allocated"),
            ("idle+", "completing"),
            ("idle+drain", "drained"),
            ("idle+completing+drain", "draining"),
            ("idle+completing", "completing"),
            ("mixed+completing", "mixed"),
            ("idle+maintenance+reserved", "maintenance"),
            ("idle+reserved", "reserved"),
            ("allocated+reserved", "allocated"),
            ("idle~", "power_saving"),
            ("idle+cloud+powered_down", "power_saving"),
            ("idle+cloud+power", "power_saving"),
            ("mixed#", "power_saving"),
            ("idle@", "reboot"),
            ("reboot^", "reboot"),
            ("failing", "fail"),
            ("unknown+not_responding", "not_responding"),
            ("unknown", "unknown"),
            ("future", "future"),
            ("sleeping", "other"),
            ("idle+sparkling", "idle"),
        ] {
            let (state, outcome) = NodeState::read(text);
            assert_eq!((state.condition().word(), outcome), (condition, Ok(())), "{text}");
        }
    }

    #[test]
    fn base_and_flags_stand_apart() {
        let (state, _) = NodeState::read("mixed+drain+not_responding+sparkling");
        assert_eq!(state.base, Some(NodeBase::Mixed));
        assert_eq!(
            state.flags().collect::<Vec<_>>(),
            [NodeFlag::Drain, NodeFlag::NotResponding, NodeFlag::Other]
        );
    }

    #[test]
    fn what_is_no_word_is_another_state_and_the_words_beside_it_stand() {
        for (text, condition) in [
            ("", "other"),
            ("*", "not_responding"),
            ("+", "completing"),
            ("+drain", "drained"),
            ("idle+drain+*", "not_responding"),
            ("mixed+dr\u{fffd}in", "mixed"),
            ("idle drain", "other"),
            ("idle|", "other"),
            ("n/a", "other"),
            ("ïdle", "other"),
        ] {
            let (state, outcome) = NodeState::read(text);
            assert_eq!(
                (state.condition().word(), outcome),
                (condition, Err(RowError::State)),
                "{text}"
            );
        }
    }

    #[test]
    fn every_flag_has_a_bit_and_its_word_reads_back() {
        assert!(NodeFlag::ALL.len() <= 32);
        for flag in NodeFlag::ALL {
            assert_eq!(NodeFlag::parse(flag.word()), *flag);
        }
    }
}
