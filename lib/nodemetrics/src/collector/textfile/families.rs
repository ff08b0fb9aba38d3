//! A file's families, of its lines.

use std::collections::{HashMap, HashSet};

use edctl_exposition::Kind;

use crate::collector::textfile::family::{FileFamily, FileSample};
use crate::collector::textfile::line::{Line, Wrong};
use crate::collector::textfile::{distribution, line};

/// An error and its line.
pub(super) type WrongAt = (usize, Wrong);

/// The families that have samples, and the lines that are left out. An error, of more than `most` families and
/// samples, is the whole file's.
pub(super) fn parse(text: &str, most: usize) -> Result<(Vec<FileFamily>, Vec<WrongAt>), WrongAt> {
    let mut reader = Reader { left: most, ..Reader::default() };
    let mut wrong = Vec::new();
    let mut rest = text;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let is_cut = line.len() == rest.len() && !line.trim().is_empty();
        // What could be the half of a number is not taken for one.
        let said = match is_cut {
            true => Err(Wrong::new("the end of the last line", line)),
            false => line::parse(line),
        };
        match said.and_then(|said| reader.take(said, number)) {
            Ok(()) => {}
            Err(why) if reader.is_full => return Err((number, why)),
            Err(why) => wrong.push((number, why)),
        }
        rest = after;
    }
    let mut families = reader.families;
    families.retain(|family| !family.samples.is_empty());
    wrong.extend(families.iter_mut().flat_map(drop_twice));
    for family in families.iter_mut().filter(|family| family.kind().has_parts()) {
        distribution::order(family);
    }
    Ok((families, wrong))
}

/// Keeps the first of those samples that stand twice.
fn drop_twice(family: &mut FileFamily) -> Vec<WrongAt> {
    let mut seen = HashSet::with_capacity(family.samples.len());
    let is_first = |sample: &FileSample| seen.insert((sample.part, sorted(&sample.labels)));
    let first: Vec<bool> = family.samples.iter().map(is_first).collect();
    let mut is_first = first.into_iter();
    let mut twice = Vec::new();
    family.samples.retain(|sample| {
        let keeps = is_first.next().unwrap_or(true);
        if !keeps {
            twice.push((sample.line, Wrong::new("each series once", &family.name)));
        }
        keeps
    });
    twice
}

fn sorted(labels: &[(String, String)]) -> Vec<(String, String)> {
    let mut labels = labels.to_vec();
    labels.sort_unstable();
    labels
}

#[derive(Default)]
struct Reader {
    families: Vec<FileFamily>,
    places: HashMap<String, usize>,
    /// How many families and samples there may still be.
    left: usize,
    is_full: bool,
}

impl Reader {
    fn take(&mut self, said: Line<'_>, line: usize) -> Result<(), Wrong> {
        match said {
            Line::Comment => Ok(()),
            Line::Help { name, help } => {
                let family = self.family(&name, line)?.0;
                if family.help.is_some() {
                    return Err(Wrong::new("one HELP for a family", &name));
                }
                family.help = Some(help);
                Ok(())
            }
            Line::Type { name, kind } => {
                let family = self.family(&name, line)?.0;
                if family.kind.is_some() {
                    return Err(Wrong::new("one TYPE for a family, before its samples", &name));
                }
                family.kind = Some(kind);
                Ok(())
            }
            Line::Sample { name, labels, value } => {
                self.count(&name)?;
                let (family, part) = self.family(&name, line)?;
                let kind = *family.kind.get_or_insert(Kind::Unknown);
                let labels = distribution::checked(kind, part, labels)?;
                family.samples.push(FileSample { part, labels, value, line });
                Ok(())
            }
        }
    }

    /// The family of a name, and which part of it has that name.
    fn family(
        &mut self,
        name: &str,
        line: usize,
    ) -> Result<(&mut FileFamily, &'static str), Wrong> {
        let known = self.known(name);
        let (place, part) = known.unwrap_or((self.families.len(), ""));
        if known.is_none() {
            self.count(name)?;
            let (name, samples) = (name.to_owned(), Vec::new());
            self.places.insert(name.clone(), place);
            self.families.push(FileFamily { name, help: None, kind: None, line, samples });
        }
        Ok((&mut self.families[place], part))
    }

