//! A cluster of scripts that stand in for Slurm's commands, and the exporter that asks them.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use edctl_testkit::put_program;
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_edctl-exporter-slurm");
/// Far more than anything here takes: a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

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

    pub(crate) fn serve(&self) -> Serving {
        Serving::start(self.program())
    }
}

pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) log: Receiver<String>,
}

impl Serving {
    pub(crate) fn start(mut program: Command) -> Self {
        let mut child = program.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
            if let Some((_, rest)) = line.split_once("127.0.0.1:") {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                break format!("127.0.0.1:{port}").parse().unwrap();
            }
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            log.lines().map_while(Result::ok).try_for_each(|l| sender.send(l))
        });
        Self { child, address, log: lines }
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Scrapes until `wanted` says that the page is right.
    pub(crate) fn until(&self, wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let page = self.get("/metrics");
            if wanted(&page) {
                return page;
            }
            assert!(Instant::now() < until, "{page}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn until_it_logs(&self, text: &str) {
        while !self.log.recv_timeout(PATIENCE).unwrap().contains(text) {}
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Serving {
    /// Ends it as systemd does, so that its commands end too; kills what stays.
    fn drop(&mut self) {
        if self.has_ended() {
            return;
        }
        self.signal("TERM");
        let until = Instant::now() + Duration::from_secs(5);
        while !self.has_ended() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _gone = self.child.kill();
        let _gone = self.child.wait();
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
