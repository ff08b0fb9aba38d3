//! A line of any page.

use crate::lost::{Field, LeftOut, RowError};
use crate::rows::number;

/// A number, and what it is of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sample<'a> {
    /// The name, without the `slurm_` with which each begins.
    pub(super) name: &'a str,
    /// The label's name and value. Slurm has one label or none, and none where its value would be empty.
    pub(super) label: Option<(&'a str, &'a str)>,
    /// All that Slurm prints are whole numbers, and none is negative.
    pub(super) value: Field<u64>,
}

impl<'a> Sample<'a> {
    /// Reads `slurm_user_jobs{username="ada"} 3`; nothing from a comment. Slurm does not escape the
    /// label's value, so that it ends with the line's last quote, whatever it holds.
    pub(super) fn parse(line: &'a str) -> Result<Option<Self>, RowError> {
        if is_comment(line) {
            return Ok(None);
        }
        let (series, value) = line.rsplit_once(' ').ok_or(RowError::Fields)?;
        let (name, label) = match series.split_once('{') {
            Some((name, label)) => (name, Some(parse_label(label)?)),
            None => (series, None),
        };
        let name = name.strip_prefix("slurm_").ok_or(RowError::Unknown)?;
        if !is_word(name) {
            return Err(RowError::Name);
        }
        Ok(Some(Self { name, label, value: number(value) }))
    }

    /// What of it could not be taken.
    pub(super) fn left_out(&self) -> LeftOut {
        let mut left_out = LeftOut::default();
        let _counted = left_out.note(self.value);
        left_out
    }

    /// The label's value, where the label has this name.
    pub(super) fn of(&self, label: &str) -> Option<&'a str> {
        self.label.filter(|(name, _)| *name == label).map(|(_, value)| value)
    }
}

fn is_comment(line: &str) -> bool {
    line == "# EOF" || line.starts_with("# HELP ") || line.starts_with("# TYPE ")
}

fn parse_label(text: &str) -> Result<(&str, &str), RowError> {
    let text = text.strip_suffix("\"}").ok_or(RowError::Fields)?;
    let (name, value) = text.split_once("=\"").ok_or(RowError::Fields)?;
    if !is_word(name) || value.is_empty() {
        return Err(RowError::Name);
    }
    Ok((name, value))
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_number_with_a_label_and_without() {
        let sample = |name, label, value| Ok(Some(Sample { name, label, value: Ok(value) }));
        assert_eq!(Sample::parse("slurm_nodes 3"), sample("nodes", None, 3));
        assert_eq!(
            Sample::parse("slurm_node_cpus{node=\"w1\"} 4"),
            sample("node_cpus", Some(("node", "w1")), 4)
        );
        for comment in ["# HELP slurm_nodes Total number", "# TYPE slurm_nodes gauge", "# EOF"] {
            assert_eq!(Sample::parse(comment), Ok(None), "{comment}");
        }
    }

    #[test]
    fn a_name_that_looks_like_a_series_is_a_name() {
        for name in [
            "a b",
            "a\"b",
            "a\\\"b",
            "a{b}",
            "a\",username=\"root",
            "x\"} 7",
            "x\"} 7\"} 8",
            "slurm_user_jobs{username=\"root\"} 9",
            "ü",
            "w\t1",
        ] {
            let line = format!("slurm_user_jobs{{username=\"{name}\"}} 3");
            let sample = Sample::parse(&line).unwrap().unwrap();
            assert_eq!(sample.of("username"), Some(name), "{line}");
            assert_eq!((sample.name, sample.value), ("user_jobs", Ok(3)), "{line}");
        }
    }

    #[test]
    fn refuses_what_is_no_line() {
        for (line, error) in [
            ("", RowError::Fields),
            ("slurm_nodes", RowError::Fields),
            ("nodes 1", RowError::Unknown),
            ("#slurm_nodes 1", RowError::Unknown),
            ("slurm_ 1", RowError::Name),
            ("slurm_Nodes 1", RowError::Name),
            ("slurm_nodes 1 2", RowError::Name),
            ("slurm_node_cpus{node=\"w1\"}4", RowError::Fields),
            ("slurm_node_cpus{node=\"w1\" 4", RowError::Fields),
            ("slurm_node_cpus{node=w1} 4", RowError::Fields),
            ("slurm_node_cpus{} 4", RowError::Fields),
            ("slurm_node_cpus{node=\"\"} 4", RowError::Name),
            ("slurm_node_cpus{=\"w1\"} 4", RowError::Name),
        ] {
            assert_eq!(Sample::parse(line), Err(error), "{line}");
        }
    }
    #[test]
    fn an_odd_number_leaves_what_it_is_of() {
        for value in ["", "NaN", "-1", "1.5", "18446744073709551616", "(null)"] {
            let line = format!("slurm_node_cpus{{node=\"w1\"}} {value}");
            let sample = Sample::parse(&line).unwrap().unwrap();
            assert_eq!((sample.name, sample.of("node")), ("node_cpus", Some("w1")), "{line}");
            assert_eq!(sample.value, Err(RowError::Number), "{line}");
            assert_eq!(sample.left_out().total(), 1, "{line}");
        }
    }
}
