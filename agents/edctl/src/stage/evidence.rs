//! What a stage's command left behind, read and handed to the judge.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context;
use edctl_flow::{Flow, Judgement, Outcome, sim, synth};

use crate::problem::{OrProblem, Problem};
use crate::run::{RunRecord, StageDir};

/// A log beyond this is cut, and a cut log never passes.
const MAX_LOG_BYTES: u64 = 256 << 20;

/// Judges the stage.
pub(crate) fn judge(
    stage: &StageDir,
    run: &RunRecord,
    outcome: Outcome,
) -> Result<Judgement, Problem> {
    let work = stage.work();
    let left = |name: &str| read(&work.join(name));
    let stage_log = || Ok(read(&stage.log())?.unwrap_or_default());
    Ok(match run.flow {
        Flow::Sim => {
            let sim_log = left("sim.log")?;
            // It holds the simulator's log again: twice a flood of words would be our own death.
            let stage_log = if sim_log.is_none() { stage_log()? } else { Vec::new() };
            sim::judge(&sim::Evidence {
                outcome,
                plan: &run.plan,
                sim_log: sim_log.as_deref(),
                sim_end: left("sim.end")?.as_deref(),
                sim_exit: left("sim.exit")?.as_deref().and_then(parse_exit),
                stage_log: &stage_log,
            })
        }
        Flow::Synth => synth::judge(&synth::Evidence {
            outcome,
            top: &run.top,
            stat_json: left("stat.json")?.as_deref(),
            stat_text: left("stat.txt")?.as_deref(),
            flip_flops: left("flip_flops.txt")?.as_deref(),
            check: left("check.txt")?.as_deref(),
            sta: left("sta.txt")?.as_deref(),
            yosys_exit: left("yosys.exit")?.as_deref().and_then(parse_exit),
            stage_log: &stage_log()?,
        }),
    })
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Problem> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_LOG_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(error).with_context(|| format!("cannot read {}", path.display())).or_infra()
        }
    }
}

fn parse_exit(text: &[u8]) -> Option<i32> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}
