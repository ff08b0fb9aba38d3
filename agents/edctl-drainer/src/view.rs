//! The last round, as it stands in a file and on the page `/round`, for `edctl-drainer status|explain|plan`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::flags::Mode;
use crate::plan::Wish;

/// The version of this form; a field may be added without a new one.
pub(crate) const VERSION: u32 = 1;

/// A round. Times are microseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Round {
    pub(crate) v: u32,
    pub(crate) version: String,
    pub(crate) mode: Mode,
    pub(crate) time_usec: u64,
    pub(crate) took_secs: f64,
    /// Whether the slurmctld in charge is on this host; absent while there was nothing to do.
    pub(crate) in_charge: Option<bool>,
    /// What went wrong with the round as a whole.
    pub(crate) error: Option<String>,
    /// Partitions and causes for which the brake is on.
    pub(crate) brake_partitions: Vec<String>,
    pub(crate) brake_causes: Vec<String>,
    /// What was done, in Slurm's words.
    pub(crate) done: Vec<Done>,
    /// Machine ids that several nodes have, and these nodes: copies of one image.
    pub(crate) copies: BTreeMap<String, Vec<String>>,
    pub(crate) nodes: BTreeMap<String, NodeView>,
}

/// One update.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Done {
    /// What, such as `drain w[1-3]: edctl:node:space:full`.
    pub(crate) what: String,
    /// Why it failed, where it did.
    pub(crate) error: Option<String>,
}

/// What the round saw of a node, and wanted of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NodeView {
    /// Slurm's state, in a word.
    pub(crate) state: String,
    /// The reason in Slurm, and who wrote it.
    pub(crate) reason: Option<String>,
    pub(crate) reason_user: Option<String>,
    /// What its agent says, in a word; why there is nothing, where there is nothing.
    pub(crate) verdict: String,
    /// By how much its clock differs from this host's, in seconds, the way of the answer included.
    pub(crate) clock_skew_secs: Option<f64>,
    pub(crate) wish: Wish,
}

impl Round {
    /// Puts it where the subcommands look, in one rename.
    pub(crate) fn write(&self, path: &Path) -> std::io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        let temporary = dir.join(".round.json.new");
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        std::fs::rename(&temporary, path)
    }

    pub(crate) fn read(path: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }
}
