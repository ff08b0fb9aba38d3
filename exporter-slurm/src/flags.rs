//! The command line. It needs no other file of this crate, so that `packaging/pages` can make the man page and
//! the completions of it.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use edctl_daemon::CommonFlags;
use serde::Deserialize;

/// Serves cluster-wide Slurm metrics to Prometheus
///
/// Asks slurmctld on a schedule of its own (by sdiag, sinfo, squeue, scontrol and sshare, by slurmrestd,
/// or for its own pages), so that what it costs does not depend on who scrapes; shows the last good answer
/// until that is too old.
#[derive(Debug, Parser)]
#[command(name = "edctl-exporter-slurm", version)]
pub(crate) struct Flags {
    #[command(flatten)]
    pub(crate) common: CommonFlags,

    /// Where Slurm's commands are
    #[arg(long = "slurm.bin-dir", value_name = "DIR")]
    pub(crate) bin_dir: Option<PathBuf>,

    /// Whose names /metrics shows; /metrics?profile=NAME chooses for one scrape
    #[arg(long = "slurm.profile", value_name = "NAME")]
    pub(crate) profile: Option<Profile>,
}

/// A vocabulary, by the word in the configuration and in `/metrics?profile=`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// Our own names.
    #[default]
    Edctl,
    /// Those of vpenso/prometheus-slurm-exporter, and of Grafana's dashboard 4323.
    Vpenso,
    /// Those of SckyzO/slurm_exporter.
    Sckyzo,
    /// Those of rivosinc/prometheus-slurm-exporter.
    Rivosinc,
    /// Those of slurmctld itself.
    Native,
}
