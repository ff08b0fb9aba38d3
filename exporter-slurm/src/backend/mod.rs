//! The ways to ask Slurm, and which of them each source is asked by.

mod cli;
mod contract;
mod native;
mod rest;

use std::collections::BTreeMap;
use std::io::PipeReader;
use std::sync::Arc;
use std::time::Duration;

use edctl_slurm::http::Endpoint;
use edctl_slurm::native::DEFAULT_HOST;

use self::cli::Cli;
pub(crate) use self::contract::{Backend, CLI, Teller};
use self::native::Native;
use self::rest::Rest;
use crate::config::{Choice, Slurm};
use crate::source::Source;

/// The backends that may be asked, and the one that each source was asked of last.
pub(crate) struct Backends {
    /// The best first; never empty.
    all: Vec<Box<dyn Backend>>,
    chosen: BTreeMap<Source, usize>,
}

impl Backends {
    /// What they run and read stops when `cancel` closes.
    pub(crate) fn new(settings: &Slurm, cancel: Option<&Arc<PipeReader>>) -> Self {
        let cli = || Box::new(Cli::new(settings, cancel.cloned()));
        let rest = || Box::new(Rest::new(settings, cancel.cloned()));
        let native = |endpoint| Box::new(Native::new(settings, endpoint, cancel.cloned()));
        let all: Vec<Box<dyn Backend>> = match settings.backend {
            Choice::Auto => {
                let last: Option<Box<dyn Backend>> =
                    settings.native().map(|endpoint| native(endpoint) as _);
                [cli() as Box<dyn Backend>, rest()].into_iter().chain(last).collect()
            }
            Choice::Cli => vec![cli()],
            Choice::Slurmrestd => vec![rest()],
            Choice::Native => vec![native(settings.native().unwrap_or_else(default_endpoint))],
        };
        Self { all, chosen: BTreeMap::new() }
    }

    /// The one to ask for `source` now. It stays the same while it can be asked, whether or not it
    /// answers: failures that come and go do not change what the page tells. Where none can be asked, the
    /// first shows why.
    pub(crate) fn choose(&mut self, source: Source) -> &mut dyn Backend {
        let can_tell = |endpoint: &usize| self.all[*endpoint].can_tell(source);
        let endpoint = self
            .chosen
            .get(&source)
            .copied()
            .filter(can_tell)
            .or_else(|| (0..self.all.len()).find(can_tell))
            .unwrap_or(0);
        self.chosen.insert(source, endpoint);
        self.all[endpoint].as_mut()
    }

    /// The time between two polls of `source` that whoever was asked last wants.
    pub(crate) fn least_interval(&self, source: Source) -> Duration {
        let chosen = self.chosen.get(&source);
        chosen.map_or(Duration::ZERO, |endpoint| self.all[*endpoint].least_interval(source))
    }

    /// Who was asked last for `source`.
    pub(crate) fn teller(&self, source: Source) -> Option<Teller> {
        Some(self.all[*self.chosen.get(&source)?].teller(source))
    }
}

/// Where slurmctld has its pages on this machine.
fn default_endpoint() -> Endpoint {
    Endpoint::Host(DEFAULT_HOST.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use edctl_slurm::{Diag, Rejected};

    use super::*;
    use crate::counts::{Access, Comparison, JobCounts, License, NodeCounts, Reservation, Shares};
    use crate::source::PollError;

    /// Can be asked for nodes while it is there.
    struct Fake(&'static str, Arc<AtomicBool>);

    impl Backend for Fake {
        fn word(&self) -> &'static str {
            self.0
        }

        fn version(&self) -> Option<&str> {
            None
        }

        fn can_tell(&self, source: Source) -> bool {
            source == Source::Nodes && self.1.load(Ordering::Relaxed)
        }

        fn access(&mut self, _: &mut Access) -> Result<Rejected, PollError> {
            Err(PollError::NoRows)
        }

        fn diag(&mut self, _: &mut Diag) -> Result<Rejected, PollError> {
            Err(PollError::NoRows)
        }

        fn nodes(&mut self, _: &mut NodeCounts) -> Result<Rejected, PollError> {
            Err(PollError::NoRows)
        }

        fn jobs(
            &mut self,
            _: &mut JobCounts,
            _: &mut Comparison<'_>,
        ) -> Result<Rejected, PollError> {
            Err(PollError::NoRows)
        }

        fn licenses(&mut self, _: &mut Vec<License>) -> Result<Rejected, PollError> {
            Err(PollError::NoRows)
        }

        fn reservations(&mut self, _: &mut Vec<Reservation>) -> Result<Rejected, PollError> {
            Err(PollError::NoRows)
        }

        fn shares(&mut self, _: &mut Shares) -> Result<Rejected, PollError> {
            Err(PollError::NoRows)
        }
    }

    #[test]
    fn a_choice_holds_until_what_was_chosen_is_gone() {
        let (first, second) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
        let all: Vec<Box<dyn Backend>> = vec![
            Box::new(Fake("first", Arc::clone(&first))),
            Box::new(Fake("second", Arc::clone(&second))),
        ];
        let mut backends = Backends { all, chosen: BTreeMap::new() };
        assert_eq!(backends.teller(Source::Nodes), None);
        assert_eq!(backends.choose(Source::Nodes).word(), "second");
        first.store(true, Ordering::Relaxed);
        assert_eq!(backends.choose(Source::Nodes).word(), "second");
        second.store(false, Ordering::Relaxed);
        assert_eq!(backends.choose(Source::Nodes).word(), "first");
        first.store(false, Ordering::Relaxed);
        assert_eq!(backends.choose(Source::Nodes).word(), "first");
        assert_eq!(backends.choose(Source::Jobs).word(), "first");
        let teller = Teller { backend: "first", version: String::new() };
        assert_eq!(backends.teller(Source::Nodes), Some(teller));
    }
}
