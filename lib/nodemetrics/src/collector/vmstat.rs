//! `node_vmstat_*`: page faults, paging, swapping and OOM kills, from /proc/vmstat.

use crate::options::vmstat::VmstatOptions;
use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

pub(super) const ENTRY: Entry = Entry {
    name: "vmstat",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/vmstat",
    families: &[FamilyDoc::unknown("node_vmstat_<field>", &[])],
    make: |host, options| Box::new(Vmstat::new(host, &options.vmstat)),
};

pub(super) struct Vmstat {
    file: KernelFile,
    shown: Filter,
}

impl Vmstat {
    pub(super) fn new(host: &Host, options: &VmstatOptions) -> Self {
        Self {
            file: KernelFile::of_short_records(host.paths.procfs.join("vmstat")),
            shown: Filter::new(&options.fields, ""),
        }
    }
}

impl Collector for Vmstat {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for (name, value) in parse(self.file.read()?, &self.shown)? {
            let help = ["The field ", name, " of /proc/vmstat."].concat();
            page.add(Family::unknown(["node_vmstat_", name].concat(), help).with(&[], value));
        }
        Ok(())
    }
}

fn parse<'a>(text: Text<'a>, shown: &Filter) -> Result<Vec<(&'a str, u64)>, CollectError> {
    let mut fields = Vec::with_capacity(16);
    let mut has_fields = false;
    for (number, line) in text.lines() {
        let Some((name, value)) = line.split_once(' ') else {
            text.leave_out(number, "expected a name and a number");
            continue;
        };
        has_fields = true;
        if shown.shows(name)
            && let Some(value) = text.number(number, Some(value))
        {
            fields.push((name, value));
        }
    }
    if has_fields { Ok(fields) } else { Err(text.wrong(1, "expected fields")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    fn parsed<'a>(content: &'a str, fields: &str) -> Option<Vec<(&'a str, u64)>> {
        parse(Text::of(content), &Filter::new(fields, "")).ok()
    }

    #[test]
    fn the_fields_that_node_exporter_shows() {
        let content = "nr_free_pages 5\npgpgin 1\npgpgout 2\npswpin 0\npgfault 3\npgmajfault 4\n\
                       oom_kill 6\nnuma_pages_migrated 1\npgmigrate_success 9\nballoon_inflate 8\n";
        let expected = [
            ("pgpgin", 1),
            ("pgpgout", 2),
            ("pswpin", 0),
            ("pgfault", 3),
            ("pgmajfault", 4),
            ("oom_kill", 6),
            ("balloon_inflate", 8),
        ];
        let default = VmstatOptions::default().fields;
        assert_eq!(parsed(content, &default).unwrap(), expected);
        assert_eq!(parsed(content, "^nr_").unwrap(), [("nr_free_pages", 5)]);
        assert_eq!(parsed(content, "^none$").unwrap(), []);
        for bad in ["", "pgfault\n"] {
            assert_eq!(parsed(bad, &default), None, "{bad:?}");
        }
        for odd in ["x", "1 2", "-5", "18446744073709540830"] {
            let content = format!("pgfault {odd}\nodd\noom_kill 6\n");
            let (fields, left_out) =
                LeftOut::during(|| parsed(&content, &default).map(|f| f.len()));
            assert_eq!(fields, Some(1));
            assert_eq!(left_out.why().unwrap(), "test, line 1: expected a number (and 1 more)");
        }
        assert!(VmstatOptions { fields: "(".to_owned() }.validate().is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parsed(&content, ".*");
        }
    }
}
