//! The kernel's log: lines that mean that the node is broken, or that a job did something.
//!
//! Each record is read once; what was logged before the agent started is read too, and judged by its own time.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use edctl_health::Class;

use super::reading::under;
use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "kernel_log",
    about: "/dev/kmsg: lockups, hung tasks, file system and disk errors, machine checks, GPU faults by their class",
    codes: &[
        Code {
            code: "soft_lockup",
            means: "a CPU was stuck in the kernel within the last hour",
            clear: "reboot if it comes again",
        },
        Code {
            code: "hung_task",
            means: "a task waited more than two minutes within the last hour",
            clear: "look at what it waits for: mostly a file server",
        },
        Code {
            code: "filesystem",
            means: "a file system had an error since the boot",
            clear: "check the file system, then reboot",
        },
        Code {
            code: "disk",
            means: "a disk was reset or gave errors within the last hour",
            clear: "look at the disk's own log",
        },
        Code {
            code: "machine_check",
            means: "the hardware reported an error since the boot",
            clear: "look at the hardware, then reboot",
        },
        Code {
            code: "gpu",
            means: "a GPU had a fault of its own since the boot",
            clear: "reset the GPU or reboot",
        },
        Code {
            code: "gpu_job",
            means: "a job made a GPU fault within the last hour",
            clear: "nothing on the node: it is the job's",
        },
        Code {
            code: "oom_storm",
            means: "five or more kills for lack of memory of the whole node within ten minutes",
            clear: "look at what runs outside of jobs' limits",
        },
    ],
    compares: false,
    fails_after: 1,
    heals_after: 1,
    make: |ground| Box::new(KernelLog::new(ground)),
};

const HOUR: Duration = Duration::from_secs(3600);
const STORM: Duration = Duration::from_secs(600);
const STORM_KILLS: usize = 5;
/// Until the next boot.
const BOOT: Duration = Duration::MAX;
/// More than that are not remembered; the newest count.
const MOST_EVENTS: usize = 256;
const MOST_BYTES_OF_A_LOOK: usize = 4 << 20;
/// What the kernel writes in one record at most, and more than enough.
const RECORD_BYTES: usize = 16 << 10;

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Meaning {
    code: &'static str,
    class: Class,
    is_failure: bool,
    counts_for: Duration,
}

const fn node(code: &'static str, counts_for: Duration) -> Meaning {
    Meaning { code, class: Class::Node, is_failure: true, counts_for }
}

const fn warning(code: &'static str, class: Class, counts_for: Duration) -> Meaning {
    Meaning { code, class, is_failure: false, counts_for }
}

/// Words that all have to be in a line, and what it means then.
const PATTERNS: &[(&[&str], Meaning)] = &[
    (&["watchdog: BUG: soft lockup"], node("soft_lockup", HOUR)),
    (&["blocked for more than", "seconds."], warning("hung_task", Class::Infra, HOUR)),
    (&["EXT4-fs error"], node("filesystem", BOOT)),
    (&["Remounting filesystem read-only"], node("filesystem", BOOT)),
    (&["XFS", "Corruption"], node("filesystem", BOOT)),
    (&["XFS", "Shutting down filesystem"], node("filesystem", BOOT)),
    (&["BTRFS", "forced readonly"], node("filesystem", BOOT)),
    (&["nvme", "controller is down; will reset"], warning("disk", Class::Node, HOUR)),
    (&["nvme", "Removing after probe failure"], node("disk", BOOT)),
    (&["Buffer I/O error on dev"], warning("disk", Class::Node, HOUR)),
    (&["[Hardware Error]", "Uncorrected"], node("machine_check", BOOT)),
    (&["Machine check events logged"], warning("machine_check", Class::Node, HOUR)),
    (&["NVRM", "fallen off the bus"], node("gpu", BOOT)),
    (&["SXid", "Fatal"], node("gpu", BOOT)),
];

/// Faults of a GPU that are the job's, or are handled: they never drain. From NVIDIA's catalogue of Xid errors.
const XIDS_OF_JOBS: [u32; 8] = [13, 31, 43, 45, 94, 137, 63, 92];
/// Faults that need a reset or a repair.
const XIDS_OF_GPUS: [u32; 14] = [48, 62, 64, 74, 79, 81, 95, 109, 110, 119, 120, 140, 143, 154];

fn meaning(line: &str) -> Option<Meaning> {
    if let Some(xid) = xid(line) {
        return match xid {
            xid if XIDS_OF_GPUS.contains(&xid) => Some(node("gpu", BOOT)),
            xid if XIDS_OF_JOBS.contains(&xid) => Some(warning("gpu_job", Class::User, HOUR)),
            _ => Some(warning("gpu", Class::Node, HOUR)),
        };
    }
    let is_meant = |(words, _): &&(&[&str], Meaning)| words.iter().all(|word| line.contains(word));
    PATTERNS.iter().find(is_meant).map(|(_, meaning)| *meaning)
}

/// The number in `NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, ...`.
fn xid(line: &str) -> Option<u32> {
    let (_, rest) = line.split_once("NVRM: Xid (")?;
    let (_, rest) = rest.split_once("): ")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..digits].parse().ok()
}

