//! `node_netstat_*`: what the network's protocols counted, from /proc/net/netstat, snmp and snmp6.

use crate::options::netstat::NetstatOptions;
use std::sync::Arc;

use edctl_exposition::{Family, Page};
use foldhash::{HashMap, HashMapExt};
use regex::Regex;

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out;

pub(super) const ENTRY: Entry = Entry {
    name: "netstat",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/net/netstat, /proc/net/snmp, /proc/net/snmp6",
    families: &[FamilyDoc::unknown("node_netstat_<field>", &[])],
    make: |host, options| Box::new(Netstat::new(host, &options.netstat)),
};

/// More names than any kernel has; beyond them what was known is forgotten.
const MOST_KNOWN: usize = 1024;

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
        let file = |name: &str| KernelFile::of_short_records(net.join(name));
        Self {
            tables: [file("netstat"), file("snmp")],
            snmp6: file("snmp6"),
            shown: Shown::new(&options.fields),
        }
    }
}

impl Collector for Netstat {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut found = Vec::with_capacity(64);
        let mut failed = None;
        for file in &mut self.tables {
            let read = file.read().and_then(|text| parse_table(text, &mut self.shown, &mut found));
            failed = read.err().or(failed);
        }
        match self.snmp6.read().and_then(|text| parse_snmp6(text, &mut self.shown, &mut found)) {
            // A kernel without IPv6.
            Ok(()) | Err(CollectError::Absent { .. }) => {}
            Err(error) => failed = Some(error),
        }
        match failed {
            Some(error) if found.is_empty() => return Err(error),
            Some(error) => left_out::note(error),
            None => {}
        }
        for (name, value) in found {
            let help = ["The field ", &name, " of the network's statistics."].concat();
            page.add(Family::unknown(["node_netstat_", &name].concat(), help).with(&[], value));
        }
        Ok(())
    }
}

/// A protocol's field, such as `Tcp_InSegs`, and its value.
type Field = (Arc<str>, i64);

/// Which fields are shown; the kernel always writes the same ones, and each is asked of the expression
/// only once.
struct Shown {
    fields: Option<Regex>,
    /// The columns of a line of names: what those are called that are shown.
    lines: HashMap<String, Vec<Option<Arc<str>>>>,
    /// As above, of a name that has a line of its own.
    names: HashMap<String, Option<Arc<str>>>,
}

impl Shown {
    fn new(fields: &str) -> Self {
        let fields = Regex::new(fields).ok();
        Self { fields, lines: HashMap::new(), names: HashMap::new() }
    }

    /// The columns of a line such as `Ip: Forwarding DefaultTTL`.
    fn of_line(&mut self, line: &str) -> Option<&[Option<Arc<str>>]> {
        if !self.lines.contains_key(line) {
            let (protocol, names) = line.split_once(": ")?;
            let columns =
                names.split_ascii_whitespace().map(|name| self.field(protocol, name)).collect();
            if self.lines.len() >= MOST_KNOWN {
                self.lines.clear();
            }
            self.lines.insert(line.to_owned(), columns);
        }
        self.lines.get(line).map(Vec::as_slice)
    }

    /// `Ip6InReceives` is the field `InReceives` of `Ip6`; names of another form are of no protocol.
    fn of_name(&mut self, name: &str) -> Option<Arc<str>> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let field = name.find('6').and_then(|six| self.field(&name[..=six], &name[six + 1..]));
        if self.names.len() >= MOST_KNOWN {
            self.names.clear();
        }
        self.names.insert(name.to_owned(), field.clone());
        field
    }

    fn field(&self, protocol: &str, name: &str) -> Option<Arc<str>> {
        let field = format!("{protocol}_{name}");
        let is_shown = self.fields.as_ref().is_some_and(|fields| fields.is_match(&field));
        is_shown.then(|| field.into())
    }
}

fn parse_table(
    text: Text<'_>,
    shown: &mut Shown,
    found: &mut Vec<Field>,
) -> Result<(), CollectError> {
    let mut lines = text.lines();
    let mut has_protocols = false;
    while let Some((number, names)) = lines.next() {
        let expected = "expected a line of names and one of as many numbers";
        let (number_of_numbers, numbers) =
            lines.next().ok_or_else(|| text.wrong(number, expected))?;
        let numbers = of_protocol(names, numbers).filter(|numbers| {
            numbers.split_ascii_whitespace().count() + 1 == names.split_ascii_whitespace().count()
        });
        let (Some(columns), Some(numbers)) = (shown.of_line(names), numbers) else {
            text.leave_out(number, expected);
            continue;
        };
        for (column, value) in columns.iter().zip(numbers.split_ascii_whitespace()) {
            if let Some(field) = column
                && let Some(value) = text.number(number_of_numbers, Some(value))
            {
                found.push((Arc::clone(field), value));
            }
        }
        has_protocols = true;
    }
    if has_protocols { Ok(()) } else { Err(text.wrong(1, "expected protocols")) }
}

