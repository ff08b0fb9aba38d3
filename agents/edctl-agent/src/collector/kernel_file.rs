//! Reading the kernel's small text files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::CollectError;

/// No file read here is longer; a longer one is refused rather than cut.
const MAX_BYTES: u64 = 4 << 20;

/// One file, with a buffer that is used again and again.
pub(super) struct KernelFile {
    path: PathBuf,
    text: Vec<u8>,
}

impl KernelFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, text: Vec::with_capacity(16 << 10) }
    }

    /// The whole content as it is now.
    pub(super) fn read(&mut self) -> Result<Text<'_>, CollectError> {
        self.text.clear();
        File::open(&self.path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut self.text))
            .map_err(|e| CollectError::io(&self.path, e))?;
        let text = Text { path: &self.path, text: "" };
        if self.text.len() as u64 > MAX_BYTES {
            return Err(text.wrong(0, "expected a short file"));
        }
        match std::str::from_utf8(&self.text) {
            Ok(content) => Ok(Text { text: content, ..text }),
            Err(_) => Err(text.wrong(0, "expected text")),
        }
    }
}

/// A file's content, which knows where it comes from.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    path: &'a Path,
    text: &'a str,
}

impl<'a> Text<'a> {
    /// The lines with their numbers, from 1.
    pub(super) fn lines(self) -> impl Iterator<Item = (usize, &'a str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// An error about one line.
    pub(super) fn wrong(self, line: usize, expected: &'static str) -> CollectError {
        CollectError::Parse { path: self.path.to_owned(), line, expected }
    }
}
