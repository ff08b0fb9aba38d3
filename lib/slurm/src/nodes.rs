//! Rows of [`crate::commands::NODES`]: one for each node and partition.

use crate::gres::Gres;
use crate::rows::{RowError, fields, name, number, optional_word, time};
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

    /// Adds another's counts; a sum that is too large stays at the largest number.
    pub fn add(&mut self, other: &Self) {
        self.allocated = self.allocated.saturating_add(other.allocated);
        self.idle = self.idle.saturating_add(other.idle);
        self.other = self.other.saturating_add(other.other);
        self.total = self.total.saturating_add(other.total);
    }
}

/// A node as a member of one of its partitions.
#[derive(Debug, PartialEq)]
pub struct NodeRow<'a> {
    /// The node's name in slurm.conf.
    pub node: &'a str,
    /// One of its partitions.
    pub partition: &'a str,
    /// Base state and flags.
    pub state: NodeState,
    /// Whether Slurm told the state in one word, which hides flags, and some base states: 20.11 does.
    pub is_in_one_word: bool,
    /// Its CPUs.
    pub cpus: CpuCounts,
    /// Memory that Slurm may give to jobs.
    pub memory_bytes: u64,
    /// Memory that Slurm has given to jobs.
    pub allocated_memory_bytes: u64,
    /// Memory that its kernel calls free; nothing where it does not answer.
    pub free_memory_bytes: Option<u64>,
    /// Its load average over five minutes; nothing where it does not answer.
    pub cpu_load: Option<f64>,
    /// How late Slurm chooses it for jobs.
    pub weight: u64,
    /// Its generic resources.
    pub gres: Vec<Gres<'a>>,
    /// What of them jobs have.
    pub allocated_gres: Vec<Gres<'a>>,
    /// Why it is down or drained, if somebody said so.
    pub reason: Option<NodeReason<'a>>,
    pub(crate) features: &'a str,
}

/// Why a node is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeReason<'a> {
    /// Any text.
    pub text: &'a str,
    /// The name of the user who wrote it.
    pub user: Option<&'a str>,
    /// When, in seconds since the epoch.
    pub since: Option<u32>,
}

impl<'a> NodeRow<'a> {
    /// Reads one row.
    ///
    /// # Errors
    /// Names the first field that is not what Slurm prints there.
    pub fn parse(row: &'a str) -> Result<Self, RowError> {
        let [
            node,
            partition,
            complete_state,
            long_state,
            cpus,
            memory,
            allocated_memory,
            free_memory,
            load,
            weight,
            gres,
            allocated_gres,
            features,
            since,
            user,
            text,
        ] = fields(row)?;
        let is_in_one_word = complete_state.is_empty();
        let state = if is_in_one_word { long_state } else { complete_state };
        let mut state = NodeState::parse(state).ok_or(RowError::State)?;
        let cpus = CpuCounts::parse(cpus)?;
        state.learn_from(&cpus);
        let (since, user) = (time(since)?, optional_word(user)?);
        let text = Some(text.trim()).filter(|text| !matches!(*text, "" | "none" | "(null)"));
        Ok(Self {
            node: name(node)?,
            partition: name(partition)?,
            state,
            is_in_one_word,
            cpus,
            memory_bytes: mebibytes(memory)?,
            allocated_memory_bytes: mebibytes(allocated_memory)?,
            free_memory_bytes: measured(free_memory, mebibytes)?,
            cpu_load: measured(load, load_average)?,
            weight: number(weight)?,
            gres: Gres::parse_list(gres)?,
            allocated_gres: Gres::parse_list(allocated_gres)?,
            // Without a reason Slurm shows root as its author.
            reason: text.map(|text| NodeReason { text, user: user.filter(is_known), since }),
            features: optional_word(features)?.unwrap_or_default(),
        })
    }

    /// Its active features.
    pub fn features(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.features.split(',').filter(|feature| !feature.is_empty())
    }
}

fn is_known(user: &&str) -> bool {
    *user != "Unknown"
}

/// What a node's slurmd measured; nothing before it has said so.
fn measured<T>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, RowError>,
) -> Result<Option<T>, RowError> {
    if text == "N/A" { Ok(None) } else { parse(text).map(Some) }
}

/// A load with two decimals, as Slurm prints it.
fn load_average(text: &str) -> Result<f64, RowError> {
    let (whole, decimals) = text.split_once('.').ok_or(RowError::Number)?;
    number(whole).and(number(decimals))?;
    text.parse().map_err(|_| RowError::Number)
}

