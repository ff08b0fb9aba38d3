//! `node_swap_*`: what each swap device and file holds, from /proc/swaps.
//!
//! A name with a blank is shown as it is, where node_exporter leaves the kernel's `\040`.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::mounts::unescape;

const LABELS: &[&str] = &["device", "swap_type"];

pub(super) const ENTRY: Entry = Entry {
    name: "swap",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/swaps",
    families: &[
        FamilyDoc::gauge("node_swap_size_bytes", LABELS),
        FamilyDoc::gauge("node_swap_used_bytes", LABELS),
        FamilyDoc::gauge("node_swap_priority", LABELS),
    ],
    make: |host, _| Box::new(Swap::new(host)),
};

struct Swap {
    file: KernelFile,
}

impl Swap {
    fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("swaps")) }
    }
}

impl Collector for Swap {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut size = Family::gauge("node_swap_size_bytes", "The size of a swap device or file.");
        let mut used = Family::gauge("node_swap_used_bytes", "What of it is in use.");
        let mut priority = Family::gauge("node_swap_priority", "The highest is filled first.");
        for swap in parse(self.file.read()?)? {
            let labels = [("device", swap.device.as_str()), ("swap_type", swap.kind)];
            for (family, bytes) in [(&mut size, swap.size_bytes), (&mut used, swap.used_bytes)] {
                if let Some(bytes) = bytes {
                    family.push(&labels, bytes);
                }
            }
            if let Some(number) = swap.priority {
                priority.push(&labels, number);
            }
        }
        [size, used, priority].into_iter().for_each(|family| page.add(family));
        Ok(())
    }
}

/// A device or file; of its numbers, those that can be taken.
#[derive(Debug, PartialEq)]
struct Space<'a> {
    device: String,
    /// `partition` or `file`.
    kind: &'a str,
    size_bytes: Option<u64>,
    used_bytes: Option<u64>,
    /// Below zero where nobody chose it.
    priority: Option<i64>,
}

/// `/dev/sda2  partition  8388604  8192  -2`, sizes in KiB, below a head.
fn parse(text: Text<'_>) -> Result<Vec<Space<'_>>, CollectError> {
    let mut lines = text.lines();
    if !lines.next().is_some_and(|(_, line)| line.starts_with("Filename")) {
        return Err(text.wrong(1, "expected the head of a table"));
    }
    let mut spaces = Vec::new();
    for (number, line) in lines {
        match parse_space(text, number, line) {
            Some(space) => spaces.push(space),
            None => text.leave_out(number, "expected a swap device and its type"),
        }
    }
    Ok(spaces)
}

fn parse_space<'a>(text: Text<'a>, number: usize, line: &'a str) -> Option<Space<'a>> {
    let mut words = line.split_ascii_whitespace();
    let (device, kind) = (unescape(words.next()?)?, words.next()?);
    let mut bytes = || text.number::<u64>(number, words.next())?.checked_mul(1024);
    let (size_bytes, used_bytes) = (bytes(), bytes());
    let priority = text.number(number, words.next());
    Some(Space { device, kind, size_bytes, used_bytes, priority })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    const HEAD: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

    #[test]
    fn a_partition_a_file_and_one_in_memory() {
        let content = format!(
            "{HEAD}/dev/dm-1                               partition\t8388604\t\t8192\t\t-2\n\
             /srv/swap\\040file                         file\t\t1048572\t\t0\t\t-3\n\
             /dev/zram0                              partition\t4194300\t\t76\t\t100\n"
        );
        let text = shown(&ENTRY, tree(&[("swaps", &content)]).path()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_swap_priority{device="/dev/dm-1",swap_type="partition"} -2"#,
                r#"node_swap_priority{device="/srv/swap file",swap_type="file"} -3"#,
                r#"node_swap_priority{device="/dev/zram0",swap_type="partition"} 100"#,
                r#"node_swap_size_bytes{device="/dev/dm-1",swap_type="partition"} 8589930496"#,
                r#"node_swap_size_bytes{device="/srv/swap file",swap_type="file"} 1073737728"#,
                r#"node_swap_size_bytes{device="/dev/zram0",swap_type="partition"} 4294963200"#,
                r#"node_swap_used_bytes{device="/dev/dm-1",swap_type="partition"} 8388608"#,
                r#"node_swap_used_bytes{device="/srv/swap file",swap_type="file"} 0"#,
                r#"node_swap_used_bytes{device="/dev/zram0",swap_type="partition"} 77824"#,
            ]
        );
    }

    #[test]
    fn an_odd_value_costs_its_own_series() {
        for (line, series, errors) in [
            ("/dev/sda2 partition 8 4 -2", 3, 0),
            ("/dev/sda2 partition -8 4 -2", 2, 1),
            ("/dev/sda2 partition 8 18446744073709551612 -2", 2, 1),
            ("/dev/sda2 partition 8 4 low", 2, 1),
            ("/dev/sda2 partition 8", 1, 2),
            ("/dev/sda2", 0, 1),
        ] {
            let dir = tree(&[("swaps", &format!("{HEAD}/dev/sdb partition 8 4 -3\n{line}\n"))]);
            let (text, counted) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
            let count = |device| text.lines().filter(|line| line.contains(device)).count();
            assert_eq!((count("sdb"), count("sda2"), counted), (3, series, errors), "{line}");
        }
    }

    #[test]
    fn no_swap_is_nothing_and_no_table_an_error() {
        assert_eq!(shown(&ENTRY, tree(&[("swaps", HEAD)]).path()).unwrap(), "");
        for bad in ["", "/dev/sda2 partition 8 4 -2\n"] {
            assert_eq!(shown(&ENTRY, tree(&[("swaps", bad)]).path()), Err(State::Error), "{bad:?}");
        }
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "Filename\n(.{0,40}\n|/a\\\\[0-9]{0,3} file [0-9-]{0,20} .{0,9}\n){0,4}") {
            let _ = parse(Text::of(&content));
        }
    }
}
