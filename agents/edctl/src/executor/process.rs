//! Processes told apart beyond their number: the kernel gives numbers out again.

use procfs::process::{ProcState, Process};
use procfs::{ProcError, ProcResult};

use crate::run::ProcessId;

/// This machine's name.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A process of this machine, as it is now.
pub(crate) fn identify(pid: u32) -> ProcResult<ProcessId> {
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
        Err(ProcError::NotFound(_)) => Some(false),
        Err(_) => None,
    }
}

fn boot_id() -> ProcResult<String> {
    Ok(procfs::sys::kernel::random::boot_id()?.trim().to_owned())
}

/// A process that ended and waits for its parent counts as gone.
fn start_ticks(pid: u32) -> ProcResult<u64> {
    let pid = i32::try_from(pid).map_err(|_| ProcError::NotFound(None))?;
    let stat = Process::new(pid)?.stat()?;
    match stat.state()? {
        ProcState::Zombie | ProcState::Dead => Err(ProcError::NotFound(None)),
        _ => Ok(stat.starttime),
    }
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
}
