//! A daemon under test: its process, its port, its pages and its log.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Far more than anything in a test takes: one that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How long an end by SIGTERM may take before the daemon is killed.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// A daemon that serves on a port of 127.0.0.1; dropping it ends it.
#[derive(Debug)]
pub struct Daemon {
    /// Its process.
    pub child: Child,
    /// Where it serves.
    pub address: SocketAddr,
    /// What it logged until it served.
    pub beginning: String,
    /// What it has logged since, line by line.
    pub log: Receiver<String>,
}

impl Daemon {
    /// Starts a program that is told to serve on a free port of 127.0.0.1 and to log text to stderr, and waits
    /// until it says where it serves.
    ///
    /// # Panics
    /// Where it cannot be started, or ends before it serves.
    pub fn start(program: &mut Command) -> Self {
        let mut child = program.stderr(Stdio::piped()).spawn().expect("starting a daemon");
        let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut beginning = String::new();
        let address = loop {
            let said = beginning.len();
            let read = log.read_line(&mut beginning).expect("reading a daemon's log");
            assert!(read > 0, "it ended: {beginning}");
            if let Some((_, rest)) = beginning[said..].split_once("127.0.0.1:") {
                let port = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                break format!("127.0.0.1:{port}").parse().expect("a port");
            }
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            log.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, address, beginning, log: lines }
    }

    /// The whole answer to a request for `path`, its head included.
    ///
    /// # Panics
    /// Where the daemon does not answer.
    pub fn get(&self, path: &str) -> String {
        get(self.address, path)
    }

    /// Scrapes until `wanted` says that the page is right.
    ///
    /// # Panics
    /// Where it does not come to that, with the last page.
    pub fn until(&self, wanted: impl Fn(&str) -> bool) -> String {
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

    /// Waits for a line of the log that has `text`.
    ///
    /// # Panics
    /// Where none comes.
    pub fn until_it_logs(&self, text: &str) {
        while !self.log.recv_timeout(PATIENCE).expect("a line of the log").contains(text) {}
    }

    /// Sends a signal: `HUP`, `TERM`.
    ///
    /// # Panics
    /// Where it cannot be sent.
    pub fn signal(&self, name: &str) {
        let words = [format!("-{name}"), self.child.id().to_string()];
        let status = Command::new("kill").args(words).status().expect("starting kill");
        assert!(status.success(), "kill: {status}");
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Daemon {
    /// Ends it as systemd does, so that its commands end too; kills what stays.
    fn drop(&mut self) {
        if self.has_ended() {
            return;
        }
        self.signal("TERM");
        let until = Instant::now() + END_PATIENCE;
        while !self.has_ended() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// The whole answer to a request for `path`, its head included.
///
/// # Panics
/// Where the daemon does not answer.
pub fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("connecting to a daemon");
    stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asking a daemon");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("reading a daemon's answer");
    answer
}
