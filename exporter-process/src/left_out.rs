//! What the kernel said and could not be taken.

use std::collections::BTreeMap;

use edctl_exposition::Page;

/// Values that were left out because they make no sense, by the file that they stood in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut(BTreeMap<&'static str, u64>);

impl LeftOut {
    pub(crate) fn add(&mut self, file: &'static str, values: u64) {
        if values > 0 {
            *self.0.entry(file).or_default() += values;
        }
    }

    /// Tells the page, and forgets.
    pub(crate) fn tell(&mut self, page: &mut Page) {
        for (file, values) in std::mem::take(&mut self.0) {
            page.count_errors(file, "parse", values);
        }
    }
}
