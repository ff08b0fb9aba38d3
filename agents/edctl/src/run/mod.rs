//! A run as it stands on disk and in the executor.

mod dirs;
mod files;
mod metrics;
mod observe;
mod record;
mod source;
mod state;
mod store;
mod view;

pub(crate) use dirs::{RunDir, StageDir};
pub(crate) use files::{read_json, write_json, write_text};
pub(crate) use metrics::MetricsRecord;
pub(crate) use observe::Observer;
pub(crate) use record::{CancelRecord, JobRecord, ProcessId, ResultRecord, RunRecord, StartRecord};
pub(crate) use source::Source;
pub(crate) use state::State;
pub(crate) use store::Store;
pub(crate) use view::{RunView, StageView};
