//! `node_netstat_*`: what the network's protocols counted, from /proc/net/netstat, snmp and snmp6.

use std::collections::HashMap;

use edctl_daemon::Invalid;
use edctl_exposition::{Family, Page};
use regex::Regex;
use serde::Deserialize;

use super::kernel_file::{KernelFile, Text};
use super::sysfs::check_regex;
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

pub(super) const ENTRY: Entry = Entry {
    name: "netstat",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/net/netstat, /proc/net/snmp, /proc/net/snmp6",
    families: &[FamilyDoc::unknown("node_netstat_<field>", &[])],
    make: |host, options| Box::new(Netstat::new(host, &options.netstat)),
};

/// The table `[collector.netstat]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NetstatOptions {
    /// Which fields are shown, such as `Tcp_InSegs`, as a regular expression; the default is
    /// node_exporter's.
    pub(crate) fields: String,
}

impl std::default::Default for NetstatOptions {
    fn default() -> Self {
        let fields = concat!(
            "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|",
            "Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|",
            "TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|",
            "RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|",
            "SndbufErrors))$",
        );
        Self { fields: fields.to_owned() }
    }
}

impl NetstatOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.netstat.fields", &self.fields)
    }
}

pub(super) struct Netstat {
    /// Two lines for each protocol: names, then numbers.
    tables: [KernelFile; 2],
    /// A name and a number in each line.
    snmp6: KernelFile,
    shown: Shown,
}

impl Netstat {
    pub(super) fn new(host: &Host, options: &NetstatOptions) -> Self {
        let net = host.paths.procfs.join("net");
        let file = |name: &str| KernelFile::new(net.join(name));
        Self {
            tables: [file("netstat"), file("snmp")],
            snmp6: file("snmp6"),
            shown: Shown { fields: Regex::new(&options.fields).ok(), known: HashMap::new() },
        }
    }
}

impl Collector for Netstat {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut found = Vec::new();
        for file in &mut self.tables {
            take(parse_table(file.read()?)?, &mut self.shown, &mut found);
        }
        match self.snmp6.read() {
            Ok(text) => take(parse_snmp6(text)?, &mut self.shown, &mut found),
            // A kernel without IPv6.
            Err(CollectError::Absent { .. }) => {}
            Err(error) => return Err(error),
        }
        for (name, value) in found {
            let help = format!("The field {name} of the network's statistics.");
            page.add(Family::unknown(format!("node_netstat_{name}"), help).with(&[], value));
        }
        Ok(())
    }
}

/// A protocol, one of its fields, and the value.
type Field<'a> = (&'a str, &'a str, i64);

/// Which names are shown; each is asked of the expression only once.
struct Shown {
    fields: Option<Regex>,
    known: HashMap<String, bool>,
}

impl Shown {
    fn has(&mut self, name: &str) -> bool {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let is_shown = self.fields.as_ref().is_some_and(|fields| fields.is_match(name));
        self.known.insert(name.to_owned(), is_shown);
        is_shown
    }
}

fn take(fields: Vec<Field<'_>>, shown: &mut Shown, found: &mut Vec<(String, i64)>) {
    for (protocol, field, value) in fields {
        let name = format!("{protocol}_{field}");
        if shown.has(&name) {
            found.push((name, value));
        }
    }
}

fn parse_table(text: Text<'_>) -> Result<Vec<Field<'_>>, CollectError> {
    let mut fields = Vec::with_capacity(256);
    let mut lines = text.lines();
    while let Some((number, names)) = lines.next() {
        let wrong = || text.wrong(number, "expected a line of names and one of as many numbers");
        let (_, numbers) = lines.next().ok_or_else(wrong)?;
        let (protocol, names) = names.split_once(": ").ok_or_else(wrong)?;
        let (other, numbers) = numbers.split_once(": ").ok_or_else(wrong)?;
        let (mut names, mut numbers) =
            (names.split_ascii_whitespace(), numbers.split_ascii_whitespace());
        if protocol != other {
            return Err(wrong());
        }
        loop {
            match (names.next(), numbers.next()) {
                (Some(name), Some(value)) => {
                    fields.push((protocol, name, value.parse().map_err(|_| wrong())?));
                }
                (None, None) => break,
                _ => return Err(wrong()),
            }
        }
    }
    if fields.is_empty() { Err(text.wrong(1, "expected protocols")) } else { Ok(fields) }
}

/// `Ip6InReceives 12` is the field `InReceives` of `Ip6`.
fn parse_snmp6(text: Text<'_>) -> Result<Vec<Field<'_>>, CollectError> {
    let mut fields = Vec::with_capacity(128);
    for (number, line) in text.lines() {
        let wrong = || text.wrong(number, "expected a name and a number");
        let mut words = line.split_ascii_whitespace();
        let (name, value) = words.next().zip(words.next()).ok_or_else(wrong)?;
        let value = value.parse().map_err(|_| wrong())?;
        // Names of another form are of no protocol.
        if let Some(six) = name.find('6') {
            fields.push((&name[..=six], &name[six + 1..], value));
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(fields: Vec<Field<'_>>) -> Vec<(String, i64)> {
        let fields_shown = Regex::new(&NetstatOptions::default().fields).ok();
        let mut shown = Shown { fields: fields_shown, known: HashMap::new() };
        let mut found = Vec::new();
        take(fields, &mut shown, &mut found);
        found
    }

    #[test]
    fn names_and_numbers_of_two_lines() {
        let content = "Ip: Forwarding DefaultTTL\nIp: 2 64\nTcp: MaxConn InSegs InErrs\nTcp: -1 7 0\n\
                       TcpExt: ListenDrops TW\nTcpExt: 3 5\n";
        let expected =
            [("Ip_Forwarding", 2), ("Tcp_InSegs", 7), ("Tcp_InErrs", 0), ("TcpExt_ListenDrops", 3)];
        let found = shown(parse_table(Text::of(content)).unwrap());
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value)));
        for bad in
            ["", "Ip: A\n", "Ip: A B\nIp: 1\n", "Ip: A\nTcp: 1\n", "Ip: A\nIp: x\n", "Ip\nIp\n"]
        {
            assert!(parse_table(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_of_ip_version_six() {
        let content =
            "Ip6InOctets  12\nUdpLite6InErrors 1\nIcmp6OutMsgs 4\nIp6InReceives 9\nOdd 5\n";
        let expected = [("Ip6_InOctets", 12), ("UdpLite6_InErrors", 1), ("Icmp6_OutMsgs", 4)];
        let found = shown(parse_snmp6(Text::of(content)).unwrap());
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value)));
        assert!(parse_snmp6(Text::of("Ip6InOctets\n")).is_err());
    }

    #[test]
    fn an_expression_that_is_none_is_refused() {
        let error = NetstatOptions { fields: "(".to_owned() }.validate().unwrap_err().to_string();
        assert!(error.starts_with("collector.netstat.fields: expected a regex"), "{error}");
        assert!(NetstatOptions::default().validate().is_ok());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse_table(Text::of(&content));
            let _ = parse_snmp6(Text::of(&content));
        }
    }
}
