//! How counts are added up.

/// What is counted together under this name: whatever has no name of its own on the page.
pub(crate) const OTHER: &str = "other";

/// Adds to a sum what rows say; a row may say any number, so that a sum stays at the largest one.
pub(super) fn grow(sum: &mut u64, by: u64) {
    *sum = sum.saturating_add(by);
}
