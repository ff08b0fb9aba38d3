//! `edctl-agent checks`: how the checks stand, one round of them here and now, and what they mean.

use std::path::Path;
use std::process::ExitCode;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use edctl_fault::{Chain, Fault};
use edctl_health::{CheckState, Fitness, Outcome};

use crate::config::AgentConfig;
use crate::exit;
use crate::flags::{ChecksCommand, ChecksFlags, DiffFlags, Output};
use crate::health::{CHECKS, Entry, Round};
use crate::status::{self, utc};

pub(crate) fn run(flags: &ChecksFlags) -> ExitCode {
    let shown = match &flags.command {
        None => standing(flags),
        Some(ChecksCommand::Run { names, config }) => look(flags, names, config),
        Some(ChecksCommand::Explain { name }) => explain(name.as_deref()),
    };
    shown.unwrap_or_else(complain)
}

/// Where the node differs from what the inventory names, by the checks that compare with it.
pub(crate) fn diff(flags: &DiffFlags) -> ExitCode {
    let shown = once(&flags.config, |entry| entry.compares).and_then(|mut checks| {
        checks.retain(|check| check.state >= Outcome::Unknown);
        if checks.is_empty() && flags.output == Output::Text {
            println!("the node is as the inventory names it");
            return Ok(ExitCode::SUCCESS);
        }
        show(&checks, flags.output)?;
        Ok(exit::code(Fitness::of(&checks)))
    });
    shown.unwrap_or_else(complain)
}

#[expect(clippy::needless_pass_by_value, reason = "unwrap_or_else gives it away")]
fn complain(error: Fault) -> ExitCode {
    eprintln!("edctl-agent: {}", Chain(&*error));
    ExitCode::from(exit::NO_AGENT)
}

/// How the running agent's checks stand.
fn standing(flags: &ChecksFlags) -> Result<ExitCode, Fault> {
    let asked = status::ask(&flags.socket).map_err(|reason| {
        format!("no agent answers on {}: {}", flags.socket.display(), Chain(&reason))
    })?;
    let verdict = asked.health.ok_or("the agent checks nothing, or its first round is not done")?;
    show(&verdict.checks, flags.output)?;
    Ok(exit::code(verdict.verdict))
}

/// One look of each, or of those that are named, by this process and with its rights.
fn look(flags: &ChecksFlags, names: &[String], config: &Path) -> Result<ExitCode, Fault> {
    names.iter().try_for_each(|name| find(name).map(drop))?;
    let wanted = |entry: &Entry| names.is_empty() || names.iter().any(|name| name == entry.name);
    let checks = once(config, wanted)?;
    show(&checks, flags.output)?;
    Ok(exit::code(Fitness::of(&checks)))
}

/// One look of the wanted ones. What it found is shown as it is: hysteresis is the agent's.
fn once(config: &Path, wanted: impl Fn(&Entry) -> bool) -> Result<Vec<CheckState>, Fault> {
    let config: AgentConfig = edctl_daemon::load(config, false)?;
    let stands = Round::new(&config.health, &config.path)?.look(wanted);
    let found = stands.into_iter().map(|stand| stand.found);
    Ok(found.collect())
}

fn show(checks: &[CheckState], output: Output) -> Result<(), Fault> {
    if output == Output::Json {
        println!("{}", serde_json::to_string_pretty(checks)?);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header([
        "CHECK",
        "STATE",
        "CLASS",
        "CODE",
        "SINCE",
        "WHAT IT SAW",
    ]);
    for check in checks {
        let shadow = if check.shadow { " (shadow)" } else { "" };
        table.add_row([
            check.name.clone(),
            format!("{}{shadow}", check.state.as_str()),
            check.class.as_str().to_owned(),
            check.code.clone(),
            utc(check.since_usec),
            check.detail.clone(),
        ]);
    }
    table.to_string().lines().for_each(|line| println!("{}", line.trim_end()));
    Ok(())
}

fn find(name: &str) -> Result<&'static Entry, Fault> {
    let known = || CHECKS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    let found = CHECKS.iter().find(|entry| entry.name == name);
    found.ok_or_else(|| format!("there is no check {name}; there are {}", known()).into())
}

fn explain(name: Option<&str>) -> Result<ExitCode, Fault> {
    let Some(name) = name else {
        CHECKS.iter().for_each(|entry| println!("{:14} {}", entry.name, entry.about));
        return Ok(ExitCode::SUCCESS);
    };
    let entry = find(name)?;
    println!("{}: {}", entry.name, entry.about);
    println!(
        "fails after {} look(s) in a row, heals after {}\n",
        entry.fails_after, entry.heals_after
    );
    for code in entry.codes {
        println!("{}: {}\n    to clear it: {}", code.code, code.means, code.clear);
    }
    println!(
        "\nto watch it only, in /etc/edctl/agent.d/*.toml:\n    [health.checks]\n    {name} = \"shadow\""
    );
    Ok(ExitCode::SUCCESS)
}
