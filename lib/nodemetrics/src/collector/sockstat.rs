//! `node_sockstat_*`: sockets by protocol, from /proc/net/sockstat and sockstat6.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out;

pub(super) const ENTRY: Entry = Entry {
    name: "sockstat",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/net/sockstat, /proc/net/sockstat6",
    families: &[FamilyDoc::gauge("node_sockstat_<field>", &[])],
    make: |host, _| Box::new(Sockstat::new(host)),
};

pub(super) struct Sockstat {
    v4: KernelFile,
    v6: KernelFile,
}

impl Sockstat {
    pub(super) fn new(host: &Host) -> Self {
        let net = host.paths.procfs.join("net");
        Self {
            v4: KernelFile::of_short_records(net.join("sockstat")),
            v6: KernelFile::of_short_records(net.join("sockstat6")),
        }
    }
}

impl Collector for Sockstat {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut fields = parse(self.v4.read()?)?;
        match self.v6.read().and_then(parse) {
            Ok(more) => fields.extend(more),
            // A kernel without IPv6.
            Err(CollectError::Absent { .. }) => {}
            Err(error) => left_out::note(error),
        }
        for Field { protocol, name, value } in fields {
            let help = format!("Sockets of {protocol}: {name}.");
            let family = format!("node_sockstat_{protocol}_{name}");
            page.add(Family::gauge(family, help).with(&[], value));
            if name == "mem" {
                let bytes = value.saturating_mul(rustix::param::page_size() as u64);
                let help = format!("Memory of the sockets of {protocol}.");
                let family = format!("node_sockstat_{protocol}_mem_bytes");
                page.add(Family::gauge(family, help).with(&[], bytes));
            }
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Field<'a> {
    protocol: &'a str,
    name: &'a str,
    value: u64,
}

/// Lines such as `TCP: inuse 1 orphan 0`.
fn parse(text: Text<'_>) -> Result<Vec<Field<'_>>, CollectError> {
    let mut fields = Vec::with_capacity(16);
    for (number, line) in text.lines() {
        let Some((protocol, rest)) = line.split_once(": ").filter(|(p, _)| is_name(p)) else {
            text.leave_out(number, "expected \"PROTOCOL: name number ...\"");
            continue;
        };
        let mut words = rest.split_ascii_whitespace();
        while let Some(name) = words.next() {
            match text.number(number, words.next()) {
                Some(value) if is_name(name) => fields.push(Field { protocol, name, value }),
                Some(_) => text.leave_out(number, "expected the name of a field"),
                None => {}
            }
        }
    }
    if fields.is_empty() { Err(text.wrong(1, "expected protocols")) } else { Ok(fields) }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn protocols_and_their_fields() {
        let fields =
            parse(Text::of("sockets: used 17\nTCP: inuse 1 mem 223\nFRAG6: inuse 0 memory 0\n"));
        let fields: Vec<_> = fields
            .unwrap()
            .iter()
            .map(|f| format!("{}_{}={}", f.protocol, f.name, f.value))
            .collect();
        assert_eq!(
            fields,
            ["sockets_used=17", "TCP_inuse=1", "TCP_mem=223", "FRAG6_inuse=0", "FRAG6_memory=0"]
        );
        for bad in ["", "TCP inuse 1\n", "TCP: inuse\n", "TCP: inuse -1\n", "T P: inuse 1\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad:?}");
        }
        for odd in ["", "TCP inuse 1\n", "TCP: inuse\n", "TCP: inuse -1\n", "TCP: \u{fffd} 1\n"] {
            let content = format!("{odd}UDP: inuse 1 mem 2\n");
            let (fields, left_out) = LeftOut::during(|| parse(Text::of(&content)).unwrap().len());
            assert_eq!((fields, left_out.why().is_some()), (2, !odd.is_empty()), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
