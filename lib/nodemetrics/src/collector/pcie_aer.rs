//! `edctl_node_pcie_aer_errors_total`: errors on PCI Express links (advanced error reporting), from
//! /sys/bus/pci/devices; node_exporter has nothing here. A card or cable about to fail shows first
//! as correctable errors.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::Text;
use crate::reading::sysfs;

/// Severity and file.
const SEVERITIES: [(&str, &str); 3] = [
    ("correctable", "aer_dev_correctable"),
    ("nonfatal", "aer_dev_nonfatal"),
    ("fatal", "aer_dev_fatal"),
];
/// About 200 devices, each with all its errors.
const MOST_SERIES: usize = 10_000;

pub(super) const ENTRY: Entry = Entry {
    name: "pcie_aer",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/sys/bus/pci/devices/*/aer_dev_*",
    families: &[FamilyDoc::counter(
        "edctl_node_pcie_aer_errors_total",
        &["device", "severity", "error"],
    )],
    make: |host, _| Box::new(PcieAer::new(host)),
};

pub(super) struct PcieAer {
    dir: PathBuf,
}

impl PcieAer {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("bus/pci/devices") }
    }
}

impl Collector for PcieAer {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut family = Family::counter(
            "edctl_node_pcie_aer_errors_total",
            "Errors that a PCI Express device reported or met.",
        )
        .limit(MOST_SERIES);
        for device in sysfs::list(&self.dir)? {
            for (severity, file) in SEVERITIES {
                let path = self.dir.join(&device).join(file);
                sysfs::parsed_lines(&path, |text| {
                    for (error, count) in parse(text)? {
                        let labels =
                            [("device", device.as_str()), ("severity", severity), ("error", error)];
                        family.push_known(&labels, count);
                    }
                    Ok(())
                });
            }
        }
        if family.samples.is_empty() {
            return Err(CollectError::Absent { path: self.dir.join("*/aer_dev_*") });
        }
        page.add(family);
        Ok(())
    }
}

/// The errors and their counts, and the kernel's sum of them, which is not shown.
fn parse(text: Text<'_>) -> Result<Vec<(&str, Option<u64>)>, CollectError> {
    let mut errors = text.rows_below(0, "expected an error and a number", |number, line| {
        let (error, count) = line.rsplit_once(' ')?;
        Some((error, text.number(number, Some(count))))
    })?;
    errors.retain(|(error, _)| !error.starts_with("TOTAL_ERR_"));
    Ok(errors)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::collector::pcie_aer::sysfs::tests::{shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::left_out::LeftOut;

    const CORRECTABLE: &str = "RxErr 12\nBadTLP 0\nTOTAL_ERR_COR 12\n";

    #[test]
    fn errors_and_their_counts() {
        let parsed = |text| {
            let (errors, left_out) = LeftOut::during(|| parse(Text::of(text)).ok());
            (errors, left_out.why())
        };
        let both = vec![("RxErr", Some(12)), ("BadTLP", Some(0))];
        assert_eq!(parsed(CORRECTABLE.trim()), (Some(both), None));
        assert_eq!(parsed(""), (Some(vec![]), None));
        assert_eq!(parsed("RxErr"), (None, None));
        for odd in ["x", "18446744073709551615", "-1"] {
            let text = format!("RxErr {odd}\n\nBadTLP 7\n");
            let (errors, left_out) = LeftOut::during(|| parse(Text::of(&text)).ok());
            assert_eq!(errors.unwrap(), [("RxErr", None), ("BadTLP", Some(7))], "{odd}");
            assert_eq!(left_out.why().unwrap(), "test, line 1: expected a number (and 1 more)");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in ".*") {
            let _ = parse(Text::of(&text));
        }
    }

    #[test]
    fn devices_that_report() {
        let dir = tree(&[
            ("bus/pci/devices/0000:00:01.0/aer_dev_correctable", CORRECTABLE),
            ("bus/pci/devices/0000:00:01.0/aer_dev_fatal", "garbage\n"),
            ("bus/pci/devices/0000:00:02.0/vendor", "0x8086\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        assert_eq!(
            text,
            concat!(
                "# TYPE edctl_node_pcie_aer_errors_total counter\n",
                r#"edctl_node_pcie_aer_errors_total{device="0000:00:01.0",severity="correctable",error="RxErr"} 12"#,
                "\n",
                r#"edctl_node_pcie_aer_errors_total{device="0000:00:01.0",severity="correctable",error="BadTLP"} 0"#,
                "\n",
            )
        );
        let none = tree(&[("bus/pci/devices/0000:00:02.0/vendor", "0x8086\n")]);
        assert_eq!(shown(&ENTRY, none.path()), Err(State::Absent));
    }
}
