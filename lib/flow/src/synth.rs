//! The verdict on a synthesis: mapped without problems, and its period met.

use std::collections::BTreeMap;

use crate::sta::Timing;
use crate::yosys::{self, Netlist};
use crate::{Judgement, Outcome, Verdict, text};

/// What a synthesis left behind; `None` for a file that is not there.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// How the stage's command ended.
    pub outcome: Outcome,
    /// The top module's name.
    pub top: &'a str,
    /// `stat -json`
    pub stat_json: Option<&'a [u8]>,
    /// `stat`
    pub stat_text: Option<&'a [u8]>,
    /// `check -mapped`
    pub check: Option<&'a [u8]>,
    /// What OpenSTA printed.
    pub sta: Option<&'a [u8]>,
    /// What the whole stage printed.
    pub stage_log: &'a [u8],
}

/// Judges a synthesis: a pass needs every figure, no problem, and no negative setup slack.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    let netlist = Netlist::parse(
        evidence.stat_json.unwrap_or_default(),
        evidence.stat_text.unwrap_or_default(),
        evidence.top,
    );
    let timing = Timing::parse(evidence.sta.unwrap_or_default());
    let decided =
        evidence.outcome.decides().unwrap_or_else(|| judge_files(evidence, &netlist, &timing));
    Judgement { metrics: metrics(&netlist, &timing), ..decided }
}

fn judge_files(evidence: &Evidence<'_>, netlist: &Netlist, timing: &Timing) -> Judgement {
    let failed = |reason: String| Judgement::bare(Verdict::Failed, reason);
    let error = |reason: String| Judgement::bare(Verdict::Error, reason);

    if let Some(line) = text::machine_trouble(evidence.stage_log) {
        return error(line);
    }
    if let Some(line) = design_error(evidence.stage_log) {
        return failed(line);
    }
    let Some(problems) = evidence.check.and_then(yosys::parse_check) else {
        return error(format!("the synthesis did not end: {}", last_words(evidence.stage_log)));
    };
    if problems > 0 {
        return failed(format!("the mapped netlist has {problems} problems"));
    }
    if let Some(line) = &timing.error {
        return error(format!("OpenSTA: {line}"));
    }
    if !timing.finished {
        return error(format!("OpenSTA did not end: {}", last_words(evidence.stage_log)));
    }
    let (Some(cells), Some(area)) = (netlist.cells, netlist.area) else {
        return error("no cell count or no area in Yosys' reports".to_owned());
    };
    let (Some(slack), Some(_), Some(period)) =
        (timing.setup_ws_ns, timing.setup_tns_ns, timing.period_ns)
    else {
        return error("no slack in OpenSTA's report: the clock may constrain no path".to_owned());
    };
    if cells == 0 {
        return failed("the netlist is empty".to_owned());
    }
    if slack < 0.0 {
        return failed(format!("setup slack {slack:+.2} ns at {period} ns"));
    }
    if let Some(trouble) = evidence.outcome.trouble() {
        return error(format!("the reports are of a pass, but {trouble}"));
    }
    let figures = format!("{cells} cells, area {area:.0}, slack {slack:+.2} ns at {period} ns");
    Judgement::bare(Verdict::Passed, figures)
}

/// Yosys' own errors, but for those about its inputs' place on the machine.
fn design_error(stage_log: &[u8]) -> Option<String> {
    let is_error = |line: &String| line.starts_with("ERROR: ") || line.contains(": ERROR: ");
    let about_the_machine = |line: &String| line.contains("Can't open");
    text::lines(stage_log)
        .find(|line| is_error(line) && !about_the_machine(line))
        .map(|line| text::quote(&line))
}

fn last_words(stage_log: &[u8]) -> String {
    text::last_words(stage_log).unwrap_or_else(|| "no output".to_owned())
}

