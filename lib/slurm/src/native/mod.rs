//! What slurmctld tells over HTTP by itself: the plugin metrics/openmetrics, from Slurm 25.11 on.
//!
//! Facts are from SchedMD's metrics guide and from the sources of Slurm 25.11 to 26.11
//! (`plugins/metrics/openmetrics/openmetrics.c` prints, `slurmctld/statistics.c` counts, `slurmctld/http.c`
//! answers). All pages have one form; a file here reads each of them and puts right what Slurm is known to
//! print wrong there.

mod fetch;
mod jobs;
mod nodes;
mod owners;
mod partitions;
mod sample;
mod scheduler;
mod wrapped;

pub use fetch::fetch;
pub use jobs::{JobsReader, NativeJobs};
pub use nodes::{NativeNodes, NodeStates, NodesReader};
pub use owners::{Owner, OwnerJobs};
pub use partitions::{NativePartition, PartitionsReader};
pub use scheduler::SchedulerReader;
pub use wrapped::NodeCpus;

/// Where slurmctld listens unless slurm.conf's SlurmctldPort says otherwise.
pub const DEFAULT_HOST: &str = "127.0.0.1:6817";

/// Nodes, and what each has.
pub const NODES: &str = "/metrics/nodes";
/// All jobs.
pub const JOBS: &str = "/metrics/jobs";
/// Partitions: their nodes and their jobs.
pub const PARTITIONS: &str = "/metrics/partitions";
/// Jobs by account and by user.
pub const OWNERS: &str = "/metrics/jobs-users-accts";
/// slurmctld's figures of itself.
pub const SCHEDULER: &str = "/metrics/scheduler";
