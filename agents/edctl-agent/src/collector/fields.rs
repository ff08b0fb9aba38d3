//! Which of the kernel's fields are shown, where there are many.

use std::collections::HashMap;

use regex::Regex;

/// An expression over names; it is asked about each only once.
pub(super) struct Fields {
    expression: Option<Regex>,
    known: HashMap<String, bool>,
}

impl Fields {
    /// An expression that does not compile shows nothing; it was refused when the configuration was
    /// read.
    pub(super) fn new(expression: &str) -> Self {
        Self { expression: Regex::new(expression).ok(), known: HashMap::new() }
    }

    pub(super) fn has(&mut self, name: &str) -> bool {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let is_shown = self.expression.as_ref().is_some_and(|fields| fields.is_match(name));
        self.known.insert(name.to_owned(), is_shown);
        is_shown
    }
}
