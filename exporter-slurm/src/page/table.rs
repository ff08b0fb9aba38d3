//! Families by tables: a row for each family, a series for each thing that has a value in it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use edctl_exposition::{Family, Page, Value};
use edctl_slurm::Figure;

use crate::counts::{DiagCounts, Sum};

/// Most series of a family that has one for each node and partition.
const MOST_SERIES: usize = 50_000;

/// How many there are of something; what is not counted is not there.
pub(super) fn count<K: Ord>(counts: &BTreeMap<K, u64>, key: &K) -> u64 {
    counts.get(key).copied().unwrap_or(0)
}

/// A family: its name, its help, and what it reads from a thing, if the thing has that.
pub(super) type Column<T> = (&'static str, &'static str, fn(&T) -> Option<Value>);

/// A thing, and the labels of its series.
pub(super) type Labelled<'a, T, const LABELS: usize> = ([(&'static str, &'a str); LABELS], &'a T);

/// Adds a family of gauges for each column.
pub(super) fn add_columns<T, const LABELS: usize>(
    page: &mut Page,
    columns: &[Column<T>],
    things: &[Labelled<'_, T, LABELS>],
) {
    for (name, help, read) in columns {
        add_family(page, *name, *help, things, read);
    }
}

/// Adds one family of gauges.
pub(super) fn add_family<T, const LABELS: usize>(
    page: &mut Page,
    name: impl Into<Cow<'static, str>>,
    help: impl Into<Cow<'static, str>>,
    things: &[Labelled<'_, T, LABELS>],
    read: impl Fn(&T) -> Option<Value>,
) {
    let mut family = Family::gauge(name, help).limit(MOST_SERIES);
    // A family of nodes is long: it takes no more memory than it needs.
    family.samples.reserve_exact(things.len());
    for (labels, thing) in things {
        if let Some(value) = read(thing) {
            family.push(labels, value);
        }
    }
    page.add(family);
}

/// The things by a name, which is their label.
pub(super) fn labelled<'a, T>(
    label: &'static str,
    things: impl IntoIterator<Item = (&'a (impl AsRef<str> + 'a), &'a T)>,
) -> Vec<Labelled<'a, T, 1>> {
    things.into_iter().map(|(name, thing)| ([(label, name.as_ref())], thing)).collect()
}

/// One of sdiag's numbers as a gauge: its name, its help, and which.
pub(super) type FigureRow = (&'static str, &'static str, Figure);

/// Adds a gauge for each row, as sdiag says it now.
pub(super) fn add_figures(page: &mut Page, rows: &[FigureRow], diag: &DiagCounts) {
    for (name, help, figure) in rows {
        let figure = diag.now.figures.get(figure).copied();
        add_family(page, *name, *help, &[([], diag)], |_| figure.map(Value::from));
    }
}

/// A number where only those that are not 0 are shown.
pub(super) fn positive(number: u64) -> Option<Value> {
    (number > 0).then(|| number.into())
}

/// As [`positive`], of a sum, if it is known.
pub(super) fn known_positive(sum: Sum<u64>) -> Option<Value> {
    sum.known().and_then(positive)
}