    fn count(&mut self, name: &str) -> Result<(), Wrong> {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => {
                self.is_full = true;
                return Err(Wrong::new("fewer families and samples", name));
            }
        }
        Ok(())
    }

    fn known(&self, name: &str) -> Option<(usize, &'static str)> {
        let whole = self.places.get(name).map(|place| (*place, ""));
        let of_part = |part: &'static str| {
            let place = *self.places.get(name.strip_suffix(part)?)?;
            let kind = self.families[place].kind?;
            distribution::has(kind, part).then_some((place, part))
        };
        whole.or_else(|| distribution::PARTS.into_iter().find_map(of_part))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 1000;

    fn shown(text: &str) -> String {
        let (families, wrong) = parse(text, MOST).unwrap();
        let mut lines: Vec<String> = Vec::new();
        for family in families {
            lines.push(format!("{} {:?} {:?}", family.name, family.kind(), family.help));
            for FileSample { part, labels, value, .. } in family.samples {
                let labels: Vec<String> =
                    labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                lines.push(format!("  {part}[{}] {value:?}", labels.join(",")));
            }
        }
        lines.extend(wrong.iter().map(|(line, wrong)| format!("line {line}: {wrong}")));
        lines.join("\n")
    }

    #[test]
    fn families_in_the_order_of_their_lines() {
        let text = "# HELP raid_state Of a drive.\n\
                    # TYPE raid_state gauge\n\
                    raid_state{drive=\"0\"} 1\n\
                    \n\
                    # TYPE empty gauge\n\
                    # ours\n\
                    backup_size 5.5\n\
                    raid_state{drive=\"1\"} 0\n\
                    raid_state{drive=\"0\"} 2\n";
        let expected = "raid_state Gauge Some(\"Of a drive.\")\n  [drive=0] U64(1)\n  \
                        [drive=1] U64(0)\nbackup_size Unknown None\n  [] F64(5.5)\n\
                        line 9: expected each series once, not \"raid_state\"";
        assert_eq!(shown(text), expected);
        assert_eq!(shown(""), "");
        assert_eq!(shown("\n \n\t"), "");
    }

    #[test]
    fn a_distribution_is_one_family_with_its_parts_in_order() {
        let text = "# TYPE wait_seconds histogram\n\
                    wait_seconds_sum{q=\"a\"} 12.5\n\
                    wait_seconds_count{q=\"a\"} 9\n\
                    wait_seconds_bucket{q=\"a\",le=\"1000000.0\"} 8\n\
                    wait_seconds_bucket{le=\"0.5\",q=\"b\"} 1\n\
                    wait_seconds_bucket{q=\"a\",le=\"+Inf\"} 9\n\
                    wait_seconds_bucket{q=\"a\",le=\"2\"} 4\n\
                    # TYPE size summary\n\
                    size{quantile=\"0.50\"} 3\n\
                    size_count 2\n\
                    size_bucket 7\n";
        let expected = "wait_seconds Histogram None\n  _bucket[q=a,le=2] U64(4)\n  \
                        _bucket[q=a,le=1e+06] U64(8)\n  _bucket[q=a,le=+Inf] U64(9)\n  \
                        _sum[q=a] F64(12.5)\n  _count[q=a] U64(9)\n  _bucket[q=b,le=0.5] U64(1)\n\
                        size Summary None\n  [quantile=0.5] U64(3)\n  _count[] U64(2)\n\
                        size_bucket Unknown None\n  [] U64(7)";
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn an_error_has_its_line() {
        for (text, line, expected) in [
            ("up 1\nup 2 3\n", 2, "expected no time behind the value"),
            ("up 1\nup{a=\"b\"} 1", 2, "expected the end of the last line"),
            ("up 1\n# TYPE up", 2, "expected the end of the last line"),
            ("# HELP up x\n# HELP up x\n", 2, "expected one HELP"),
            ("up 1\n# TYPE up gauge\n", 2, "expected one TYPE for a family, before"),
            ("# TYPE w histogram\nw 1\n", 2, "expected _bucket, _count or _sum"),
            ("# TYPE w histogram\nw_bucket 1\n", 2, "expected a bucket's bound"),
            ("# TYPE w histogram\nw_bucket{le=\"x\"} 1\n", 2, "expected a bucket's bound"),
            ("# TYPE w summary\n\nw 1\n", 3, "expected a quantile"),
        ] {
            let content = format!("good 1\n{text}");
            let (families, wrong) = parse(&content, MOST).unwrap();
            assert_eq!(families[0].name, "good", "{text:?}");
            let (at, wrong) = &wrong[0];
            assert!(wrong.to_string().starts_with(expected), "{text:?}: {wrong}");
            assert_eq!(*at, line + 1, "{text:?}");
        }
    }

    #[test]
    fn a_file_of_many_names_ends_at_the_limit() {
        let text: String = (0..60).map(|n| format!("# HELP a{n} x\n")).collect();
        assert_eq!(parse(&text, 50).unwrap_err().0, 51);
        assert_eq!(parse(&"a 1\n".repeat(60), 50).unwrap_err().0, 50);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(
            lines in prop::collection::vec(
                "(# TYPE |# HELP )?[ab](_sum|_count|_bucket)?(\\{(le|quantile)=\"[1-3.Ia]{1,2}\"\\})?\
                 ( (gauge|histogram|summary|1|NaN))?",
                0..12,
            ),
        ) {
            let _ = parse(&(lines.join("\n") + "\n"), MOST);
        }
    }
}
