//! Rows of `squeue` about a run's job: `commands::JOB`.

use edctl_flow::Verdict;
use edctl_slurm::{JobComment, JobState};

use super::answer::Answer;
use super::pending::in_words;

/// The columns of a row; the last, the comment, may hold more of what parts them.
const COLUMNS: usize = 6;

/// What squeue's rows say of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// This is its job.
    Job {
        /// Slurm's id.
        id: u32,
        /// How it stands.
        answer: Answer,
    },
    /// There is no such job: no rows, or only jobs of other runs.
    None,
    /// The rows are not of the registry's form, or of a job that names no run.
    Unclear,
}

/// Looks for the job whose comment names the run: slurmctld may have given its number out anew.
pub(crate) fn find(stdout: &str, run_id: &str) -> Seen {
    let rows = || stdout.lines().filter(|line| !line.trim().is_empty());
    match rows().find(|row| named_run(row) == Some(run_id)) {
        Some(row) => parse(row).map_or(Seen::Unclear, |(id, answer)| Seen::Job { id, answer }),
        None if rows().all(|row| named_run(row).is_some()) => Seen::None,
        None => Seen::Unclear,
    }
}

/// The run that the comment names, which is the last column.
fn named_run(row: &str) -> Option<&str> {
    JobComment::parse(row.splitn(COLUMNS, '|').nth(COLUMNS - 1)?.trim_end()).run
}

fn parse(row: &str) -> Option<(u32, Answer)> {
    let fields: Vec<&str> = row.splitn(COLUMNS, '|').map(str::trim).collect();
    let [id, state, exit, nodes, reason, _comment] = fields[..] else { return None };
    let state = JobState::parse(state)?;
    let node = (!nodes.is_empty()).then(|| nodes.to_owned());
    Some((id.parse().ok()?, answer(state, exit, node, reason)))
}

fn answer(state: JobState, exit: &str, node: Option<String>, reason: &str) -> Answer {
    let on = node.as_deref().map(|node| format!(" on {node}")).unwrap_or_default();
    let ended = |verdict, summary: String| Answer::Ended { verdict, summary };
    match state {
        JobState::Running | JobState::Completing | JobState::Suspended => Answer::Running { node },
        JobState::Configuring => Answer::Pending { reason: format!("its node gets ready{on}") },
        JobState::Cancelled => ended(Verdict::Cancelled, "cancelled".to_owned()),
        JobState::Timeout | JobState::Deadline => {
            ended(Verdict::Timeout, format!("Slurm stopped it at its time limit{on}"))
        }
        JobState::OutOfMemory => ended(Verdict::Oom, format!("Slurm: out of memory{on}")),
        state if state.is_finished() => ended(
            Verdict::Error,
            format!("Slurm says {} (exit {exit}){on}, and it left no result", state.word()),
        ),
        _ => Answer::Pending { reason: in_words(reason) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "01K1A000000000000000000000";
    const COMMENT: &str = "edctl/1 run=01K1A000000000000000000000 stage=sim tp=00-ab-cd-01";

    /// Rows as squeue 22.05 prints them for `commands::JOB`.
    #[test]
    fn states_become_answers() {
        for (row, expected) in [
            ("7|PENDING|0||Resources", "pending"),
            ("7|CONFIGURING|0|w1|None", "pending"),
            ("7|REQUEUED|0||BeginTime", "pending"),
            ("7|RUNNING|0|w1|None", "running"),
            ("7|COMPLETING|0|w1|None", "running"),
            ("7|COMPLETED|0|w1|None", "error"),
            ("7|FAILED|256|w1|NonZeroExitCode", "error"),
            ("7|NODE_FAIL|0|w1|NodeDown", "error"),
            ("7|TIMEOUT|0|w1|TimeLimit", "timeout"),
            ("7|OUT_OF_MEMORY|9|w1|OutOfMemory", "oom"),
            ("7|CANCELLED|0||None", "cancelled"),
        ] {
            let Seen::Job { id: 7, answer } = find(&format!("{row}|{COMMENT}\n"), RUN) else {
                panic!("{row}")
            };
            let word = match answer {
                Answer::Pending { .. } => "pending",
                Answer::Running { .. } => "running",
                Answer::Ended { verdict, .. } => verdict.word(),
                other => panic!("{row}: {other:?}"),
            };
            assert_eq!(word, expected, "{row}");
        }
    }

    #[test]
    fn the_run_is_found_among_others_by_its_comment_alone() {
        let other = COMMENT.replace("K1A", "K1B");
        let rows = format!("7|RUNNING|0|w1|None|{other}\n8|RUNNING|0|w2|None|{COMMENT}\n");
        assert!(matches!(find(&rows, RUN), Seen::Job { id: 8, .. }));
        assert_eq!(find(&format!("7|RUNNING|0|w1|None|{other}\n"), RUN), Seen::None);
        assert_eq!(find("\n", RUN), Seen::None);
    }

    #[test]
    fn what_is_not_clear_is_no_answer() {
        for rows in [
            "slurm_load_jobs error\n".to_owned(),
            "7|RUNNING|0|w1|None|\n".to_owned(),
            "7|RUNNING|0|w1|None|(null)\n".to_owned(),
            format!("7|not a state|0|w1|None|{COMMENT}\n"),
            format!("x|RUNNING|0|w1|None|{COMMENT}\n"),
            format!("7|RUNNING|{COMMENT}\n"),
        ] {
            assert_eq!(find(&rows, RUN), Seen::Unclear, "{rows}");
        }
    }
}
