//! A running agent, its hooks and its verdict.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

mod health;
mod hooks;
mod node;
