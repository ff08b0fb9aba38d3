//! exporter-toolkit's web configuration file (`--web.config.file`): TLS, client certificates, headers,
//! basic authentication and a rate limit.
//!
//! A [`WebConfig`] is the file as it was last read; `guard.rs`, outside, asks it before each answer.

mod basic;
mod client;
mod duration;
mod entries;
mod file;
#[cfg(fuzzing)]
pub mod fuzzing;
mod headers;
mod invalid;
mod known;
mod line;
mod logins;
mod names;
mod password;
mod pem;
mod ratelimit;
mod san;
mod settings;
mod stamps;
mod switch;
mod tls;
mod users;
mod watched;

pub(crate) use basic::Credentials;
pub(crate) use logins::{Login, Logins};
pub(crate) use settings::Settings;
pub use settings::WebConfigError;
pub use watched::WebConfig;
