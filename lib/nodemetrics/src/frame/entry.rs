//! What a collector is, and what the table says of it.

use edctl_exposition::{Kind, Page};

use crate::host::Host;
use crate::options::Options;
use crate::reading::error::CollectError;

/// Reads one part of the node.
pub(crate) trait Collector: Send {
    /// Adds its families to the page; on an error it has added nothing.
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError>;
}

/// A row of the table of collectors.
pub(crate) struct Entry {
    /// The name in `node_scrape_collector_success`, in the configuration and in queries.
    pub(crate) name: &'static str,
    /// Whether it runs when nobody says anything.
    pub(crate) preset: Preset,
    /// Where it may run.
    pub(crate) runs: Runs,
    /// What it reads, for people.
    pub(crate) reads: &'static str,
    /// What it shows.
    pub(crate) families: &'static [FamilyDoc],
    /// Makes one.
    pub(crate) make: fn(&Host, &Options) -> Box<dyn Collector>,
}

/// Whether a collector runs when nobody says anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    On,
    Off,
}

/// Where a collector runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runs {
    /// With the others, one after the other: its files never block.
    Here,
    /// As [`Runs::Here`]; where what it reads is absent, it runs again only when a device or a module may have come.
    HereIfAny,
    /// On a thread of its own, because a device or a file server may keep it waiting.
    Apart,
    /// As [`Runs::Apart`], but only where this directory of sysfs has any device.
    ApartIfAny(&'static str),
    /// After all others: what it shows may not be what they have shown.
    Last,
}

/// A family, or several whose names the kernel makes up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FamilyDoc {
    /// The name, with `<field>` for what the kernel adds.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The labels' names, with a `?` behind one that is left out where it has no value.
    pub(crate) labels: &'static [&'static str],
}

impl FamilyDoc {
    pub(crate) const fn counter(name: &'static str, labels: &'static [&'static str]) -> Self {
        Self { name, kind: Kind::Counter, labels }
    }

    pub(crate) const fn unknown(name: &'static str, labels: &'static [&'static str]) -> Self {
        Self { name, kind: Kind::Unknown, labels }
    }

    pub(crate) const fn gauge(name: &'static str, labels: &'static [&'static str]) -> Self {
        Self { name, kind: Kind::Gauge, labels }
    }

    /// Whether it describes this family: its name, its type and its labels.
    #[cfg(test)]
    pub(crate) fn is_of(&self, family: &edctl_exposition::Family) -> bool {
        let is_named = match self.name.split_once("<field>") {
            None => family.name == self.name,
            Some((before, after)) => {
                family.name.starts_with(before) && family.name.ends_with(after)
            }
        };
        let labels = |sample: &edctl_exposition::Sample| {
            let mut names = sample.labels.iter().map(|(name, _)| name.as_ref()).peekable();
            let all = self.labels.iter().all(|label| match label.strip_suffix('?') {
                Some(label) => {
                    names.next_if_eq(&label);
                    true
                }
                None => names.next() == Some(label),
            });
            all && names.next().is_none()
        };
        is_named && family.kind == self.kind && family.samples.iter().all(labels)
    }
}
