//! The `/metrics` server of every edctl daemon.
//!
//! A daemon's [`Collect`] fills a [`Page`] on a thread of its own ([`Collecting`]), where it may
//! block; the [`Server`] renders the page in the format that the client asks for and answers by the
//! scrape's deadline whatever the source does. A [`WebConfig`] puts TLS and passwords before it.

#![forbid(unsafe_code)]

mod attended;
mod collecting;
mod connection;
mod family;
mod format;
mod guard;
mod guests;
mod handshake;
mod histogram;
mod lines;
mod packing;
mod page;
mod process;
mod query;
mod refusal;
mod render;
mod room;
mod selfmetrics;
mod server;
mod site;
mod visit;
mod web;

pub use collecting::{Collect, Collecting, NoPage};
pub use family::{DEFAULT_SERIES_LIMIT, Family, Kind, Label, MAX_LABEL_VALUE_BYTES, Sample, Value};
pub use format::Format;
pub use histogram::Histogram;
pub use page::Page;
pub use query::{BadQuery, Query};
pub use render::render;
pub use selfmetrics::{About, SelfMetrics};
pub use server::{BindError, Server};
pub use site::{Answer, OwnPage};
#[cfg(fuzzing)]
pub use web::fuzzing;
pub use web::{WebConfig, WebConfigError};