fn metrics(netlist: &Netlist, timing: &Timing) -> BTreeMap<String, f64> {
    [
        ("synth__design__instance__count__stdcell", netlist.cells.map(|count| count as f64)),
        ("synth__design__instance__area__stdcell", netlist.area),
        ("synth__design__instance__count__flip_flop", netlist.flip_flops.map(|n| n as f64)),
        ("synth__timing__setup__ws", timing.setup_ws_ns),
        ("synth__timing__setup__wns", timing.setup_wns_ns),
        ("synth__timing__setup__tns", timing.setup_tns_ns),
        ("synth__timing__hold__ws", timing.hold_ws_ns),
        ("synth__constraints__clock__period", timing.period_ns),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &[u8] = include_bytes!("../tests/fixtures/synth/stat.json");
    const TEXT: &[u8] = include_bytes!("../tests/fixtures/synth/stat.txt");
    const CHECK: &[u8] = include_bytes!("../tests/fixtures/synth/check.txt");
    const STA: &[u8] = include_bytes!("../tests/fixtures/synth/sta.txt");
    const STA_VIOLATED: &[u8] = include_bytes!("../tests/fixtures/synth/sta-violated.txt");
    const STA_ERROR: &[u8] = include_bytes!("../tests/fixtures/synth/sta-error.txt");
    const SYNTAX: &[u8] = include_bytes!("../tests/fixtures/yosys-error.log");

    fn good() -> Evidence<'static> {
        Evidence {
            outcome: Outcome::Exited(0),
            top: "picorv32",
            stat_json: Some(JSON),
            stat_text: Some(TEXT),
            check: Some(CHECK),
            sta: Some(STA),
            stage_log: b"",
        }
    }

    #[test]
    fn a_whole_synthesis_passes_with_its_figures() {
        let judgement = judge(&good());
        assert_eq!(judgement.verdict, Verdict::Passed, "{judgement:?}");
        assert_eq!(judgement.summary, "12407 cells, area 1734124, slack +11.66 ns at 20 ns");
        assert_eq!(judgement.metrics["synth__design__instance__area__stdcell"], 1_734_124.0);
        assert_eq!(judgement.metrics["synth__timing__setup__wns"], 0.0);
    }

    #[test]
    fn every_other_end_has_its_own_verdict() {
        let nothing =
            Evidence { stat_json: None, stat_text: None, check: None, sta: None, ..good() };
        let no_library = b"ERROR: Can't open liberty file x.lib\n";
        let failed = Outcome::Exited(2);
        for (name, evidence, verdict) in [
            ("slack", Evidence { sta: Some(STA_VIOLATED), ..good() }, Verdict::Failed),
            ("sta returns 0", Evidence { sta: Some(STA_ERROR), ..good() }, Verdict::Error),
            ("no sta", Evidence { sta: None, ..good() }, Verdict::Error),
            ("no area", Evidence { stat_text: None, ..good() }, Verdict::Error),
            ("no cells", Evidence { stat_json: None, ..good() }, Verdict::Error),
            ("cut sta", Evidence { sta: Some(&STA[..STA.len() - 9]), ..good() }, Verdict::Error),
            (
                "problems",
                Evidence { check: Some(b"Found and reported 2 problems."), ..good() },
                Verdict::Failed,
            ),
            ("make failed", Evidence { outcome: failed, ..good() }, Verdict::Error),
            ("syntax", Evidence { outcome: failed, stage_log: SYNTAX, ..nothing }, Verdict::Failed),
            (
                "no library",
                Evidence { outcome: failed, stage_log: no_library, ..nothing },
                Verdict::Error,
            ),
            ("killed", Evidence { outcome: Outcome::Signaled(9), ..nothing }, Verdict::Error),
            ("cancelled", Evidence { outcome: Outcome::Cancelled, ..good() }, Verdict::Cancelled),
        ] {
            let judgement = judge(&evidence);
            assert_eq!(judgement.verdict, verdict, "{name}: {judgement:?}");
        }
    }

    #[test]
    fn figures_stay_absent_where_reports_are() {
        let judgement = judge(&Evidence { stat_text: None, sta: None, ..good() });
        assert_eq!(
            judgement.metrics.keys().collect::<Vec<_>>(),
            [
                "synth__design__instance__count__flip_flop",
                "synth__design__instance__count__stdcell",
            ]
        );
    }
}
