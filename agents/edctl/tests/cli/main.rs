//! `edctl` as its users call it: a tiny flow on the local executor, and Slurm's commands played by
//! scripts that a test writes.

mod bench;
mod local;
mod refusals;
mod slurm;
