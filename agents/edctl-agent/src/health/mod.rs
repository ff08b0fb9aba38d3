//! The node's health: checks look at it, again and again, and the verdict is what follows from them. Here the
//! agent only observes; a hook gates by the verdict, and the drainer acts on it.

mod board;
mod check;
mod checks;
mod config;
mod debounce;
mod expected;
mod families;
mod gate;
mod round;
mod runner;

pub(crate) use board::Board;
pub(crate) use check::Entry;
pub(crate) use checks::CHECKS;
pub(crate) use config::HealthConfig;
pub(crate) use expected::Expected;
pub(crate) use families::collect;
pub(crate) use gate::Gate;
pub(crate) use round::Round;
pub(crate) use runner::Health;
