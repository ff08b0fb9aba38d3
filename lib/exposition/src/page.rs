//! A page: families under unique names, and what was left out.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{Hash, Hasher};

use foldhash::fast::RandomState;
use indexmap::IndexSet;
use indexmap::set::MutableValues;
use smallvec::SmallVec;

use crate::family::{Family, Kind, Label, Sample};

/// The ends of the names under which a histogram or a summary has its parts.
pub(crate) const PARTS: [&str; 3] = ["_bucket", "_count", "_sum"];

/// What OpenMetrics leaves out of a counter's name.
const TOTAL: &str = "_total";

/// A family in the set of a page's: it is found by its name's bytes.
#[derive(Debug)]
struct Named(Family);

impl Borrow<[u8]> for Named {
    fn borrow(&self) -> &[u8] {
        self.0.name.as_bytes()
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Named {}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.as_bytes().hash(state);
    }
}

/// Everything that one scrape shows, and what was left out of it.
#[derive(Debug, Default)]
pub struct Page {
    families: IndexSet<Named, RandomState>,
    errors: HashMap<(String, String), u64>,
    dropped: BTreeMap<(String, &'static str), u64>,
}

impl Page {
    /// An empty one with room for so many families.
    pub(crate) fn with_room(families: usize) -> Self {
        let families = IndexSet::with_capacity_and_hasher(families, RandomState::default());
        Self { families, ..Self::default() }
    }

    /// Adds a family, if it has any series. A second one of the same name and kind adds its series to the
    /// first; one that would make the page invalid, by its name or by another kind, is left out and counted.
    /// So is one with a name that another has beside its own: OpenMetrics names a counter without `_total`, and
    /// histograms and summaries have the names of their parts.
    pub fn add(&mut self, family: Family) {
        let series = family.samples.len();
        if series == 0 {
            return;
        }
        if let Some((_, Named(known))) = self.families.get_full_mut2(family.name.as_bytes()) {
            match known.kind == family.kind {
                true => known.samples.extend(family.samples),
                false => note(&mut self.dropped, &family.name, "kind", series),
            }
        } else if self.can_take(&family) {
            self.families.insert(Named(family));
        } else {
            note(&mut self.dropped, &family.name, "name", series);
        }
    }

    /// Whether this page would take a family of that name: the name is valid, and no other family has it.
    pub fn is_free_for(&self, family: &Family) -> bool {
        self.family(&family.name).is_none() && self.can_take(family)
    }

    /// Whether a family's name is valid and free, and so each name that its samples derive from it. That no family
    /// has the name itself is known.
    fn can_take(&self, family: &Family) -> bool {
        let is_taken = |name: &str| self.family(name).is_some() || self.is_other_name(name);
        let others_are_free = match family.kind {
            // Whether another counter derives the name without `_total` need not be asked: it would have this name.
            Kind::Counter => {
                let half = family.name.strip_suffix(TOTAL);
                half.is_none_or(|half| self.family(half).is_none() && !self.is_part(half))
            }
            kind if kind.has_parts() => {
                PARTS.iter().all(|part| !is_taken(&[&family.name, *part].concat()))
            }
            _ => true,
        };
        others_are_free && is_metric_name(&family.name) && !self.is_other_name(&family.name)
    }

    /// Whether the samples of some family derive this name from the family's own.
    fn is_other_name(&self, name: &str) -> bool {
        let mut whole = SmallVec::<[u8; 128]>::from_slice(name.as_bytes());
        whole.extend_from_slice(TOTAL.as_bytes());
        let counter = self.families.get(&*whole);
        counter.is_some_and(|Named(family)| family.kind == Kind::Counter) || self.is_part(name)
    }

    /// Whether a histogram or a summary has a part of this name.
    fn is_part(&self, name: &str) -> bool {
        let mut wholes = PARTS.iter().filter_map(|part| self.family(name.strip_suffix(part)?));
        wholes.any(|whole| whole.kind.has_parts())
    }

