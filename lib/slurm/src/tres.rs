//! Trackable resources of a job, as squeue's `tres-alloc` and slurmrestd's `tres_alloc_str` list them:
//! `cpu=2,mem=1500M,node=1,billing=2,gres/gpu=1,gres/gpu:a100=1`.

use crate::rows::{RowError, number};

/// What a job has or, while it waits, asks for; nothing where Slurm does not say.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct JobTres {
    /// Memory on all its nodes together.
    pub memory_bytes: Option<u64>,
    /// Nodes.
    pub nodes: Option<u64>,
    /// GPUs of all types, where the site's AccountingStorageTRES has `gres/gpu`.
    pub gpus: Option<u64>,
}

impl JobTres {
    /// Reads a list.
    ///
    /// # Errors
    /// [`RowError::Number`] for an amount that is none; a resource of a name not known here is passed over.
    pub fn parse(text: &str) -> Result<Self, RowError> {
        let mut tres = Self::default();
        if matches!(text, "" | "N/A" | "(null)") {
            return Ok(tres);
        }
        for resource in text.split(',') {
            let (name, amount) = resource.split_once('=').ok_or(RowError::Number)?;
            match name {
                "mem" => tres.memory_bytes = Some(memory_bytes(amount)?),
                "node" => tres.nodes = Some(number(amount)?),
                "gres/gpu" => tres.gpus = Some(number(amount)?),
                _ => {}
            }
        }
        Ok(tres)
    }
}

/// Bytes of `300M`, or `1.50G` as releases before 22.05 round it; without a unit they are MiB.
fn memory_bytes(text: &str) -> Result<u64, RowError> {
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
        let all = JobTres { memory_bytes: Some(1500 << 20), nodes: Some(2), gpus: Some(3) };
        let text = "cpu=2,mem=1500M,node=2,billing=2,gres/gpu=3,gres/gpu:a100=1,license/vcs=1";
        assert_eq!(JobTres::parse(text), Ok(all));
        for text in ["", "N/A", "(null)", "cpu=4"] {
            assert_eq!(JobTres::parse(text), Ok(JobTres::default()), "{text}");
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
    fn never_guesses() {
        for text in ["cpu", "cpu=1,", "mem=many", "node=1K", "gres/gpu=", "node=1,,mem=1M"] {
            assert_eq!(JobTres::parse(text), Err(RowError::Number), "{text}");
        }
    }
}
