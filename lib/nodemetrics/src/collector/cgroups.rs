//! `node_cgroups_*`: how many control groups each controller has, from /proc/cgroups.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

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
            groups.push_known(&label, controller.groups);
            enabled.push_known(&label, controller.enabled);
        }
        page.add(groups);
        page.add(enabled);
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Controller<'a> {
    name: &'a str,
    groups: Option<u64>,
    enabled: Option<u64>,
}

fn parse(text: Text<'_>) -> Result<Vec<Controller<'_>>, CollectError> {
    if !text.lines().next().is_some_and(|(_, head)| head.starts_with("#subsys_name")) {
        return Err(text.wrong(1, "expected the columns' names"));
    }
    text.rows_below(1, "expected a name and three numbers", |number, line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [name, _, groups, enabled] = words[..] else { return None };
        let [groups, enabled] = [groups, enabled].map(|word| text.number(number, Some(word)));
        Some(Controller { name, groups, enabled })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn lines() {
        let parsed = |lines: &str| {
            let content = format!("#subsys_name\thierarchy\tnum_cgroups\tenabled\n{lines}");
            let (controllers, left_out) = LeftOut::during(|| {
                parse(Text::of(&content)).map(|controllers| format!("{controllers:?}")).ok()
            });
            (controllers, left_out.why())
        };
        let shown = |groups, enabled| {
            Some(format!("{:?}", [Controller { name: "cpuset", groups, enabled }]))
        };
        assert_eq!(parsed("cpuset\t5\t47\t1\n"), (shown(Some(47), Some(1)), None));
        for (odd, groups, enabled) in
            [("cpuset x -47 1", None, Some(1)), ("cpuset 5 47 x\nodd", Some(47), None)]
        {
            let (controllers, why) = parsed(odd);
            assert_eq!(controllers, shown(groups, enabled), "{odd}");
            assert!(why.unwrap().starts_with("test, line 2: expected a number"), "{odd}");
        }
        for bad in ["cpuset", "cpuset 5 47", "cpuset 5 47 1 1"] {
            assert_eq!(parsed(bad).0, None, "{bad}");
        }
        assert!(parse(Text::of("cpuset 5 47 1\n")).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&content));
        }
    }
}
