//! `node_memory_*`: every field of /proc/meminfo, under node_exporter's names.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::number::Number;

/// More fields than any kernel has.
const MAX_FIELDS: usize = 256;

pub(super) const ENTRY: Entry = Entry {
    name: "meminfo",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/meminfo",
    families: &[
        FamilyDoc::gauge("node_memory_<field>_bytes", &[]),
        FamilyDoc::gauge("node_memory_<field>", &[]),
    ],
    make: |host, _| Box::new(Meminfo::new(host)),
};

pub(super) struct Meminfo {
    file: KernelFile,
}

impl Meminfo {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::of_short_records(host.paths.procfs.join("meminfo")) }
    }
}

impl Collector for Meminfo {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for field in parse(self.file.read()?)? {
            let help = ["The field ", field.name, " of /proc/meminfo."].concat();
            page.add(Family::gauge(field.metric(), help).with(&[], field.value));
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Field<'a> {
    name: &'a str,
    value: u64,
    is_bytes: bool,
}

impl Field<'_> {
    /// `Active(anon)` in kB becomes `node_memory_Active_anon_bytes`.
    fn metric(&self) -> String {
        let unit = if self.is_bytes { "_bytes" } else { "" };
        let whole = ["node_memory_", self.name, unit].concat();
        if self.name.contains('(') || self.name.contains(')') {
            whole.replace('(', "_").replace(')', "")
        } else {
            whole
        }
    }
}

fn parse(text: Text<'_>) -> Result<Vec<Field<'_>>, CollectError> {
    let expected = "expected \"Name: number\" or \"Name: number kB\"";
    text.rows(expected, |number, line| if number <= MAX_FIELDS { parse_line(line) } else { None })
}

fn parse_line(line: &str) -> Option<Field<'_>> {
    let (name, rest) = line.split_once(':')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'(' | b')');
    if name.is_empty() || !name.bytes().all(plain) {
        return None;
    }
    let mut words = rest.split_ascii_whitespace();
    let number = u64::take(words.next()?)?;
    match (words.next(), words.next()) {
        (None, _) => Some(Field { name, value: number, is_bytes: false }),
        (Some("kB"), None) => {
            Some(Field { name, value: number.checked_mul(1024)?, is_bytes: true })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (line, expected) in [
            ("MemTotal:  4 kB", Some(("node_memory_MemTotal_bytes", 4096))),
            ("Active(anon):  1 kB", Some(("node_memory_Active_anon_bytes", 1024))),
            ("HugePages_Total:  2", Some(("node_memory_HugePages_Total", 2))),
            ("MemTotal:  4 MB", None),
            ("MemTotal:  4 kB more", None),
            ("MemTotal:  -4 kB", None),
            ("MemTotal:", None),
            ("MemTotal 4 kB", None),
            ("Mem{Total}: 4 kB", None),
            ("MemTotal: 18446744073709551615 kB", None),
        ] {
            let parsed = parse_line(line).map(|field| (field.metric(), field.value));
            assert_eq!(parsed, expected.map(|(name, value)| (name.to_owned(), value)), "{line}");
        }
    }
}
