//! W3C trace context, and span ids that submitter, hooks and job derive alike.
//!
//! A run's trace id is made once, at submit, and travels in the job's comment and environment. The
//! span ids below it are a digest of what every party knows (trace id, job id, restart count and a
//! phase's name), so that nobody has to tell anybody else which id was chosen.

#![forbid(unsafe_code)]

mod derive;
mod ids;
mod parent;

pub use ids::{SpanId, TraceId};
pub use parent::{ParseError, TraceParent};
