//! `node_infiniband_*`: the ports of InfiniBand, RoCE, Omni-Path and EFA devices, from
//! /sys/class/infiniband.
//!
//! node_exporter gives up on all devices when one has a file that it does not expect; here only
//! that file is left out. Of the drivers' own counters (`hw_counters`), the only ones that AWS's EFA
//! has, it shows those that it has names for; here the others are shown as
//! `edctl_node_infiniband_hw_counter_total`, without a port where they are the whole device's. Their
//! lifespan it cuts to whole seconds; here it is exact.

mod counters;

use crate::options::infiniband::InfinibandOptions;
use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use self::counters::{COUNTERS, Counter};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

/// What `rate` calls Gb/sec.
const BYTES_PER_GBIT: f64 = 125_000_000.0;

const HARDWARE_COUNTERS: &str = "hw_counters";
/// Beside the hardware's counters, but a setting: how many milliseconds their values are kept.
const LIFESPAN: &str = "hw_counters/lifespan";
/// What a driver shows there of the present, which may go down.
const LEVELS: [&str; 2] = ["active_", "watermark_"];

const PORT: &[&str] = &["device", "port"];

pub(super) const ENTRY: Entry = Entry {
    name: "infiniband",
    preset: Preset::On,
    runs: Runs::ApartIfAny("class/infiniband"),
    reads: "/sys/class/infiniband",
    families: &[
        FamilyDoc::gauge(
            "node_infiniband_info",
            &["device", "board_id", "firmware_version", "hca_type"],
        ),
        FamilyDoc::gauge("node_infiniband_state_id", PORT),
        FamilyDoc::gauge("node_infiniband_physical_state_id", PORT),
        FamilyDoc::gauge("node_infiniband_rate_bytes_per_second", PORT),
        FamilyDoc::gauge("node_infiniband_lifespan_seconds", PORT),
        FamilyDoc::counter("node_infiniband_<field>_total", PORT),
        FamilyDoc::counter(
            "edctl_node_infiniband_hw_counter_total",
            &["device", "port?", "counter"],
        ),
    ],
    make: |host, options| Box::new(Infiniband::new(host, &options.infiniband)),
};

pub(super) struct Infiniband {
    dir: PathBuf,
    filter: Filter,
}

impl Infiniband {
    pub(super) fn new(host: &Host, options: &InfinibandOptions) -> Self {
        Self {
            dir: host.paths.sysfs.join("class/infiniband"),
            filter: Filter::new(&options.device_include, &options.device_exclude),
        }
    }
}

impl Collector for Infiniband {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut families = Families::new();
        let mut devices = sysfs::list(&self.dir)?;
        devices.retain(|device| self.filter.shows(device));
        for device in devices {
            let dir = self.dir.join(&device);
            families.push_device(&dir, &device);
            for (port, _) in list(sysfs::list_numbered(&dir.join("ports"), "")) {
                families.push_port(&dir.join("ports").join(&port), &device, &port);
            }
        }
        families.add_to(page);
        Ok(())
    }
}

struct Families {
    info: Family,
    state: Family,
    physical_state: Family,
    rate: Family,
    lifespan: Family,
    /// In the order of [`COUNTERS`].
    counters: Vec<Family>,
    hardware_counters: Family,
}

impl Families {
    fn new() -> Self {
        let counter = |counter: &Counter| {
            let help = format!("The port's counter {}.", counter.file);
            Family::counter(format!("node_infiniband_{}_total", counter.name), help)
        };
        Self {
            info: Family::gauge("node_infiniband_info", "What the device is; 1."),
            state: Family::gauge(
                "node_infiniband_state_id",
                "State of the port's logical link: 1 down, 2 init, 3 armed, 4 active.",
            ),
            physical_state: Family::gauge(
                "node_infiniband_physical_state_id",
                "State of the port's physical link: 2 polling, 3 disabled, 5 up.",
            ),
            rate: Family::gauge(
                "node_infiniband_rate_bytes_per_second",
                "What the port can carry at most.",
            ),
            lifespan: Family::gauge(
                "node_infiniband_lifespan_seconds",
                "How long the hardware's counters are kept before they are read again.",
            ),
            counters: COUNTERS.iter().map(counter).collect(),
            hardware_counters: Family::counter(
                "edctl_node_infiniband_hw_counter_total",
                "What the device's driver counts itself.",
            ),
        }
    }

