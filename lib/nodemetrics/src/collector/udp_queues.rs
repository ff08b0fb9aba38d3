//! `node_udp_queues`: bytes that wait in the queues of UDP sockets, from /proc/net/udp and udp6.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out;
use crate::reading::number::hex;

pub(super) const ENTRY: Entry = Entry {
    name: "udp_queues",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/net/udp, /proc/net/udp6",
    families: &[FamilyDoc::gauge("node_udp_queues", &["queue", "ip"])],
    make: |host, _| Box::new(UdpQueues::new(host)),
};

/// Where `tx_queue:rx_queue` stands in a line.
const QUEUES_COLUMN: usize = 4;

pub(super) struct UdpQueues {
    files: [(&'static str, KernelFile); 2],
}

impl UdpQueues {
    pub(super) fn new(host: &Host) -> Self {
        let net = host.paths.procfs.join("net");
        let file = |name: &str| KernelFile::of_short_records(net.join(name));
        Self { files: [("v4", file("udp")), ("v6", file("udp6"))] }
    }
}

impl Collector for UdpQueues {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut family = Family::gauge("node_udp_queues", "Bytes that wait in UDP sockets.");
        let files = self.files.len();
        let mut absent = Vec::new();
        for (ip, file) in &mut self.files {
            match file.read().and_then(parse) {
                Ok([sent, received]) => {
                    family.push_known(&[("queue", "tx"), ("ip", ip)], sent);
                    family.push_known(&[("queue", "rx"), ("ip", ip)], received);
                }
                Err(error @ CollectError::Absent { .. }) => absent.push(error),
                Err(error) => left_out::note(error),
            }
        }
        page.add(family);
        match absent.pop() {
            Some(error) if absent.len() + 1 == files => Err(error),
            _ => Ok(()),
        }
    }
}

/// The sums over all sockets: to be sent, and received; not known where one of them is not.
fn parse(text: Text<'_>) -> Result<[Option<u64>; 2], CollectError> {
    if !text.lines().next().is_some_and(|(_, head)| head.contains("tx_queue")) {
        return Err(text.wrong(1, "expected the columns' names"));
    }
    let mut sums = [Some(0u64); 2];
    text.rows_below(1, "expected tx_queue:rx_queue", |number, line| {
        let (tx, rx) = line.split_ascii_whitespace().nth(QUEUES_COLUMN)?.split_once(':')?;
        for (sum, word) in sums.iter_mut().zip([tx, rx]) {
            let bytes = text.known(number, "expected a hex number", bytes(word));
            *sum = sum.zip(bytes).map(|(sum, bytes)| sum.saturating_add(bytes));
        }
        Some(())
    })?;
    Ok(sums)
}

/// The kernel writes an `int`, which below zero says nothing.
fn bytes(word: &str) -> Option<u64> {
    hex(word).filter(|bytes| *bytes <= i32::MAX as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::left_out::LeftOut;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n";

    #[test]
    fn queues_are_summed() {
        let parsed = |lines: &str| parse(Text::of(&format!("{HEAD}{lines}"))).ok();
        let lines = " 1: 0A000005:0016 00000000:0000 07 00000000:00000001 02:000A7214 0\n\
                     22: 00000000:0016 00000000:0000 07 00000015:00000010 00:00000000 0\n";
        assert_eq!(parsed(lines), Some([Some(21), Some(17)]));
        assert_eq!(parsed(""), Some([Some(0), Some(0)]));
        assert_eq!(parsed(" 1: a b\n"), None);
        assert!(parse(Text::of("")).is_err());
        for (odd, sums) in [
            (" 1: a b 07 xx:00 0\n", [None, Some(17)]),
            (" 1: a b 07 00:FFFFFFFC 0\n", [Some(21), None]),
            ("odd line\n", [Some(21), Some(17)]),
        ] {
            let (found, left_out) = LeftOut::during(|| parsed(&format!("{lines}{odd}")));
            assert_eq!(found, Some(sums), "{odd}");
            assert!(left_out.why().unwrap().starts_with("test, line 4: expected "), "{odd}");
        }
    }

    #[test]
    fn a_broken_file_hides_no_other() {
        let dir = tree(&[("net/udp", "odd\n"), ("net/udp6", HEAD)]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!((text.matches("ip=\"v6\"} 0").count(), errors), (2, 1), "{text}");
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
