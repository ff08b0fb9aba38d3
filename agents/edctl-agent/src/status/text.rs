//! The status for people.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::model::Status;
use crate::hooks::STUCK;

/// Renders the status as of now.
pub(super) fn render(status: &Status) -> String {
    render_at(status, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn render_at(status: &Status, now: Duration) -> String {
    let mut text = format!(
        "edctl-agent {} on {}, pid {}, up {} since {}\n",
        status.version,
        status.node,
        status.pid,
        span(now, status.since_usec),
        utc(status.since_usec),
    );
    jobs(&mut text, status, now);
    hooks(&mut text, status);
    state(&mut text, status);
    spool(&mut text, status);
    collectors(&mut text, status);
    text
}

fn jobs(text: &mut String, status: &Status, now: Duration) {
    let mut rows = Rows::new(&["JOB", "USER", "PARTITION", "STAGE", "TASKS", "FOR", "SINCE"]);
    for job in &status.jobs {
        rows.push([
            job.job_id.to_string(),
            shown(job.user.as_deref()),
            shown(job.partition.as_deref()),
            shown(job.stage.as_deref()),
            job.tasks_started.saturating_sub(job.tasks_ended).to_string(),
            span(now, job.since_usec),
            utc(job.since_usec),
        ]);
    }
    rows.write(text, "jobs on this node", "no job on this node");
}

fn hooks(text: &mut String, status: &Status) {
    let mut rows = Rows::new(&["TIME", "HOOK", "JOB", "USER", "BY"]);
    for past in &status.hooks {
        rows.push([
            utc(past.time_usec),
            past.hook.to_string(),
            past.job_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
            shown(past.user.as_deref()),
            past.source.as_str().to_owned(),
        ]);
    }
    rows.write(text, "last hooks", "no hook has run yet");
}

fn state(text: &mut String, status: &Status) {
    let Some(state) = &status.state else { return };
    let _ = write!(text, "\nstate in {}: ", state.directory.display());
    let unwritten = state.unwritten_events;
    let _ = if state.stuck_secs >= STUCK.as_secs_f64() {
        let stuck = state.stuck_secs;
        writeln!(
            text,
            "the disk has not answered for {stuck:.0} s; {unwritten} events wait in memory"
        )
    } else if state.errors > 0 {
        writeln!(text, "the disk refused {} times; see the journal", state.errors)
    } else if unwritten > 0 {
        writeln!(text, "{unwritten} events not yet on disk")
    } else {
        writeln!(text, "all events on disk")
    };
    if !state.loaded {
        text.push_str(
            "  what was kept there is not known yet: jobs of before the start are not shown\n",
        );
    }
}

fn spool(text: &mut String, status: &Status) {
    text.push_str("\nspool: ");
    let _ = match &status.spool {
        None if status.spool_stuck_secs >= STUCK.as_secs_f64() => {
            writeln!(text, "the disk has not answered for {:.0} s", status.spool_stuck_secs)
        }
        None => writeln!(text, "cannot be read"),
        Some(spool) if spool.records + spool.temporary + spool.corrupt == 0 => {
            writeln!(text, "empty")
        }
        Some(spool) => writeln!(
            text,
            "{} waiting, {} being written, {} corrupt, {} bytes",
            spool.records, spool.temporary, spool.corrupt, spool.bytes
        ),
    };
}

fn collectors(text: &mut String, status: &Status) {
    let mut rows = Rows::new(&["COLLECTOR", "STATE", "TOOK", "WHY"]);
    for collector in &status.collectors {
        rows.push([
            collector.name.clone(),
            collector.state.clone(),
            format!("{:.2} ms", collector.duration_secs * 1e3),
            collector.error.clone().unwrap_or_default(),
        ]);
    }
    rows.write(text, "collectors at the last scrape", "no collection yet");
}

fn shown(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}

/// A table whose columns are as wide as their widest cell.
struct Rows<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Rows<N> {
    fn new(head: &[&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned)] }
    }

    fn push(&mut self, row: [String; N]) {
        self.rows.push(row);
    }

    fn write(&self, text: &mut String, title: &str, none: &str) {
        let count = self.rows.len() - 1;
        let title = if count == 0 { none } else { title };
        let _ = writeln!(text, "\n{title}");
        if count == 0 {
            return;
        }
        let width = |column: usize| {
            self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
        };
        let widths: [usize; N] = std::array::from_fn(width);
        for row in &self.rows {
            let line: String =
                row.iter().zip(widths).map(|(cell, width)| format!("  {cell:width$}")).collect();
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
}

/// How long ago, in the two largest units.
fn span(now: Duration, since_usec: u64) -> String {
    let secs = now.saturating_sub(Duration::from_micros(since_usec)).as_secs();
    match (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60, secs % 60) {
        (0, 0, 0, s) => format!("{s}s"),
        (0, 0, m, s) => format!("{m}m{s:02}s"),
        (0, h, m, _) => format!("{h}h{m:02}m"),
        (d, h, _, _) => format!("{d}d{h:02}h"),
    }
}

/// A moment as ISO 8601 in UTC.
fn utc(usec: u64) -> String {
    let secs = usec / 1_000_000;
    let (year, month, day) = date(secs / 86_400);
    let (hour, minute, second) = (secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date of a day since 1970-01-01, counted in years that begin in March, so that the leap day
/// is the last of its year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (secs, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(secs * 1_000_000), expected);
        }
    }

    #[test]
    fn spans() {
        for (secs, expected) in
            [(0, "0s"), (59, "59s"), (61, "1m01s"), (7_260, "2h01m"), (90_000, "1d01h")]
        {
            assert_eq!(span(Duration::from_secs(secs), 0), expected);
        }
        assert_eq!(span(Duration::ZERO, 5), "0s", "a clock that stepped back");
    }

    #[test]
    fn the_whole() {
        let json = r#"{"v":1,"node":"w1","version":"0.1.0","pid":7,"since_usec":0,
            "jobs":[{"job_id":42,"since_usec":60000000,"restart":0,"uid":2000,"user":"designer",
                "partition":"latency","run":"R","stage":"sim","traceparent":null,
                "tasks_started":2,"tasks_ended":1}],
            "hooks":[{"time_usec":60000000,"hook":"prolog","job_id":42,"user":"designer",
                "source":"spool"}],
            "state":{"directory":"/s","loaded":true,"stuck_secs":0.2,"unwritten_events":0,"errors":0},
            "spool":{"records":0,"temporary":0,"corrupt":1,"bytes":9},
            "collectors":[{"name":"cpu","state":"error","duration_secs":0.0012,"error":"no"}]}"#;
        let status: Status = serde_json::from_str(json).unwrap();
        let expected = "\
edctl-agent 0.1.0 on w1, pid 7, up 2m00s since 1970-01-01T00:00:00Z

jobs on this node
  JOB  USER      PARTITION  STAGE  TASKS  FOR    SINCE
  42   designer  latency    sim    1      1m00s  1970-01-01T00:01:00Z

last hooks
  TIME                  HOOK    JOB  USER      BY
  1970-01-01T00:01:00Z  prolog  42   designer  spool

state in /s: all events on disk

spool: 0 waiting, 0 being written, 1 corrupt, 9 bytes

collectors at the last scrape
  COLLECTOR  STATE  TOOK     WHY
  cpu        error  1.20 ms  no
";
        assert_eq!(render_at(&status, Duration::from_secs(120)), expected);
    }
    #[test]
    fn a_disk_that_hangs_is_said() {
        let json = r#"{"v":1,"node":"w1","version":"0.1.0","pid":7,"since_usec":0,"jobs":[],"hooks":[],
            "state":{"directory":"/s","loaded":false,"stuck_secs":12.4,"unwritten_events":3,"errors":1},
            "spool":null,"spool_stuck_secs":7.6,"collectors":[]}"#;
        let text = render_at(&serde_json::from_str(json).unwrap(), Duration::ZERO);
        for expected in [
            "\nstate in /s: the disk has not answered for 12 s; 3 events wait in memory\n",
            "  what was kept there is not known yet: ",
            "\nspool: the disk has not answered for 8 s\n",
        ] {
            assert!(text.contains(expected), "{expected:?} in\n{text}");
        }
    }

    #[test]
    fn an_older_agents_answer_says_nothing_of_its_disk() {
        let json = r#"{"v":1,"node":"w1","version":"0.1.0","pid":7,"since_usec":0,"jobs":[],"hooks":[],
            "spool":null,"collectors":[]}"#;
        let text = render_at(&serde_json::from_str(json).unwrap(), Duration::ZERO);
        assert!(text.contains("\nspool: cannot be read\n") && !text.contains("state in"), "{text}");
    }
}
