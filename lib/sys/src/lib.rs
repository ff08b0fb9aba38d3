//! Calls that no safe crate has. All unsafe code of the workspace is here, each use with its reason.

pub mod ethtool;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod heap;
pub mod timex;
pub mod zone;
