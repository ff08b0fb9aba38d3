//! `node_selinux_*`: whether SELinux is on and how strict it is, from /sys/fs/selinux and
//! /etc/selinux/config under the root file system.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

/// The value of a mode that is neither enforcing nor permissive.
const DISABLED: i64 = -1;

pub(super) const ENTRY: Entry = Entry {
    name: "selinux",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/sys/fs/selinux/enforce, /etc/selinux/config",
    families: &[
        FamilyDoc::gauge("node_selinux_enabled", &[]),
        FamilyDoc::gauge("node_selinux_config_mode", &[]),
        FamilyDoc::gauge("node_selinux_current_mode", &[]),
    ],
    make: |host, _| Box::new(Selinux::new(host)),
};

pub(super) struct Selinux {
    /// There while SELinux is on.
    enforce: PathBuf,
    config: PathBuf,
}

impl Selinux {
    pub(super) fn new(host: &Host) -> Self {
        Self {
            enforce: host.paths.sysfs.join("fs/selinux/enforce"),
            config: host.paths.rootfs.join("etc/selinux/config"),
        }
    }
}

impl Collector for Selinux {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let is_enabled =
            self.enforce.try_exists().map_err(|e| CollectError::io(&self.enforce, e))?;
        let enabled = Family::gauge("node_selinux_enabled", "Whether SELinux is on.");
        let enabled = enabled.with(&[], is_enabled);
        if !is_enabled {
            page.add(enabled);
            return Ok(());
        }
        page.add(enabled);
        let enforce: Option<u64> = or_left_out(sysfs::number(&self.enforce));
        let help = "How strict SELinux is now: 1 enforcing, 0 permissive.";
        page.add(Family::gauge("node_selinux_current_mode", help).with_known(&[], enforce));
        let config = sysfs::text(&self.config).map(Option::unwrap_or_default).map(Some);
        let mode = or_left_out(config).map(|config| mode_of(&config));
        let help = "How strict SELinux is to be: 1 enforcing, 0 permissive, -1 disabled.";
        page.add(Family::gauge("node_selinux_config_mode", help).with_known(&[], mode));
        Ok(())
    }
}

/// The mode that the file's last line `SELINUX=` names.
fn mode_of(config: &str) -> i64 {
    let value = |line: &str| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "SELINUX").then(|| value.trim().to_ascii_lowercase())
    };
    match config.lines().filter_map(value).next_back().as_deref() {
        Some("enforcing") => 1,
        Some("permissive") => 0,
        _ => DISABLED,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use edctl_exposition::Value;
    use proptest::prelude::*;

    use super::*;
    use crate::collector::selinux::sysfs::tests::{put, tree};
    use crate::reading::left_out::LeftOut;

    #[test]
    fn modes() {
        for (config, mode) in [
            ("# SELINUX=permissive\nSELINUX=enforcing\nSELINUXTYPE=targeted\n", 1),
            ("SELINUX = Permissive", 0),
            ("SELINUX=disabled", DISABLED),
            ("SELINUX=", DISABLED),
            ("", DISABLED),
        ] {
            assert_eq!(mode_of(config), mode, "{config}");
        }
    }

    fn shown(root: &Path) -> Result<Vec<(String, Value)>, CollectError> {
        let mut page = Page::default();
        Selinux { enforce: root.join("enforce"), config: root.join("config") }
            .collect(&mut page)?;
        page.finish();
        let series = |family: &Family| (family.name.to_string(), family.samples[0].value);
        Ok(page.families().map(series).collect())
    }

    #[test]
    fn off_and_on() {
        let dir = tree(&[("config", "SELINUX=permissive\n")]);
        let off = [("node_selinux_enabled".to_owned(), Value::U64(0))];
        assert_eq!(shown(dir.path()).unwrap(), off);
        put(dir.path(), "enforce", b"1");
        let on = [
            ("config_mode", Value::I64(0)),
            ("current_mode", Value::U64(1)),
            ("enabled", Value::U64(1)),
        ]
        .map(|(name, value)| (format!("node_selinux_{name}"), value));
        assert_eq!(shown(dir.path()).unwrap(), on);
        put(dir.path(), "enforce", b"x");
        let (odd, left_out) = LeftOut::during(|| shown(dir.path()).unwrap());
        assert_eq!(odd, [on[0].clone(), on[2].clone()]);
        assert!(left_out.why().unwrap().ends_with("/enforce, line 1: expected a number"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = mode_of(&content);
        }
    }
}
