//! Names of nodes as Slurm shortens them: `w[1-3,07],login1`.

use std::collections::{BTreeMap, BTreeSet};

/// Most names that one list may stand for.
const MOST_NAMES: usize = 100_000;

/// Longest name that a list may stand for. No host has a longer one.
const MOST_NAME_BYTES: usize = 255;

/// The names that a list stands for. Nothing where it is no such list, or stands for more or longer names
/// than those of any cluster's nodes.
pub fn node_names(list: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for part in split(list)? {
        let with_these = expand(part, MOST_NAMES.checked_sub(names.len())?)?;
        names.extend(with_these);
    }
    Some(names)
}

/// The names as Slurm shortens them, in texts of at most about `most_bytes` each. Each name stands in one of them.
pub fn fold_names<'a>(names: impl IntoIterator<Item = &'a str>, most_bytes: usize) -> Vec<String> {
    // Numbers of one length below what stands before them: `w08` and `w8` are two names.
    let mut numbered: BTreeMap<(&str, usize), BTreeSet<u64>> = BTreeMap::new();
    let mut parts = BTreeSet::new();
    for name in names {
        let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count().min(15);
        let (before, digits) = name.split_at(name.len() - digits);
        match digits.parse() {
            Ok(number) => drop(numbered.entry((before, digits.len())).or_default().insert(number)),
            Err(_) => drop(parts.insert(name.to_owned())),
        }
    }
    for ((before, width), numbers) in numbered {
        for ranges in ranges(&numbers, width, most_bytes) {
            parts.insert(match ranges.contains([',', '-']) {
                true => format!("{before}[{ranges}]"),
                false => format!("{before}{ranges}"),
            });
        }
    }
    let mut texts: Vec<String> = Vec::new();
    for part in parts {
        match texts.last_mut() {
            Some(text) if text.len() + 1 + part.len() <= most_bytes => {
                text.push(',');
                text.push_str(&part);
            }
            _ => texts.push(part),
        }
    }
    texts
}

/// `08-11,15`, begun anew where it would be longer than `most_bytes`.
fn ranges(numbers: &BTreeSet<u64>, width: usize, most_bytes: usize) -> Vec<String> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let mut texts: Vec<String> = Vec::new();
    for (first, last) in runs {
        let run = match first == last {
            true => format!("{first:0width$}"),
            false => format!("{first:0width$}-{last:0width$}"),
        };
        match texts.last_mut() {
            Some(text) if text.len() + run.len() < most_bytes => {
                text.push(',');
                text.push_str(&run);
            }
            _ => texts.push(run),
        }
    }
    texts
}

/// Splits at the commas that are not in brackets.
fn split(list: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut is_within, mut begin) = (false, 0);
    for (place, byte) in list.bytes().enumerate() {
        match byte {
            b'[' if is_within => return None,
            b'[' => is_within = true,
            b']' if !is_within => return None,
            b']' => is_within = false,
            b',' if !is_within => {
                parts.push(&list[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[begin..]);
    (!is_within).then_some(parts)
}

/// The names of `rack[1-2]node[01-16]`, at most `most` of them.
fn expand(part: &str, most: usize) -> Option<Vec<String>> {
    let Some((before, rest)) = part.split_once('[') else {
        let is_name = !part.is_empty() && part.len() <= MOST_NAME_BYTES && most > 0;
        return is_name.then(|| vec![part.to_owned()]);
    };
    let (ranges, after) = rest.split_once(']')?;
    let afters = if after.is_empty() { vec![String::new()] } else { expand(after, most)? };
    let mut names = Vec::new();
    for range in ranges.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (width, first, last) = (first.len(), number(first)?, number(last)?);
        for number in first..=last {
            for after in &afters {
                let bytes = before.len() + width.max(1) + after.len();
                if names.len() == most || bytes > MOST_NAME_BYTES {
                    return None;
                }
                names.push(format!("{before}{number:0width$}{after}"));
            }
        }
    }
    Some(names)
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stand_for_names() {
        for (list, wanted) in [
            ("w1", vec!["w1"]),
            ("w1,login-2", vec!["w1", "login-2"]),
            ("w[1-3,7],x", vec!["w1", "w2", "w3", "w7", "x"]),
            ("w[08-11]", vec!["w08", "w09", "w10", "w11"]),
            ("w[5-4]", vec![]),
            ("r[1-2]n[1-2]-ib", vec!["r1n1-ib", "r1n2-ib", "r2n1-ib", "r2n2-ib"]),
        ] {
            assert_eq!(node_names(list).unwrap(), wanted, "{list}");
        }
    }

    #[test]
    fn names_fold_to_lists_that_stand_for_them() {
        let names = ["w1", "w2", "w3", "w7", "login", "w08", "w09", "r1n1-ib", "w10"];
        assert_eq!(fold_names(names, 4000), ["login,r1n1-ib,w[08-10],w[1-3,7]"]);
        assert_eq!(fold_names(["w10", "w9", "w08"], 4000), ["w9,w[08,10]"]);
        assert_eq!(fold_names([], 4000), Vec::<String>::new());
        let many: Vec<String> = (0..5000).map(|n| format!("node{:04}", n * 2)).collect();
        let lists = fold_names(many.iter().map(String::as_str), 4000);
        assert!(lists.len() > 1 && lists.iter().all(|list| list.len() <= 4020), "{lists:?}");
        let mut back: Vec<String> =
            lists.iter().flat_map(|list| node_names(list).unwrap()).collect();
        back.sort();
        assert_eq!(back, many);
    }

    #[test]
    fn what_is_no_list_or_without_end_is_nothing() {
        for list in [
            "",
            "a,,b",
            "w[1-",
            "w]1[",
            "w[[1]]",
            "w[a-b]",
            "w[1-2-3]",
            "w[]",
            "w[-1]",
            "w[0-18446744073709551615]",
            "w[1-100001]",
            "w[1-1000]x[1-1000]",
            "a[1-99999],b[1-2]",
        ] {
            assert_eq!(node_names(list), None, "{list}");
        }
        for long in [format!("w[1-2]{}", "x".repeat(254)), format!("w[{}1-2]", "0".repeat(254))] {
            assert_eq!(node_names(&long), None, "{long}");
        }
    }
}
