//! Counters whose source begins again at 0 now and then.

use std::collections::BTreeMap;

/// A group of counters that begin again together. What they said last tells how much they grew.
#[derive(Debug)]
pub(super) struct Carried<K> {
    seen: BTreeMap<K, u64>,
}

impl<K> Default for Carried<K> {
    fn default() -> Self {
        Self { seen: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Carried<K> {
    /// How much each counter grew since the last call. They began again if the caller knows so, or if
    /// one of them is less than it was; then all that they say is new. One that is missing was not
    /// read, and says nothing.
    pub(super) fn growth(&mut self, now: &BTreeMap<K, u64>, began_again: bool) -> BTreeMap<K, u64> {
        let is_less = |(key, seen): (&K, &u64)| now.get(key).is_some_and(|value| value < seen);
        if began_again || self.seen.iter().any(is_less) {
            self.seen.clear();
        }
        now.iter()
            .map(|(key, value)| {
                let seen = self.seen.insert(key.clone(), *value).unwrap_or(0);
                (key.clone(), value - seen)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_goes_on_over_a_new_beginning() {
        let mut carried = Carried::default();
        let mut grow = |values: &[(&'static str, u64)], began_again| -> Vec<(&str, u64)> {
            carried.growth(&values.iter().copied().collect(), began_again).into_iter().collect()
        };
        assert_eq!(grow(&[("a", 5), ("b", 7)], false), [("a", 5), ("b", 7)]);
        assert_eq!(grow(&[("a", 5), ("b", 9)], false), [("a", 0), ("b", 2)]);
        // One that fell tells that the other, which has already passed what it was, began again too.
        assert_eq!(grow(&[("a", 1), ("b", 10)], false), [("a", 1), ("b", 10)]);
        assert_eq!(grow(&[("b", 11)], false), [("b", 1)]);
        assert_eq!(grow(&[("a", 3), ("b", 11), ("c", 2)], false), [("a", 2), ("b", 0), ("c", 2)]);
        assert_eq!(grow(&[("a", 4), ("b", 12)], true), [("a", 4), ("b", 12)]);
    }

    proptest::proptest! {
        #[test]
        fn a_counter_that_never_falls_grows_to_what_it_says(
            steps in proptest::collection::vec(0u64..1000, 1..50),
        ) {
            let mut carried = Carried::default();
            let (mut value, mut total) = (0, 0);
            for step in steps {
                value += step;
                total += carried.growth(&[((), value)].into(), false)[&()];
            }
            proptest::prop_assert_eq!(total, value);
        }
    }
}