    /// Adds all that another page has.
    pub fn merge(&mut self, other: Page) {
        for Named(family) in other.families {
            self.add(family);
        }
        for (error, times) in other.errors {
            *self.errors.entry(error).or_default() += times;
        }
        for (place, series) in other.dropped {
            *self.dropped.entry(place).or_default() += series;
        }
    }

    /// Notes that something could not be read and is therefore missing from this page: `source` is
    /// the collector or the command, `reason` a short fixed word such as `io`, `parse`, `timeout`.
    pub fn error(&mut self, source: &str, reason: &str) {
        self.count_errors(source, reason, 1);
    }

    /// As [`Page::error`], of several values.
    pub fn count_errors(&mut self, source: &str, reason: &str, values: u64) {
        *self.errors.entry((source.to_owned(), reason.to_owned())).or_default() += values;
    }

    /// The families, since [`Page::finish`] in the order of their names.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.iter().map(|Named(family)| family)
    }

    /// How many families it has.
    pub fn len(&self) -> usize {
        self.families.len()
    }

    /// Whether it has no family.
    pub fn is_empty(&self) -> bool {
        self.families.is_empty()
    }

    /// The named family, if the page has it.
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.get(name.as_bytes()).map(|Named(family)| family)
    }

    /// What [`Page::error`] was told: (source, reason) and how often.
    pub fn errors(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.errors.iter().map(|((source, reason), n)| (source.as_str(), reason.as_str(), *n))
    }

    /// What [`Page::finish`] left out: (family, reason) and how many series.
    pub fn dropped(&self) -> impl Iterator<Item = (&str, &'static str, u64)> {
        self.dropped.iter().map(|((family, reason), n)| (family.as_str(), *reason, *n))
    }

    /// Drops duplicates and series over a limit, and sorts the families by name.
    pub fn finish(&mut self) {
        self.drop_excess();
        self.sort();
    }

    /// Puts the families in the order of their names.
    pub(crate) fn sort(&mut self) {
        self.families.sort_unstable_by(|one, other| one.0.name.cmp(&other.0.name));
    }

    /// Drops series that stand twice in a family and those over its limit, and counts them. A histogram
    /// or a summary over its limit goes as a whole: what would be left of its last series says something
    /// else.
    pub(crate) fn drop_excess(&mut self) {
        for index in 0..self.families.len() {
            let Some(Named(family)) = self.families.get_index_mut2(index) else { continue };
            let duplicates = drop_duplicates(&mut family.samples);
            note(&mut self.dropped, &family.name, "duplicate", duplicates);

            let length = family.samples.len();
            let over = match length.saturating_sub(family.series_limit) {
                1.. if family.kind.has_parts() => length,
                over => over,
            };
            family.samples.truncate(length - over);
            note(&mut self.dropped, &family.name, "limit", over);
        }
    }
}

/// A sample without its value. Series of a family differ by their labels' values: only these are hashed.
struct Series<'a>(&'a Sample);

impl Series<'_> {
    fn key(&self) -> (&str, &[Label]) {
        (self.0.part, &self.0.labels)
    }
}

impl PartialEq for Series<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Series<'_> {}

impl Hash for Series<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (_, value) in &self.0.labels {
            value.hash(state);
        }
    }
}

/// Up to so many samples are compared with each other; of more a table is made.
const FEW_SAMPLES: usize = 16;

/// Keeps the first of the samples that have the same labels; returns how many went.
fn drop_duplicates(samples: &mut Vec<Sample>) -> usize {
    let before = samples.len();
    if before <= FEW_SAMPLES {
        for index in (1..before).rev() {
            if samples[..index].iter().any(|one| Series(one) == Series(&samples[index])) {
                samples.remove(index);
            }
        }
        return before - samples.len();
    }
    let mut seen = HashSet::with_capacity_and_hasher(before, RandomState::default());
    let first: Vec<bool> = samples.iter().map(|sample| seen.insert(Series(sample))).collect();
    let mut first = first.into_iter();
    samples.retain(|_| first.next().unwrap_or(true));
    before - samples.len()
}

/// Whether both formats take it as a name; a part of it may come from the kernel.
fn is_metric_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'))
}

