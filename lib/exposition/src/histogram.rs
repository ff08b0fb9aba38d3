//! A distribution of observations, counted in buckets.

use smallvec::SmallVec;

use crate::family::Family;

/// Upper bounds for what answers at once when all is well, in seconds: half a millisecond to ten seconds.
const LATENCY_SECS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How many observations were how large. prometheus-client has such an instrument too, but shows what it
/// counted only as OpenMetrics text, and a page comes in two formats.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    bounds: &'static [f64],
    /// For each bound those that are larger than the bound before it, then those larger than all.
    buckets: Box<[u64]>,
    sum: f64,
}

impl Default for Histogram {
    /// An empty one for latencies.
    fn default() -> Self {
        Self::new(LATENCY_SECS)
    }
}

impl Histogram {
    /// An empty one with these upper bounds, in ascending order.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, buckets: vec![0; bounds.len() + 1].into(), sum: 0.0 }
    }

    /// Counts one observation, under the first bound that it does not exceed.
    pub fn observe(&mut self, value: f64) {
        self.buckets[self.bounds.partition_point(|bound| *bound < value)] += 1;
        self.sum += value;
    }

    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The sum of all observations.
    pub fn sum(&self) -> f64 {
        self.sum
    }
}

impl Family {
    /// Adds one series of a family of histograms.
    pub fn push_histogram(&mut self, labels: &[(&'static str, &str)], histogram: &Histogram) {
        let mut so_far = 0;
        let bounds = histogram.bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, observed) in bounds.zip(&histogram.buckets) {
            so_far += observed;
            let with_bound: SmallVec<[_; 4]> =
                labels.iter().copied().chain([("le", bound.as_str())]).collect();
            self.push_part("_bucket", &with_bound, so_far);
        }
        self.push_part("_count", labels, so_far);
        self.push_part("_sum", labels, histogram.sum);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Format, Kind, Page, render};

    #[test]
    fn an_observation_stands_under_the_first_bound_that_holds_it() {
        let mut histogram = Histogram::new(&[0.5, 2.0]);
        for value in [0.25, 0.5, 0.75, 2.0, 8.0] {
            histogram.observe(value);
        }
        assert_eq!((histogram.count(), histogram.sum()), (5, 11.5));
        let mut family = Family::new("wait_seconds", "Wait.", Kind::Histogram);
        family.push_histogram(&[("queue", "a")], &histogram);
        let mut page = Page::default();
        page.add(family);
        page.finish();
        let text = render(&Arc::new(page), Format::OpenMetrics).unwrap();
        let expected = [
            "# HELP wait_seconds Wait.",
            "# TYPE wait_seconds histogram",
            r#"wait_seconds_bucket{queue="a",le="0.5"} 2"#,
            r#"wait_seconds_bucket{queue="a",le="2.0"} 4"#,
            r#"wait_seconds_bucket{queue="a",le="+Inf"} 5"#,
            r#"wait_seconds_count{queue="a"} 5"#,
            r#"wait_seconds_sum{queue="a"} 11.5"#,
            "# EOF\n",
        ];
        assert_eq!(text, expected.join("\n"));
    }
}
