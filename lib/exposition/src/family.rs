//! Metric families as the daemons fill them: names, labels, values, and the limits that keep a
//! page bounded whatever strangers put into a label.

use std::borrow::Cow;

use smallvec::SmallVec;
use smol_str::SmolStr;

/// Longest label value in bytes; what is longer is cut at a character boundary.
pub const MAX_LABEL_VALUE_BYTES: usize = 256;

/// Most series that one family may have unless it says otherwise.
pub const DEFAULT_SERIES_LIMIT: usize = 10_000;

/// The type of a family, as `# TYPE` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only goes up, but for a restart of what it counts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many observations were at most so large, in buckets.
    Histogram,
    /// Quantiles of observations.
    Summary,
    /// `untyped` in the text format, `unknown` in OpenMetrics.
    Unknown,
}

impl Kind {
    /// Whether one series consists of several samples, which mean nothing apart.
    pub fn has_parts(self) -> bool {
        matches!(self, Kind::Histogram | Kind::Summary)
    }
}

/// One sample's value; integers stay exact up to 64 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A floating point value.
    F64(f64),
    /// An unsigned integer.
    U64(u64),
    /// A signed integer.
    I64(i64),
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::F64(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Value::U64(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::U64(u64::from(value))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::I64(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::U64(u64::from(value))
    }
}

/// A label's name and value.
pub type Label = (Cow<'static, str>, SmolStr);

/// One series: its labels and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What follows the family's name: one of `_bucket`, `_count` and `_sum`, or nothing.
    pub part: &'static str,
    /// Label names and values, in the order in which they are written.
    pub labels: SmallVec<[Label; 2]>,
    /// The value.
    pub value: Value,
}

/// All series of one name.
#[derive(Debug, Clone)]
pub struct Family {
    /// The name as the text format shows it: a counter's with its `_total`.
    pub name: Cow<'static, str>,
    /// What the family means, in one line.
    pub help: Cow<'static, str>,
    /// Its type.
    pub kind: Kind,
    /// Its series.
    pub samples: Vec<Sample>,
    /// Most series that it may have; further ones are dropped and counted.
    pub series_limit: usize,
}

impl Family {
    /// A family of gauges.
    pub fn gauge(name: impl Into<Cow<'static, str>>, help: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, help, Kind::Gauge)
    }

    /// A family of counters; `name` is the whole name, `_total` included.
    pub fn counter(name: impl Into<Cow<'static, str>>, help: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, help, Kind::Counter)
    }

    /// A family whose type is not known, such as the kernel's netstat fields.
    pub fn unknown(name: impl Into<Cow<'static, str>>, help: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, help, Kind::Unknown)
    }

    /// A family of any kind.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
        kind: Kind,
    ) -> Self {
        Self {
            name: name.into(),
            help: help.into(),
            kind,
            samples: Vec::new(),
            series_limit: DEFAULT_SERIES_LIMIT,
        }
    }

    /// Sets how many series the family may have.
    #[must_use]
    pub fn limit(mut self, series: usize) -> Self {
        self.series_limit = series;
        self
    }

    /// Adds one series.
    pub fn push(&mut self, labels: &[(&'static str, &str)], value: impl Into<Value>) {
        self.push_part("", labels, value);
    }

    /// Adds one sample; of a histogram it is a part of a series.
    pub(crate) fn push_part(
        &mut self,
        part: &'static str,
        labels: &[(&'static str, &str)],
        value: impl Into<Value>,
    ) {
        // Room for just so many: a page may have hundreds of thousands of series.
        let mut clean = SmallVec::with_capacity(labels.len());
        clean.extend(labels.iter().map(|(name, value)| (Cow::Borrowed(*name), clean_label(value))));
        self.push_sample(Sample { part, labels: clean, value: value.into() });
    }

    /// Adds one series, or none where its value is not known.
    pub fn push_known(&mut self, labels: &[(&'static str, &str)], value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.push(labels, value);
        }
    }

    /// Adds one sample whose labels' names are not known beforehand; of a histogram or a summary it
    /// is a `part`, and those of one series follow each other, the buckets in their order.
    pub fn push_named(
        &mut self,
        part: &'static str,
        labels: &[(String, String)],
        value: impl Into<Value>,
    ) {
        let labels = labels.iter().map(|(name, value)| (name.clone().into(), clean_label(value)));
        self.push_sample(Sample { part, labels: labels.collect(), value: value.into() });
    }

    /// Most families have one series, and get no room for more before there is a second.
    fn push_sample(&mut self, sample: Sample) {
        if self.samples.is_empty() {
            self.samples.reserve_exact(1);
        }
        self.samples.push(sample);
    }

    /// Adds one series and hands the family back, for families of one or two series.
    #[must_use]
    pub fn with(mut self, labels: &[(&'static str, &str)], value: impl Into<Value>) -> Self {
        self.push(labels, value);
        self
    }

    /// As [`Family::with`], of a value that may not be known.
    #[must_use]
    pub fn with_known(
        mut self,
        labels: &[(&'static str, &str)],
        value: Option<impl Into<Value>>,
    ) -> Self {
        self.push_known(labels, value);
        self
    }
}

/// Cuts a label value to [`MAX_LABEL_VALUE_BYTES`] and replaces control characters by U+FFFD, so
/// that nothing foreign can break a line, whatever the reader does with escapes.
fn clean_label(value: &str) -> SmolStr {
    let is_clean = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if value.len() <= MAX_LABEL_VALUE_BYTES && value.bytes().all(is_clean) {
        return value.into();
    }
    let mut end = value.len().min(MAX_LABEL_VALUE_BYTES);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value[..end]
        .chars()
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}
