//! HTTP as a client: one request at a time, with a deadline over the whole exchange.

mod client;
mod error;

pub use client::{Body, Client, Endpoint, Response};
pub use error::HttpError;