fn note(
    dropped: &mut BTreeMap<(String, &'static str), u64>,
    family: &str,
    reason: &'static str,
    series: usize,
) {
    if series > 0 {
        *dropped.entry((family.to_owned(), reason)).or_default() += series as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_family_of_the_same_name_adds_its_series() {
        let mut page = Page::default();
        page.add(Family::gauge("up", "Up.").with(&[("source", "a")], 1u64));
        page.add(Family::gauge("up", "Up.").with(&[("source", "b")], 0u64));
        page.finish();
        assert_eq!(page.family("up").unwrap().samples.len(), 2);
        assert_eq!(page.dropped().count(), 0);
    }

    #[test]
    fn a_family_that_would_spoil_the_page_is_left_out_and_counted() {
        let mut page = Page::default();
        page.add(Family::gauge("up", "Up.").with(&[], 1u64));
        page.add(Family::counter("up", "Up.").with(&[("source", "b")], 0u64));
        for name in ["", "1st", "node memory", "node_memory_Active(anon)", "x{y=\"1\"} 1\nz"] {
            page.add(Family::gauge(name, "Bad.").with(&[], 1u64));
        }
        page.add(Family::counter("polls_total", "Polls.").with(&[], 1u64));
        let polls = Family::gauge("polls", "The same name in OpenMetrics.").with(&[], 1u64);
        assert!(!page.is_free_for(&polls) && !page.is_free_for(&Family::gauge("up", "Up.")));
        assert!(page.is_free_for(&Family::gauge("down", "Down.")));
        page.add(polls);
        page.finish();
        let names: Vec<&str> = page.families().map(|family| family.name.as_ref()).collect();
        assert_eq!(names, ["polls_total", "up"]);
        assert_eq!(page.family("up").unwrap().samples.len(), 1);
        let reasons: Vec<&str> = page.dropped().map(|(_, reason, _)| reason).collect();
        assert_eq!(reasons, ["name", "name", "name", "name", "name", "kind", "name"]);
    }

    #[test]
    fn a_distribution_keeps_its_parts_together_and_its_names_to_itself() {
        let label = |value: &str| vec![("le".to_owned(), value.to_owned())];
        let mut page = Page::default();
        let mut family = Family::new("wait", "Wait.", Kind::Histogram).limit(4);
        family.push_named("_bucket", &label("1"), 1u64);
        family.push_named("_bucket", &label("+Inf"), 2u64);
        family.push_named("_count", &[], 2u64);
        family.push_named("_sum", &[], 1.5);
        page.add(family.clone());
        page.add(Family::gauge("wait_sum", "Taken.").with(&[], 1u64));
        page.finish();
        assert_eq!(page.family("wait").unwrap().samples.len(), 4);
        assert_eq!(page.dropped().collect::<Vec<_>>(), [("wait_sum", "name", 1)]);

        let mut page = Page::default();
        page.add(family.limit(3));
        page.finish();
        assert_eq!(page.family("wait").unwrap().samples.len(), 0);
        assert_eq!(page.dropped().collect::<Vec<_>>(), [("wait", "limit", 4)]);
    }

    #[test]
    fn duplicates_and_series_over_the_limit_are_dropped_and_counted() {
        let mut page = Page::default();
        let mut family = Family::gauge("jobs", "Jobs.").limit(2);
        for name in ["a", "a", "b", "c"] {
            family.push(&[("name", name)], 1u64);
        }
        page.add(family);
        page.finish();
        assert_eq!(page.family("jobs").unwrap().samples.len(), 2);
        let dropped: Vec<_> = page.dropped().collect();
        assert_eq!(dropped, [("jobs", "duplicate", 1), ("jobs", "limit", 1)]);
    }

    #[test]
    fn the_same_values_of_other_labels_are_no_duplicate() {
        let mut family = Family::gauge("jobs", "Jobs.");
        family.push(&[("a", "1")], 1u64);
        family.push(&[("b", "1")], 2u64);
        family.push(&[("a", "1"), ("b", "1")], 3u64);
        let mut page = Page::default();
        page.add(family);
        page.finish();
        assert_eq!(page.family("jobs").unwrap().samples.len(), 3);
    }
}
