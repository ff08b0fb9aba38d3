//! Versions of tools and packages, against the inventory.

use std::collections::HashMap;
use std::path::PathBuf;

use super::reading::under;
use crate::health::check::{Check, Code, Entry, Finding, Ground};
use crate::health::expected::Package as Wanted;

pub(super) const ENTRY: Entry = Entry {
    name: "packages",
    about: "the inventory's Debian packages and their versions, from dpkg's status file",
    codes: &[
        Code { code: "missing", means: "a package is not installed", clear: "run the playbook" },
        Code {
            code: "version",
            means: "another version is installed than the inventory names",
            clear: "run the playbook",
        },
    ],
    compares: true,
    fails_after: 2,
    heals_after: 1,
    make: |ground| Box::new(Packages::new(ground)),
};

struct Packages {
    wanted: Vec<Wanted>,
    status: PathBuf,
    /// When dpkg's file changed last, and what followed: it is some megabytes.
    known: Option<(std::time::SystemTime, Finding)>,
}

impl Packages {
    fn new(ground: &Ground) -> Self {
        let status = under(&ground.paths.rootfs, "/var/lib/dpkg/status".as_ref());
        Self { wanted: ground.expected.package.clone(), status, known: None }
    }

    fn judge(&self, status: &str) -> Finding {
        let installed = installed(status);
        let wrong = self.wanted.iter().filter_map(|wanted| {
            let name = &wanted.name;
            let Some(version) = installed.get(name.as_str()) else {
                return Some(Finding::fail("missing", format!("{name} is not installed")));
            };
            let other = wanted.version.as_ref().filter(|wanted| wanted != version)?;
            Some(Finding::warn("version", format!("{name} is {version}, not {other}")))
        });
        Finding::worst(wrong).unwrap_or_else(|| Finding::pass("all are installed"))
    }
}

impl Check for Packages {
    fn look(&mut self) -> Finding {
        if self.wanted.is_empty() {
            return Finding::not_applicable("the inventory names no package");
        }
        let changed = std::fs::metadata(&self.status).and_then(|meta| meta.modified());
        let changed = match changed {
            Ok(changed) => changed,
            Err(error) => return Finding::unknown(format!("{}: {error}", self.status.display())),
        };
        if let Some((_, finding)) = self.known.as_ref().filter(|(then, _)| *then == changed) {
            return finding.clone();
        }
        let finding = match std::fs::read(&self.status) {
            Ok(bytes) => self.judge(&String::from_utf8_lossy(&bytes)),
            Err(error) => return Finding::unknown(format!("{}: {error}", self.status.display())),
        };
        self.known = Some((changed, finding.clone()));
        finding
    }
}

/// The packages that are installed, with their versions.
fn installed(status: &str) -> HashMap<&str, &str> {
    let mut installed = HashMap::new();
    for stanza in status.split("\n\n") {
        let field = |name: &str| {
            stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        if field("Status").is_some_and(|status| status.ends_with(" installed"))
            && let (Some(name), Some(version)) = (field("Package"), field("Version"))
        {
            installed.insert(name, version);
        }
    }
    installed
}