/// A line of some meaning, and when it was logged, from the boot on.
struct Event {
    at: Duration,
    meaning: Meaning,
    line: String,
}

struct KernelLog {
    path: PathBuf,
    uptime: PathBuf,
    file: Option<File>,
    events: VecDeque<Event>,
    kills: VecDeque<Duration>,
}

impl KernelLog {
    fn new(ground: &Ground) -> Self {
        Self {
            path: under(&ground.paths.rootfs, "/dev/kmsg".as_ref()),
            uptime: ground.paths.procfs.join("uptime"),
            file: None,
            events: VecDeque::new(),
            kills: VecDeque::new(),
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => {
                let flags = rustix::fs::OFlags::NONBLOCK.bits();
                let flags = i32::try_from(flags).unwrap_or_default();
                std::fs::OpenOptions::new().read(true).custom_flags(flags).open(&self.path)?
            }
        };
        let mut buffer = vec![0; RECORD_BYTES];
        let mut bytes = 0;
        while bytes < MOST_BYTES_OF_A_LOOK {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    bytes += count;
                    self.take(&String::from_utf8_lossy(&buffer[..count]));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Records were overwritten before they were read: the next read goes on behind them.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Err(error) => return Err(error),
            }
        }
        self.file = Some(file);
        Ok(())
    }

    /// Takes records: `6,1234,567890,-;text`, and further lines that begin with a blank.
    fn take(&mut self, records: &str) {
        for record in records.lines().filter(|line| !line.starts_with(' ')) {
            let Some((head, line)) = record.split_once(';') else { continue };
            let micros = head.split(',').nth(2).and_then(|time| time.parse().ok());
            let Some(at) = micros.map(Duration::from_micros) else { continue };
            if line.starts_with("Out of memory: Killed process") {
                push(&mut self.kills, at);
            }
            if let Some(meaning) = meaning(line) {
                push(&mut self.events, Event { at, meaning, line: line.to_owned() });
            }
        }
    }

    fn judge(&mut self, now: Duration) -> Finding {
        let counts = |at: Duration, counts_for| now.saturating_sub(at) <= counts_for;
        self.events.retain(|event| counts(event.at, event.meaning.counts_for));
        self.kills.retain(|at| counts(*at, STORM));
        let events = self.events.iter().map(|event| {
            let make = if event.meaning.is_failure { Finding::fail } else { Finding::warn };
            make(event.meaning.code, &event.line).of(event.meaning.class)
        });
        let kills = self.kills.len();
        let storm = (kills >= STORM_KILLS).then(|| {
            Finding::fail("oom_storm", format!("{kills} kills for lack of memory in ten minutes"))
        });
        Finding::worst(events.chain(storm)).unwrap_or_else(|| Finding::pass("nothing of note"))
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == MOST_EVENTS {
        queue.pop_front();
    }
    queue.push_back(item);
}

impl Check for KernelLog {
    fn look(&mut self) -> Finding {
        match self.read() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Finding::not_applicable("there is no /dev/kmsg here");
            }
            Err(error) => return Finding::unknown(format!("/dev/kmsg: {error}")),
        }
        let uptime = std::fs::read_to_string(&self.uptime).ok();
        let now = uptime.as_deref().and_then(|text| text.split(' ').next()?.parse().ok());
        match now.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            Some(now) => self.judge(now),
            None => Finding::unknown("/proc/uptime tells no time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_what_they_mean() {
        // From public reports of such faults.
        for (line, expected) in [
            (
                "watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [python:4242]",
                Some("soft_lockup"),
            ),
            ("INFO: task nfsd:1234 blocked for more than 120 seconds.", Some("hung_task")),
            (
                "EXT4-fs error (device sda1): ext4_lookup:1575: inode #2: comm ls",
                Some("filesystem"),
            ),
            ("EXT4-fs (sda1): Remounting filesystem read-only", Some("filesystem")),
            ("XFS (nvme0n1p1): Metadata corruption detected", None),
            (
                "XFS (nvme0n1p1): Corruption detected. Unmount and run xfs_repair",
                Some("filesystem"),
            ),
            ("nvme nvme0: controller is down; will reset: CSTS=0xffffffff", Some("disk")),
            ("Buffer I/O error on dev dm-0, logical block 0, async page read", Some("disk")),
            ("NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus.", Some("gpu")),
            ("NVRM: Xid (PCI:0000:3b:00): 31, pid=4321, name=python, Ch 00000008", Some("gpu_job")),
            ("NVRM: Xid (0000:03:00): 13, Graphics SM Warp Exception", Some("gpu_job")),
            ("usb 1-1: new high-speed USB device number 2 using xhci_hcd", None),
        ] {
            assert_eq!(meaning(line).map(|meaning| meaning.code), expected, "{line}");
        }
        let job = meaning("NVRM: Xid (PCI:0000:3b:00): 43, pid=1").unwrap();
        assert_eq!((job.class, job.is_failure), (Class::User, false));
    }
}
