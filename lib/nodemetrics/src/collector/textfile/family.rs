//! What a file says of one name.

use edctl_exposition::{Kind, Value};

/// What a file says of one name.
#[derive(Debug, PartialEq)]
pub(super) struct FileFamily {
    pub(super) name: String,
    pub(super) help: Option<String>,
    /// Known from the first sample on, if not before.
    pub(super) kind: Option<Kind>,
    /// Where the file speaks of it first.
    pub(super) line: usize,
    pub(super) samples: Vec<FileSample>,
}

impl FileFamily {
    pub(super) fn kind(&self) -> Kind {
        self.kind.unwrap_or(Kind::Unknown)
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct FileSample {
    /// The end of a name that is a histogram's or a summary's.
    pub(super) part: &'static str,
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: Value,
    pub(super) line: usize,
}
