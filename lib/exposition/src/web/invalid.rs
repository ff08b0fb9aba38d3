//! What is wrong in a file that can be read: in which key, and why.

use std::fmt;

use edctl_configtext::yaml::line_of;

/// A value that cannot work, or one that is missing.
#[derive(Debug)]
pub(super) struct Invalid {
    path: Vec<String>,
    message: String,
}

impl Invalid {
    /// `path` are the keys that lead to the value.
    pub(super) fn new<'a>(
        path: impl IntoIterator<Item = &'a str>,
        message: impl Into<String>,
    ) -> Self {
        Self { path: path.into_iter().map(str::to_owned).collect(), message: message.into() }
    }

    /// As `LINE: KEY: MESSAGE`; the line is the table's where the key is not in the text.
    pub(super) fn located(&self, text: &str) -> String {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let line = line_of(text, &path).map(|line| line.to_string()).unwrap_or_default();
        format!("{line}: {self}")
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.join("."), self.message)
    }
}
