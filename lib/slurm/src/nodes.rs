//! Rows of [`crate::commands::NODES`]: one for each node and partition.

use crate::rows::{RowError, fields, name, number};
use crate::state::NodeState;

/// CPUs by what they are used for, as Slurm counts them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct CpuCounts {
    /// Belong to jobs.
    pub allocated: u64,
    /// Free.
    pub idle: u64,
    /// On nodes that are down, drained or otherwise not to be had.
    pub other: u64,
    /// All of them.
    pub total: u64,
}

impl CpuCounts {
    /// Reads sinfo's `allocated/idle/other/total`.
    pub fn parse(text: &str) -> Result<Self, RowError> {
        let mut parts = text.split('/').map(number);
        let mut next = || parts.next().unwrap_or(Err(RowError::Fields));
        let counts = Self { allocated: next()?, idle: next()?, other: next()?, total: next()? };
        match parts.next() {
            None => Ok(counts),
            Some(_) => Err(RowError::Fields),
        }
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        self.allocated += other.allocated;
        self.idle += other.idle;
        self.other += other.other;
        self.total += other.total;
    }
}

/// A node as a member of one of its partitions.
#[derive(Debug, PartialEq, Eq)]
pub struct NodeRow<'a> {
    /// The node's name in slurm.conf.
    pub node: &'a str,
    /// One of its partitions.
    pub partition: &'a str,
    /// Base state and flags.
    pub state: NodeState,
    /// Its CPUs.
    pub cpus: CpuCounts,
    /// Memory that Slurm may give to jobs.
    pub memory_bytes: u64,
    /// Memory that Slurm has given to jobs.
    pub allocated_memory_bytes: u64,
}

impl<'a> NodeRow<'a> {
    /// Reads one row.
    pub fn parse(row: &'a str) -> Result<Self, RowError> {
        let [node, partition, state, cpus, memory, allocated_memory] = fields(row)?;
        Ok(Self {
            node: name(node)?,
            partition: name(partition)?,
            state: NodeState::parse(state).ok_or(RowError::State)?,
            cpus: CpuCounts::parse(cpus)?,
            memory_bytes: mebibytes(memory)?,
            allocated_memory_bytes: mebibytes(allocated_memory)?,
        })
    }
}

fn mebibytes(text: &str) -> Result<u64, RowError> {
    number(text)?.checked_mul(1 << 20).ok_or(RowError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_row() {
        let row = NodeRow::parse("w1|throughput|mixed+drain|3/0/1/4|2000|512").unwrap();
        assert_eq!(row.node, "w1");
        assert_eq!(row.partition, "throughput");
        assert_eq!(row.state.condition().word(), "draining");
        assert_eq!(row.cpus, CpuCounts { allocated: 3, idle: 0, other: 1, total: 4 });
        assert_eq!(row.memory_bytes, 2000 << 20);
        assert_eq!(row.allocated_memory_bytes, 512 << 20);
    }

    #[test]
    fn never_guesses() {
        for (row, error) in [
            ("", RowError::Fields),
            ("w1|p|idle|0/4/0/4|2000", RowError::Fields),
            ("w1|p|idle|0/4/0/4|2000|0|", RowError::Number),
            ("|p|idle|0/4/0/4|2000|0", RowError::Name),
            ("w[1-2]|p|idle|0/4/0/4|2000|0", RowError::Name),
            ("w1||idle|0/4/0/4|2000|0", RowError::Name),
            ("w1|p||0/4/0/4|2000|0", RowError::State),
            ("w1|p|n/a|0/4/0/4|2000|0", RowError::State),
            ("w1|p|idle|0/4/0|2000|0", RowError::Fields),
            ("w1|p|idle|0/4/0/4/4|2000|0", RowError::Fields),
            ("w1|p|idle|0/4/0/1K|2000|0", RowError::Number),
            ("w1|p|idle|0/4/0/4|N/A|0", RowError::Number),
            ("w1|p|idle|0/4/0/4|2000+|0", RowError::Number),
            ("w1|p|idle|0/4/0/4|18446744073709551615|0", RowError::Number),
        ] {
            assert_eq!(NodeRow::parse(row), Err(error), "{row}");
        }
    }
}
