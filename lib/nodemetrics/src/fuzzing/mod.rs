//! What `fuzz/` tries here: each collector over a tree of files, and what it hears otherwise.
#![expect(clippy::expect_used, reason = "a panic is how a finding shows")]

mod bus;
mod config;
mod files;
mod kernel;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use edctl_daemon::Paths;
use edctl_exposition::{Format, Page, render};

use crate::collector::{COLLECTORS, Capacity, Collector, Options};
use crate::host::Host;

pub use self::files::Files;

/// Takes what is tried.
pub type Parser = Box<dyn FnMut(&[u8])>;

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

fn paths(tree: &Path) -> Paths {
    Paths {
        procfs: tree.join("proc"),
        sysfs: tree.join("sys"),
        rootfs: tree.join("rootfs"),
        udev_data: tree.join("rootfs/run/udev/data"),
        ..Paths::default()
    }
}

/// A collector that shows all that it can.
fn collector(name: &str, paths: &Paths) -> Box<dyn Collector> {
    let mut options = Options::default();
    let texts = paths.rootfs.join("var/lib/*/node-exporter");
    options.textfile.directories = vec![texts.display().to_string()];
    let settings = ["kernel.pid_max", "fs.file-nr", "fs.file-nr:total,free,max"];
    options.sysctl.include = settings.map(str::to_owned).to_vec();
    options.sysctl.include_info = vec!["kernel.seccomp.actions_logged".to_owned()];
    options.systemd.unit_exclude.clear();
    options.systemd.enable_task_metrics = true;
    options.systemd.enable_restarts_metrics = true;
    options.systemd.enable_start_time_metrics = true;
    let entry = COLLECTORS.iter().find(|entry| entry.name == name).expect("no such collector");
    (entry.make)(&host(paths.clone()), &options)
}

/// This machine under `paths`, but for what changes by itself.
fn host(paths: Paths) -> Host {
    let capacity =
        Capacity { size_bytes: 5, free_bytes: 4, avail_bytes: 3, files: 2, files_free: 1 };
    Host {
        now: || UNIX_EPOCH + Duration::from_secs(1_763_900_000),
        capacity: Arc::new(move |_| Ok(capacity)),
        ..Host::real(paths)
    }
}

/// The collector's page, with all that is counted beside it.
fn page(collector: &mut dyn Collector) -> String {
    let mut page = Page::default();
    if let Err(error) = collector.collect(&mut page) {
        page.error("outcome", error.reason());
    }
    page.finish();
    let mut errors: Vec<_> = page.errors().map(|error| format!("{error:?}")).collect();
    errors.sort();
    let text = render(&Arc::new(page), Format::Text).expect("a page that can be rendered");
    errors.concat() + &text
}
