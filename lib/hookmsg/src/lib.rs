//! The message between Slurm's hooks and the agent: one line of JSON with a version, the same on
//! the socket and in the spool.
//!
//! Whatever arrives may have been written by anybody on the node, so every line, every text and
//! every list has a cap, and a message that exceeds one is refused as a whole.
#![forbid(unsafe_code)]

mod event;
mod hook;
mod limits;
pub mod places;
mod reply;
mod request;
mod text;

pub use event::{
    Event, FACTS, FactSource, MAX_COMMENT_BYTES, MAX_FACT_BYTES, MAX_NAME_BYTES, Task,
};
pub use hook::Hook;
pub use limits::{MAX_REASON_BYTES, MAX_REPLY_BYTES, MAX_REQUEST_BYTES, OLDEST_VERSION, VERSION};
pub use reply::{Outcome, Reply};
pub use request::{DecodeError, Request};
pub use text::clean;
