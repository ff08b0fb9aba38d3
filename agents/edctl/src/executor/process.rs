//! Processes told apart beyond their number: the kernel gives numbers out again.

use std::fs;
use std::io;

use crate::run::ProcessId;

const PROC: &str = "/proc";

/// Where `starttime` stands in `/proc/<pid>/stat`, counted from after the command's name.
const START_TICKS_FIELD: usize = 19;

/// This machine's name.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A process of this machine, as it is now.
pub(crate) fn identify(pid: u32) -> io::Result<ProcessId> {
    Ok(ProcessId { host: host(), boot_id: boot_id()?, pid, start_ticks: start_ticks(pid)? })
}

/// Whether that very process lives; `None` where that cannot be seen from this machine.
pub(crate) fn is_alive(process: &ProcessId) -> Option<bool> {
    if process.host != host() {
        return None;
    }
    if boot_id().ok()? != process.boot_id {
        return Some(false);
    }
    match start_ticks(process.pid) {
        Ok(ticks) => Some(ticks == process.start_ticks),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(false),
        Err(_) => None,
    }
}

fn boot_id() -> io::Result<String> {
    let id = fs::read_to_string(format!("{PROC}/sys/kernel/random/boot_id"))?;
    Ok(id.trim().to_owned())
}

/// A process that ended and waits for its parent counts as gone.
fn start_ticks(pid: u32) -> io::Result<u64> {
    let stat = fs::read(format!("{PROC}/{pid}/stat"))?;
    parse_start_ticks(&stat).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

/// `pid (name) state ppid ...`: the name may hold anything, so the fields count from its last `)`.
fn parse_start_ticks(stat: &[u8]) -> Option<u64> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let fields = std::str::from_utf8(&stat[after_name..]).ok()?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(START_TICKS_FIELD - 1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_process_is_alive_and_another_of_its_number_is_not() {
        let me = identify(std::process::id()).unwrap();
        assert_eq!(is_alive(&me), Some(true));
        let earlier = ProcessId { start_ticks: me.start_ticks.wrapping_sub(1), ..me.clone() };
        assert_eq!(is_alive(&earlier), Some(false));
        let other_boot = ProcessId { boot_id: "x".to_owned(), ..me.clone() };
        assert_eq!(is_alive(&other_boot), Some(false));
        let elsewhere = ProcessId { host: "elsewhere.invalid".to_owned(), ..me };
        assert_eq!(is_alive(&elsewhere), None);
    }

    #[test]
    fn a_child_that_ended_is_gone() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let known = identify(child.id());
        child.wait().unwrap();
        assert!(identify(child.id()).is_err());
        if let Ok(process) = known {
            assert_eq!(is_alive(&process), Some(false));
        }
    }

    #[test]
    fn the_name_may_hold_anything() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        let stat = format!("42 (a ) b (c) {rest}");
        assert_eq!(parse_start_ticks(stat.as_bytes()), Some(4711));
        assert_eq!(parse_start_ticks(b"42 (a) Z 1 2"), None);
        assert_eq!(parse_start_ticks(b"garbage"), None);
    }
}
