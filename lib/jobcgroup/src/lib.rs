//! Slurm's jobs as seen in cgroup v1 and v2.
//!
//! A job is found by its directory, not by its processes: one that holds its allocation without any
//! process is there too. Under v1 it is `CONTROLLER/slurm[_NODE]/uid_UID/job_ID/step_STEP/task_TASK`
//! in each hierarchy, under v2 `SLICE/[NODE_]slurmstepd.scope/job_ID/step_STEP/user/task_TASK`, where
//! Slurm 26.05 writes the job's SLUID instead of `job_ID`.

#![forbid(unsafe_code)]

mod fault;
mod files;
mod group;
mod names;
mod number;
mod parse;
mod reading;
mod stepd;
mod v1;
mod v2;
mod values;
mod walk;

pub use fault::Faults;
pub use group::Group;
pub use names::{JobName, job_on_path};
pub use number::number;
pub use reading::{read, read_cpu};
pub use stepd::{job_id, uid_of};
pub use values::{Cpu, Directions, Io, Limit, Memory, Pids, Pressure, Reading, Stall, Throttling};
pub use walk::{JobGroup, Slurmd, StepGroup, find};
