//! `node_udp_queues`: bytes that wait in the queues of UDP sockets, from /proc/net/udp and udp6.

use edctl_exposition::{Family, Page};

use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

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
        let mut absent = None;
        for (ip, file) in &mut self.files {
            match file.read().and_then(parse) {
                Ok((sent, received)) => {
                    family.push(&[("queue", "tx"), ("ip", ip)], sent);
                    family.push(&[("queue", "rx"), ("ip", ip)], received);
                }
                Err(error @ CollectError::Absent { .. }) => absent = Some(error),
                Err(error) => return Err(error),
            }
        }
        match absent {
            Some(error) if family.samples.is_empty() => Err(error),
            _ => {
                page.add(family);
                Ok(())
            }
        }
    }
}

/// The sums over all sockets: to be sent, and received.
fn parse(text: Text<'_>) -> Result<(u64, u64), CollectError> {
    let (mut sent, mut received) = (0u64, 0u64);
    let mut lines = text.lines();
    if !lines.next().is_some_and(|(_, head)| head.contains("tx_queue")) {
        return Err(text.wrong(1, "expected the columns' names"));
    }
    for (number, line) in lines {
        let queues = line.split_ascii_whitespace().nth(QUEUES_COLUMN).and_then(|word| {
            let (tx, rx) = word.split_once(':')?;
            let hex = |digits| u64::from_str_radix(digits, 16).ok();
            Some((hex(tx)?, hex(rx)?))
        });
        let (tx, rx) = queues.ok_or_else(|| text.wrong(number, "expected tx_queue:rx_queue"))?;
        sent = sent.saturating_add(tx);
        received = received.saturating_add(rx);
    }
    Ok((sent, received))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n";

    #[test]
    fn queues_are_summed() {
        let parsed = |lines: &str| parse(Text::of(&format!("{HEAD}{lines}"))).ok();
        let lines = " 1: 0A000005:0016 00000000:0000 07 00000000:00000001 02:000A7214 0\n\
                     22: 00000000:0016 00000000:0000 07 00000015:00000010 00:00000000 0\n";
        assert_eq!(parsed(lines), Some((21, 17)));
        assert_eq!(parsed(""), Some((0, 0)));
        assert_eq!(parsed(" 1: a b 07 xx:00 0\n"), None);
        assert_eq!(parsed(" 1: a b\n"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
