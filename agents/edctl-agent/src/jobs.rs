//! `edctl-agent jobs`: the jobs that are on this node, and those that were.

use std::process::ExitCode;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use edctl_fault::{Chain, Fault};

use crate::exit;
use crate::flags::{JobsCommand, JobsFlags, Output};
use crate::node::{Ended, Job};
use crate::status::{self, Status, utc};

pub(crate) fn run(flags: &JobsFlags) -> ExitCode {
    let shown = ask(flags).and_then(|status| match &flags.command {
        None => list(&status, flags.output),
        Some(JobsCommand::Show { id }) => show(&status, *id, flags.output),
    });
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("edctl-agent: {}", Chain(&*error));
            ExitCode::from(exit::NO_AGENT)
        }
    }
}

fn ask(flags: &JobsFlags) -> Result<Status, Fault> {
    status::ask(&flags.socket).map_err(|reason| {
        format!("no agent answers on {}: {}", flags.socket.display(), Chain(&reason)).into()
    })
}

fn list(status: &Status, output: Output) -> Result<(), Fault> {
    if output == Output::Json {
        let both = serde_json::json!({ "running": status.jobs, "ended": status.ended });
        println!("{}", serde_json::to_string_pretty(&both)?);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["JOB", "USER", "PARTITION", "STAGE", "SINCE", "SECONDS", "OUTCOME", "EXIT"]);
    for job in &status.jobs {
        table.add_row(row(job, String::new(), "running", String::new()));
    }
    for ended in &status.ended {
        let seconds = format!("{:.1}", ended.seconds());
        table.add_row(row(&ended.job, seconds, ended.outcome.as_str(), exit_of(ended)));
    }
    table.to_string().lines().for_each(|line| println!("{}", line.trim_end()));
    Ok(())
}

fn row(job: &Job, seconds: String, outcome: &str, exit: String) -> [String; 8] {
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    [
        job.job_id.to_string(),
        shown(&job.user),
        shown(&job.partition),
        shown(&job.stage),
        utc(job.since_usec),
        seconds,
        outcome.to_owned(),
        exit,
    ]
}

/// `CODE:SIGNAL`, as Slurm writes it.
fn exit_of(ended: &Ended) -> String {
    match (ended.exit_code, ended.signal) {
        (Some(code), Some(signal)) => format!("{code}:{signal}"),
        _ => "-".to_owned(),
    }
}

fn show(status: &Status, id: u32, output: Output) -> Result<(), Fault> {
    // A job that was requeued has ended here more than once.
    let running = status.jobs.iter().filter(|job| job.job_id == id);
    let ended = status.ended.iter().filter(|ended| ended.job.job_id == id);
    let found = serde_json::json!({
        "running": running.collect::<Vec<_>>(),
        "ended": ended.collect::<Vec<_>>(),
    });
    let has_none = |name: &str| found[name].as_array().is_none_or(Vec::is_empty);
    if has_none("running") && has_none("ended") {
        return Err(format!("the agent knows no job {id}: it keeps the last 256 that ended").into());
    }
    if output == Output::Json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    let running = status.jobs.iter().filter(|job| job.job_id == id);
    running.for_each(|job| print(job, &[("outcome", "running".to_owned())]));
    for ended in status.ended.iter().filter(|ended| ended.job.job_id == id) {
        let more = [
            ("ended", utc(ended.ended_usec)),
            ("seconds", format!("{:.1}", ended.seconds())),
            ("outcome", ended.outcome.as_str().to_owned()),
            ("exit code", exit_of(ended)),
        ];
        print(&ended.job, &more);
    }
    Ok(())
}

fn print(job: &Job, more: &[(&str, String)]) {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let pairs = [
        ("job", job.job_id.to_string()),
        ("restart", job.restart.to_string()),
        ("user", known(&job.user)),
        ("partition", known(&job.partition)),
        ("run", known(&job.run)),
        ("stage", known(&job.stage)),
        ("traceparent", known(&job.traceparent)),
        ("tasks", format!("{} started, {} ended", job.tasks_started, job.tasks_ended)),
        ("begun", utc(job.since_usec)),
    ];
    for (name, value) in pairs.iter().chain(more) {
        println!("{name:12} {value}");
    }
    println!();
}
