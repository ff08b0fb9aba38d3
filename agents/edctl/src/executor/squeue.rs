//! One row of `squeue` about one job: `commands::JOB`.

use edctl_flow::Verdict;
use edctl_slurm::JobState;

use super::Answer;
use super::pending::in_words;

/// Reads the answer about one job; `None` when it is not of the registry's form.
pub(crate) fn parse(stdout: &str) -> Option<Answer> {
    let Some(row) = stdout.lines().find(|line| !line.trim().is_empty()) else {
        return Some(Answer::Gone);
    };
    let fields: Vec<&str> = row.splitn(8, '|').map(str::trim).collect();
    let [_id, _compact, state, exit, nodes, _start, _end, reason] = fields[..] else { return None };
    let state = JobState::parse(state)?;
    let node = (!nodes.is_empty()).then(|| nodes.to_owned());
    Some(answer(state, exit, node, reason))
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

    /// Rows as squeue 22.05 prints them for `commands::JOB`.
    #[test]
    fn states_become_answers() {
        for (row, expected) in [
            ("7|PD|PENDING|0||N/A|N/A|Resources", "pending"),
            ("7|CF|CONFIGURING|0|w1|1700000000|1700000600|None", "pending"),
            ("7|RQ|REQUEUED|0||N/A|N/A|BeginTime", "pending"),
            ("7|R|RUNNING|0|w1|1700000000|1700000600|None", "running"),
            ("7|CG|COMPLETING|0|w1|1700000000|1700000009|None", "running"),
            ("7|CD|COMPLETED|0|w1|1700000000|1700000009|None", "error"),
            ("7|F|FAILED|256|w1|1700000000|1700000009|NonZeroExitCode", "error"),
            ("7|NF|NODE_FAIL|0|w1|1700000000|1700000009|NodeDown", "error"),
            ("7|TO|TIMEOUT|0|w1|1700000000|1700000009|TimeLimit", "timeout"),
            ("7|OOM|OUT_OF_MEMORY|9|w1|1700000000|1700000009|OutOfMemory", "oom"),
            ("7|CA|CANCELLED|0||1700000000|1700000009|None", "cancelled"),
        ] {
            let word = match parse(row).unwrap() {
                Answer::Pending { .. } => "pending",
                Answer::Running { .. } => "running",
                Answer::Ended { verdict, .. } => verdict.word(),
                other => panic!("{row}: {other:?}"),
            };
            assert_eq!(word, expected, "{row}");
        }
    }

    #[test]
    fn no_row_is_no_job_and_another_form_is_no_answer() {
        assert_eq!(parse("\n"), Some(Answer::Gone));
        assert_eq!(parse("slurm_load_jobs error"), None);
        assert_eq!(parse("7|R|not a state|0|w1|0|0|None"), None);
        let Some(Answer::Pending { reason }) = parse("7|PD|PENDING|0||N/A|N/A|a|b") else {
            panic!()
        };
        assert_eq!(reason, "Slurm says: a|b");
    }
}
