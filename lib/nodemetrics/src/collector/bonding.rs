//! `node_bonding_*`: how many devices each bond has, and how many of them have a link, from
//! /sys/class/net.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

/// Names every bond; without the driver there is no such file.
const BONDS: &str = "bonding_masters";
/// What a bond's directory puts before a member's name: since Linux 3.9, and before.
const MEMBER_PREFIXES: [&str; 2] = ["lower_", "slave_"];
const LINK_STATE: &str = "bonding_slave/mii_status";
/// What it may say, the good one first.
const LINK_STATES: [&str; 4] = ["up", "going down", "down", "going back"];

pub(super) const ENTRY: Entry = Entry {
    name: "bonding",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/sys/class/net/bonding_masters, /sys/class/net/*/bonding",
    families: &[
        FamilyDoc::gauge("node_bonding_slaves", &["master"]),
        FamilyDoc::gauge("node_bonding_active", &["master"]),
    ],
    make: |host, _| Box::new(Bonding::new(host)),
};

pub(super) struct Bonding {
    dir: PathBuf,
}

impl Bonding {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("class/net") }
    }
}

impl Collector for Bonding {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let bonds = text(&self.dir.join(BONDS))?;
        let mut members = Family::gauge("node_bonding_slaves", "Devices that the bond has.");
        let mut active = Family::gauge("node_bonding_active", "Those of them that have a link.");
        for name in bonds.split_ascii_whitespace() {
            let read = read_bond(&self.dir.join(name)).map(Some);
            let Some(bond) = or_left_out(read) else { continue };
            members.push(&[("master", name)], bond.members);
            active.push(&[("master", name)], bond.active);
        }
        page.add(members);
        page.add(active);
        Ok(())
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Bond {
    members: u64,
    active: u64,
}

/// `None` where the state of a member is not known: the sum would be wrong.
fn read_bond(dir: &Path) -> Result<Bond, CollectError> {
    let mut bond = Bond::default();
    for member in text(&dir.join("bonding/slaves"))?.split_ascii_whitespace() {
        bond.members += 1;
        bond.active += u64::from(read_link_state(dir, member)? == LINK_STATES[0]);
    }
    Ok(bond)
}

fn read_link_state(dir: &Path, member: &str) -> Result<&'static str, CollectError> {
    let [path, old_path] =
        MEMBER_PREFIXES.map(|prefix| dir.join(format!("{prefix}{member}")).join(LINK_STATE));
    let state = match sysfs::one_of(&path, &LINK_STATES)? {
        None => sysfs::one_of(&old_path, &LINK_STATES)?,
        state => state,
    };
    state.ok_or(CollectError::Absent { path })
}

fn text(path: &Path) -> Result<String, CollectError> {
    sysfs::text(path)?.ok_or_else(|| CollectError::Absent { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::bonding::sysfs::tests::{shown, shown_with, tree};
    use crate::options::Options;
    use crate::reading::error::State;

    #[test]
    fn bonds_of_old_and_new_kernels_and_one_that_cannot_be_read() {
        let dir = tree(&[
            ("class/net/bonding_masters", "bond0 bond1 bond2 bond3\n"),
            ("class/net/bond0/bonding/slaves", "eth0 eth1\n"),
            ("class/net/bond0/lower_eth0/bonding_slave/mii_status", "up\n"),
            ("class/net/bond0/lower_eth1/bonding_slave/mii_status", "down\n"),
            ("class/net/bond1/bonding/slaves", "eth2\n"),
            ("class/net/bond1/slave_eth2/bonding_slave/mii_status", "up\n"),
            ("class/net/bond2/bonding/slaves", "\n"),
            ("class/net/bond3/bonding/slaves", "eth9\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 1);
        assert_eq!(
            text,
            concat!(
                "# TYPE node_bonding_active gauge\n",
                "node_bonding_active{master=\"bond0\"} 1\n",
                "node_bonding_active{master=\"bond1\"} 1\n",
                "node_bonding_active{master=\"bond2\"} 0\n",
                "# TYPE node_bonding_slaves gauge\n",
                "node_bonding_slaves{master=\"bond0\"} 2\n",
                "node_bonding_slaves{master=\"bond1\"} 1\n",
                "node_bonding_slaves{master=\"bond2\"} 0\n",
            )
        );
    }

    #[test]
    fn no_bonds() {
        assert_eq!(shown(&ENTRY, tree(&[("class/net/lo/mtu", "1")]).path()), Err(State::Absent));
        let none = tree(&[("class/net/bonding_masters", "\n")]);
        assert!(!shown(&ENTRY, none.path()).unwrap().contains('{'));
    }
}
