//! A disk as the kernel tells of it.

/// A line of /proc/diskstats.
pub(super) struct Disk<'a> {
    /// Major and minor.
    pub(super) number: Option<(u32, u32)>,
    pub(super) device: &'a str,
    pub(super) columns: Vec<Option<u64>>,
}
