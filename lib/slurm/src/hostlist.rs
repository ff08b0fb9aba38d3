//! Slurm's hostlists: `rack[0-1]n[08-11],ctl` and back.

use std::collections::BTreeMap;

/// Why an expression was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostlistError {
    /// It does not follow the grammar.
    #[error("not a hostlist")]
    Syntax,
    /// It stands for more names than the caller will have.
    #[error("more than {0} names")]
    TooMany(usize),
}

/// The names that `expression` stands for, in its order, at most `limit` of them: `n[1-999999999]`
/// is a short text.
pub fn expand(expression: &str, limit: usize) -> Result<Vec<String>, HostlistError> {
    let mut names = Vec::new();
    if expression.is_empty() {
        return Ok(names);
    }
    for item in split_outside_brackets(expression)? {
        let mut heads = vec![String::new()];
        let mut rest = item;
        while let Some((literal, after)) = rest.split_once('[') {
            let (list, after) = after.split_once(']').ok_or(HostlistError::Syntax)?;
            let numbers = expand_numbers(list, limit)?;
            if heads.len().saturating_mul(numbers.len()) > limit {
                return Err(HostlistError::TooMany(limit));
            }
            heads = heads
                .iter()
                .flat_map(|head| numbers.iter().map(move |n| format!("{head}{literal}{n}")))
                .collect();
            rest = after;
        }
        if item.is_empty() || rest.contains(']') {
            return Err(HostlistError::Syntax);
        }
        names.extend(heads.into_iter().map(|head| head + rest));
        if names.len() > limit {
            return Err(HostlistError::TooMany(limit));
        }
    }
    Ok(names)
}

/// The shortest hostlist of `names`, sorted and each once; numbers at the end of a name fold.
pub fn fold<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    // By the text before the number; within it by length first, so that 9 stands before 10.
    let mut groups: BTreeMap<&str, Vec<(usize, u64)>> = BTreeMap::new();
    for name in names {
        let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        match name[name.len() - digits..].parse() {
            Ok(number) => {
                groups.entry(&name[..name.len() - digits]).or_default().push((digits, number));
            }
            // No number, or one that no computer counts to: the name stands as it is.
            Err(_) => groups.entry(name).or_default().push((0, 0)),
        }
    }
    let items: Vec<String> = groups
        .into_iter()
        .flat_map(|(prefix, mut numbers)| {
            numbers.sort_unstable();
            numbers.dedup();
            let plain = numbers.first() == Some(&(0, 0));
            let ranges = fold_numbers(&numbers[usize::from(plain)..]);
            let folded = match (ranges.as_slice(), numbers.len() - usize::from(plain)) {
                ([], _) => None,
                ([one], 1) => Some(format!("{prefix}{one}")),
                (ranges, _) => Some(format!("{prefix}[{}]", ranges.join(","))),
            };
            plain.then(|| prefix.to_owned()).into_iter().chain(folded)
        })
        .collect();
    items.join(",")
}

/// Ranges over (digits, number) pairs that are sorted and each once.
fn fold_numbers(numbers: &[(usize, u64)]) -> Vec<String> {
    let mut ranges: Vec<[(usize, u64); 2]> = Vec::new();
    for &(digits, number) in numbers {
        match ranges.last_mut() {
            Some([first, last])
                if last.1.checked_add(1) == Some(number)
                    && (last.0 == digits || (is_plain(*first) && is_plain((digits, number)))) =>
            {
                *last = (digits, number);
            }
            _ => ranges.push([(digits, number); 2]),
        }
    }
    let write = |(digits, number): (usize, u64)| format!("{number:0digits$}");
    ranges
        .into_iter()
        .map(|[first, last]| match first == last {
            true => write(first),
            false => format!("{}-{}", write(first), write(last)),
        })
        .collect()
}

/// Whether a number is written without zeros in front.
fn is_plain((digits, number): (usize, u64)) -> bool {
    number.to_string().len() == digits
}

