//! Netlink, linux/netlink.h: requests to the kernel, and the messages and attributes of what it sends.
//!
//! Whatever is read is bounded by its bytes: a length that lies ends the reading, and no more.

#![forbid(unsafe_code)]

mod client;
#[cfg(fuzzing)]
pub mod fuzzing;
mod message;
mod request;
mod socket;

pub use client::Client;
pub use message::{Content, Message, attributes, messages, u16_at, u32_at, u64_at};
pub use request::{ACKNOWLEDGE, DUMP, Request};
pub use rustix::io::Errno;
pub use socket::{DumpError, Protocol, Socket};
