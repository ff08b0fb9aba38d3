//! `node_rapl_*_joules_total`: the energy that processors used, from /sys/class/powercap.
//!
//! As in node_exporter the counters wrap where the hardware's do, after some minutes under load.
//! Where it shows nothing because one zone cannot be read, here the other zones are shown.

use crate::options::rapl::RaplOptions;
use std::collections::HashMap;
use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "rapl",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/sys/class/powercap",
    families: &[
        FamilyDoc::counter("node_rapl_<field>_joules_total", &["index", "path"]),
        FamilyDoc::counter("node_rapl_joules_total", &["index", "path", "rapl_zone"]),
    ],
    make: |host, options| Box::new(Rapl::new(host, &options.rapl)),
};

pub(super) struct Rapl {
    dir: PathBuf,
    zone_label: bool,
}

struct Zone {
    name: String,
    index: u64,
    path: PathBuf,
}

impl Rapl {
    pub(super) fn new(host: &Host, zones: &RaplOptions) -> Self {
        Self { dir: host.paths.sysfs.join("class/powercap"), zone_label: zones.zone_label }
    }

    fn zones(&self) -> Result<Vec<Zone>, CollectError> {
        let mut uses = HashMap::new();
        let mut zones = Vec::new();
        for entry in sysfs::list(&self.dir)? {
            let path = self.dir.join(entry);
            // Without a name it is what controls zones, not a zone.
            if let Some(name) = or_left_out(sysfs::text(&path.join("name"))) {
                let (name, index) = index_of(&name, &mut uses);
                zones.push(Zone { name, index, path });
            }
        }
        Ok(zones)
    }
}

impl Collector for Rapl {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let zones = self.zones()?;
        let mut shown = 0;
        for zone in &zones {
            let energy: Result<Option<u64>, _> = sysfs::number(&zone.path.join("energy_uj"));
            let Some(microjoules) = or_left_out(energy) else { continue };
            page.add(family(zone, microjoules as f64 / 1_000_000.0, self.zone_label));
            shown += 1;
        }
        match zones.first() {
            Some(zone) if shown == 0 => {
                Err(CollectError::Denied { path: zone.path.join("energy_uj") })
            }
            _ => Ok(()),
        }
    }
}

fn family(zone: &Zone, joules: f64, zone_label: bool) -> Family {
    const HELP: &str = "Energy used, until the hardware's counter wraps.";
    let (index, path) = (zone.index.to_string(), zone.path.to_string_lossy());
    let labels = [("index", index.as_str()), ("path", &path), ("rapl_zone", &zone.name)];
    if zone_label {
        return Family::counter("node_rapl_joules_total", HELP).with(&labels, joules);
    }
    let name = metric_name(&zone.name);
    Family::counter(format!("node_rapl_{name}_joules_total"), HELP).with(&labels[..2], joules)
}

/// The name with `_` for each run of what a metric's name may not have, and its neighbours.
fn metric_name(zone: &str) -> String {
    let mut name = String::with_capacity(zone.len());
    let mut was_strange = false;
    for c in zone.chars() {
        let is_strange = !c.is_ascii_alphanumeric() && c != '_';
        if is_strange && !name.ends_with('_') {
            name.push('_');
        } else if !(is_strange || was_strange && c == '_') {
            name.push(c);
        }
        was_strange = is_strange;
    }
    name
}

/// "package-1" is the package with the index 1; names without an index are counted.
fn index_of(name: &str, uses: &mut HashMap<String, u64>) -> (String, u64) {
    let own = name.split_once('-').and_then(|(zone, index)| Some((zone, index.parse().ok()?)));
    let (zone, index) = own.unwrap_or_else(|| (name, uses.get(name).copied().unwrap_or(0)));
    uses.insert(zone.to_owned(), index.saturating_add(1));
    (zone.to_owned(), index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::rapl::sysfs::tests::{shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn zones_have_an_index_or_are_counted() {
        let mut uses = HashMap::new();
        let mut of = |name: &str| index_of(name, &mut uses);
        for (name, zone, index) in [
            ("package-0", "package", 0),
            ("package-1", "package", 1),
            ("core", "core", 0),
            ("core", "core", 1),
            ("package-0-die-1", "package-0-die-1", 0),
            ("psys-x", "psys-x", 0),
            ("dram-18446744073709551615", "dram", u64::MAX),
        ] {
            assert_eq!(of(name), (zone.to_owned(), index), "{name}");
        }
    }

    #[test]
    fn names_for_metrics() {
        for (zone, name) in [
            ("package-0-die-1", "package_0_die_1"),
            ("p sys/\u{e9}", "p_sys_"),
            ("a_-_b__c", "a_b__c"),
            ("", ""),
        ] {
            assert_eq!(metric_name(zone), name, "{zone}");
        }
    }

    #[test]
    fn each_zone_is_a_series() {
        let dir = tree(&[
            ("class/powercap/intel-rapl/enabled", "1\n"),
            ("class/powercap/intel-rapl:0/name", "package-0\n"),
            ("class/powercap/intel-rapl:0/energy_uj", "240422366267\n"),
            ("class/powercap/intel-rapl:0:0/name", "core\n"),
            ("class/powercap/intel-rapl:0:0/energy_uj", "118821284256\n"),
            ("class/powercap/intel-rapl:0:1/name", "uncore\n"),
            ("class/powercap/intel-rapl:0:1/energy_uj", "?\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let path = dir.path().join("class/powercap/intel-rapl:0");
        assert_eq!(errors, 1);
        let line = format!(
            "node_rapl_package_joules_total{{index=\"0\",path=\"{}\"}} 240422.366267\n",
            path.display()
        );
        assert!(text.contains(&line), "{text}");
        assert!(text.contains("node_rapl_core_joules_total{index=\"0\""), "{text}");
        let options = Options { rapl: RaplOptions { zone_label: true }, ..Options::default() };
        let (text, _) = shown_with(&ENTRY, dir.path(), &options).unwrap();
        assert!(
            text.contains("node_rapl_joules_total{")
                && text.contains("rapl_zone=\"core\"} 118821.284256")
        );
    }

    #[test]
    fn no_zones_and_none_for_us() {
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
        let unreadable = tree(&[("class/powercap/intel-rapl:0/name", "package-0\n")]);
        assert_eq!(shown(&ENTRY, unreadable.path()), Err(State::Absent));
    }
}