fn mebibytes(text: &str) -> Result<u64, RowError> {
    number(text)?.checked_mul(1 << 20).ok_or(RowError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{NodeBase, NodeFlag};

    const GOOD: &str = "w1|throughput|mixed+drain|draining|3/0/1/4|2000|512|900|1.25|10|gpu:a100:2,gpu:1g.5gb:3|\
                        gpu:a100:1(IDX:0),gpu:1g.5gb:0(IDX:N/A)|avx512,rack1|1795549471|root|\
                        edctl:node:disk:full /scratch | 99% \"used\" now";

    #[test]
    fn reads_a_row() {
        let row = NodeRow::parse(GOOD).unwrap();
        assert_eq!(row.node, "w1");
        assert_eq!(row.partition, "throughput");
        assert_eq!((row.state.condition().word(), row.is_in_one_word), ("draining", false));
        assert_eq!(row.cpus, CpuCounts { allocated: 3, idle: 0, other: 1, total: 4 });
        assert_eq!(row.memory_bytes, 2000 << 20);
        assert_eq!(row.allocated_memory_bytes, 512 << 20);
        assert_eq!(row.free_memory_bytes, Some(900 << 20));
        assert_eq!((row.cpu_load, row.weight), (Some(1.25), 10));
        assert_eq!((row.gres.len(), row.gres[1].count), (2, 3));
        assert_eq!((row.allocated_gres.len(), row.allocated_gres[0].count), (2, 1));
        assert_eq!(row.features().collect::<Vec<_>>(), ["avx512", "rack1"]);
        let reason = NodeReason {
            text: "edctl:node:disk:full /scratch | 99% \"used\" now",
            user: Some("root"),
            since: Some(1_795_549_471),
        };
        assert_eq!(row.reason, Some(reason));
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        let bare =
            |rest| format!("w2|p|idle|idle|0/4/0/4|1000|0|N/A|N/A|1|(null)|gpu:0|(null)|{rest}");
        for rest in ["Unknown|Unknown|none", "Unknown|root|none", "Unknown|root|"] {
            let text = bare(rest);
            let row = NodeRow::parse(&text).unwrap();
            assert_eq!(row.reason, None);
            assert_eq!(row.features().count(), 0);
            assert_eq!(row.gres, []);
            assert_eq!((row.free_memory_bytes, row.cpu_load), (None, None));
        }
        let text = bare("Unknown|Unknown|burnt");
        let reason = NodeRow::parse(&text).unwrap().reason;
        assert_eq!(reason, Some(NodeReason { text: "burnt", user: None, since: None }));
    }

    #[test]
    fn takes_the_state_in_one_word_where_there_is_no_other() {
        let row = GOOD.replacen("mixed+drain|draining|", "|draining*|", 1);
        let NodeRow { state, is_in_one_word, .. } = NodeRow::parse(&row).unwrap();
        assert!(is_in_one_word);
        assert_eq!(state.base, Some(NodeBase::Mixed));
        assert_eq!(state.flags().collect::<Vec<_>>(), [NodeFlag::Drain, NodeFlag::NotResponding]);
    }

    #[test]
    fn never_guesses() {
        for (from, to, error) in [
            (GOOD, "", RowError::Fields),
            ("|2000|512|900|", "|", RowError::Fields),
            ("w1|", "|", RowError::Name),
            ("w1|", "w[1-2]|", RowError::Name),
            ("|throughput|", "||", RowError::Name),
            ("mixed+drain|draining", "|", RowError::State),
            ("mixed+drain", "n/a", RowError::State),
            ("3/0/1/4", "3/0/1", RowError::Fields),
            ("3/0/1/4", "3/0/1/4/4", RowError::Fields),
            ("3/0/1/4", "3/0/1/1K", RowError::Number),
            ("|2000|", "|N/A|", RowError::Number),
            ("|2000|", "|2000+|", RowError::Number),
            ("|900|", "|Unknown|", RowError::Number),
            ("|1.25|", "|1.2e5|", RowError::Number),
            ("|1.25|", "|inf|", RowError::Number),
            ("|10|", "|N/A|", RowError::Number),
            ("|2000|", "|18446744073709551615|", RowError::Number),
            ("gpu:a100:2,", "gpu:a100:2,,", RowError::Gres),
            ("(IDX:0)", "(IDX:0", RowError::Gres),
            ("rack1", "ra\u{7}ck", RowError::Name),
            ("1795549471", "yesterday", RowError::Time),
            ("1795549471", "-62135596800", RowError::Time),
        ] {
            let row = GOOD.replacen(from, to, 1);
            assert_eq!(NodeRow::parse(&row), Err(error), "{row}");
        }
    }
}
