//! `node_filefd_*`: open files of the whole node, from /proc/sys/fs/file-nr.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

pub(super) const ENTRY: Entry = Entry {
    name: "filefd",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/sys/fs/file-nr",
    families: &[
        FamilyDoc::gauge("node_filefd_allocated", &[]),
        FamilyDoc::gauge("node_filefd_maximum", &[]),
    ],
    make: |host, _| Box::new(Filefd::new(host)),
};

pub(super) struct Filefd {
    file: KernelFile,
}

impl Filefd {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::of_short_records(host.paths.procfs.join("sys/fs/file-nr")) }
    }
}

impl Collector for Filefd {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let (allocated, maximum) = parse(self.file.read()?)?;
        page.add(Family::gauge("node_filefd_allocated", "Open files.").with_known(&[], allocated));
        let maximum_help = "The most files that may be open.";
        page.add(Family::gauge("node_filefd_maximum", maximum_help).with_known(&[], maximum));
        Ok(())
    }
}

/// `allocated unused maximum`
fn parse(text: Text<'_>) -> Result<(Option<u64>, Option<u64>), CollectError> {
    let words: Vec<&str> =
        text.lines().next().map_or_else(Vec::new, |(_, line)| line.split_whitespace().collect());
    match words[..] {
        [allocated, _unused, maximum] => {
            Ok((text.number(1, Some(allocated)), text.number(1, Some(maximum))))
        }
        _ => Err(text.wrong(1, "expected three numbers")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_or_nothing() {
        let parsed = |content: &str| parse(Text::of(content)).ok();
        let most = Some(i64::MAX as u64);
        assert_eq!(parsed("1024\t0\t9223372036854775807\n"), Some((Some(1024), most)));
        assert_eq!(parsed("1024 0 x\n"), Some((Some(1024), None)));
        assert_eq!(parsed("-1 0 5\n"), Some((None, Some(5))));
        for bad in ["", "1024\n", "1024 0\n", "1 2 3 4\n"] {
            assert_eq!(parsed(bad), None, "{bad:?}");
        }
    }
}
