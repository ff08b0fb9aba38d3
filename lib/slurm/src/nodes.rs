//! Rows of [`crate::commands::NODES`]: one for each node and partition.

use crate::cpus::CpuCounts;
use crate::gres::GresList;
use crate::lost::{Field, LeftOut, RowError};
use crate::rows::{fields, keeps_frame, name, number, optional_word, time};
use crate::state::NodeState;

/// A node as a member of one of its partitions.
#[derive(Debug, PartialEq)]
pub struct NodeRow<'a> {
    /// The node's name in slurm.conf.
    pub node: &'a str,
    /// One of its partitions; nothing where it is in none.
    pub partition: Field<Option<&'a str>>,
    /// Base state and flags; what of them cannot be read is `Other`.
    pub state: NodeState,
    /// Whether Slurm told the state in one word, which hides flags, and some base states: 20.11 does.
    pub is_in_one_word: bool,
    /// Its CPUs.
    pub cpus: CpuCounts<Field<u64>>,
    /// Memory that Slurm may give to jobs.
    pub memory_bytes: Field<u64>,
    /// Memory that Slurm has given to jobs.
    pub allocated_memory_bytes: Field<u64>,
    /// Memory that its kernel calls free; nothing where it does not answer.
    pub free_memory_bytes: Field<Option<u64>>,
    /// Its load average over five minutes; nothing where it does not answer.
    pub cpu_load: Field<Option<f64>>,
    /// How late Slurm chooses it for jobs.
    pub weight: Field<u64>,
    /// Its generic resources.
    pub gres: GresList<'a>,
    /// What of them jobs have.
    pub allocated_gres: GresList<'a>,
    /// Why it is down or drained, if somebody said so.
    pub reason: Option<NodeReason<'a>>,
    /// What of the row could not be taken.
    pub left_out: LeftOut,
    pub(crate) features: Field<&'a str>,
}

/// Why a node is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeReason<'a> {
    /// Any text.
    pub text: &'a str,
    /// The name of the user who wrote it.
    pub user: Option<&'a str>,
    /// When, in seconds since the epoch.
    pub since: Field<Option<u32>>,
}

impl<'a> NodeRow<'a> {
    /// Reads one row.
    ///
    /// # Errors
    /// Says why it is no row: it has too few fields, too many that are odd, or no name.
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
        let (mut state, is_state) =
            NodeState::read(if is_in_one_word { long_state } else { complete_state });
        let mut left_out = LeftOut::default();
        let _counted = left_out.note(is_state);
        let cpus = CpuCounts::parse(cpus);
        let _counted = left_out.note(cpus.check());
        state.learn_from(&cpus);
        let (gres, allocated_gres) = (GresList::parse(gres), GresList::parse(allocated_gres));
        let _counted = (left_out.note(gres.check()), left_out.note(allocated_gres.check()));
        let text = Some(text.trim()).filter(|text| !matches!(*text, "" | "none" | "(null)"));
        let (since, user) = (left_out.note(time(since)), optional_word(user).filter(is_known));
        let row = Self {
            node: name(node)?,
            partition: left_out.note(optional_word(partition).map(name).transpose()),
            state,
            is_in_one_word,
            cpus,
            memory_bytes: left_out.note(mebibytes(memory)),
            allocated_memory_bytes: left_out.note(mebibytes(allocated_memory)),
            free_memory_bytes: left_out.note(measured(free_memory, mebibytes)),
            cpu_load: left_out.note(measured(load, load_average)),
            weight: left_out.note(number(weight)),
            gres,
            allocated_gres,
            // Without a reason Slurm shows root as its author.
            reason: text.map(|text| NodeReason { text, user, since }),
            features: Ok(optional_word(features).unwrap_or_default()),
            left_out,
        };
        keeps_frame(&row.left_out).map(|()| row)
    }

    /// Its active features; none where they cannot be read.
    pub fn features(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.features.unwrap_or_default().split(',').filter(|feature| !feature.is_empty())
    }

    /// Whether its active features cannot be read.
    pub fn lacks_features(&self) -> bool {
        self.features.is_err()
    }
}

fn is_known(user: &&str) -> bool {
    *user != "Unknown"
}

/// What a node's slurmd measured; nothing before it has said so.
fn measured<T>(text: &str, parse: impl FnOnce(&str) -> Field<T>) -> Field<Option<T>> {
    if text == "N/A" { Ok(None) } else { parse(text).map(Some) }
}

/// A load with two decimals, as Slurm prints it.
fn load_average(text: &str) -> Field<f64> {
    let (whole, decimals) = text.split_once('.').ok_or(RowError::Number)?;
    number(whole).and(number(decimals))?;
    text.parse().map_err(|_| RowError::Number)
}

