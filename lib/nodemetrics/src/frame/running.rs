//! A collector where it runs: with the others, or on a thread of its own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use edctl_daemon::Apart;
use edctl_exposition::Page;

use crate::frame::entry::{Collector, Entry, Runs};
use crate::frame::report::Report;
use crate::host::Host;
use crate::options::Options;
use crate::reading::error::{CollectError, State};
use crate::reading::hotplug::Events;
use crate::reading::left_out::LeftOut;
use crate::reading::sysfs;

/// How long the page waits for collectors apart after all others are done.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

type Work = Apart<(Result<Page, CollectError>, LeftOut)>;

/// One that is on.
pub(crate) struct Running {
    pub(crate) entry: &'static Entry,
    place: Thread,
}

enum Thread {
    Here(Box<dyn Collector>),
    /// As [`Runs::HereIfAny`] has it.
    HereIfAny {
        collector: Box<dyn Collector>,
        /// What was absent, and when.
        absent: Option<(PathBuf, Events)>,
    },
    Apart(Work),
    /// As [`Runs::ApartIfAny`] has it; most nodes have most kinds of devices not at all.
    ApartIfAny {
        dir: PathBuf,
        make: Box<dyn Fn() -> Box<dyn Collector> + Send>,
        here: Box<dyn Collector>,
        /// There since there was a device.
        apart: Option<Work>,
        devices: Devices,
    },
}

/// What is known of a collector's devices.
enum Devices {
    /// Some are there, and its thread is at work.
    Present,
    /// The directory was empty or not there at this moment.
    Empty(Events),
    /// The same, and then it had nothing to show; how it ended.
    Silent(Events, State),
}

impl Running {
    pub(crate) fn start(entry: &'static Entry, host: &Host, options: &Options) -> Self {
        let collector = (entry.make)(host, options);
        let place = match entry.runs {
            Runs::Here | Runs::Last => Thread::Here(collector),
            Runs::HereIfAny => Thread::HereIfAny { collector, absent: None },
            Runs::Apart => Thread::Apart(start_apart(entry.name, collector)),
            Runs::ApartIfAny(dir) => {
                let dir = host.paths.sysfs.join(dir);
                let (host, options) = (host.clone(), options.clone());
                let make = Box::new(move || (entry.make)(&host, &options));
                Thread::ApartIfAny {
                    dir,
                    make,
                    here: collector,
                    apart: None,
                    devices: Devices::Present,
                }
            }
        };
        Self { entry, place }
    }

    /// Has it begin, if it runs on its own thread.
    pub(crate) fn begin(&mut self, events: Events) {
        match &mut self.place {
            Thread::Here(_) | Thread::HereIfAny { .. } => {}
            Thread::Apart(apart) => apart.begin(),
            Thread::ApartIfAny {
                devices: Devices::Empty(then) | Devices::Silent(then, _), ..
            } if events.none_since(*then) => {}
            Thread::ApartIfAny { dir, make, apart, devices, .. } => {
                *devices =
                    if sysfs::has_any(dir) { Devices::Present } else { Devices::Empty(events) };
                if matches!(devices, Devices::Present) {
                    apart.get_or_insert_with(|| start_apart(self.entry.name, make())).begin();
                }
            }
        }
    }

    /// Runs it, unless it has begun on its own thread.
    pub(crate) fn run_here(&mut self, events: Events, page: &mut Page) -> Option<Report> {
        let start = Instant::now();
        let (outcome, left_out) = match &mut self.place {
            Thread::Here(collector) => run(collector.as_mut(), page),
            Thread::HereIfAny { absent: Some((path, then)), .. } if events.none_since(*then) => {
                (Err(CollectError::Absent { path: path.clone() }), LeftOut::default())
            }
            Thread::HereIfAny { collector, absent } => {
                let (outcome, left_out) = run(collector.as_mut(), page);
                *absent = match &outcome {
                    Err(CollectError::Absent { path }) => Some((path.clone(), events)),
                    _ => None,
                };
                (outcome, left_out)
            }
            Thread::ApartIfAny { devices: Devices::Silent(_, State::Ok), .. } => {
                (Ok(()), LeftOut::default())
            }
            Thread::ApartIfAny { dir, devices: Devices::Silent(..), .. } => {
                (Err(CollectError::Absent { path: dir.clone() }), LeftOut::default())
            }
            Thread::ApartIfAny { here, devices, .. } => {
                let Devices::Empty(events) = *devices else { return None };
                let families = page.len();
                let (outcome, left_out) = run(here.as_mut(), page);
                let state = outcome.as_ref().map_or_else(CollectError::state, |()| State::Ok);
                if page.len() == families && state != State::Error {
                    *devices = Devices::Silent(events, state);
                }
                (outcome, left_out)
            }
            Thread::Apart(_) => return None,
        };
        Some(Report::of(self.entry.name, outcome, &left_out, start.elapsed(), page))
    }