    fn push_device(&mut self, dir: &Path, device: &str) {
        let text = |file: &str| or_left_out(sysfs::text(&dir.join(file))).unwrap_or_default();
        let labels = [
            ("device", device),
            ("board_id", &text("board_id")),
            ("firmware_version", &text("fw_ver")),
            ("hca_type", &text("hca_type")),
        ];
        self.info.push(&labels, 1u64);
        self.push_hardware_counters(dir, &labels[..1]);
    }

    fn push_port(&mut self, dir: &Path, device: &str, port: &str) {
        let labels = [("device", device), ("port", port)];
        for (family, file) in [(&mut self.state, "state"), (&mut self.physical_state, "phys_state")]
        {
            if let Some(state) = read(&dir.join(file), parse_state) {
                family.push(&labels, state);
            }
        }
        if let Some(rate) = read(&dir.join("rate"), parse_rate) {
            self.rate.push(&labels, rate);
        }
        if let Some(lifespan) = read(&dir.join(LIFESPAN), |text| text.parse::<u64>().ok()) {
            self.lifespan.push(&labels, lifespan as f64 / 1000.0);
        }
        for (counter, family) in COUNTERS.iter().zip(&mut self.counters) {
            let path = dir.join(counter.file);
            let value = read(&path, |text| parse_counter(text, counter.unit));
            if let Some(value) = value.flatten() {
                family.push(&labels, value);
            }
        }
        self.push_hardware_counters(dir, &labels);
    }

    /// Those without a name of node_exporter's, of a device or of a port, whichever the labels say.
    fn push_hardware_counters(&mut self, dir: &Path, owner: &[(&'static str, &str)]) {
        let names = list(sysfs::list(&dir.join(HARDWARE_COUNTERS)));
        for counter in names.iter().filter(|name| has_no_family(name)) {
            let path = dir.join(HARDWARE_COUNTERS).join(counter);
            let value = read(&path, |text| parse_counter(text, 1));
            if let Some(value) = value.flatten() {
                let labels = [owner, &[("counter", counter)]].concat();
                self.hardware_counters.push(&labels, value);
            }
        }
    }

    fn add_to(self, page: &mut Page) {
        for family in [self.info, self.state, self.physical_state, self.rate, self.lifespan] {
            page.add(family);
        }
        self.counters.into_iter().for_each(|family| page.add(family));
        page.add(self.hardware_counters);
    }
}

/// The names in a directory; nothing where it is absent: not every driver has each.
fn list<T>(listed: Result<Vec<T>, CollectError>) -> Vec<T> {
    match listed {
        Err(CollectError::Absent { .. }) => Vec::new(),
        listed => or_left_out(listed.map(Some)).unwrap_or_default(),
    }
}

fn read<T>(path: &Path, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    sysfs::parsed(path, "expected a value of another form", parse)
}

/// Whether a file of hardware counters is one, and is not in the table.
fn has_no_family(name: &str) -> bool {
    let is_named = |file: &str| {
        file.strip_prefix(HARDWARE_COUNTERS).and_then(|rest| rest.strip_prefix('/')) == Some(name)
    };
    !is_named(LIFESPAN)
        && !COUNTERS.iter().any(|counter| is_named(counter.file))
        && !LEVELS.iter().any(|prefix| name.starts_with(prefix))
}

/// `4: ACTIVE`
fn parse_state(text: &str) -> Option<u32> {
    text.split_once(':')?.0.trim().parse().ok()
}

/// `100 Gb/sec (4X EDR)`, in bytes per second.
fn parse_rate(text: &str) -> Option<u64> {
    let gbits: f64 = text.split_once(' ')?.0.parse().ok()?;
    let is_rate = gbits.is_finite() && gbits >= 0.0;
    is_rate.then_some((gbits * BYTES_PER_GBIT) as u64)
}

/// A counter's value; nothing where the kernel says that the port does not have it.
#[expect(clippy::option_option, reason = "no number, no counter, and a value are three things")]
fn parse_counter(text: &str, unit: u64) -> Option<Option<u64>> {
    if text.starts_with("N/A") {
        return Some(None);
    }
    text.parse::<u64>().ok()?.checked_mul(unit).map(Some)
}

#[cfg(test)]
mod tests;
