//! `node_cpu_vulnerabilities_info`: the CPUs' known faults and what the kernel does about them, from
//! /sys/devices/system/cpu/vulnerabilities.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "cpu_vulnerabilities",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/sys/devices/system/cpu/vulnerabilities",
    families: &[FamilyDoc::gauge(
        "node_cpu_vulnerabilities_info",
        &["codename", "state", "mitigation"],
    )],
    make: |host, _| Box::new(Vulnerabilities::new(host)),
};

pub(super) struct Vulnerabilities {
    dir: PathBuf,
}

impl Vulnerabilities {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("devices/system/cpu/vulnerabilities") }
    }
}

impl Collector for Vulnerabilities {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut family = Family::gauge(
            "node_cpu_vulnerabilities_info",
            "A known fault of the CPUs, and what is done about it.",
        );
        for name in sysfs::list(&self.dir)? {
            let text = or_left_out(sysfs::text(&self.dir.join(&name)));
            let Some(text) = text else { continue };
            let (state, mitigation) = parse(&text);
            let labels = [("codename", &*name), ("state", state), ("mitigation", mitigation)];
            family.push(&labels, 1u64);
        }
        page.add(family);
        Ok(())
    }
}

/// The state and what is said of it; the whole is said of a state that is not known.
fn parse(text: &str) -> (&'static str, &str) {
    for (prefix, state) in [
        ("Not affected", "not affected"),
        ("Mitigation", "mitigation"),
        ("Vulnerable", "vulnerable"),
        ("Unknown", "unknown"),
    ] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return (state, rest.trim_start_matches(':').trim());
        }
    }
    ("unknown", text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::collector::cpu_vulnerabilities::sysfs::tests::{shown, tree};
    use crate::reading::error::State;

    #[test]
    fn states() {
        for (text, parsed) in [
            ("Not affected", ("not affected", "")),
            ("Mitigation: PTI", ("mitigation", "PTI")),
            ("Mitigation: IBRS; IBPB: conditional", ("mitigation", "IBRS; IBPB: conditional")),
            ("Vulnerable", ("vulnerable", "")),
            ("Vulnerable: No microcode", ("vulnerable", "No microcode")),
            ("Unknown: No mitigations", ("unknown", "No mitigations")),
            ("KVM: Mitigation: VMX disabled", ("unknown", "KVM: Mitigation: VMX disabled")),
            ("", ("unknown", "")),
        ] {
            assert_eq!(parse(text), parsed, "{text}");
        }
    }

    #[test]
    fn one_series_for_each_file() {
        let dir = tree(&[("devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n")]);
        let text = shown(&ENTRY, dir.path()).unwrap();
        let labels = r#"{codename="meltdown",state="mitigation",mitigation="PTI"} 1"#;
        assert!(text.contains(labels), "{text}");
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(&content);
        }
    }
}
