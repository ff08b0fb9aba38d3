//! Trackable resources of a job, as squeue's `tres-alloc` and slurmrestd's `tres_alloc_str` list them:
//! `cpu=2,mem=1500M,node=1,billing=2,gres/gpu=1,gres/gpu:a100=1`.

use crate::lost::{Field, RowError};
use crate::rows::number;

/// What a job has or, while it waits, asks for; nothing where Slurm does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobTres {
    /// Memory on all its nodes together.
    pub memory_bytes: Field<Option<u64>>,
    /// Nodes.
    pub nodes: Field<Option<u64>>,
    /// GPUs of all types: the amount of `gres/gpu` or, where a site's AccountingStorageTRES has types such as
    /// `gres/gpu:a100` alone, the sum of these.
    pub gpus: Field<Option<u64>>,
}

impl Default for JobTres {
    fn default() -> Self {
        Self { memory_bytes: Ok(None), nodes: Ok(None), gpus: Ok(None) }
    }
}

impl JobTres {
    /// Reads a list; a resource of a name not known here is passed over.
    pub fn parse(text: &str) -> Self {
        let mut tres = Self::default();
        if matches!(text, "" | "N/A" | "(null)") {
            return tres;
        }
        let mut gpus_of_types = Ok(None);
        for resource in text.split(',') {
            let (name, amount) = resource.split_once('=').unwrap_or((resource, ""));
            match name {
                "mem" => tres.memory_bytes = memory_bytes(amount).map(Some),
                "node" => tres.nodes = number(amount).map(Some),
                "gres/gpu" => tres.gpus = number(amount).map(Some),
                _ if name.starts_with("gres/gpu:") => {
                    gpus_of_types = sum(gpus_of_types, number(amount));
                }
                _ if name == resource => return Self::unread(RowError::Number),
                _ => {}
            }
        }
        if tres.gpus == Ok(None) {
            tres.gpus = gpus_of_types;
        }
        tres
    }

    /// What is known where the list cannot be read: nothing.
    pub(crate) fn unread(error: RowError) -> Self {
        let unread = Err(error);
        Self { memory_bytes: unread, nodes: unread, gpus: unread }
    }

    /// Whether all of it could be read.
    ///
    /// # Errors
    /// Says why not.
    pub fn check(&self) -> Result<(), RowError> {
        self.memory_bytes.and(self.nodes).and(self.gpus).map(|_| ())
    }
}

fn sum(so_far: Field<Option<u64>>, more: Field<u64>) -> Field<Option<u64>> {
    so_far?.unwrap_or(0).checked_add(more?).map(Some).ok_or(RowError::Number)
}

/// Bytes of `300M`, or `1.50G` as releases before 22.05 round it; without a unit they are MiB.
fn memory_bytes(text: &str) -> Field<u64> {
    const UNITS: &[(char, u32)] = &[('K', 10), ('M', 20), ('G', 30), ('T', 40), ('P', 50)];
    let unit = UNITS.iter().find(|(letter, _)| text.ends_with(*letter));
    let (amount, shift) = match unit {
        Some((letter, shift)) => (text.trim_end_matches(*letter), *shift),
        None => (text, 20),
    };
    let (whole, hundredths) = match amount.split_once('.') {
        Some((whole, digits)) if digits.len() == 2 => (number(whole)?, number(digits)?),
        Some(_) => return Err(RowError::Number),
        None => (number(amount)?, 0),
    };
    let bytes = whole.checked_mul(1 << shift).ok_or(RowError::Number)?;
    bytes.checked_add((hundredths << shift) / 100).ok_or(RowError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_slurm_lists() {
        let (memory_bytes, nodes) = (Ok(Some(1500 << 20)), Ok(Some(2)));
        let text = "cpu=2,mem=1500M,node=2,billing=2,gres/gpu=3,gres/gpu:a100=1,license/vcs=1";
        let all = JobTres { memory_bytes, nodes, gpus: Ok(Some(3)) };
        assert_eq!((JobTres::parse(text), all.check()), (all, Ok(())));
        for text in ["", "N/A", "(null)", "cpu=4"] {
            assert_eq!(JobTres::parse(text), JobTres::default(), "{text}");
        }
    }

    #[test]
    fn gpus_are_the_sum_of_their_types_where_there_is_no_total() {
        for (text, gpus) in [
            ("gres/gpu:a100=2", Ok(Some(2))),
            ("gres/gpu:a100=2,node=1,gres/gpu:1g.5gb=3,gres/mps:a100=9", Ok(Some(5))),
            ("gres/gpu:a100=2,gres/gpu=4", Ok(Some(4))),
            ("gres/gpu=4,gres/gpu:a100=x", Ok(Some(4))),
            ("gres/gpu=x,gres/gpu:a100=2", Err(RowError::Number)),
            ("gres/gpu:a100=2,gres/gpu:t4=-1", Err(RowError::Number)),
            ("gres/gpu:a=1,gres/gpu:b=18446744073709551615", Err(RowError::Number)),
            ("gres/gpus=2,gres/shard=7", Ok(None)),
        ] {
            assert_eq!(JobTres::parse(text).gpus, gpus, "{text}");
        }
    }

    #[test]
    fn memory_has_units() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("300", Some(300 << 20)),
            ("4096K", Some(4 << 20)),
            ("62.50G", Some(125 << 29)),
            ("2T", Some(2 << 40)),
            ("", None),
            ("G", None),
            ("MM", None),
            ("1.5G", None),
            ("-1M", None),
            ("16384P", None),
            ("18446744073709551615", None),
        ] {
            assert_eq!(memory_bytes(text).ok(), bytes, "{text}");
        }
    }

    #[test]
    fn one_odd_amount_costs_itself_alone() {
        let good = JobTres::parse("mem=1M,node=1,gres/gpu=1");
        let odd = Err(RowError::Number);
        for (text, tres) in [
            ("mem=many,node=1,gres/gpu=1", JobTres { memory_bytes: odd, ..good }),
            ("mem=1M,node=1K,gres/gpu=1", JobTres { nodes: odd, ..good }),
            ("mem=1M,node,gres/gpu=1", JobTres { nodes: odd, ..good }),
            ("mem=1M,node=1,gres/gpu=", JobTres { gpus: odd, ..good }),
            ("mem=1M,node=1,gres/gpu=1,cpu=x", good),
        ] {
            assert_eq!(JobTres::parse(text), tres, "{text}");
        }
        for text in ["7", "cpu=1,", "node=1,,mem=1M", "much"] {
            assert_eq!(JobTres::parse(text), JobTres::unread(RowError::Number), "{text}");
            assert_eq!(JobTres::parse(text).check(), odd.map(|_: Option<u64>| ()), "{text}");
        }
    }
}
