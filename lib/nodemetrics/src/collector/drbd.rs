//! `node_drbd_*`: disks that DRBD 8 keeps on two nodes, from /proc/drbd; DRBD 9 tells nothing of them there.
//!
//! The file counts what is sent, received, written, read and out of step in KiB (drbd_proc.c of the kernel,
//! "Performance indicators" of DRBD's user's guide); node_exporter takes what is received for bytes.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

const KIB: u64 = 1024;

/// A number of a device: its key in the file, its family and what that says, and its unit.
struct Column {
    key: &'static str,
    doc: FamilyDoc,
    help: &'static str,
    unit: u64,
}

const DEVICE: &[&str] = &["device"];
const SIDE: &[&str] = &["device", "node"];

const fn counter(key: &'static str, name: &'static str, unit: u64, help: &'static str) -> Column {
    Column { key, doc: FamilyDoc::counter(name, DEVICE), help, unit }
}

const fn gauge(key: &'static str, name: &'static str, unit: u64, help: &'static str) -> Column {
    Column { key, doc: FamilyDoc::gauge(name, DEVICE), help, unit }
}

const COLUMNS: [Column; 12] = [
    counter("ns", "node_drbd_network_sent_bytes_total", KIB, "Bytes sent to the other node."),
    counter("nr", "node_drbd_network_received_bytes_total", KIB, "Bytes received from it."),
    counter("dw", "node_drbd_disk_written_bytes_total", KIB, "Bytes written to the local disk."),
    counter("dr", "node_drbd_disk_read_bytes_total", KIB, "Bytes read from the local disk."),
    counter("al", "node_drbd_activitylog_writes_total", 1, "Writes of the activity log."),
    counter("bm", "node_drbd_bitmap_writes_total", 1, "Writes of the bitmap."),
    gauge("lo", "node_drbd_local_pending", 1, "Requests that the local disk has open."),
    gauge("pe", "node_drbd_remote_pending", 1, "Requests that the other node has to answer."),
    gauge("ua", "node_drbd_remote_unacknowledged", 1, "Requests that this node has to answer."),
    gauge("ap", "node_drbd_application_pending", 1, "Requests that DRBD has to answer."),
    gauge("ep", "node_drbd_epochs", 1, "Epochs under way."),
    gauge("oos", "node_drbd_out_of_sync_bytes", KIB, "Bytes that differ between the nodes."),
];

/// What is said of this node and of the other: the key, the family and what that says, and the word that
/// means 1.
const PAIRS: [(&str, FamilyDoc, &str, &str); 2] = [
    (
        "ro",
        FamilyDoc::gauge("node_drbd_node_role_is_primary", SIDE),
        "Whether the node is the primary one.",
        "Primary",
    ),
    (
        "ds",
        FamilyDoc::gauge("node_drbd_disk_state_is_up_to_date", SIDE),
        "Whether the node's disk is up to date.",
        "UpToDate",
    ),
];

const CONNECTED: FamilyDoc = FamilyDoc::gauge("node_drbd_connected", DEVICE);

pub(super) const ENTRY: Entry = Entry {
    name: "drbd",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/drbd",
    families: &[
        COLUMNS[0].doc,
        COLUMNS[1].doc,
        COLUMNS[2].doc,
        COLUMNS[3].doc,
        COLUMNS[4].doc,
        COLUMNS[5].doc,
        COLUMNS[6].doc,
        COLUMNS[7].doc,
        COLUMNS[8].doc,
        COLUMNS[9].doc,
        COLUMNS[10].doc,
        COLUMNS[11].doc,
        PAIRS[0].1,
        PAIRS[1].1,
        CONNECTED,
    ],
    make: |host, _| Box::new(Drbd { file: KernelFile::new(host.paths.procfs.join("drbd")) }),
};

struct Drbd {
    file: KernelFile,
}

impl Collector for Drbd {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let text = self.file.read()?;
        let mut families = Families::empty();
        for device in parse(text)? {
            families.push(&device, text);
        }
        families.add_to(page);
        Ok(())
    }
}

