//! stdout for data, stderr for progress; colours only for a terminal that wants them.

use std::fmt::Display;
use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde::Serialize;

use crate::problem::{OrProblem, Problem};
use crate::run::State;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// For programs; each object says its schema.
    Json,
}

/// Where a command's words go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
    colour: bool,
}

impl Output {
    /// Colours need a terminal, and no `NO_COLOR`; `CLICOLOR_FORCE` has them in any case.
    pub(crate) fn new(format: Format) -> Self {
        Self { format, colour: AutoStream::choice(&io::stdout()) != ColorChoice::Never }
    }

    /// Whether programs read us.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Prints bytes as they are.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Problem> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Problem::PipeClosed),
            written => written.or_infra(),
        }
    }

    /// Prints one line of data.
    pub(crate) fn line(self, line: impl Display) -> Result<(), Problem> {
        self.bytes(format!("{line}\n").as_bytes())
    }

    /// Prints an object on a line of its own.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Problem> {
        self.line(serde_json::to_string(value).or_infra()?)
    }

    /// Tells people what stopped us, and programs too where they read us.
    pub(crate) fn problem(self, problem: &Problem) {
        problem.report();
        if self.is_json()
            && let Some(record) = problem.record()
        {
            // Where stdout is in trouble too there is nobody left to tell.
            let _ = self.json(&record);
        }
    }

    /// Tells people how things go; never an error, never data.
    pub(crate) fn progress(self, line: impl Display) {
        let _ = writeln!(io::stderr(), "edctl: {line}");
    }

    /// A state's word in its colour, padded to `width`.
    pub(crate) fn state(self, state: State, width: usize) -> String {
        let word = format!("{:width$}", state.word());
        if !self.colour {
            return word;
        }
        let style = match state {
            State::Ended(edctl_flow::Verdict::Passed) => AnsiColor::Green.on_default(),
            State::Ended(edctl_flow::Verdict::Cancelled) => AnsiColor::Yellow.on_default(),
            State::Ended(_) => AnsiColor::Red.on_default(),
            State::Running => AnsiColor::Cyan.on_default(),
            State::Pending | State::Unknown => Style::new().dimmed(),
        };
        format!("{style}{word}{style:#}")
    }
}
