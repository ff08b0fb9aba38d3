//! The configuration: the flow's `edctl.toml`, over the user's, over the system's.

mod file;
mod layers;
mod name;
mod units;

#[cfg(test)]
pub(crate) use file::ConfigFile;
pub(crate) use file::Design;
pub(crate) use layers::{Config, Resources};
