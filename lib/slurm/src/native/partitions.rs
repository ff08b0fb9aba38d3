//! The page of partitions.

use std::collections::BTreeMap;

use super::jobs::NativeJobs;
use super::nodes::NodeStates;
use super::sample::Sample;
use super::wrapped::{NodeCpus, unwrap};
use crate::rows::{RowError, name};

/// Most partitions that are kept; what is said of further ones is no row.
const MOST_PARTITIONS: usize = 10_000;

/// What the page says of one partition.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct NativePartition {
    /// Its jobs. A job that waits in several partitions counts in one of them.
    pub jobs: NativeJobs,
    /// Numbers of its nodes by state.
    pub states: NodeStates,
    nodes: Option<u64>,
    cpus: Option<u64>,
    allocated_cpus_told: Option<u64>,
}

impl NativePartition {
    /// CPUs of its nodes, and what of them belongs to jobs, of whatever partition. Nothing where the second
    /// may have wrapped: Slurm counts it with 16 bits (`partition_stats_t.nodes_cpus_alloc`), and the page
    /// does not tell which nodes a partition has.
    pub fn node_cpus(&self) -> Option<NodeCpus> {
        let total = self.cpus?;
        Some(NodeCpus { total, allocated: unwrap(self.allocated_cpus_told?, total)? })
    }

    /// Takes in the number that stands behind `partition_`. Memory is not read, which is in MiB here too,
    /// nor `jobs_wait_part_node_limit`, which counts jobs that wait for other reasons as well: Slurm tests
    /// the reason's bits, but it is a number.
    fn note(&mut self, word: &str, value: u64) {
        if let Some(word) = word.strip_prefix("jobs_") {
            self.jobs.note(word, value);
            return;
        }
        match word {
            "cpus" => self.cpus = Some(value),
            "nodes" => self.nodes = Some(value),
            "nodes_cpus_alloc" => self.allocated_cpus_told = Some(value),
            _ => {
                if let Some(word) = word.strip_prefix("nodes_") {
                    self.states.note(word, value);
                }
            }
        }
    }
}

/// Reads the page of partitions, line by line.
#[derive(Debug, Default)]
pub struct PartitionsReader {
    /// `slurm_partitions`.
    told: Option<u64>,
    partitions: BTreeMap<String, NativePartition>,
}

impl PartitionsReader {
    /// Takes in one line.
    ///
    /// # Errors
    /// Says why it is none.
    pub fn line(&mut self, line: &str) -> Result<(), RowError> {
        let Some(sample) = Sample::parse(line)? else { return Ok(()) };
        if sample.name == "partitions" {
            self.told = Some(sample.value);
        } else if let Some(word) = sample.name.strip_prefix("partition_")
            && let Some(partition) = sample.of("partition")
        {
            self.partition(name(partition)?)?.note(word, sample.value);
        }
        Ok(())
    }

    fn partition(&mut self, name: &str) -> Result<&mut NativePartition, RowError> {
        if !self.partitions.contains_key(name) {
            if self.partitions.len() >= MOST_PARTITIONS {
                return Err(RowError::Stray);
            }
            self.partitions.insert(name.to_owned(), NativePartition::default());
        }
        self.partitions.get_mut(name).ok_or(RowError::Stray)
    }

    /// Ends the reading; nothing where it was no page of partitions, or not all of it.
    pub fn finish(mut self) -> Option<BTreeMap<String, NativePartition>> {
        for partition in self.partitions.values_mut() {
            if let Some(nodes) = partition.nodes {
                partition.states.fill_up_to(nodes);
            }
        }
        (self.told? >= self.partitions.len() as u64).then_some(self.partitions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{JobState, NodeBase, NodeFlag};

    fn read(lines: &[&str]) -> Option<BTreeMap<String, NativePartition>> {
        let mut reader = PartitionsReader::default();
        for line in lines {
            reader.line(line).unwrap();
        }
        reader.finish()
    }

    #[test]
    fn reads_nodes_and_jobs_of_each() {
        let partitions = read(&[
            "slurm_partition_nodes{partition=\"p\"} 3",
            "slurm_partition_nodes_idle{partition=\"p\"} 1",
            "slurm_partition_nodes_idle{partition=\"q\"} 2",
            "slurm_partition_nodes_down{partition=\"p\"} 1",
            "slurm_partition_nodes_cg{partition=\"p\"} 1",
            "slurm_partition_nodes_powering_up{partition=\"p\"} 1",
            "slurm_partition_nodes_powering_down{partition=\"p\"} 2",
            "slurm_partition_jobs_running{partition=\"p\"} 4",
            "slurm_partition_jobs_wait_part_node_limit{partition=\"p\"} 4",
            "slurm_partitions 2",
        ]);
        let partitions = partitions.unwrap();
        assert_eq!(partitions.len(), 2);
        let NativePartition { jobs, states, .. } = &partitions["p"];
        assert_eq!(jobs.by_state, [(JobState::Running, 4)].into());
        let base = [(NodeBase::Idle, 1), (NodeBase::Down, 1), (NodeBase::Other, 1)];
        assert_eq!(states.base, base.into());
        let flags =
            [(NodeFlag::Completing, 1), (NodeFlag::PoweringUp, 1), (NodeFlag::PoweringDown, 2)];
        assert_eq!(states.flags, flags.into());
    }

    #[test]
    fn cpus_are_told_unless_they_may_have_wrapped() {
        for (total, told, allocated) in
            [(65_535, 4464, Some(4464)), (80_000, 4464, None), (80_000, 70_000, Some(70_000))]
        {
            let partitions = read(&[
                &format!("slurm_partition_cpus{{partition=\"p\"}} {total}"),
                &format!("slurm_partition_nodes_cpus_alloc{{partition=\"p\"}} {told}"),
                "slurm_partitions 1",
            ]);
            let cpus = partitions.unwrap()["p"].node_cpus();
            assert_eq!(cpus, allocated.map(|allocated| NodeCpus { total, allocated }));
        }
    }

    #[test]
    fn a_page_without_an_end_tells_nothing() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["slurm_partition_cpus{partition=\"p\"} 8"]), None);
        assert_eq!(read(&["slurm_partitions 0"]), Some(BTreeMap::new()));
    }

    #[test]
    fn names_without_end_are_refused() {
        let mut reader = PartitionsReader::default();
        for n in 0..MOST_PARTITIONS {
            reader.line(&format!("slurm_partition_cpus{{partition=\"p{n}\"}} 1")).unwrap();
        }
        let more = "slurm_partition_cpus{partition=\"more\"} 1";
        assert_eq!(reader.line(more), Err(RowError::Stray));
        assert_eq!(reader.line("slurm_partition_cpus{partition=\"p7\"} 1"), Ok(()));
        assert_eq!(reader.line("slurm_partition_cpus{partition=\"a\"b\"} 1"), Err(RowError::Name));
    }
}
