//! The registry: every Slurm command that any edctl program runs stands here, once, with its
//! format string and the reason why it is needed. [`crate::Runner`] runs nothing else.

/// One Slurm command with the arguments that never change. No other crate can make one.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Command {
    /// The program's file name in the commands' directory.
    pub program: &'static str,
    /// The fixed arguments; what varies is added by [`crate::Invocation::arg`].
    pub args: &'static [&'static str],
    /// Why edctl needs it, and what in the arguments is not obvious.
    pub why: &'static str,
    /// What shows that it does what its callers think, from the repository's root: its output at each Slurm
    /// that the README of `edctl-exporter-slurm` names, or the tests of its caller.
    pub proof: &'static [&'static str],
}

/// The second field of rows in which users' text with line breaks could pretend to be rows: each call
/// puts a word in its place that nobody can foresee, and takes only lines that have it there.
pub const ROW_MARK: &str = "|ROW|";

impl Command {
    /// Whether its rows are marked.
    pub fn has_row_mark(&self) -> bool {
        self.args.iter().any(|arg| arg.contains(ROW_MARK))
    }
}

/// The output in every folder of one Slurm's output.
macro_rules! fixtures {
    ($file:literal) => {
        fixtures!($file, "20.11" "20.11-rare" "20.11-silent" "22.05" "22.05-silent" "23.11" "24.11"
            "24.11-rare" "24.11-silent" "25.05" "25.11" "26.05" "26.05-silent")
    };
    ($file:literal, $($slurm:literal)*) => {
        &[$(concat!("exporter-slurm/tests/fixtures/", $slurm, "/", $file)),*]
    };
}

/// One row for each node and partition: what `edctl-exporter-slurm` shows of nodes and partitions.
pub static NODES: Command = Command {
    program: "sinfo",
    args: &[
        "--noheader",
        "--all",
        "--Node",
        "--Format=NodeList:|,PartitionName:|,StateComplete:|,StateLong:|,CPUsState:|,Memory:|,AllocMem:|,\
         FreeMem:|,CPUsLoad:|,Weight:|,Gres:|,GresUsed:|,features_act:|,Timestamp:|,User:|,Reason:",
    ],
    why: "nodes and partitions in one call; a colon after a field lifts its limit of 20 columns, \
          StateComplete keeps the base state apart from the flags, and where it is not known (20.11) \
          nothing stands there, so that StateLong tells; the reason comes last since administrators may \
          write any text",
    proof: fixtures!("sinfo.txt"),
};

/// One row for each job, arrays not expanded: what `edctl-exporter-slurm` shows of jobs.
pub static JOBS: Command = Command {
    program: "squeue",
    args: &[
        "--noheader",
        "--all",
        "--states=all",
        "--Format=JobArrayID:|ROW|,State:|,Partition:|,NumCPUs:|,tres-alloc:|,SubmitTime:|,StartTime:|,\
         EndTime:|,UserName:|,Account:|,QOS:|,Reason:|,Comment:",
    ],
    why: "jobs by state, partition, reason and owner, with their times and edctl's label; finished jobs \
          stay visible for slurm.conf's MinJobAge; tres-alloc is what a job has or, while it waits, asks \
          for: memory, nodes, GPUs however they were asked for; the word ROW is another one in each call; \
          the comment comes last since it may hold any text, line breaks too",
    proof: fixtures!("squeue.txt"),
};

/// slurmctld's figures of itself: scheduler, queues, requests.
pub static DIAG: Command = Command {
    program: "sdiag",
    args: &["--all"],
    why: "how loaded slurmctld is and with what; the text form, since the JSON form came with 22.05 and \
          changes with each release",
    proof: fixtures!("sdiag.txt"),
};

/// One row for each licence.
pub static LICENSES: Command = Command {
    program: "scontrol",
    args: &["--oneliner", "show", "license"],
    why: "licences that Slurm hands out: all, used, free, reserved; squeue shows only what jobs ask for",
    proof: fixtures!("license.txt"),
};

/// One row for each reservation.
pub static RESERVATIONS: Command = Command {
    program: "scontrol",
    args: &["--oneliner", "show", "reservation"],
    why: "reservations with their times and sizes; sinfo --reservation has no format string",
    proof: fixtures!("reservation.txt"),
};

/// One row for each account, and one for each user of it.
pub static SHARES: Command = Command {
    program: "sshare",
    args: &[
        "--noheader",
        "--parsable2",
        "--all",
        "--format=User,Partition,RawShares,NormShares,RawUsage,NormUsage,EffectvUsage,FairShare,Account",
    ],
    why: "usage and fairshare by account and user; the account comes last since it is indented by its \
          depth",
    proof: fixtures!("sshare.txt"),
};

/// The configuration that slurmctld uses.
pub static CONFIG: Command = Command {
    program: "scontrol",
    args: &["show", "config"],
    why: "PrivateData and SlurmUser: whether a count leaves out what its asker may not see; asked of \
          slurmctld, since a slurm.conf may include others or be missing",
    proof: fixtures!("config.txt"),
};

/// One row for each user of the accounts that slurmctld lets its asker see: at least the asker's own.
pub static USERS: Command = Command {
    program: "scontrol",
    args: &["--oneliner", "show", "assoc_mgr", "flags=users"],
    why: "whether the asker is one of Slurm's operators, to whom nothing is private; asked of slurmctld, \
          which decides by it, and not of slurmdbd, which may be away",
    proof: &["exporter-slurm/tests/fixtures/22.05/users.txt"],
};

