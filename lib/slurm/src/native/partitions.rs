//! The page of partitions.

use std::collections::BTreeMap;

use super::jobs::NativeJobs;
use super::nodes::NodeStates;
use super::sample::Sample;
use super::wrapped::{NodeCpus, unwrap};
use crate::lost::{Field, LeftOut, RowError};
use crate::rows::name;

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
        let (total, told) = (self.cpus, self.allocated_cpus_told);
        let allocated = unwrap(told?, total?);
        allocated.map(|allocated| NodeCpus { total, allocated: Some(allocated) })
    }

    /// Takes in the number that stands behind `partition_`. Memory is not read, which is in MiB here too,
    /// nor `jobs_wait_part_node_limit`, which counts jobs that wait for other reasons as well: Slurm tests
    /// the reason's bits, but it is a number.
    fn note(&mut self, word: &str, value: Field<u64>) {
        if let Some(word) = word.strip_prefix("jobs_") {
            self.jobs.note(word, value);
            return;
        }
        match word {
            "cpus" => self.cpus = value.ok(),
            "nodes" => self.nodes = value.ok(),
            "nodes_cpus_alloc" => self.allocated_cpus_told = value.ok(),
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
    told: Option<Field<u64>>,
    partitions: BTreeMap<String, NativePartition>,
}

impl PartitionsReader {
    /// Takes in one line, and says what of it could not be taken.
    ///
    /// # Errors
    /// Says why the line cannot be read.
    pub fn line(&mut self, line: &str) -> Result<LeftOut, RowError> {
        let Some(sample) = Sample::parse(line)? else { return Ok(LeftOut::default()) };
        if sample.name == "partitions" {
            self.told = Some(sample.value);
        } else if let Some(word) = sample.name.strip_prefix("partition_")
            && let Some(partition) = sample.of("partition")
        {
            self.partition(name(partition)?)?.note(word, sample.value);
        }
        Ok(sample.left_out())
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
        let is_all = self.told?.map_or(true, |told| told >= self.partitions.len() as u64);
        is_all.then_some(self.partitions)
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
        assert_eq!(jobs.by_state, [(JobState::Running, Ok(4))].into());
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
            let both = |allocated| NodeCpus { total: Some(total), allocated: Some(allocated) };
            assert_eq!(cpus, allocated.map(both));
        }
    }

    #[test]
    fn a_page_without_an_end_tells_nothing() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["slurm_partition_cpus{partition=\"p\"} 8"]), None);
        assert_eq!(read(&["slurm_partitions 0"]), Some(BTreeMap::new()));
    }

    #[test]
    fn one_odd_number_costs_itself_alone() {
        let page = [
            "slurm_partition_nodes{partition=\"p\"} 3",
            "slurm_partition_nodes_idle{partition=\"p\"} 1",
            "slurm_partition_nodes_mixed{partition=\"p\"} 2",
            "slurm_partition_jobs_running{partition=\"p\"} 4",
            "slurm_partition_cpus{partition=\"p\"} 8",
            "slurm_partition_nodes_cpus_alloc{partition=\"p\"} 7",
            "slurm_partitions 1",
        ];
        let good = read(&page).unwrap();
        for odd in 0..page.len() {
            let mut lines = page;
            let (series, _) = lines[odd].rsplit_once(' ').unwrap();
            let line = format!("{series} 1e3");
            lines[odd] = &line;
            let (mut now, mut good) = (read(&lines).unwrap(), good.clone());
            let (now, good) = (now.remove("p").unwrap(), good.remove("p").unwrap());
            let NodeStates { base, .. } = &now.states;
            let same = [
                base.get(&NodeBase::Idle) == Some(&1),
                base.get(&NodeBase::Mixed) == Some(&2),
                now.jobs == good.jobs,
                now.node_cpus() == good.node_cpus(),
            ];
            let different = same.iter().filter(|same| !**same).count();
            assert_eq!(different, usize::from(odd != 0 && odd != 6), "{line}: {same:?}");
            assert_eq!(base.get(&NodeBase::Other), None, "{line}");
        }
    }

    #[test]
    fn names_without_end_are_refused() {
        let mut reader = PartitionsReader::default();
        for n in 0..MOST_PARTITIONS {
            reader.line(&format!("slurm_partition_cpus{{partition=\"p{n}\"}} 1")).unwrap();
        }
        let more = "slurm_partition_cpus{partition=\"more\"} 1";
        assert_eq!(reader.line(more), Err(RowError::Stray));
        assert!(reader.line("slurm_partition_cpus{partition=\"p7\"} 1").is_ok());
        assert_eq!(reader.line("slurm_partition_cpus{partition=\"a\"b\"} 1"), Err(RowError::Name));
    }
}
