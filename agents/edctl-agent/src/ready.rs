//! `edctl-agent wait-ready`: holds slurmd back at the boot until mounts and devices are there.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use edctl_fault::Chain;

use crate::flags::WaitFlags;
use crate::status;

/// So long the agent's first round may take; after that it checks nothing.
const FIRST_ROUND: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(500);

/// Waits until the agent says that the node is not unfit, or checks nothing.
pub(crate) fn wait(flags: &WaitFlags) -> ExitCode {
    let begun = Instant::now();
    let until = begun + Duration::from_secs(flags.timeout);
    let mut told = String::new();
    loop {
        let Some(why) = what_is_wrong(flags, begun.elapsed()) else { return ExitCode::SUCCESS };
        if why != told {
            eprintln!("edctl-agent: waiting: {why}");
            told.clone_from(&why);
        }
        if Instant::now() >= until {
            eprintln!("edctl-agent: not ready after {} s: {why}", flags.timeout);
            return ExitCode::FAILURE;
        }
        std::thread::sleep(PAUSE);
    }
}

fn what_is_wrong(flags: &WaitFlags, waited: Duration) -> Option<String> {
    match status::ask(&flags.socket) {
        Ok(status) => match status.health {
            Some(verdict) => verdict.unfit().map(|reason| reason.to_string()),
            None => (waited < FIRST_ROUND).then(|| "the node is not checked yet".to_owned()),
        },
        Err(error) => {
            Some(format!("no agent answers on {}: {}", flags.socket.display(), Chain(&error)))
        }
    }
}
