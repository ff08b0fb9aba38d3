//! Which versions of the message there are, and how long it may be.

/// The version that this release writes.
pub const VERSION: u32 = 1;

/// The oldest version that this release still reads: that of the release before.
pub const OLDEST_VERSION: u32 = 1;

/// Longest request in bytes, its line feed included.
pub const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// Longest reason why a node is unfit, in bytes.
pub const MAX_REASON_BYTES: usize = 400;

/// Longest reply to a hook in bytes, its line feed included.
pub const MAX_REPLY_BYTES: usize = 1024;
