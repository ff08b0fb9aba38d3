//! The node's metrics under node_exporter's names: the collectors, what they are told, and how they fared.
//!
//! [`Collectors`] runs those that are on and adds their families to a page; [`Choice`] says which run, [`Options`] what
//! single ones are told. [`ChoiceFlags`] and [`OptionFlags`] take node_exporter's command line.

#![forbid(unsafe_code)]

mod collector;
mod dbus;
#[cfg(fuzzing)]
pub mod fuzzing;
mod host;
mod listing;

pub use collector::{Choice, ChoiceFlags, Collectors, OptionFlags, Options, Report, State};
pub use host::{Host, Uname, read_uname};
pub use listing::ListingFlags;