fn mebibytes(text: &str) -> Field<u64> {
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
        assert_eq!(row.partition, Ok(Some("throughput")));
        assert_eq!((row.state.condition().word(), row.is_in_one_word), ("draining", false));
        assert_eq!(row.cpus, CpuCounts { allocated: 3, idle: 0, other: 1, total: 4 }.map(Ok));
        assert_eq!(row.memory_bytes, Ok(2000 << 20));
        assert_eq!(row.allocated_memory_bytes, Ok(512 << 20));
        assert_eq!(row.free_memory_bytes, Ok(Some(900 << 20)));
        assert_eq!((row.cpu_load, row.weight), (Ok(Some(1.25)), Ok(10)));
        assert_eq!((row.gres.known.len(), row.gres.known[1].count), (2, Ok(3)));
        assert_eq!((row.allocated_gres.known.len(), row.allocated_gres.known[0].count), (2, Ok(1)));
        assert_eq!(row.left_out, LeftOut::default());
        assert_eq!(row.features().collect::<Vec<_>>(), ["avx512", "rack1"]);
        let reason = NodeReason {
            text: "edctl:node:disk:full /scratch | 99% \"used\" now",
            user: Some("root"),
            since: Ok(Some(1_795_549_471)),
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
            assert_eq!(row.gres, GresList::default());
            assert_eq!((row.free_memory_bytes, row.cpu_load), (Ok(None), Ok(None)));
        }
        let text = bare("Unknown|Unknown|burnt");
        let reason = NodeRow::parse(&text).unwrap().reason;
        assert_eq!(reason, Some(NodeReason { text: "burnt", user: None, since: Ok(None) }));
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
    fn one_odd_field_costs_itself_alone() {
        let good = NodeRow::parse(GOOD).unwrap();
        for (from, to, error) in [
            ("|throughput|", "|(a)|", RowError::Name),
            ("mixed+drain|draining", "|", RowError::State),
            ("mixed+drain", "n/a", RowError::State),
            ("mixed+drain", "m\u{fffd}xed", RowError::State),
            ("3/0/1/4", "3/0/1", RowError::Fields),
            ("3/0/1/4", "3/0/1/4/4", RowError::Fields),
            ("3/0/1/4", "3/0/1/1K", RowError::Number),
            ("3/0/1/4", "3/0/-1/4", RowError::Number),
            ("|2000|", "|N/A|", RowError::Number),
            ("|2000|", "|2000+|", RowError::Number),
            ("|900|", "|Unknown|", RowError::Number),
            ("|1.25|", "|1.2e5|", RowError::Number),
            ("|1.25|", "|inf|", RowError::Number),
            ("|10|", "|N/A|", RowError::Number),
            ("|2000|", "|18446744073709551615|", RowError::Number),
            ("gpu:a100:2,", "gpu:a100:2,,", RowError::Gres),
            ("(IDX:0)", "(IDX:0", RowError::Gres),
            ("1795549471", "yesterday", RowError::Time),
            ("1795549471", "-62135596800", RowError::Time),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let row = NodeRow::parse(&text).unwrap();
            assert_eq!(row.left_out.iter().collect::<Vec<_>>(), [(error, 1)], "{text}");
            let same = [
                row.memory_bytes == good.memory_bytes,
                row.free_memory_bytes == good.free_memory_bytes,
                row.allocated_memory_bytes == good.allocated_memory_bytes,
                row.cpus == good.cpus,
                row.cpu_load == good.cpu_load,
                row.weight == good.weight,
                row.gres == good.gres,
                row.allocated_gres == good.allocated_gres,
                row.state == good.state,
                row.partition == good.partition,
                row.reason == good.reason,
            ];
            assert_eq!(same.iter().filter(|same| !**same).count(), 1, "{text}: {same:?}");
        }
        let text = GOOD.replacen("|throughput|", "||", 1);
        assert_eq!(
            NodeRow::parse(&text).map(|row| (row.partition, row.left_out.total())),
            Ok((Ok(None), 0))
        );
    }

    #[test]
    fn a_row_that_lost_its_frame_is_given_up() {
        for (from, to, error) in [
            (GOOD, "", RowError::Fields),
            ("|2000|512|900|", "|", RowError::Fields),
            ("w1|", "|", RowError::Name),
            ("w1|", "w[1-2]|", RowError::Name),
            ("|throughput|", "|through|put|", RowError::Fields),
        ] {
            let row = GOOD.replacen(from, to, 1);
            assert_eq!(NodeRow::parse(&row), Err(error), "{row}");
        }
    }
}
