//! What a reading leaves out: one odd value costs its own series and is counted, and what stands beside it is
//! shown.
//!
//! A parser deep below a collector has no page at hand, so what it leaves out is noted for the thread that
//! the collector runs on, and taken by whoever ran it.

use std::cell::RefCell;
use std::path::PathBuf;

use edctl_exposition::Page;
use edctl_fault::Chain;

use crate::reading::error::CollectError;

thread_local! {
    static NOTED: RefCell<LeftOut> = RefCell::default();
}

/// The values that one run of a collector could not take, while the rest is shown.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// How many, by the word in `edctl_collect_errors_total{reason}`.
    times: Vec<(&'static str, u64)>,
    first: Option<CollectError>,
}

impl LeftOut {
    /// Runs a collector, with what it left out.
    pub(crate) fn during<T>(collect: impl FnOnce() -> T) -> (T, Self) {
        // What a run before left behind when it panicked is not this one's.
        NOTED.take();
        let outcome = collect();
        (outcome, NOTED.take())
    }

    /// The first one, as the error of the whole run.
    pub(crate) fn take_first(&mut self) -> Option<CollectError> {
        let first = self.first.take()?;
        let of_reason = self.times.iter_mut().find(|(reason, _)| *reason == first.reason());
        of_reason.into_iter().for_each(|(_, times)| *times -= 1);
        Some(first)
    }

    /// Counts it on the page.
    pub(crate) fn count(&self, collector: &str, page: &mut Page) {
        for (reason, times) in self.times.iter().filter(|(_, times)| *times > 0) {
            page.count_errors(collector, reason, *times);
        }
    }

    /// Says where the first one stands, and how many there are beside it; none where nothing was left out.
    pub(crate) fn why(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        let others = self.times.iter().map(|(_, times)| times).sum::<u64>() - 1;
        Some(match others {
            0 => Chain(first).to_string(),
            _ => format!("{} (and {others} more)", Chain(first)),
        })
    }
}

/// Leaves out what this error is about.
pub(crate) fn note(error: CollectError) {
    let reason = error.reason();
    NOTED.with_borrow_mut(|noted| {
        match noted.times.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, times)) => *times += 1,
            None => noted.times.push((reason, 1)),
        }
        noted.first.get_or_insert(error);
    });
}

/// Leaves out what an attribute says.
pub(crate) fn note_attribute(path: PathBuf, expected: &'static str) {
    note(CollectError::Parse { path, line: 1, expected });
}

/// What was read, or nothing and a note.
pub(crate) fn or_left_out<T>(read: Result<Option<T>, CollectError>) -> Option<T> {
    read.unwrap_or_else(|error| {
        note(error);
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_error(line: usize) -> CollectError {
        CollectError::Parse { path: "/proc/x".into(), line, expected: "expected a number" }
    }

    #[test]
    fn a_run_has_what_it_left_out_and_nothing_of_another() {
        note(parse_error(1));
        let (value, left_out) = LeftOut::during(|| {
            note(parse_error(3));
            or_left_out::<u64>(Err(parse_error(4))).or(or_left_out(Ok(Some(7))))
        });
        assert_eq!(value, Some(7));
        assert_eq!(left_out.why().unwrap(), "/proc/x, line 3: expected a number (and 1 more)");
        let mut page = Page::default();
        left_out.count("test", &mut page);
        assert_eq!(page.errors().collect::<Vec<_>>(), [("test", "parse", 2)]);
        assert!(LeftOut::during(|| ()).1.why().is_none());
    }
}