/// The numbers of a line, if it is of the same protocol as the line of names.
fn of_protocol<'a>(names: &str, numbers: &'a str) -> Option<&'a str> {
    let (protocol, numbers) = numbers.split_once(": ")?;
    names.strip_prefix(protocol)?.starts_with(": ").then_some(numbers)
}

fn parse_snmp6(
    text: Text<'_>,
    shown: &mut Shown,
    found: &mut Vec<Field>,
) -> Result<(), CollectError> {
    for (number, line) in text.lines() {
        let mut words = line.split_ascii_whitespace();
        if let Some(field) = words.next().and_then(|name| shown.of_name(name))
            && let Some(value) = text.number(number, words.next())
        {
            found.push((field, value));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    type Parse = fn(Text<'_>, &mut Shown, &mut Vec<Field>) -> Result<(), CollectError>;

    /// What is shown of this content, read twice.
    fn shown(parse: Parse, content: &str) -> Result<Vec<(String, i64)>, CollectError> {
        let mut shown = Shown::new(&NetstatOptions::default().fields);
        let (mut first, mut again) = (Vec::new(), Vec::new());
        parse(Text::of(content), &mut shown, &mut first)?;
        parse(Text::of(content), &mut shown, &mut again)?;
        assert_eq!(first, again);
        Ok(again.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }

    #[test]
    fn names_and_numbers_of_two_lines() {
        let content = "Ip: Forwarding DefaultTTL\nIp: 2 64\nTcp: MaxConn InSegs InErrs\nTcp: -1 7 0\n\
                       TcpExt: ListenDrops TW\nTcpExt: 3 5\n";
        let expected =
            [("Ip_Forwarding", 2), ("Tcp_InSegs", 7), ("Tcp_InErrs", 0), ("TcpExt_ListenDrops", 3)];
        let found = shown(parse_table, content).unwrap();
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value)));
        for bad in
            ["", "Ip: A\n", "Ip: A B\nIp: 1\n", "Ip: A\nIp: 1 2\n", "Ip: A\nTcp: 1\n", "Ip\nIp\n"]
        {
            assert!(shown(parse_table, bad).is_err(), "{bad:?}");
        }
        let odd = "Ip: A B\nIp: 1\nTcp: CurrEstab InSegs OutSegs\nTcp: 18446744073709540830 7 x\n";
        let (found, left_out) = LeftOut::during(|| shown(parse_table, odd).unwrap());
        assert_eq!(found, [("Tcp_InSegs".to_owned(), 7)]);
        // It is read twice.
        let why = "test, line 1: expected a line of names and one of as many numbers (and 5 more)";
        assert_eq!(left_out.why().unwrap(), why);
    }

    #[test]
    fn names_of_ip_version_six() {
        let content =
            "Ip6InOctets  12\nUdpLite6InErrors 1\nIcmp6OutMsgs 4\nIp6InReceives 9\nOdd 5\n";
        let expected = [("Ip6_InOctets", 12), ("UdpLite6_InErrors", 1), ("Icmp6_OutMsgs", 4)];
        let found = shown(parse_snmp6, content).unwrap();
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value)));
        for odd in ["Ip6InOctets\n", "Ip6InOctets many\n"] {
            let content = format!("{odd}Icmp6OutMsgs 4\n");
            let (found, left_out) = LeftOut::during(|| shown(parse_snmp6, &content).unwrap().len());
            assert_eq!((found, left_out.why().is_some()), (1, true), "{odd:?}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut known = Shown::new("");
        for number in 0..3 * MOST_KNOWN {
            known.of_line(&format!("Ip: {number}"));
            known.of_name(&format!("Ip6{number}"));
        }
        assert!(known.lines.len() <= MOST_KNOWN && known.names.len() <= MOST_KNOWN);
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
            let _ = shown(parse_table, &content);
            let _ = shown(parse_snmp6, &content);
        }
    }
}