fn split_outside_brackets(text: &str) -> Result<Vec<&str>, HostlistError> {
    let mut items = Vec::new();
    let (mut begin, mut inside) = (0, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'[' if inside => return Err(HostlistError::Syntax),
            b'[' => inside = true,
            b']' if !inside => return Err(HostlistError::Syntax),
            b']' => inside = false,
            b',' if !inside => {
                items.push(&text[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
    }
    items.push(&text[begin..]);
    if inside { Err(HostlistError::Syntax) } else { Ok(items) }
}

/// `08-11,20` as written: zeros in front of the first number hold for the range.
fn expand_numbers(list: &str, limit: usize) -> Result<Vec<String>, HostlistError> {
    let mut numbers = Vec::new();
    for range in list.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let digits = first.len();
        let (first, last) = (parse_number(first)?, parse_number(last)?);
        let more = last.checked_sub(first).ok_or(HostlistError::Syntax)?;
        if more >= limit.saturating_sub(numbers.len()) as u64 {
            return Err(HostlistError::TooMany(limit));
        }
        numbers.extend((first..=last).map(|n| format!("{n:0digits$}")));
    }
    Ok(numbers)
}

fn parse_number(text: &str) -> Result<u64, HostlistError> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(HostlistError::Syntax);
    }
    text.parse().map_err(|_| HostlistError::Syntax)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn expands_what_scontrol_expands_and_names_with_a_domain() {
        for (expression, names) in [
            ("", ""),
            ("ctl", "ctl"),
            ("w[1-3],ctl", "w1 w2 w3 ctl"),
            ("w[08-11]", "w08 w09 w10 w11"),
            ("w[8-11]", "w8 w9 w10 w11"),
            ("w[1,3,5-6]", "w1 w3 w5 w6"),
            ("r[0-1]n[1-2]", "r0n1 r0n2 r1n1 r1n2"),
            ("w[1-2].lab", "w1.lab w2.lab"),
            ("w[001]", "w001"),
        ] {
            assert_eq!(expand(expression, 100).unwrap().join(" "), names, "{expression}");
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in [
            "w[1-2",
            "w1-2]",
            "w[]",
            "w[2-1]",
            "w[a-b]",
            "w[1-2-3]",
            "a,,b",
            ",",
            "w[[1]]",
            "w[-1]",
            "w[1-99999999999999999999]",
        ] {
            assert_eq!(expand(text, 100), Err(HostlistError::Syntax), "{text}");
        }
    }

    #[test]
    fn a_short_text_cannot_take_all_memory() {
        for text in ["w[1-999999999]", "a[0-99]b[0-99]c[0-99]", "a[0-5],b[0-5]"] {
            assert_eq!(expand(text, 10), Err(HostlistError::TooMany(10)), "{text}");
        }
        assert_eq!(expand("w[1-10]", 10).unwrap().len(), 10);
    }

    #[test]
    fn folds() {
        for (names, expression) in [
            ("", ""),
            ("w2 w1 w3 w1", "w[1-3]"),
            ("w1 w2 ctl", "ctl,w[1-2]"),
            ("w8 w9 w10 w11", "w[8-11]"),
            ("w08 w09 w10", "w[08-10]"),
            ("w9 w010", "w[9,010]"),
            ("w w1", "w,w1"),
            ("w00 w0", "w[0,00]"),
            ("a1b", "a1b"),
            ("w99999999999999999999999", "w99999999999999999999999"),
        ] {
            assert_eq!(fold(names.split_whitespace()), expression, "{names}");
        }
    }

    proptest! {
        #[test]
        fn what_is_folded_expands_to_the_same_names(
            names in proptest::collection::btree_set("[a-c]{1,2}[0-9]{0,3}", 0..40),
        ) {
            let folded = fold(names.iter().map(String::as_str));
            let mut back = expand(&folded, 1000).unwrap();
            back.sort_unstable();
            prop_assert_eq!(back, names.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a0-9,\\[\\]-]{0,30}") {
            let _ = expand(&text, 1000);
        }
    }
}
