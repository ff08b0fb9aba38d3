//! Regular expressions over names: of devices, units, fields.

use std::cell::RefCell;

use edctl_daemon::Invalid;
use foldhash::HashMap;
use regex::Regex;

/// How many names a filter remembers; with more it begins anew.
const MOST_KNOWN: usize = 4096;

/// Compiles an expression that an option gave, or names the option; an empty one counts as absent.
pub(crate) fn check_regex(key: &str, expression: &str) -> Result<(), Invalid> {
    Regex::new(expression).map(|_| ()).map_err(|e| {
        let cause = e.to_string().lines().last().unwrap_or_default().to_owned();
        Invalid::new(key.to_owned(), format!("expected a regex, not {expression:?}: {cause}"))
    })
}

/// What is shown: all that `include` matches, if there is one, and `exclude` does not. A name is asked
/// of the expressions once, not each time that it is met.
pub(crate) struct Filter {
    include: Option<Regex>,
    exclude: Option<Regex>,
    known: RefCell<HashMap<String, bool>>,
}

impl Filter {
    /// An expression that does not compile is left out: the configuration's check has refused it before.
    pub(crate) fn new(include: &str, exclude: &str) -> Self {
        let compile = |e: &str| (!e.is_empty()).then(|| Regex::new(e).ok()).flatten();
        Self { include: compile(include), exclude: compile(exclude), known: RefCell::default() }
    }

    pub(crate) fn shows(&self, name: &str) -> bool {
        let mut known = self.known.borrow_mut();
        if let Some(known) = known.get(name) {
            return *known;
        }
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        let is_shown = self.matches(name);
        known.insert(name.to_owned(), is_shown);
        is_shown
    }

    fn matches(&self, name: &str) -> bool {
        self.include.as_ref().is_none_or(|include| include.is_match(name))
            && !self.exclude.as_ref().is_some_and(|exclude| exclude.is_match(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_includes_and_excludes() {
        for (include, exclude, shown) in [
            ("", "", ["a", "ab", "b"].as_slice()),
            ("a", "", &["a", "ab"]),
            ("", "a", &["b"]),
            ("a", "b", &["a"]),
        ] {
            let filter = Filter::new(include, exclude);
            let names: Vec<&str> =
                ["a", "ab", "b"].into_iter().filter(|n| filter.shows(n)).collect();
            assert_eq!(names, shown, "{include} {exclude}");
        }
        let filter = Filter::new("", "7$");
        for round in 0..2 {
            for number in 0..MOST_KNOWN + 100 {
                let shown = filter.shows(&number.to_string());
                assert_eq!(shown, number % 10 != 7, "{round} {number}");
                assert!(filter.known.borrow().len() <= MOST_KNOWN);
            }
        }
        assert!(check_regex("collector.x.y", "(").unwrap_err().to_string().contains("x.y"));
    }
}
