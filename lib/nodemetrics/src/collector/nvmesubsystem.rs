//! `node_nvmesubsystem_*`: NVMe subsystems and the ways to them, from /sys/class/nvme-subsystem.
//!
//! node_exporter shows nothing at all where one attribute is missing, as `iopolicy` of a kernel without
//! multipath; here that label is empty, or that path without a state.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "nvmesubsystem",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/sys/class/nvme-subsystem",
    families: &[
        FamilyDoc::gauge(
            "node_nvmesubsystem_info",
            &["subsystem", "nqn", "model", "serial", "iopolicy"],
        ),
        FamilyDoc::gauge("node_nvmesubsystem_namespace_info", &["subsystem", "device"]),
        FamilyDoc::gauge("node_nvmesubsystem_paths", &["subsystem"]),
        FamilyDoc::gauge("node_nvmesubsystem_paths_live", &["subsystem"]),
        FamilyDoc::gauge(
            "node_nvmesubsystem_path_state",
            &["subsystem", "controller", "transport", "state"],
        ),
    ],
    make: |host, _| Box::new(NvmeSubsystem::new(host)),
};

/// The states that are shown; what the kernel says beside them is unknown.
const STATES: [&str; 7] = ["connecting", "dead", "deleting", "live", "new", "resetting", UNKNOWN];
const UNKNOWN: &str = "unknown";

struct NvmeSubsystem {
    dir: PathBuf,
}

impl NvmeSubsystem {
    fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("class/nvme-subsystem") }
    }
}

impl Collector for NvmeSubsystem {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut families = Families::empty();
        for (subsystem, _) in sysfs::list_numbered(&self.dir, "nvme-subsys")? {
            families.push_subsystem(&self.dir.join(&subsystem), &subsystem);
        }
        families.add_to(page);
        Ok(())
    }
}

struct Families {
    info: Family,
    namespace: Family,
    paths: Family,
    live: Family,
    state: Family,
}

impl Families {
    fn empty() -> Self {
        Self {
            info: Family::gauge("node_nvmesubsystem_info", "1, and what the subsystem is."),
            namespace: Family::gauge(
                "node_nvmesubsystem_namespace_info",
                "1 for each of the subsystem's block devices.",
            ),
            paths: Family::gauge(
                "node_nvmesubsystem_paths",
                "Controllers by which the subsystem is reached.",
            ),
            live: Family::gauge("node_nvmesubsystem_paths_live", "Those of them that are live."),
            state: Family::gauge(
                "node_nvmesubsystem_path_state",
                "1 for the state that the controller is in.",
            ),
        }
    }

    fn push_subsystem(&mut self, dir: &Path, subsystem: &str) {
        let label = ("subsystem", subsystem);
        let labels = [
            label,
            ("nqn", &text(dir, "subsysnqn")),
            ("model", &text(dir, "model")),
            ("serial", &text(dir, "serial")),
            ("iopolicy", &text(dir, "iopolicy")),
        ];
        self.info.push(&labels, 1u64);
        let Some(names) = or_left_out(sysfs::list(dir).map(Some)) else { return };
        for device in names.iter().filter(|name| is_namespace(name)) {
            self.namespace.push(&[label, ("device", device)], 1u64);
        }
        let controllers: Vec<&String> = names.iter().filter(|name| is_controller(name)).collect();
        let states: Vec<Option<&str>> = controllers
            .iter()
            .map(|controller| self.push_controller(&dir.join(controller), subsystem, controller))
            .collect();
        self.paths.push(&[label], controllers.len() as u64);
        // How many are live is not known where one does not say.
        if let Some(states) = states.into_iter().collect::<Option<Vec<_>>>() {
            let live = states.iter().filter(|state| **state == "live").count();
            self.live.push(&[label], live as u64);
        }
    }

    /// Gives its state, if it says one.
    fn push_controller(
        &mut self,
        dir: &Path,
        subsystem: &str,
        controller: &str,
    ) -> Option<&'static str> {
        let now = sysfs::parsed(&dir.join("state"), "expected a controller's state", state_of)?;
        let transport = text(dir, "transport");
        for state in STATES {
            let labels = [
                ("subsystem", subsystem),
                ("controller", controller),
                ("transport", &transport),
                ("state", state),
            ];
            self.state.push(&labels, state == now);
        }
        Some(now)
    }

    fn add_to(self, page: &mut Page) {
        for family in [self.info, self.namespace, self.paths, self.live, self.state] {
            page.add(family);
        }
    }
}

