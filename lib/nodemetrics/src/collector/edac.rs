//! `node_edac_*`: memory errors that ECC met, from /sys/devices/system/edac/mc.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

const CHANNEL_LABELS: &[&str] = &["controller", "csrow", "channel", "dimm_label"];

pub(super) const ENTRY: Entry = Entry {
    name: "edac",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/sys/devices/system/edac/mc",
    families: &[
        FamilyDoc::counter("node_edac_correctable_errors_total", &["controller"]),
        FamilyDoc::counter("node_edac_uncorrectable_errors_total", &["controller"]),
        FamilyDoc::counter("node_edac_csrow_correctable_errors_total", &["controller", "csrow"]),
        FamilyDoc::counter("node_edac_csrow_uncorrectable_errors_total", &["controller", "csrow"]),
        FamilyDoc::counter("node_edac_channel_correctable_errors_total", CHANNEL_LABELS),
        FamilyDoc::counter("node_edac_channel_uncorrectable_errors_total", CHANNEL_LABELS),
    ],
    make: |host, _| Box::new(Edac::new(host)),
};

pub(super) struct Edac {
    dir: PathBuf,
}

impl Edac {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("devices/system/edac/mc") }
    }
}

impl Collector for Edac {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let controllers = sysfs::list_numbered(&self.dir, "mc")?;
        let mut families = Families::empty();
        for (name, number) in controllers {
            families.push_controller(&self.dir.join(name), &number);
        }
        families.add_to(page);
        Ok(())
    }
}

/// Correctable and uncorrectable errors of one level.
struct Pair([Family; 2]);

impl Pair {
    fn new(correctable: &'static str, uncorrectable: &'static str) -> Self {
        Self([
            Family::counter(correctable, "Memory errors that were corrected."),
            Family::counter(uncorrectable, "Memory errors that could not be corrected."),
        ])
    }

    fn push(&mut self, dir: &Path, files: [&str; 2], labels: &[(&'static str, &str)]) {
        for (family, file) in self.0.iter_mut().zip(files) {
            let errors: Result<Option<u64>, _> = sysfs::number(&dir.join(file));
            if let Some(errors) = or_left_out(errors) {
                family.push(labels, errors);
            }
        }
    }
}

struct Families {
    controllers: Pair,
    csrows: Pair,
    channels: Pair,
}

impl Families {
    fn empty() -> Self {
        Self {
            controllers: Pair::new(
                "node_edac_correctable_errors_total",
                "node_edac_uncorrectable_errors_total",
            ),
            csrows: Pair::new(
                "node_edac_csrow_correctable_errors_total",
                "node_edac_csrow_uncorrectable_errors_total",
            ),
            channels: Pair::new(
                "node_edac_channel_correctable_errors_total",
                "node_edac_channel_uncorrectable_errors_total",
            ),
        }
    }

    fn push_controller(&mut self, dir: &Path, number: &str) {
        let controller = ("controller", number);
        self.controllers.push(dir, ["ce_count", "ue_count"], &[controller]);
        let unknown = [controller, ("csrow", "unknown")];
        self.csrows.push(dir, ["ce_noinfo_count", "ue_noinfo_count"], &unknown);
        let csrows = sysfs::list_numbered(dir, "csrow").map(Some);
        for (name, csrow) in or_left_out(csrows).unwrap_or_default() {
            let labels = [controller, ("csrow", csrow.as_str())];
            self.push_csrow(&dir.join(name), labels);
        }
    }

    fn push_csrow(&mut self, dir: &Path, labels: [(&'static str, &str); 2]) {
        self.csrows.push(dir, ["ce_count", "ue_count"], &labels);
        let names = or_left_out(sysfs::list(dir).map(Some)).unwrap_or_default();
        for channel in names.iter().filter_map(|name| channel_of(name)) {
            let dimm = or_left_out(sysfs::text(&dir.join(format!("ch{channel}_dimm_label"))))
                .map_or_else(|| "unknown".to_owned(), |text| dimm_label(&text));
            let files = [format!("ch{channel}_ce_count"), format!("ch{channel}_ue_count")];
            let labels = [labels[0], labels[1], ("channel", channel), ("dimm_label", &dimm)];
            self.channels.push(dir, [&files[0], &files[1]], &labels);
        }
    }

    fn add_to(self, page: &mut Page) {
        for family in [self.controllers, self.csrows, self.channels].into_iter().flat_map(|p| p.0) {
            page.add(family);
        }
    }
}

fn channel_of(file: &str) -> Option<&str> {
    let number = file.strip_prefix("ch")?.strip_suffix("_ce_count")?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

/// A driver's own label, "mc#0csrow#1channel#0", in node_exporter's form: "mc0_csrow1_channel0".
fn dimm_label(text: &str) -> String {
    text.replace('#', "").replace("csrow", "_csrow").replace("channel", "_channel")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::edac::sysfs::tests::{put, shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    const MC: &str = "devices/system/edac/mc";

    fn controller() -> tempfile::TempDir {
        let dir = tree(&[("devices/system/edac/mc/power/control", "auto")]);
        for (file, content) in [
            ("ce_count", "7\n"),
            ("ue_count", "9223372036854775807\n"),
            ("ce_noinfo_count", "1\n"),
            ("ue_noinfo_count", "0\n"),
            ("csrow0/ce_count", "6\n"),
            ("csrow0/ue_count", "0\n"),
            ("csrow0/ch0_ce_count", "2\n"),
            ("csrow0/ch0_dimm_label", "mc#0csrow#0channel#0\n"),
            ("csrow0/ch1_ce_count", "4\n"),
            ("csrow0/ch1_ue_count", "0\n"),
        ] {
            put(dir.path(), &format!("{MC}/mc0/{file}"), content.as_bytes());
        }
        dir
    }

    #[test]
    fn controllers_rows_and_channels() {
        let text = shown(&ENTRY, controller().path()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_edac_channel_correctable_errors_total{controller="0",csrow="0",channel="0",dimm_label="mc0_csrow0_channel0"} 2"#,
                r#"node_edac_channel_correctable_errors_total{controller="0",csrow="0",channel="1",dimm_label="unknown"} 4"#,
                r#"node_edac_channel_uncorrectable_errors_total{controller="0",csrow="0",channel="1",dimm_label="unknown"} 0"#,
                r#"node_edac_correctable_errors_total{controller="0"} 7"#,
                r#"node_edac_csrow_correctable_errors_total{controller="0",csrow="unknown"} 1"#,
                r#"node_edac_csrow_correctable_errors_total{controller="0",csrow="0"} 6"#,
                r#"node_edac_csrow_uncorrectable_errors_total{controller="0",csrow="unknown"} 0"#,
                r#"node_edac_csrow_uncorrectable_errors_total{controller="0",csrow="0"} 0"#,
                r#"node_edac_uncorrectable_errors_total{controller="0"} 9223372036854775807"#,
            ]
        );
    }

    #[test]
    fn one_bad_file_hides_nothing_else() {
        let dir = controller();
        put(dir.path(), &format!("{MC}/mc0/csrow0/ce_count"), b"\xff\x00");
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        assert!(!text.contains("csrow_correctable_errors_total{controller=\"0\",csrow=\"0\"}"));
        assert!(text.contains("node_edac_correctable_errors_total{controller=\"0\"} 7"), "{text}");
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
