//! `edctl logs`: what a stage's command prints, while it does or after.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Place;
use super::patience::Patience;
use crate::cli::LogsArgs;
use crate::problem::{OrProblem, Problem};
use crate::run::{RunDir, RunRecord};

/// How much is copied at once.
const CHUNK_BYTES: u64 = 256 << 10;

/// Prints a run's log.
pub(crate) fn run(place: &Place, args: &LogsArgs) -> Result<u8, Problem> {
    let desk = place.desk()?;
    let dir = desk.store.find(&args.run)?;
    let record = dir.read()?;
    if args.follow {
        follow(place, &mut Patience::new(&desk, &dir)?, &dir, &record)?;
        return Ok(0);
    }
    let mut tail = Tail::new(place, &dir, &record);
    if !tail.print_new()? {
        let view = desk.observer().observe(&dir)?;
        explain_silence(place, &dir, &record, view.state.word())?;
    }
    tail.finish()?;
    Ok(0)
}

/// Prints the log while it grows, and returns when the stage has ended.
pub(crate) fn follow(
    place: &Place,
    patience: &mut Patience,
    dir: &RunDir,
    record: &RunRecord,
) -> Result<(), Problem> {
    let mut tail = Tail::new(place, dir, record);
    loop {
        // The end is looked at before the log, so that the log's last words are never missed.
        let view = patience.look()?;
        let any = tail.print_new()?;
        if view.state.verdict().is_some() {
            tail.finish()?;
            if !any {
                explain_silence(place, dir, record, view.state.word())?;
            }
            place.output.progress(format!("run {} {}", view.id, view.state.word()));
            return Ok(());
        }
        patience.tell(place.output, &view);
        patience.pause(place.output)?;
    }
}

/// A stage without a log: what the executor said is all there is.
fn explain_silence(
    place: &Place,
    dir: &RunDir,
    record: &RunRecord,
    state: &str,
) -> Result<(), Problem> {
    place.output.progress(format!("run {} is {state} and has printed nothing", record.id));
    let executor_log = dir.stage(record.flow).executor_log();
    match std::fs::read(&executor_log) {
        Ok(text) if !text.is_empty() => {
            place.output.progress(format!("its executor said ({}):", executor_log.display()));
            place.output.progress(String::from_utf8_lossy(&text).trim_end());
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A log that may not be there yet, may grow, and may start anew.
struct Tail<'a> {
    place: &'a Place,
    path: PathBuf,
    stage: &'static str,
    run: &'a str,
    offset: u64,
    printed: bool,
    /// JSON shows whole lines: the beginning of one waits here.
    unfinished: Vec<u8>,
}

impl<'a> Tail<'a> {
    fn new(place: &'a Place, dir: &RunDir, record: &'a RunRecord) -> Self {
        Self {
            place,
            path: dir.stage(record.flow).log(),
            stage: record.flow.name(),
            run: &record.id,
            offset: 0,
            printed: false,
            unfinished: Vec::new(),
        }
    }

    /// Prints what is new; says whether anything was ever printed.
    fn print_new(&mut self) -> Result<bool, Problem> {
        loop {
            let chunk = self.read_chunk().with_context(|| describe(&self.path)).or_infra()?;
            if chunk.is_empty() {
                return Ok(self.printed);
            }
            self.printed = true;
            if self.place.output.is_json() {
                self.print_lines(&chunk)?;
            } else {
                self.place.output.bytes(&chunk)?;
            }
        }
    }

    /// Opens the file each time: on a shared file system only that shows what others wrote.
    fn read_chunk(&mut self) -> io::Result<Vec<u8>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if file.metadata()?.len() < self.offset {
            self.offset = 0;
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut chunk = Vec::new();
        file.take(CHUNK_BYTES).read_to_end(&mut chunk)?;
        self.offset += chunk.len() as u64;
        Ok(chunk)
    }

    fn print_lines(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        self.unfinished.extend_from_slice(chunk);
        while let Some(end) = self.unfinished.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unfinished.drain(..=end).collect();
            self.print_line(&line[..end])?;
        }
        Ok(())
    }

    fn print_line(&self, line: &[u8]) -> Result<(), Problem> {
        self.place.output.json(&serde_json::json!({
            "schema": "edctl.log/v1",
            "run": self.run,
            "stage": self.stage,
            "line": String::from_utf8_lossy(line),
        }))
    }

    /// A last line without an end is a line too.
    fn finish(&mut self) -> Result<(), Problem> {
        let rest = std::mem::take(&mut self.unfinished);
        if rest.is_empty() { Ok(()) } else { self.print_line(&rest) }
    }
}

fn describe(path: &Path) -> String {
    format!("cannot read {}", path.display())
}
