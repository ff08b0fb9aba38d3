//! The `/metrics` server of every edctl daemon: the model of a page, both text formats, limits and
//! self-metrics.

mod model;

pub use model::{DEFAULT_SERIES_LIMIT, Family, Kind, MAX_LABEL_VALUE_BYTES, Page, Sample, Value};