fn text(dir: &Path, file: &str) -> String {
    or_left_out(sysfs::text(&dir.join(file))).unwrap_or_default()
}

/// `deleting (no IO)` is deleting too. Nothing where the text is no words.
fn state_of(text: &str) -> Option<&'static str> {
    let word = text.strip_suffix(" (no IO)").unwrap_or(text);
    let is_text = !word.is_empty() && !word.contains(char::is_control);
    is_text.then(|| STATES.into_iter().find(|state| *state == word).unwrap_or(UNKNOWN))
}

/// `nvme0`
fn is_controller(name: &str) -> bool {
    name.strip_prefix("nvme").is_some_and(is_number)
}

/// `nvme0n1`
fn is_namespace(name: &str) -> bool {
    let numbers = name.strip_prefix("nvme").and_then(|rest| rest.split_once('n'));
    numbers.is_some_and(|(device, namespace)| is_number(device) && is_number(namespace))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{put, shown, shown_with, tree};

    const DIR: &str = "class/nvme-subsystem/nvme-subsys0";

    /// A subsystem over Fabrics with two ways to it, of which one is lost.
    fn subsystem() -> tempfile::TempDir {
        let dir = tree(&[("class/nvme-subsystem/power/control", "auto\n")]);
        for (file, content) in [
            ("subsysnqn", "nqn.2014-08.org.nvmexpress:uuid:7\n"),
            ("model", "Array A                                 \n"),
            ("serial", "S1                  \n"),
            ("iopolicy", "round-robin\n"),
            ("nvme2/state", "live\n"),
            ("nvme2/transport", "tcp\n"),
            ("nvme10/state", "deleting (no IO)\n"),
            ("nvme10/transport", "rdma\n"),
            ("nvme2n1/size", "8\n"),
            ("nvme2n1p1/size", "4\n"),
            ("power/control", "auto\n"),
        ] {
            put(dir.path(), &format!("{DIR}/{file}"), content.as_bytes());
        }
        dir
    }

    fn lines(dir: &tempfile::TempDir) -> (Vec<String>, u64) {
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        (
            lines
                .map(|line| line.strip_prefix("node_nvmesubsystem_").unwrap().to_owned())
                .collect(),
            errors,
        )
    }

    #[test]
    fn a_subsystem_its_namespaces_and_the_ways_to_it() {
        let (lines, errors) = lines(&subsystem());
        assert_eq!(errors, 0);
        let shown =
            lines.iter().filter(|line| !line.starts_with("path_state") || line.ends_with(" 1"));
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                r#"info{subsystem="nvme-subsys0",nqn="nqn.2014-08.org.nvmexpress:uuid:7",model="Array A",serial="S1",iopolicy="round-robin"} 1"#,
                r#"namespace_info{subsystem="nvme-subsys0",device="nvme2n1"} 1"#,
                r#"path_state{subsystem="nvme-subsys0",controller="nvme10",transport="rdma",state="deleting"} 1"#,
                r#"path_state{subsystem="nvme-subsys0",controller="nvme2",transport="tcp",state="live"} 1"#,
                r#"paths{subsystem="nvme-subsys0"} 2"#,
                r#"paths_live{subsystem="nvme-subsys0"} 1"#,
            ]
        );
        let of_one = lines.iter().filter(|line| line.contains("controller=\"nvme2\"")).count();
        assert_eq!(of_one, 7);
    }

    #[test]
    fn what_a_kernel_or_a_path_does_not_say_hides_nothing_else() {
        let dir = subsystem();
        std::fs::remove_file(dir.path().join(DIR).join("iopolicy")).unwrap();
        std::fs::remove_file(dir.path().join(DIR).join("nvme10/state")).unwrap();
        let (lines, errors) = lines(&dir);
        assert_eq!(errors, 0);
        let all = lines.join("\n");
        assert!(all.contains("serial=\"S1\",iopolicy=\"\"") && all.contains("paths{"), "{all}");
        assert!(!all.contains("nvme10") && !all.contains("paths_live"), "{all}");
        assert!(all.contains("transport=\"tcp\",state=\"live\"} 1"), "{all}");
    }

    #[test]
    fn states_of_old_and_new_kernels() {
        for (text, state) in [
            ("live", Some("live")),
            ("new", Some("new")),
            ("deleting", Some("deleting")),
            ("reconnecting", Some("unknown")),
            ("unknown state", Some("unknown")),
            ("", None),
            ("\0live", None),
        ] {
            assert_eq!(state_of(text), state, "{text:?}");
        }
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
