//! The status for people.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use edctl_health::{CheckState, Fitness, Outcome};
use jiff::Timestamp;

use super::model::{CollectorStatus, Status};
use crate::hooks::STUCK;

/// Renders the status as of now; collectors that have nothing to do here only where `all` is to be seen.
pub(super) fn render(status: &Status, all: bool) -> String {
    render_at(status, all, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn render_at(status: &Status, all: bool, now: Duration) -> String {
    let mut text = String::new();
    troubles(&mut text, status);
    health(&mut text, status, now);
    jobs(&mut text, status, now);
    hooks(&mut text, status);
    collectors(&mut text, status, all);
    state(&mut text, status);
    spool(&mut text, status);
    let _ = writeln!(
        text,
        "\nedctl-agent {}, pid {}, up {} since {}",
        status.version,
        status.pid,
        span(now, status.since_usec),
        utc(status.since_usec),
    );
    text
}

/// The first lines: whether anything is wrong, and what.
fn troubles(text: &mut String, status: &Status) {
    let troubles = status.troubles();
    let _ = match troubles.len() {
        0 => writeln!(text, "{}: nothing is wrong", status.node),
        1 => writeln!(text, "{}: 1 thing is wrong", status.node),
        count => writeln!(text, "{}: {count} things are wrong", status.node),
    };
    for trouble in troubles {
        let _ = writeln!(text, "  {trouble}");
    }
}

/// What the node's checks say: those that are not well, or how many are.
fn health(text: &mut String, status: &Status, now: Duration) {
    let Some(verdict) = &status.health else {
        text.push_str("\nhealth: not checked\n");
        return;
    };
    let is_shown = |check: &&CheckState| check.state >= Outcome::Unknown;
    let rows = verdict.checks.iter().filter(is_shown).map(|check| {
        let shadow = if check.shadow { " (shadow)" } else { "" };
        vec![
            check.name.clone(),
            format!("{}{shadow}", check.state.as_str()),
            check.class.as_str().to_owned(),
            check.code.clone(),
            span(now, check.since_usec),
            check.detail.clone(),
        ]
    });
    let title = format!(
        "health: {} for {}, {} checks, the last look {:.0} s ago",
        verdict.verdict.as_str(),
        span(now, verdict.since_usec),
        verdict.checks.len(),
        verdict.age_secs,
    );
    let head = ["CHECK", "STATE", "CLASS", "CODE", "FOR", "WHAT IT SAW"];
    write_table(text, &title, &title, &head, rows.collect());
    if verdict.verdict != Fitness::Fit {
        text.push_str("  edctl-agent checks explain NAME says how to clear it\n");
    }
}

fn jobs(text: &mut String, status: &Status, now: Duration) {
    let rows = status.jobs.iter().map(|job| {
        vec![
            job.job_id.to_string(),
            shown(job.user.as_deref()),
            shown(job.partition.as_deref()),
            shown(job.stage.as_deref()),
            job.tasks_started.saturating_sub(job.tasks_ended).to_string(),
            span(now, job.since_usec),
            utc(job.since_usec),
        ]
    });
    let head = ["JOB", "USER", "PARTITION", "STAGE", "TASKS", "FOR", "SINCE"];
    write_table(text, "jobs on this node", "no job on this node", &head, rows.collect());
}

fn hooks(text: &mut String, status: &Status) {
    let rows = status.hooks.iter().map(|past| {
        vec![
            utc(past.time_usec),
            past.hook.to_string(),
            past.job_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
            shown(past.user.as_deref()),
            past.source.as_str().to_owned(),
        ]
    });
    let head = ["TIME", "HOOK", "JOB", "USER", "BY"];
    write_table(text, "last hooks", "no hook has run yet", &head, rows.collect());
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

fn collectors(text: &mut String, status: &Status, all: bool) {
    let count = |state: &str| status.collectors.iter().filter(|one| one.state == state).count();
    if status.collectors.is_empty() {
        text.push_str("\nno scrape yet\n");
        return;
    }
    let is_shown =
        |collector: &&CollectorStatus| all || !matches!(collector.state.as_str(), "ok" | "absent");
    let rows = status.collectors.iter().filter(is_shown).map(|collector| {
        vec![
            collector.name.clone(),
            collector.state.clone(),
            format!("{:.2} ms", collector.duration_secs * 1e3),
            collector.error.clone().unwrap_or_default(),
        ]
    });
    let title = format!(
        "collectors at the last scrape: {} ok, {} with nothing to read here{}",
        count("ok"),
        count("absent"),
        if all { "" } else { " (--all shows them)" },
    );
    write_table(text, &title, &title, &["COLLECTOR", "STATE", "TOOK", "WHY"], rows.collect());
}

fn shown(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}

/// A table with its title, or the word for none.
fn write_table(text: &mut String, title: &str, none: &str, head: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        let _ = writeln!(text, "\n{none}");
        return;
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(head.to_vec()).add_rows(rows);
    let _ = writeln!(text, "\n{title}");
    for line in table.to_string().lines() {
        let _ = writeln!(text, " {}", line.trim_end());
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
pub(crate) fn utc(usec: u64) -> String {
    let time = i64::try_from(usec).ok().and_then(|usec| Timestamp::from_microsecond(usec).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
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
            "collectors":[{"name":"cpu","state":"error","duration_secs":0.0012,"error":"no"},
                {"name":"stat","state":"ok","duration_secs":0.0001},
                {"name":"xfs","state":"absent","duration_secs":0.0001,"error":"none"}]}"#;
        let status: Status = serde_json::from_str(json).unwrap();
        let expected = "\
w1: 2 things are wrong
  the collector cpu failed: no
  1 record of the spool is corrupt and was put aside

health: not checked

jobs on this node
  JOB  USER      PARTITION  STAGE  TASKS  FOR    SINCE
  42   designer  latency    sim    1      1m00s  1970-01-01T00:01:00Z

last hooks
  TIME                  HOOK    JOB  USER      BY
  1970-01-01T00:01:00Z  prolog  42   designer  spool

collectors at the last scrape: 1 ok, 1 with nothing to read here (--all shows them)
  COLLECTOR  STATE  TOOK     WHY
  cpu        error  1.20 ms  no

state in /s: all events on disk

spool: 0 waiting, 0 being written, 1 corrupt, 9 bytes

edctl-agent 0.1.0, pid 7, up 2m00s since 1970-01-01T00:00:00Z
";
        assert_eq!(render_at(&status, false, Duration::from_secs(120)), expected);
        let all = render_at(&status, true, Duration::from_secs(120));
        assert!(all.contains("\n  xfs        absent  0.10 ms"), "{all}");
    }

    #[test]
    fn a_disk_that_hangs_is_said() {
        let json = r#"{"v":1,"node":"w1","version":"0.1.0","pid":7,"since_usec":0,"jobs":[],"hooks":[],
            "state":{"directory":"/s","loaded":false,"stuck_secs":12.4,"unwritten_events":3,"errors":1},
            "spool":null,"spool_stuck_secs":7.6,"collectors":[]}"#;
        let text = render_at(&serde_json::from_str(json).unwrap(), false, Duration::ZERO);
        for expected in [
            "w1: 2 things are wrong\n  the disk of /s has not answered for 12 s\n",
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
        let text = render_at(&serde_json::from_str(json).unwrap(), false, Duration::ZERO);
        assert!(text.contains("\nspool: cannot be read\n") && !text.contains("state in"), "{text}");
    }
}
