//! The node's metrics under node_exporter's names: the collectors, what they are told, and how they fared.
//!
//! [`Collectors`] runs those that are on and adds their families to a page; [`Choice`] says which run, [`Options`] what
//! single ones are told. [`ChoiceFlags`] and [`OptionFlags`] take node_exporter's command line.

#![forbid(unsafe_code)]

mod collector;
mod collectors;
mod dbus;
mod frame;
#[cfg(fuzzing)]
pub mod fuzzing;
mod host;
mod listing;
mod options;
mod reading;
#[cfg(test)]
mod tests;

pub use collectors::Collectors;
pub use frame::choice::{Choice, ChoiceFlags};
pub use frame::flags::OptionFlags;
pub use frame::report::Report;
pub use host::{Host, Uname, read_uname};
pub use listing::ListingFlags;
pub use options::Options;
pub use reading::error::State;
pub use reading::mounts::{MountPoint, mount_points};
