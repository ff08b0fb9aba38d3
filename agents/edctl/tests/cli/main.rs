//! `edctl` as its users call it: a tiny flow on the local executor, and Slurm's commands played by
//! scripts that a test writes.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod bench;
mod flows;
mod local;
mod logs;
mod refusals;
mod slurm;
