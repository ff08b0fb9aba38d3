//! `node_fibrechannel_*`: Fibre Channel's ports, from /sys/class/fc_host.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "fibrechannel",
    preset: Preset::On,
    // A driver asks its device for each of the statistics.
    runs: Runs::ApartIfAny("class/fc_host"),
    reads: "/sys/class/fc_host",
    families: &[
        FamilyDoc::gauge(
            "node_fibrechannel_info",
            &[
                "fc_host",
                "speed",
                "port_state",
                "port_type",
                "port_id",
                "port_name",
                "fabric_name",
                "symbolic_name",
                "supported_classes",
                "supported_speeds",
                "dev_loss_tmo",
            ],
        ),
        FamilyDoc::counter("node_fibrechannel_<field>_total", &["fc_host"]),
    ],
    make: |host, _| Box::new(FibreChannel::new(host)),
};

/// What a port is: files, and labels of the same name.
const ATTRIBUTES: [&str; 10] = [
    "speed",
    "port_state",
    "port_type",
    "port_id",
    "port_name",
    "fabric_name",
    "symbolic_name",
    "supported_classes",
    "supported_speeds",
    "dev_loss_tmo",
];

/// The statistics: the file, the family's name without what all of them begin and end with, and what it
/// says.
const COUNTERS: [(&str, &str, &str); 14] = [
    ("dumped_frames", "dumped_frames", "Frames that the port threw away."),
    ("error_frames", "error_frames", "Frames that were received with errors."),
    ("fcp_packet_aborts", "fcp_packet_aborts", "Packets that were given up."),
    ("invalid_crc_count", "invalid_crc", "Frames whose checksum was wrong."),
    ("invalid_tx_word_count", "invalid_tx_words", "Words that no code stands for."),
    ("link_failure_count", "link_failure", "How often the link failed."),
    ("loss_of_signal_count", "loss_of_signal", "How often the signal was lost."),
    ("loss_of_sync_count", "loss_of_sync", "How often synchronisation was lost."),
    ("nos_count", "nos", "How often the other side said that it is not operational."),
    ("rx_frames", "rx_frames", "Frames that were received."),
    ("rx_words", "rx_words", "Words of four bytes that were received."),
    (
        "seconds_since_last_reset",
        "seconds_since_last_reset",
        "Seconds since the statistics were set to zero.",
    ),
    ("tx_frames", "tx_frames", "Frames that were sent."),
    ("tx_words", "tx_words", "Words of four bytes that were sent."),
];

/// What a driver says of a statistic that its device does not have.
const NOT_THERE: u64 = u64::MAX;

pub(super) struct FibreChannel {
    dir: PathBuf,
}

impl FibreChannel {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("class/fc_host") }
    }
}

impl Collector for FibreChannel {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut info = Family::gauge("node_fibrechannel_info", "1, and what the port is.");
        let mut counters: Vec<Family> = COUNTERS
            .iter()
            .map(|(_, name, help)| {
                Family::counter(format!("node_fibrechannel_{name}_total"), *help)
            })
            .collect();
        for host in sysfs::list(&self.dir)? {
            let dir = self.dir.join(&host);
            push_info(&mut info, &dir, &host);
            for ((file, ..), family) in COUNTERS.iter().zip(&mut counters) {
                let read = read_counter(&dir.join("statistics").join(file));
                if let Some(count) = or_left_out(read) {
                    family.push(&[("fc_host", &host)], count);
                }
            }
        }
        page.add(info);
        counters.into_iter().for_each(|family| page.add(family));
        Ok(())
    }
}

/// What a driver does not tell stays empty.
fn push_info(info: &mut Family, dir: &Path, host: &str) {
    let texts =
        ATTRIBUTES.map(|file| or_left_out(sysfs::text(&dir.join(file))).unwrap_or_default());
    let mut labels = vec![("fc_host", host)];
    labels.extend(ATTRIBUTES.into_iter().zip(texts.iter().map(|text| without_base(text))));
    info.push(&labels, 1u64);
}

fn read_counter(path: &Path) -> Result<Option<u64>, CollectError> {
    let Some(text) = sysfs::text(path)? else { return Ok(None) };
    let expected = "expected a hexadecimal number";
    let wrong = || CollectError::Parse { path: path.to_owned(), line: 1, expected };
    let count = parse_counter(&text).ok_or_else(wrong)?;
    Ok((count != NOT_THERE).then_some(count))
}

/// `0x7e2b`; a driver of another kind may write it in decimals.
fn parse_counter(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A name of the fabric's without the `0x` that the kernel puts before it.
fn without_base(text: &str) -> &str {
    text.strip_prefix("0x").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    #[test]
    fn a_port_and_one_that_tells_little() {
        let dir = tree(&[
            ("class/fc_host/host1/speed", "32 Gbit\n"),
            ("class/fc_host/host1/port_id", "0x0a0b00\n"),
            ("class/fc_host/host1/fabric_name", "0x0\n"),
            ("class/fc_host/host1/statistics/rx_frames", "0x1f\n"),
            ("class/fc_host/host1/statistics/tx_frames", "0xffffffffffffffff\n"),
            ("class/fc_host/host1/statistics/nos_count", "0xfg\n"),
            ("class/fc_host/host2/port_state", "Linkdown\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].contains(r#"host1",speed="32 Gbit",port_state="","#), "{text}");
        assert!(lines[0].contains(r#"port_id="0a0b00",port_name="",fabric_name="0","#), "{text}");
        assert!(lines[1].contains(r#"host2",speed="",port_state="Linkdown","#), "{text}");
        assert_eq!(lines[2], r#"node_fibrechannel_rx_frames_total{fc_host="host1"} 31"#);
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    #[test]
    fn numbers() {
        for (text, count) in [
            ("0x0", Some(0)),
            ("0xffffffffffffffff", Some(u64::MAX)),
            ("17", Some(17)),
            ("0x10000000000000000", None),
            ("0x", None),
            ("", None),
            ("-1", None),
        ] {
            assert_eq!(parse_counter(text), count, "{text}");
        }
    }
}
