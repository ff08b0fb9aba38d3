//! The names inside a run's directory. Each file has one writer, named here.

use std::path::{Path, PathBuf};

use edctl_flow::Flow;

/// `.edctl/runs/<id>/`
#[derive(Debug, Clone)]
pub(crate) struct RunDir(pub(crate) PathBuf);

/// `.edctl/runs/<id>/stages/<name>/`
#[derive(Debug, Clone)]
pub(crate) struct StageDir(PathBuf);

impl RunDir {
    /// The directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What was asked for; written by `submit`, before any job.
    pub(crate) fn record(&self) -> PathBuf {
        self.0.join("run.json")
    }

    /// That the user wants it to end; written by `cancel`.
    pub(crate) fn cancel(&self) -> PathBuf {
        self.0.join("cancel.json")
    }

    /// A stage's directory.
    pub(crate) fn stage(&self, flow: Flow) -> StageDir {
        StageDir(self.0.join("stages").join(flow.name()))
    }
}

impl StageDir {
    /// The directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The command that the stage runs; written by `submit`.
    pub(crate) fn command(&self) -> PathBuf {
        self.0.join("cmd.sh")
    }

    /// What Slurm runs: it calls `edctl run-stage`; written by `submit`.
    pub(crate) fn job_script(&self) -> PathBuf {
        self.0.join("job.sh")
    }

    /// The job's or process's id; written by `submit`, after the job exists.
    pub(crate) fn job(&self) -> PathBuf {
        self.0.join("job.json")
    }

    /// Where and when the stage started; written by the stage.
    pub(crate) fn start(&self) -> PathBuf {
        self.0.join("start.json")
    }

    /// What the command prints; written by the command.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("out.log")
    }

    /// What the executor and `run-stage` print, which is nothing when all is well.
    pub(crate) fn executor_log(&self) -> PathBuf {
        self.0.join("executor.log")
    }

    /// How the stage ended; written by the stage, or by `submit` when no job came to be.
    pub(crate) fn result(&self) -> PathBuf {
        self.0.join("result.json")
    }

    /// The stage's figures; written by the stage, before the result.
    pub(crate) fn metrics(&self) -> PathBuf {
        self.0.join("metrics.json")
    }

    /// Where the flow builds.
    pub(crate) fn work(&self) -> PathBuf {
        self.0.join("work")
    }
}
