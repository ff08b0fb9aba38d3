//! What a task's prolog prints: Slurm takes each `export NAME=value` line into the task's
//! environment. Whatever is printed was parsed and is printed from its parsed form, so that no
//! text of a stranger can become a line of its own.

use edctl_hookmsg::{Event, Task};
use edctl_tracectx::{SpanId, TraceParent};

use crate::environment::BATCH_STEP;

/// The lines for one task: its trace context, below the first of `candidates` that is one.
pub(crate) fn lines<'a>(
    event: &Event,
    candidates: impl IntoIterator<Item = Option<&'a str>>,
) -> Option<String> {
    let job_id = event.job_id?;
    let parent = candidates.into_iter().flatten().find_map(|text| TraceParent::parse(text).ok())?;
    let restart = event.restart.unwrap_or(0);
    let span = SpanId::derive(&parent.trace, job_id, restart, &phase(event.task));
    Some(format!("export TRACEPARENT={}\n", parent.child(span)))
}

/// The phase's name: `execute` for the batch script, which is also what `edctl` derives for the
/// stage that it runs there; `task.<step>.<process>` for what srun starts, so that no two tasks
/// share a span.
fn phase(task: Option<Task>) -> String {
    match task {
        Some(Task { step, proc_id }) if step != BATCH_STEP => format!("task.{step}.{proc_id}"),
        _ => "execute".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use edctl_hookmsg::Hook;

    use super::*;

    const ROOT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    fn event(step: u32, restart: u32) -> Event {
        Event {
            id: "1-1".into(),
            hook: Hook::TaskProlog,
            time_usec: 1,
            job_id: Some(42),
            restart: Some(restart),
            task: Some(Task { step, proc_id: 0 }),
            uid: Some(2000),
            user: None,
            node: None,
            cluster: None,
            comment: None,
            boot_id: None,
            facts: Default::default(),
        }
    }

    #[test]
    fn one_line_with_the_trace_and_a_span_of_its_own() {
        let batch = lines(&event(BATCH_STEP, 0), [Some(ROOT), None]).unwrap();
        let trace = TraceParent::parse(ROOT).unwrap().trace;
        let span = SpanId::derive(&trace, 42, 0, "execute");
        assert_eq!(
            batch,
            format!("export TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-{span}-01\n")
        );
        let step = lines(&event(0, 0), [Some(ROOT), None]).unwrap();
        let restarted = lines(&event(BATCH_STEP, 1), [Some(ROOT), None]).unwrap();
        assert!(batch != step && batch != restarted && step != restarted);
    }

    #[test]
    fn the_first_that_is_one_wins() {
        let line = lines(&event(0, 0), [Some("garbage"), Some(OTHER)]).unwrap();
        assert!(line.contains("0af7651916cd43dd8448eb211c80319c"), "{line}");
        let line = lines(&event(0, 0), [Some(ROOT), Some(OTHER)]).unwrap();
        assert!(line.contains("4bf92f3577b34da6a3ce929d0e0e4736"), "{line}");
    }

    #[test]
    fn nothing_foreign_passes() {
        let second_line = format!("{ROOT}\nexport LD_PRELOAD=/tmp/x.so");
        let later_version = format!("01-{}-x\nexport A=b", &ROOT[3..]);
        assert_eq!(lines(&event(0, 0), [Some(second_line.as_str()), None]), None);
        let line = lines(&event(0, 0), [Some(later_version.as_str()), None]).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        assert_eq!(lines(&event(0, 0), [None, None]), None);
    }
}
