//! What one pass over all jobs found. It is handed from what reads to what derives.

use edctl_jobcgroup::{Cpu, Faults, JobName, Reading};

/// All jobs of the machine at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pass {
    /// None where Slurm makes no groups here.
    pub(crate) slurmds: Vec<SlurmdSample>,
    pub(crate) faults: Faults,
}

/// One slurmd's jobs.
#[derive(Debug, Clone)]
pub(crate) struct SlurmdSample {
    /// The node's name in Slurm, where there may be several on the machine.
    pub(crate) node: Option<String>,
    /// CPU time of all its jobs, the ended ones too.
    pub(crate) cpu: Option<Cpu>,
    pub(crate) jobs: Vec<JobSample>,
}

/// One job.
#[derive(Debug, Clone)]
pub(crate) struct JobSample {
    pub(crate) name: JobName,
    /// Its number, once it is known.
    pub(crate) id: Option<u32>,
    /// Its user, once it is known.
    pub(crate) uid: Option<u32>,
    pub(crate) reading: Reading,
    pub(crate) steps: Vec<StepSample>,
}

/// One step of a job.
#[derive(Debug, Clone)]
pub(crate) struct StepSample {
    pub(crate) name: String,
    pub(crate) reading: Reading,
}
