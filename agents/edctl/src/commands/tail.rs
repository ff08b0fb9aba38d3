//! A log that may not be there yet, may grow, and may start anew.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use anyhow::Context;

use super::invocation::Invocation;
use crate::problem::{OrProblem, Problem};
use crate::run::{RunDir, RunRecord};

/// How much is copied at once.
const CHUNK_BYTES: u64 = 256 << 10;

/// JSON shows whole lines up to this length; a longer one comes in pieces.
const MAX_LINE_BYTES: usize = 1 << 20;

/// What was printed of a log, and what is not yet.
pub(super) struct Tail<'a> {
    invocation: &'a Invocation,
    path: PathBuf,
    stage: &'static str,
    run: &'a str,
    inode: Option<u64>,
    offset: u64,
    printed: bool,
    /// JSON shows whole lines: the beginning of one waits here.
    unfinished: Vec<u8>,
}

impl<'a> Tail<'a> {
    pub(super) fn new(invocation: &'a Invocation, dir: &RunDir, record: &'a RunRecord) -> Self {
        Self {
            invocation,
            path: dir.stage(record.flow).log(),
            stage: record.flow.name(),
            run: &record.id,
            inode: None,
            offset: 0,
            printed: false,
            unfinished: Vec::new(),
        }
    }

    /// Whether anything was ever printed.
    pub(super) fn has_printed(&self) -> bool {
        self.printed
    }

    /// Prints some of what is new; says whether there was any.
    pub(super) fn print_some(&mut self) -> Result<bool, Problem> {
        let chunk = self
            .read_chunk()
            .with_context(|| format!("cannot read {}", self.path.display()))
            .or_infra()?;
        if chunk.is_empty() {
            return Ok(false);
        }
        self.printed = true;
        if self.invocation.output.is_json() {
            self.print_lines(&chunk)?;
        } else {
            self.invocation.output.bytes(&chunk)?;
        }
        Ok(true)
    }

    /// A last line without an end is a line too.
    pub(super) fn finish(&mut self) -> Result<(), Problem> {
        if self.unfinished.is_empty() { Ok(()) } else { self.print_line(b"") }
    }

    /// Opens the file each time: on a shared file system only that shows what others wrote.
    fn read_chunk(&mut self) -> io::Result<Vec<u8>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let now = file.metadata()?;
        let replaced = self.inode.replace(now.ino()).is_some_and(|before| before != now.ino());
        if replaced || now.len() < self.offset {
            self.offset = 0;
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut chunk = Vec::new();
        file.take(CHUNK_BYTES).read_to_end(&mut chunk)?;
        self.offset += chunk.len() as u64;
        Ok(chunk)
    }

    fn print_lines(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) => self.print_line(end)?,
                None => self.unfinished.extend_from_slice(piece),
            }
            if self.unfinished.len() > MAX_LINE_BYTES {
                self.print_line(b"")?;
            }
        }
        Ok(())
    }

    /// Prints what waited and the end of that line.
    fn print_line(&mut self, end: &[u8]) -> Result<(), Problem> {
        let mut line = std::mem::take(&mut self.unfinished);
        line.extend_from_slice(end);
        self.invocation.output.json(&serde_json::json!({
            "schema": "edctl.log/v1",
            "run": self.run,
            "stage": self.stage,
            "line": String::from_utf8_lossy(&line),
        }))
    }
}
