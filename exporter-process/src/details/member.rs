//! A process of a group.

use crate::groups::GroupId;

/// A process of a group, as this scan met it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) pid: u32,
    pub(crate) start_ticks: u64,
    pub(crate) start_ns: u64,
    pub(crate) threads: u64,
    pub(crate) resident_bytes: u64,
    /// A zombie has none.
    pub(crate) has_memory: bool,
    pub(crate) group: GroupId,
}