    /// Adds what it has, if it has begun on its own thread and is done by then.
    pub(crate) fn end(&mut self, until: Instant, page: &mut Page) -> Option<Report> {
        match &mut self.place {
            Thread::Apart(apart)
            | Thread::ApartIfAny { apart: Some(apart), devices: Devices::Present, .. } => {
                let (ended, duration) = apart.end(until);
                let (outcome, left_out) = match ended {
                    Ok((own, left_out)) => (own.map(|own| page.merge(own)), left_out),
                    Err(lost) => (Err(lost.into()), LeftOut::default()),
                };
                Some(Report::of(self.entry.name, outcome, &left_out, duration, page))
            }
            Thread::Here(_) | Thread::HereIfAny { .. } | Thread::ApartIfAny { .. } => None,
        }
    }
}

/// Runs a collector, with what it left out; one that could take nothing of what it read has failed.
fn run(collector: &mut dyn Collector, page: &mut Page) -> (Result<(), CollectError>, LeftOut) {
    let before = page.len();
    let (outcome, mut left_out) = LeftOut::during(|| collector.collect(page));
    let has_failed = outcome.is_ok() && page.len() == before;
    let error = if has_failed { left_out.take_first() } else { None };
    (error.map_or(outcome, Err), left_out)
}

fn start_apart(name: &'static str, mut collector: Box<dyn Collector>) -> Work {
    Apart::start(name, move || {
        let mut page = Page::default();
        let (outcome, left_out) = run(collector.as_mut(), &mut page);
        (outcome.map(|()| page), left_out)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::table::COLLECTORS;
    use crate::reading::hotplug::Hotplug;
    use crate::reading::sysfs::tests::{put, tree};

    fn entry(name: &str) -> &'static Entry {
        COLLECTORS.iter().find(|entry| entry.name == name).unwrap()
    }

    /// Whether it ran on its own thread, and how that went.
    fn run(running: &mut Running, events: Events) -> (bool, State) {
        let mut page = Page::default();
        running.begin(events);
        let here = running.run_here(events, &mut page);
        let apart = running.end(Instant::now() + Duration::from_secs(60), &mut page);
        match (here, apart) {
            (Some(report), None) => (false, report.state),
            (None, Some(report)) => (true, report.state),
            both => panic!("{both:?}"),
        }
    }

    #[test]
    fn a_thread_is_for_devices_that_are_there_and_they_are_looked_for_when_one_may_have_come() {
        let dir = tree(&[("kernel/uevent_seqnum", "1")]);
        let sysfs = dir.path().to_owned();
        let host = Host::real(edctl_daemon::Paths { sysfs, ..Default::default() });
        let mut hotplug = Hotplug::new(&host.paths);
        let mut running = Running::start(entry("watchdog"), &host, &Options::default());
        let before = hotplug.now();
        assert_eq!(run(&mut running, before), (false, State::Absent));
        put(dir.path(), "class/watchdog/watchdog0/bootstatus", b"0\n");
        assert_eq!(run(&mut running, before), (false, State::Absent));
        put(dir.path(), "kernel/uevent_seqnum", b"2");
        let after = hotplug.now();
        assert_eq!(run(&mut running, after), (true, State::Ok));
        std::fs::remove_dir_all(dir.path().join("class/watchdog/watchdog0")).unwrap();
        assert!(!run(&mut running, after).0);
    }
    #[test]
    fn what_had_nothing_to_show_runs_again_only_when_a_device_or_a_module_may_have_come() {
        let dir = tree(&[("kernel/uevent_seqnum", "1")]);
        let paths = edctl_daemon::Paths {
            sysfs: dir.path().to_owned(),
            procfs: dir.path().join("proc"),
            ..Default::default()
        };
        std::fs::create_dir_all(dir.path().join("class/thermal")).unwrap();
        let host = Host::real(paths);
        let mut hotplug = Hotplug::new(&host.paths);
        let start = |entry| Running::start(entry, &host, &Options::default());
        let (mut thermal, mut ipvs) = (start(entry("thermal_zone")), start(entry("ipvs")));
        let before = hotplug.now();
        for _ in 0..2 {
            assert_eq!(run(&mut thermal, before), (false, State::Ok));
            assert_eq!(run(&mut ipvs, before), (false, State::Absent));
            // Neither is looked at yet.
            put(dir.path(), "class/thermal/thermal_zone0/type", b"acpitz\n");
            put(dir.path(), "proc/net/ip_vs_stats", b"");
        }
        put(dir.path(), "kernel/uevent_seqnum", b"2\n");
        let after = hotplug.now();
        assert_eq!(run(&mut thermal, after), (true, State::Ok));
        assert_eq!(run(&mut ipvs, after), (false, State::Error));
    }
}
