//! What every edctl daemon shares: flags, configuration, logging and the life of the process.
//!
//! A daemon is a [`Service`] and a call of [`main()`]; see the `main.rs` of the process exporter.

#![forbid(unsafe_code)]

mod address;
mod apart;
mod config;
mod flags;
mod journal;
mod keys;
mod life;
mod logging;

pub use apart::{Apart, Lost};
pub use config::{Config, ConfigError, Invalid, Log, Paths, Web, load};
pub use flags::{CommonFlags, PathFlags};
pub use life::{Mode, Service, Spec, main};
pub use logging::{Format, Level};