/// The release of the commands; asks nobody.
pub static VERSION: Command = Command {
    program: "sinfo",
    args: &["--version"],
    why: "which Slurm answers, for edctl_slurm_source_info; sinfo, since every site has it",
    proof: fixtures!("version.txt"),
};

/// Longest version that is taken for one.
const MAX_VERSION_BYTES: usize = 32;

/// Reads what [`VERSION`] prints, `slurm 23.11.4`, in which a distribution may call Slurm otherwise.
/// Nothing where there is no version.
pub fn read_version(output: &[u8]) -> Option<&str> {
    let (_, version) = str::from_utf8(output).ok()?.trim_end().split_once(' ')?;
    let is_version = version.len() <= MAX_VERSION_BYTES
        && version.starts_with(|first: char| first.is_ascii_digit())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_~+".contains(&b));
    is_version.then_some(version)
}

/// A run's job as slurmctld remembers it; the caller adds `--jobs=ID`, or `--name=NAME` where it does
/// not know the id.
pub static JOB: Command = Command {
    program: "squeue",
    args: &[
        "--noheader",
        "--all",
        "--states=all",
        "--Format=JobArrayID:|,State:|,exit_code:|,NodeList:|,Reason:|,Comment:",
    ],
    why: "the state of a run's job for edctl status; the comment tells the run's job from another that \
          has its number or its name, and comes last since it may hold any text",
    proof: &["agents/edctl/tests/cli/slurm.rs"],
};

/// Submits a job; the caller adds options, environment and the script on stdin.
pub static SUBMIT: Command = Command {
    program: "sbatch",
    args: &["--parsable"],
    why: "edctl submit; --parsable prints `id[;cluster]`, a site's own sbatch may print notices around it",
    proof: &["agents/edctl/tests/cli/slurm.rs"],
};

/// Cancels jobs; the caller adds the ids.
pub static CANCEL: Command = Command {
    program: "scancel",
    args: &[],
    why: "edctl cancel",
    proof: &["agents/edctl/tests/cli/slurm.rs"],
};

/// One row for each node and partition, with what a drain needs to know.
pub static NODE_STATES: Command = Command {
    program: "sinfo",
    args: &[
        "--noheader",
        "--all",
        "--Node",
        "--Format=NodeList:|,PartitionName:|,StateComplete:|,NodeAddr:|,User:|,Reason:",
    ],
    why: "edctl-drainer, each interval: as NODES, but only states and reasons, and where a node's agent is",
    proof: &[
        "agents/edctl-drainer/tests/live/test_drainer.py",
        "lab/tests/cluster/test_drainer.py",
    ],
};

/// Drains nodes or writes the reason of a drain anew; the caller adds `NodeName=` and `Reason=`.
pub static DRAIN: Command = Command {
    program: "scontrol",
    args: &["update", "State=DRAIN"],
    why: "edctl-drainer; it replaces whatever reason stands there, so it is read again just before",
    proof: &[
        "agents/edctl-drainer/tests/live/test_drainer.py",
        "lab/tests/cluster/test_drainer.py",
    ],
};

/// Brings drained nodes back and clears their reason; the caller adds `NodeName=`.
pub static RESUME: Command = Command {
    program: "scontrol",
    args: &["update", "State=RESUME"],
    why: "edctl-drainer",
    proof: &[
        "agents/edctl-drainer/tests/live/test_drainer.py",
        "lab/tests/cluster/test_drainer.py",
    ],
};

/// Which slurmctld answers: one line for each controller.
pub static PING: Command = Command {
    program: "scontrol",
    args: &["ping"],
    why: "edctl-drainer acts only beside the slurmctld that is in charge; asked only before it acts",
    proof: &[
        "agents/edctl-drainer/tests/live/test_drainer.py",
        "lab/tests/cluster/test_drainer.py",
    ],
};

/// Everything that may be run, for tests that compare it with what is run.
pub static ALL: &[&Command] = &[
    &NODES,
    &JOBS,
    &DIAG,
    &LICENSES,
    &RESERVATIONS,
    &SHARES,
    &CONFIG,
    &USERS,
    &VERSION,
    &JOB,
    &SUBMIT,
    &CANCEL,
    &NODE_STATES,
    &DRAIN,
    &RESUME,
    &PING,
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_command_is_a_plain_name_with_a_reason() {
        for command in ALL {
            assert!(command.program.bytes().all(|b| b.is_ascii_lowercase()), "{command:?}");
            assert!(!command.why.is_empty(), "{command:?}");
        }
    }

    #[test]
    fn a_version_is_one_word_that_begins_with_a_digit() {
        for (output, version) in [
            ("slurm 23.11.4\n", Some("23.11.4")),
            ("slurm-wlm 22.05.8\n", Some("22.05.8")),
            ("slurm 25.05.0-0rc1\n", Some("25.05.0-0rc1")),
            ("", None),
            ("slurm\n", None),
            ("slurm 23.11.4\nmore\n", None),
            ("slurm 23.11.4 or so\n", None),
            ("slurm \"23\"\n", None),
            ("slurm 1234567890123456789012345678901234567890\n", None),
        ] {
            assert_eq!(read_version(output.as_bytes()), version, "{output}");
        }
        assert_eq!(read_version(b"slurm 2\xff"), None);
    }

    #[test]
    fn every_command_has_its_proof() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for command in ALL {
            assert!(!command.proof.is_empty(), "{command:?}");
            for file in command.proof {
                assert!(root.join(file).is_file(), "there is no {file}");
            }
        }
    }
}
