//! `edctl-drainer status|explain|plan`: what the last round saw, wanted and did.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use edctl_fault::{Chain, Fault};
use serde::Serialize;

use crate::flags::{Asking, Command, Mode, Output};
use crate::plan::Wish;
use crate::view::{NodeView, Round};

/// Where there is no round to tell of.
const EXIT_NOTHING: u8 = 3;

pub(crate) fn run(command: &Command) -> ExitCode {
    let shown = match command {
        Command::Status(asking) => read(asking).and_then(|round| status(&round, asking.output)),
        Command::Plan(asking) => read(asking).and_then(|round| plan(&round, asking.output)),
        Command::Explain { node, asking } => {
            read(asking).and_then(|round| explain(&round, node, asking.output))
        }
    };
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("edctl-drainer: {}", Chain(&*error));
            ExitCode::from(EXIT_NOTHING)
        }
    }
}

fn read(asking: &Asking) -> Result<Round, Fault> {
    Round::read(&asking.file).map_err(|error| {
        let place = asking.file.display();
        format!(
            "no round is known from {place}: {error}. Is it running? systemctl status edctl-drainer"
        )
        .into()
    })
}

fn json(value: &impl Serialize) -> Result<(), Fault> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

fn status(round: &Round, output: Output) -> Result<(), Fault> {
    if output == Output::Json {
        return json(round);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ago = now.as_secs_f64() - round.time_usec as f64 / 1e6;
    println!("the last round was {ago:.0} s ago and took {:.2} s", round.took_secs);
    if let Some(error) = &round.error {
        println!("it failed: {error}");
        return Ok(());
    }
    let mode = match (round.mode, round.in_charge) {
        (Mode::Shadow, _) => "shadow, nothing is changed; edctl-drainer plan says what would be",
        (Mode::Act, Some(false)) => "act, but the slurmctld in charge is on another host",
        (Mode::Act, _) => "act",
    };
    println!("mode: {mode}");
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    round.nodes.values().for_each(|node| *verdicts.entry(&node.verdict).or_default() += 1);
    let counts: Vec<String> =
        verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    println!("nodes: {} ({})", round.nodes.len(), counts.join(", "));
    for name in &round.brake_partitions {
        println!("the brake is on for the partition {name}: too many of its nodes are out at once");
    }
    for cause in &round.brake_causes {
        println!("the brake is on for {cause}: too many nodes at once");
    }
    for nodes in round.copies.values() {
        println!("copies of one image, by their machine id: {}", nodes.join(", "));
    }
    for done in &round.done {
        let error = done.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        println!("done: {}{error}", done.what);
    }
    Ok(())
}

fn plan(round: &Round, output: Output) -> Result<(), Fault> {
    let wanted: BTreeMap<&String, &NodeView> =
        round.nodes.iter().filter(|(_, node)| !matches!(node.wish, Wish::Leave { .. })).collect();
    if output == Output::Json {
        return json(&wanted);
    }
    if wanted.is_empty() {
        println!("nothing is to be done");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["NODE", "STATE", "WISH", "REASON", "HELD BACK BY"]);
    for (name, node) in wanted {
        let (wish, reason, why) = match &node.wish {
            Wish::Drain { reason } => ("drain", reason.as_str(), ""),
            Wish::Hold { reason, why } => ("drain", reason.as_str(), why.as_str()),
            Wish::Resume => ("resume", "", ""),
            Wish::Leave { why } => ("leave", "", why.as_str()),
        };
        table.add_row([name, node.state.as_str(), wish, reason, why]);
    }
    table.to_string().lines().for_each(|line| println!("{}", line.trim_end()));
    if round.mode == Mode::Shadow {
        println!("mode: shadow, so none of it is done");
    }
    Ok(())
}

fn explain(round: &Round, name: &str, output: Output) -> Result<(), Fault> {
    let node = round.nodes.get(name).ok_or_else(|| format!("slurmctld knows no node {name}"))?;
    if output == Output::Json {
        return json(node);
    }
    println!("{name}: {} in Slurm; its agent says: {}", node.state, node.verdict);
    if let (Some(reason), Some(user)) = (&node.reason, &node.reason_user) {
        println!("reason in Slurm, by {user}: {reason}");
    }
    match &node.wish {
        Wish::Leave { why } => println!("nothing is to be done: {why}"),
        Wish::Drain { reason } => println!("it is to be drained: {reason}"),
        Wish::Resume => println!("it is to be resumed: it is fit, and was drained by the drainer"),
        Wish::Hold { reason, why } => println!("it would be drained: {reason}\nheld back: {why}"),
    }
    if let Some(skew) = node.clock_skew_secs {
        println!("its clock differs by {skew:.1} s");
    }
    Ok(())
}
