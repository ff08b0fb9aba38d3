//! What was there and could not be read.

use std::collections::BTreeMap;

/// Counts of failed reads, by file name and a fixed word for the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(BTreeMap<(&'static str, &'static str), u64>);

impl Faults {
    /// Counts one failure to read `source`; `reason` is `parse`, `denied`, `io` or the like.
    pub fn add(&mut self, source: &'static str, reason: &'static str) {
        *self.0.entry((source, reason)).or_default() += 1;
    }

    /// Takes over what another reader counted.
    pub fn merge(&mut self, other: Faults) {
        for (key, count) in other.0 {
            *self.0.entry(key).or_default() += count;
        }
    }

    /// How many failures there were in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// (source, reason) and how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.0.iter().map(|((source, reason), count)| (*source, *reason, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_add_up() {
        let mut faults = Faults::default();
        faults.add("memory.stat", "parse");
        let mut more = faults.clone();
        more.add("io.stat", "io");
        faults.merge(more);
        let all: Vec<_> = faults.iter().collect();
        assert_eq!(all, [("io.stat", "io", 1), ("memory.stat", "parse", 2)]);
    }
}
