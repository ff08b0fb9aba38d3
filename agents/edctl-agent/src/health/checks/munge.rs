//! MUNGE: a credential made and read here, without which no job starts.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::reading::under;
use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "munge",
    about: "munge and unmunge, where the inventory says that MUNGE is used",
    codes: &[
        Code {
            code: "failed",
            means: "no credential could be made, or not read again",
            clear: "systemctl status munge; compare the clocks and the keys of the nodes",
        },
        Code {
            code: "hangs",
            means: "it did not answer within eight seconds",
            clear: "systemctl status munge",
        },
    ],
    compares: true,
    fails_after: 2,
    heals_after: 2,
    make: |ground| Box::new(Munge::new(ground)),
};

/// A busy machine is no fault; jobs that wait so long for a credential fail.
const PATIENCE: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(5);
const MOST_BYTES: u64 = 64 << 10;

struct Munge {
    is_expected: bool,
    bin_dir: PathBuf,
}

impl Munge {
    fn new(ground: &Ground) -> Self {
        let bin_dir = under(&ground.paths.rootfs, "/usr/bin".as_ref());
        Self { is_expected: ground.expected.munge, bin_dir }
    }
}

impl Check for Munge {
    fn look(&mut self) -> Finding {
        if !self.is_expected {
            return Finding::not_applicable("the inventory does not say that MUNGE is used");
        }
        let until = Instant::now() + PATIENCE;
        let made = run(&self.bin_dir.join("munge"), &["--no-input"], &[], until);
        let read = made.and_then(|credential| {
            run(&self.bin_dir.join("unmunge"), &["--no-output"], &credential, until)
        });
        match read {
            Ok(_) => Finding::pass("a credential was made and read"),
            Err(NoOutput::Late) => {
                Finding::fail("hangs", format!("no answer within {} s", PATIENCE.as_secs()))
            }
            Err(NoOutput::Failed(why)) => Finding::fail("failed", why),
            Err(NoOutput::NotRun(why)) => Finding::unknown(why),
        }
    }
}

enum NoOutput {
    Late,
    Failed(String),
    NotRun(String),
}

/// What the program printed, if it ended well by then. It gets nothing of our environment.
fn run(program: &Path, args: &[&str], input: &[u8], until: Instant) -> Result<Vec<u8>, NoOutput> {
    let not_run = |error| NoOutput::NotRun(format!("{}: {error}", program.display()));
    let mut child = Command::new(program)
        .args(args)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_run)?;
    // A credential is smaller than what a pipe holds.
    if let Some(mut stdin) = child.stdin.take() {
        drop(stdin.write_all(input));
    }
    let status = loop {
        match child.try_wait().map_err(not_run)? {
            Some(status) => break status,
            None if Instant::now() >= until => {
                end(child);
                return Err(NoOutput::Late);
            }
            None => std::thread::sleep(POLL),
        }
    };
    let said = |pipe: Option<&mut dyn Read>| {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            drop(pipe.take(MOST_BYTES).read_to_end(&mut bytes));
        }
        bytes
    };
    if status.success() {
        return Ok(said(child.stdout.as_mut().map(|pipe| pipe as &mut dyn Read)));
    }
    let complaint = said(child.stderr.as_mut().map(|pipe| pipe as &mut dyn Read));
    Err(NoOutput::Failed(String::from_utf8_lossy(&complaint).trim().to_owned()))
}

fn end(mut child: Child) {
    drop(child.kill());
    drop(child.wait());
}
