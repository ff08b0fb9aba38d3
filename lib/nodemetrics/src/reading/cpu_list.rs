//! The kernel's way to write a set of CPUs: `0-3,8`.

/// More CPUs than any kernel knows.
const MOST_CPUS: u32 = 65_536;

/// The CPUs of a list in their order; none where the text is not a list.
pub(crate) fn parse(text: &str) -> Option<Vec<u32>> {
    let mut cpus = Vec::new();
    for range in text.trim().split(',').filter(|range| !range.is_empty()) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        let is_new = cpus.last().is_none_or(|known| *known < first);
        if !is_new || first > last || last >= MOST_CPUS {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists() {
        for (text, cpus) in [
            ("", Some(vec![])),
            ("\n", Some(vec![])),
            ("3\n", Some(vec![3])),
            ("0,2-4,8", Some(vec![0, 2, 3, 4, 8])),
            ("4-2", None),
            ("0-1-2", None),
            ("1,1", None),
            ("x", None),
            ("-1", None),
            ("0-4294967295", None),
        ] {
            assert_eq!(parse(text), cpus, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-,0-9x]{0,40}") {
            let _ = parse(&text);
        }
    }
}
