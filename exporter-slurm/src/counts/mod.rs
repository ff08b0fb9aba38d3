//! From rows to counts: what one snapshot says, and what successive ones say together.

mod carried;
mod diag;
mod jobs;
mod nodes;

pub(crate) use diag::{DiagCounters, DiagCounts, RpcTotal};
pub(crate) use jobs::JobCounts;
pub(crate) use nodes::NodeCounts;

/// What is counted together under this name: whatever has no name of its own on the page.
pub(crate) const OTHER: &str = "other";
