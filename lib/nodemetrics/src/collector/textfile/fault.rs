//! What is wrong with a file, and telling it once.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) path: PathBuf,
    pub(super) line: Option<usize>,
    /// The word in `..._errors_total{reason}`.
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Fault {
    /// Of a file or a directory as a whole.
    pub(super) fn of_file(path: &Path, reason: &'static str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, reason, message: message.into() }
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        Self::of_file(path, "io", error.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            None => write!(f, "{}: {}", self.path.display(), self.message),
            Some(line) => write!(f, "{}, line {line}: {}", self.path.display(), self.message),
        }
    }
}

/// What was wrong at the last scrape.
#[derive(Default)]
pub(super) struct Told(HashSet<String>);

impl Told {
    /// Writes to the journal what was not wrong at the last scrape.
    pub(super) fn tell(&mut self, faults: &[Fault]) {
        for fault in self.news(faults) {
            tracing::warn!(collector = "textfile", "{fault}");
        }
    }

    fn news(&mut self, faults: &[Fault]) -> Vec<String> {
        let now: HashSet<String> = faults.iter().map(Fault::to_string).collect();
        let mut news: Vec<String> = now.difference(&self.0).cloned().collect();
        news.sort_unstable();
        self.0 = now;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_once_until_it_changes() {
        let fault = |line| Fault {
            path: "/x/a.prom".into(),
            line: Some(line),
            reason: "parse",
            message: "expected a value, not \"x\"".to_owned(),
        };
        let mut told = Told::default();
        assert_eq!(told.news(&[fault(3)]), ["/x/a.prom, line 3: expected a value, not \"x\""]);
        assert!(told.news(&[fault(3)]).is_empty());
        assert_eq!(told.news(&[fault(3), fault(4)]).len(), 1);
        assert!(told.news(&[]).is_empty());
        assert_eq!(told.news(&[fault(3)]).len(), 1);
    }
}
