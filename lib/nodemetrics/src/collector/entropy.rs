//! `node_entropy_*`: the kernel's random numbers, from /proc/sys/kernel/random.

use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kept::Kept;
use crate::reading::left_out::or_left_out;

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
    kept: Kept,
}

impl Entropy {
    pub(super) fn new(host: &Host) -> Self {
        Self::of(host.paths.procfs.join("sys/kernel/random"))
    }

    fn of(dir: PathBuf) -> Self {
        Self { dir, kept: Kept::new(2) }
    }
}

impl Collector for Entropy {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let [available, size] =
            ["entropy_avail", "poolsize"].map(|file| self.kept.number::<u64>(&self.dir.join(file)));
        let (available, size) = match (available, size) {
            (Err(error), Err(_)) => return Err(error),
            both => (or_left_out(both.0.map(Some)), or_left_out(both.1.map(Some))),
        };
        let help = "Bits of entropy that the kernel has.";
        page.add(Family::gauge("node_entropy_available_bits", help).with_known(&[], available));
        let help = "Bits of entropy that the kernel may have.";
        page.add(Family::gauge("node_entropy_pool_size_bits", help).with_known(&[], size));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::error::State;
    use crate::reading::left_out::LeftOut;

    fn state(available: Option<&str>) -> State {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("poolsize"), "256\n").unwrap();
        if let Some(available) = available {
            std::fs::write(dir.path().join("entropy_avail"), available).unwrap();
        }
        let mut page = Page::default();
        let collect = || Entropy::of(dir.path().to_owned()).collect(&mut page);
        let (outcome, left_out) = LeftOut::during(collect);
        outcome.unwrap();
        assert!(page.family("node_entropy_pool_size_bits").is_some());
        left_out.why().map_or(State::Ok, |_| State::Partly)
    }

    #[test]
    fn one_costs_nothing_of_the_other() {
        assert_eq!(state(Some("255\n")), State::Ok);
        assert_eq!(state(Some("many\n")), State::Partly);
        assert_eq!(state(None), State::Partly);
        let mut entropy = Entropy::of(std::path::PathBuf::from("/gone"));
        assert_eq!(entropy.collect(&mut Page::default()).unwrap_err().state(), State::Absent);
    }
}
