//! A sum in which one process is missing is no sum: it is absent.

/// A sum over all processes of a group, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum(Option<u64>);

impl Default for Sum {
    fn default() -> Self {
        Self(Some(0))
    }
}

impl Sum {
    /// Adds what one process says; without it, there is no sum.
    pub(crate) fn add(&mut self, value: Option<u64>) {
        self.0 = self.0.zip(value).map(|(sum, value)| sum.saturating_add(value));
    }

    pub(crate) fn value(self) -> Option<u64> {
        self.0
    }
}
