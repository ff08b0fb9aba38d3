//! A cluster of scripts that stand in for Slurm's commands, and the exporter that asks them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use edctl_testkit::{Daemon, put_program};
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_edctl-exporter-slurm");

/// A directory with the two commands and a configuration that names it.
pub(crate) struct Cluster {
    pub(crate) dir: TempDir,
}

impl Cluster {
    pub(crate) fn new(sinfo: &str, squeue: &str) -> Self {
        let cluster = Self { dir: tempfile::tempdir().unwrap() };
        cluster.sinfo(sinfo);
        cluster.squeue(squeue);
        cluster.command("sdiag", SDIAG);
        cluster.command("scontrol", SCONTROL);
        cluster.command("sshare", "exit 0");
        cluster.configure("");
        cluster
    }

    /// The recorded output of a real Slurm's commands.
    pub(crate) fn recorded(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        let fixture = |file| format!("/bin/cat {}", folder.join(file).display());
        let cluster = Self::new(&fixture("sinfo.txt"), &fixture("squeue.txt"));
        cluster.command("sdiag", &fixture("sdiag.txt"));
        cluster.command(
            "scontrol",
            &format!(
                "case $* in *license) {} ;; *reservation) {} ;; *config) /bin/cat config.txt ;; \
                 *flags=users) /bin/cat users.txt ;; esac",
                fixture("license.txt"),
                fixture("reservation.txt")
            ),
        );
        cluster.command("sshare", &fixture("sshare.txt"));
        for file in ["version.txt", "config.txt"] {
            fs::copy(folder.join(file), cluster.path(file)).unwrap();
        }
        cluster
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a command in place in one step: a running exporter sees the old one or the new one.
    pub(crate) fn command(&self, name: &str, body: &str) {
        let here = self.dir.path().display();
        put_program(&self.path(name), &format!("#!/bin/sh\ncd '{here}'\n{body}\n"));
    }

    /// Puts a sinfo in place that, asked for its version, says what is in `version.txt`.
    pub(crate) fn sinfo(&self, body: &str) {
        let version = "[ \"$1\" = --version ] && exec /bin/cat version.txt";
        self.command("sinfo", &format!("{version}\n{body}"));
    }

    /// Puts a squeue in place whose rows have ROW as their mark, for which this call's own word is put.
    pub(crate) fn squeue(&self, body: &str) {
        self.command(
            "squeue",
            &format!("{FIND_WORD}\n{{ {body}; }} | /bin/sed \"s/|ROW|/|$word|/\""),
        );
    }

    pub(crate) fn configure(&self, slurm: &str) {
        let bin_dir = self.dir.path().display();
        let text = format!(
            "[web]\nlisten_address = [\"127.0.0.1:0\"]\n[log]\nformat = \"text\"\n\
             [slurm]\nbin_dir = \"{bin_dir}\"\n{slurm}\n"
        );
        fs::write(self.path("exporter.toml"), text).unwrap();
    }

    pub(crate) fn program(&self) -> Command {
        let mut program = Command::new(BINARY);
        program.arg("--config").arg(self.path("exporter.toml"));
        program
    }

    pub(crate) fn once(&self) -> String {
        let output = self.program().arg("--once").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn serve(&self) -> Daemon {
        Daemon::start(&mut self.program())
    }
}

/// Tries each case in a thread of its own: most of their time is waiting for the next poll.
pub(crate) fn all_at_once<T: Send>(cases: Vec<T>, test: impl Fn(T) + Sync) {
    let test = &test;
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || test(case));
        }
    });
}

/// The lines of the page that do not tell the time or the process.
pub(crate) fn steady(page: &str) -> String {
    let changing =
        ["duration", "poll_seconds", "poll_latency", "snapshot_", "edctl_build_info", "process_"];
    page.lines()
        .filter(|line| !changing.iter().any(|word| line.contains(word)))
        .flat_map(|line| [line, "\n"])
        .collect()
}

pub(crate) fn is_running(pid_file: &Path) -> bool {
    let pid = fs::read_to_string(pid_file).unwrap();
    fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z"))
}

/// Shell commands that set `word` to the mark of the rows of this call of squeue.
pub(crate) const FIND_WORD: &str =
    "for a; do case $a in --Format=*) a=${a#*|}; word=${a%%|*};; esac; done";
/// Tells that nothing is private; there are neither licences nor reservations.
pub(crate) const SCONTROL: &str =
    "[ $2 = config ] && echo 'PrivateData = none' && echo 'SlurmUser = root(0)'; exit 0";
pub(crate) const SDIAG: &str = "echo 'Server thread count: 3'";
pub(crate) const ONE_NODE: &str =
    "echo 'w1|p|idle|idle|0/4/0/4|2000|0|N/A|N/A|1|(null)|gpu:0|(null)|Unknown|Unknown|none'";
/// A shell command that prints the row of a job of edctl's which was submitted at 100, started at 130
/// and, if it has, ended at 190.
pub(crate) fn job_row(id: &str, state: &str) -> String {
    let comment = "edctl/1 run=R stage=sim profile=latency";
    format!("echo '{id}|ROW|{state}|p|1|node=1|100|130|190|ada|soc|normal|None|{comment}'")
}
