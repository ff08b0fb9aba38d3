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
        let controllers = read(&self.dir)?;
        expose(&controllers, page);
        Ok(())
    }
}

/// Errors that were corrected, and those that could not be, where the driver counts them.
struct Errors {
    correctable: Option<u64>,
    uncorrectable: Option<u64>,
}

struct Controller {
    number: String,
    errors: Errors,
    /// Those of which no row is known.
    of_no_row: Errors,
    rows: Vec<Row>,
}

struct Row {
    number: String,
    errors: Errors,
    channels: Vec<Channel>,
}

struct Channel {
    number: String,
    dimm_label: String,
    errors: Errors,
}

fn read(dir: &Path) -> Result<Vec<Controller>, CollectError> {
    let controllers = sysfs::list_numbered(dir, "mc")?;
    Ok(controllers
        .into_iter()
        .map(|(name, number)| read_controller(&dir.join(name), number))
        .collect())
}

fn read_controller(dir: &Path, number: String) -> Controller {
    let rows = or_left_out(sysfs::list_numbered(dir, "csrow").map(Some)).unwrap_or_default();
    Controller {
        number,
        errors: read_errors(dir, ""),
        of_no_row: Errors {
            correctable: read_count(dir, "ce_noinfo_count"),
            uncorrectable: read_count(dir, "ue_noinfo_count"),
        },
        rows: rows.into_iter().map(|(name, number)| read_row(&dir.join(name), number)).collect(),
    }
}

fn read_row(dir: &Path, number: String) -> Row {
    let names = or_left_out(sysfs::list(dir).map(Some)).unwrap_or_default();
    let channels = names.iter().filter_map(|name| channel_of(name));
    let channels = channels.map(|channel| read_channel(dir, channel)).collect();
    Row { number, errors: read_errors(dir, ""), channels }
}

fn read_channel(dir: &Path, number: &str) -> Channel {
    let label = or_left_out(sysfs::text(&dir.join(format!("ch{number}_dimm_label"))));
    Channel {
        number: number.to_owned(),
        dimm_label: label.map_or_else(|| "unknown".to_owned(), |text| dimm_label(&text)),
        errors: read_errors(dir, &format!("ch{number}_")),
    }
}

fn read_errors(dir: &Path, prefix: &str) -> Errors {
    Errors {
        correctable: read_count(dir, &format!("{prefix}ce_count")),
        uncorrectable: read_count(dir, &format!("{prefix}ue_count")),
    }
}

fn read_count(dir: &Path, file: &str) -> Option<u64> {
    or_left_out(sysfs::number(&dir.join(file)))
}

fn channel_of(file: &str) -> Option<&str> {
    let number = file.strip_prefix("ch")?.strip_suffix("_ce_count")?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

/// A driver's own label, "mc#0csrow#1channel#0", in node_exporter's form: "mc0_csrow1_channel0".
fn dimm_label(text: &str) -> String {
    text.replace('#', "").replace("csrow", "_csrow").replace("channel", "_channel")
}

fn expose(controllers: &[Controller], page: &mut Page) {
    let [mut by_controller, mut by_row, mut by_channel] =
        ["node_edac", "node_edac_csrow", "node_edac_channel"].map(Pair::named);
    for controller in controllers {
        let number = ("controller", controller.number.as_str());
        by_controller.push(&[number], &controller.errors);
        by_row.push(&[number, ("csrow", "unknown")], &controller.of_no_row);
        for row in &controller.rows {
            let labels = [number, ("csrow", row.number.as_str())];
            by_row.push(&labels, &row.errors);
            for channel in &row.channels {
                let of_channel =
                    [("channel", &*channel.number), ("dimm_label", &*channel.dimm_label)];
                by_channel.push(&[labels, of_channel].concat(), &channel.errors);
            }
        }
    }
    for family in [by_controller, by_row, by_channel].into_iter().flat_map(|pair| pair.0) {
        page.add(family);
    }
}

/// The two families of one level.
struct Pair([Family; 2]);

impl Pair {
    fn named(prefix: &str) -> Self {
        Self([
            Family::counter(
                format!("{prefix}_correctable_errors_total"),
                "Memory errors that were corrected.",
            ),
            Family::counter(
                format!("{prefix}_uncorrectable_errors_total"),
                "Memory errors that could not be corrected.",
            ),
        ])
    }

    fn push(&mut self, labels: &[(&'static str, &str)], errors: &Errors) {
        let [correctable, uncorrectable] = &mut self.0;
        correctable.push_known(labels, errors.correctable);
        uncorrectable.push_known(labels, errors.uncorrectable);
    }
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
