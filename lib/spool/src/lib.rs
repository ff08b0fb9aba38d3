//! Durable records in a directory: many short-lived writers, one reader.
//!
//! A record is written to a temporary file, synced, renamed and the directory synced, so that a
//! reader sees all of it or nothing, whenever the writer dies. Everything happens relative to an
//! open descriptor of the directory and never follows a link: the writer may be root and the
//! directory somebody else's.
#![forbid(unsafe_code)]

mod dir;
mod error;
mod name;
mod replay;

pub use dir::{Depth, Limits, Spool};
pub use error::SpoolError;
pub use name::Name;
pub use replay::{Replayed, Take};
