//! One collector over a tree of files, and its page.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use edctl_daemon::Paths;
use edctl_exposition::{Format, Page, render};

use crate::collector::table::COLLECTORS;
use crate::frame::entry::Collector;
use crate::host::{Capacity, Host};
use crate::options::Options;

/// Takes what is tried.
pub type Parser = Box<dyn FnMut(&[u8])>;

pub(super) fn paths(tree: &Path) -> Paths {
    Paths {
        procfs: tree.join("proc"),
        sysfs: tree.join("sys"),
        rootfs: tree.join("rootfs"),
        udev_data: tree.join("rootfs/run/udev/data"),
        ..Paths::default()
    }
}

/// A collector that shows all that it can.
pub(super) fn collector(name: &str, paths: &Paths) -> Box<dyn Collector> {
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
pub(super) fn page(collector: &mut dyn Collector) -> String {
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
