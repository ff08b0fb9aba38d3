//! Exit codes of the subcommands that tell how the node is.

use std::process::ExitCode;

use edctl_health::Fitness;

/// When there is no agent to ask: the infrastructure is at fault, not the question.
pub(crate) const NO_AGENT: u8 = 3;
const DEGRADED: u8 = 1;
const UNFIT: u8 = 2;

/// 0: fit. 1: something needs a person. 2: unfit for jobs.
pub(crate) fn code(fitness: Fitness) -> ExitCode {
    match fitness {
        Fitness::Fit | Fitness::Unknown => ExitCode::SUCCESS,
        Fitness::Degraded => ExitCode::from(DEGRADED),
        Fitness::Unfit => ExitCode::from(UNFIT),
    }
}
