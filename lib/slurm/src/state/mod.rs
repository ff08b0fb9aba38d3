//! Node and job states: Slurm's words, and the one word that a reader wants to see.

mod job;
mod node;

pub use job::JobState;
pub use node::{NodeBase, NodeCondition, NodeFlag, NodeState};
