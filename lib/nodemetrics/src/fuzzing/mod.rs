//! What `fuzz/` tries here: each collector over a tree of files, and what it hears otherwise.
#![expect(clippy::expect_used, reason = "a panic is how a finding shows")]

mod bus;
mod config;
mod files;
mod kernel;
mod subject;

use std::path::Path;

use edctl_daemon::Paths;

use crate::collector::table::COLLECTORS;

pub use self::files::Files;
pub use self::subject::Parser;
use self::subject::paths;

/// A name, and what makes the parser over the place of a tree of files.
pub type Named = (&'static str, fn(&Path) -> Parser);

/// What reads no file of the tree. A collector that is here asks somebody for all that it shows.
pub const PARSERS: &[Named] = &[
    ("collectors-config", config::read),
    ("ethtool", |tree| kernel::asked("ethtool", paths(tree))),
    ("netdev-netlink", |_| kernel::asked("netdev", Paths::default())),
    ("network_route", |tree| kernel::asked("network_route", paths(tree))),
    ("qdisc", |tree| kernel::asked("qdisc", paths(tree))),
    ("systemd", bus::systemd),
    ("tcpstat", |tree| kernel::asked("tcpstat", paths(tree))),
];

/// Collectors of which there is nothing to try, and why.
const NOTHING_TO_PARSE: [(&str, &str); 2] = [
    ("timex", "adjtimex(2) gives numbers"),
    ("uname", "uname(2) gives texts that are shown as they are"),
];

/// The collectors that are tried by [`Files`].
pub fn collectors() -> impl Iterator<Item = &'static str> {
    let is_elsewhere = |name: &str| {
        PARSERS.iter().any(|(other, _)| *other == name)
            || NOTHING_TO_PARSE.iter().any(|(other, _)| *other == name)
    };
    COLLECTORS.iter().map(|entry| entry.name).filter(move |name| !is_elsewhere(name))
}
