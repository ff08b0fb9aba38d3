//! `node_entropy_*`: the kernel's random numbers, from /proc/sys/kernel/random.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use super::sysfs;
use super::{CollectError, Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;

pub(super) const ENTRY: Entry = Entry {
    name: "entropy",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/proc/sys/kernel/random",
    families: &[
        FamilyDoc::gauge("node_entropy_available_bits", &[]),
        FamilyDoc::gauge("node_entropy_pool_size_bits", &[]),
    ],
    make: |host, _| Box::new(Entropy::new(host)),
};

pub(super) struct Entropy {
    dir: PathBuf,
}

impl Entropy {
    pub(super) fn new(host: &Host) -> Self {
        Self { dir: host.paths.procfs.join("sys/kernel/random") }
    }
}

impl Collector for Entropy {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let available = read_bits(&self.dir.join("entropy_avail"))?;
        let size = read_bits(&self.dir.join("poolsize"))?;
        let help = "Bits of entropy that the kernel has.";
        page.add(Family::gauge("node_entropy_available_bits", help).with(&[], available));
        let help = "Bits of entropy that the kernel may have.";
        page.add(Family::gauge("node_entropy_pool_size_bits", help).with(&[], size));
        Ok(())
    }
}

fn read_bits(path: &Path) -> Result<u64, CollectError> {
    sysfs::number(path)?.ok_or_else(|| CollectError::Absent { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn state(available: Option<&str>) -> State {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("poolsize"), "256\n").unwrap();
        if let Some(available) = available {
            std::fs::write(dir.path().join("entropy_avail"), available).unwrap();
        }
        let mut page = Page::default();
        let outcome = Entropy { dir: dir.path().to_owned() }.collect(&mut page);
        assert_eq!(outcome.is_ok(), page.family("node_entropy_pool_size_bits").is_some());
        outcome.map_or_else(|error| error.state(), |()| State::Ok)
    }

    #[test]
    fn both_or_nothing() {
        assert_eq!(state(Some("255\n")), State::Ok);
        assert_eq!(state(Some("many\n")), State::Error);
        assert_eq!(state(None), State::Absent);
    }
}