/// A device, and what the file says of it.
#[derive(Debug, PartialEq)]
struct Device<'a> {
    name: String,
    words: Vec<Word<'a>>,
}

/// `ns:17324442`, `ro:Primary/Secondary`
#[derive(Debug, PartialEq)]
struct Word<'a> {
    line: usize,
    key: &'a str,
    value: &'a str,
}

/// The devices behind DRBD's version. A device's words begin with its number and a colon; other words than
/// pairs are those of a resynchronisation.
fn parse(text: Text<'_>) -> Result<Vec<Device<'_>>, CollectError> {
    let mut lines = text.lines();
    if !lines.next().is_some_and(|(_, line)| line.starts_with("version:")) {
        return Err(text.wrong(1, "expected DRBD's version"));
    }
    let mut devices: Vec<Device<'_>> = Vec::new();
    let words =
        lines.flat_map(|(line, words)| words.split_ascii_whitespace().map(move |w| (line, w)));
    for (line, word) in words {
        let Some((key, value)) = word.split_once(':') else { continue };
        if value.is_empty() && key.bytes().all(|b| b.is_ascii_digit()) {
            devices.push(Device { name: format!("drbd{key}"), words: Vec::new() });
        } else if let Some(device) = devices.last_mut() {
            device.words.push(Word { line, key, value });
        }
    }
    Ok(devices)
}

struct Families {
    columns: Vec<Family>,
    pairs: Vec<Family>,
    connected: Family,
}

impl Families {
    fn empty() -> Self {
        let family = |doc: &FamilyDoc, help: &'static str| Family::new(doc.name, help, doc.kind);
        Self {
            columns: COLUMNS.iter().map(|column| family(&column.doc, column.help)).collect(),
            pairs: PAIRS.iter().map(|(_, doc, help, _)| family(doc, help)).collect(),
            connected: family(&CONNECTED, "Whether the nodes are connected and in step."),
        }
    }

    fn push(&mut self, device: &Device<'_>, text: Text<'_>) {
        let name = ("device", device.name.as_str());
        for word in &device.words {
            if word.key == "cs" {
                self.connected.push(&[name], word.value == "Connected");
            }
            for (family, column) in self.columns.iter_mut().zip(&COLUMNS) {
                if word.key == column.key {
                    let number: Option<u64> = text.number(word.line, Some(word.value));
                    if let Some(value) = number.and_then(|number| number.checked_mul(column.unit)) {
                        family.push(&[name], value);
                    }
                }
            }
            for (family, (key, _, _, good)) in self.pairs.iter_mut().zip(PAIRS) {
                if word.key != key {
                    continue;
                }
                let Some((local, remote)) = word.value.split_once('/') else {
                    text.leave_out(word.line, "expected what both nodes are");
                    continue;
                };
                family.push(&[name, ("node", "local")], local == good);
                family.push(&[name, ("node", "remote")], remote == good);
            }
        }
    }

    fn add_to(self, page: &mut Page) {
        for family in self.columns.into_iter().chain(self.pairs).chain([self.connected]) {
            page.add(family);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    /// As drbd_seq_show() of Linux prints it: a pair in step, one whose nodes are being brought in step, and a
    /// device that is not configured.
    const FILE: &str = "\
version: 8.4.11 (api:1/proto:86-101)
srcversion: FC3433D849E3B88C1E7B55C\x20

 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
    ns:1048580 nr:12 dw:1048592 dr:4233 al:17 bm:2 lo:1 pe:3 ua:4 ap:5 ep:6 wo:f oos:0
 1: cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate C r-----
    ns:0 nr:524288 dw:523264 dr:0 al:0 bm:0 lo:2 pe:0 ua:9 ap:0 ep:1 wo:f oos:3670016
\t[=>..................] sync'ed: 12.5% (3584/4096)M
\tfinish: 0:01:21 speed: 44,868 (43,690) want: 100 K/sec
 2: cs:Unconfigured
";

    fn series(text: &str) -> Vec<&str> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.strip_prefix("node_drbd_").unwrap()).collect()
    }

    #[test]
    fn devices_in_step_out_of_step_and_not_configured() {
        let text = shown(&ENTRY, tree(&[("drbd", FILE)]).path()).unwrap();
        let series = series(&text);
        for line in [
            r#"network_sent_bytes_total{device="drbd0"} 1073745920"#,
            r#"network_received_bytes_total{device="drbd1"} 536870912"#,
            r#"disk_written_bytes_total{device="drbd1"} 535822336"#,
            r#"disk_read_bytes_total{device="drbd0"} 4334592"#,
            r#"activitylog_writes_total{device="drbd0"} 17"#,
            r#"bitmap_writes_total{device="drbd0"} 2"#,
            r#"local_pending{device="drbd0"} 1"#,
            r#"remote_pending{device="drbd0"} 3"#,
            r#"remote_unacknowledged{device="drbd0"} 4"#,
            r#"application_pending{device="drbd0"} 5"#,
            r#"epochs{device="drbd0"} 6"#,
            r#"out_of_sync_bytes{device="drbd1"} 3758096384"#,
            r#"node_role_is_primary{device="drbd0",node="local"} 1"#,
            r#"node_role_is_primary{device="drbd0",node="remote"} 0"#,
            r#"disk_state_is_up_to_date{device="drbd1",node="local"} 0"#,
            r#"disk_state_is_up_to_date{device="drbd1",node="remote"} 1"#,
            r#"connected{device="drbd0"} 1"#,
            r#"connected{device="drbd1"} 0"#,
            r#"connected{device="drbd2"} 0"#,
        ] {
            assert!(series.contains(&line), "{line}\n{text}");
        }
        assert_eq!(series.len(), 2 * (12 + 4 + 1) + 1);
    }

    #[test]
    fn an_odd_value_costs_its_own_series() {
        let whole = shown(&ENTRY, tree(&[("drbd", FILE)]).path()).unwrap();
        for (good, odd, lost) in [
            ("lo:1 ", "lo:-1 ", vec!["local_pending{device=\"drbd0\"}"]),
            (
                "ns:1048580",
                "ns:18446744073709551615",
                vec!["network_sent_bytes_total{device=\"drbd0\"}"],
            ),
            ("oos:0", "oos:none", vec!["out_of_sync_bytes{device=\"drbd0\"}"]),
            (
                "ro:Secondary/Primary",
                "ro:Unknown",
                vec![
                    "node_role_is_primary{device=\"drbd1\",node=\"local\"}",
                    "node_role_is_primary{device=\"drbd1\",node=\"remote\"}",
                ],
            ),
        ] {
            let dir = tree(&[("drbd", &FILE.replace(good, odd))]);
            let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
            let left = series(&text);
            let missing: Vec<&str> =
                series(&whole).into_iter().filter(|line| !left.contains(line)).collect();
            let missing: Vec<&str> =
                missing.iter().map(|line| line.rsplit_once(' ').unwrap().0).collect();
            assert_eq!((missing, errors), (lost, 1), "{odd}");
        }
    }

    #[test]
    fn without_devices_there_is_nothing_and_without_a_version_no_file_of_drbd() {
        let nine = "version: 9.1.13 (api:2/proto:110-121)\n\
                    GIT-hash: a798fa7e27 build by root@build, 2022-12-06 12:03:04\n\
                    Transports (api:18): tcp (9.1.13)\n";
        assert_eq!(shown(&ENTRY, tree(&[("drbd", nine)]).path()).unwrap(), "");
        for bad in ["", " 0: cs:Connected\n"] {
            assert_eq!(shown(&ENTRY, tree(&[("drbd", bad)]).path()), Err(State::Error), "{bad:?}");
        }
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "version:\n([0-9 ]{0,3}:|[a-z]{2,3}:.{0,9}|.{0,20}|[ \n]){0,12}") {
            let _ = parse(Text::of(&content)).map(|devices| {
                devices.iter().for_each(|device| Families::empty().push(device, Text::of(&content)));
            });
        }
    }
}
