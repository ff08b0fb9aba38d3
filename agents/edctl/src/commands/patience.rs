//! Waiting for a run, until it ends or the user has had enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::consts::SIGINT;

use super::invocation::Desk;
use crate::output::Output;
use crate::problem::{OrProblem, Problem};
use crate::run::{Observer, RunDir, RunView, State};

/// How often records are looked at: a shared file system tells nobody of a change.
const LOOK: Duration = Duration::from_millis(200);

/// ^C: it ends our waiting, and neither the run nor a submission half-way.
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From here on the first ^C is only noted. A second one ends us at once, as where nobody reads
    /// what we print.
    pub(crate) fn listen() -> Result<Self, Problem> {
        let noted = Arc::new(AtomicBool::new(false));
        let code = i32::from(Problem::Interrupted.exit_code());
        signal_hook::flag::register_conditional_shutdown(SIGINT, code, Arc::clone(&noted))
            .and_then(|_| signal_hook::flag::register(SIGINT, Arc::clone(&noted)))
            .context("cannot listen for ^C")
            .or_infra()?;
        Ok(Self(noted))
    }

    /// Stops where the user pressed ^C.
    pub(crate) fn heed(&self, output: Output) -> Result<(), Problem> {
        if self.0.load(Ordering::Relaxed) {
            output.progress("interrupted; the run goes on, edctl cancel ends it");
            return Err(Problem::Interrupted);
        }
        Ok(())
    }
}

/// Draws on stderr where that is a terminal, and nowhere else.
fn spinner() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner} waiting for {elapsed}; ^C ends the waiting only");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

/// Somebody who waits for one run.
pub(crate) struct Patience {
    observer: Observer,
    dir: RunDir,
    interrupt: Interrupt,
    told: Option<String>,
}

impl Patience {
    pub(crate) fn new(desk: &Desk, dir: &RunDir, interrupt: Interrupt) -> Self {
        Self { observer: desk.observer(), dir: dir.clone(), interrupt, told: None }
    }

    /// How the run stands now.
    pub(crate) fn look(&mut self) -> Result<RunView, Problem> {
        self.observer.observe(&self.dir)
    }

    /// Waits a moment.
    pub(crate) fn pause(&self, output: Output) -> Result<(), Problem> {
        std::thread::sleep(LOOK);
        self.heed_interrupt(output)
    }

    /// Stops where the user pressed ^C.
    pub(crate) fn heed_interrupt(&self, output: Output) -> Result<(), Problem> {
        self.interrupt.heed(output)
    }

    /// Says why the run waits, or that it runs, each time that it changes.
    pub(crate) fn tell(&mut self, output: Output, view: &RunView) {
        let Some(stage) = view.stages.iter().find(|stage| stage.state.verdict().is_none()) else {
            return;
        };
        let words = match (stage.state, &stage.node) {
            (State::Running, Some(node)) => format!("{} runs on {node}", stage.name),
            (State::Running, None) => format!("{} runs", stage.name),
            (state, _) => format!("{} is {}: {}", stage.name, state.word(), stage.summary),
        };
        if self.told.as_ref() != Some(&words) {
            output.progress(&words);
            self.told = Some(words);
        }
    }

    /// Waits for the end; on a terminal with a line that says for how long.
    pub(crate) fn wait(&mut self, output: Output) -> Result<RunView, Problem> {
        let spinner = spinner();
        let ended = loop {
            let view = self.look()?;
            if view.state.verdict().is_some() {
                break view;
            }
            spinner.suspend(|| self.tell(output, &view));
            spinner.tick();
            if let Err(problem) = self.pause(output) {
                spinner.finish_and_clear();
                return Err(problem);
            }
        };
        spinner.finish_and_clear();
        Ok(ended)
    }
}
