//! `node_cgroups_*`: how many control groups each controller has, from /proc/cgroups.

use edctl_exposition::{Family, Page};

use super::kernel_file::{KernelFile, Text};
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

pub(super) const ENTRY: Entry = Entry {
    name: "cgroups",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/cgroups",
    families: &[
        FamilyDoc::gauge("node_cgroups_cgroups", &["subsys_name"]),
        FamilyDoc::gauge("node_cgroups_enabled", &["subsys_name"]),
    ],
    make: |host, _| Box::new(Cgroups::new(host)),
};

pub(super) struct Cgroups {
    file: KernelFile,
}

impl Cgroups {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("cgroups")) }
    }
}

impl Collector for Cgroups {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut groups =
            Family::gauge("node_cgroups_cgroups", "Control groups that the controller has.");
        let mut enabled = Family::gauge("node_cgroups_enabled", "Whether the controller is on.");
        for controller in parse(self.file.read()?)? {
            let label = [("subsys_name", controller.name)];
            groups.push(&label, controller.groups);
            enabled.push(&label, controller.enabled);
        }
        page.add(groups);
        page.add(enabled);
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Controller<'a> {
    name: &'a str,
    groups: u64,
    enabled: u64,
}

fn parse(text: Text<'_>) -> Result<Vec<Controller<'_>>, CollectError> {
    let wrong = |number| text.wrong(number, "expected a name and three numbers");
    let lines = text.lines().filter(|(_, line)| !line.starts_with('#'));
    lines.map(|(number, line)| parse_line(line).ok_or_else(|| wrong(number))).collect()
}

fn parse_line(line: &str) -> Option<Controller<'_>> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [name, _, groups, enabled] = words[..] else { return None };
    Some(Controller { name, groups: groups.parse().ok()?, enabled: enabled.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines() {
        let content = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t5\t47\t1\n";
        let cpuset = Controller { name: "cpuset", groups: 47, enabled: 1 };
        assert_eq!(parse(Text::of(content)).unwrap(), [cpuset]);
        for bad in ["cpuset", "cpuset 5 47", "cpuset 5 x 1", "cpuset 5 47 1 1", "cpuset 5 -1 1"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
