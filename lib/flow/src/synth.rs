//! The verdict on a synthesis: mapped without problems, and its period met.

use crate::sta::Timing;
use crate::text::{self, Cause};
use crate::yosys::{self, Netlist, Reports};
use crate::{Figure, Figures, Judgement, Outcome, Verdict};

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
    /// The number of flip-flops, by `select -count`.
    pub flip_flops: Option<&'a [u8]>,
    /// `check -mapped`
    pub check: Option<&'a [u8]>,
    /// What OpenSTA printed.
    pub sta: Option<&'a [u8]>,
    /// Yosys' own exit status as its shell saw it (128 + n for signal n).
    pub yosys_exit: Option<i32>,
    /// What the whole stage printed.
    pub stage_log: &'a [u8],
}

/// Judges a synthesis: a pass needs every figure, no problem, and no negative setup slack.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    let reports = Reports {
        stat_json: evidence.stat_json.unwrap_or_default(),
        stat_text: evidence.stat_text.unwrap_or_default(),
        flip_flops: evidence.flip_flops.unwrap_or_default(),
    };
    let netlist = Netlist::parse(reports, evidence.top);
    let timing = Timing::parse(evidence.sta.unwrap_or_default());
    let decided = evidence.outcome.decides().unwrap_or_else(|| {
        judge_reports(evidence, &netlist, &timing)
            .unwrap_or_else(|Unfinished(what)| explain(evidence, what))
    });
    decided.with(figures(&netlist, &timing))
}

/// A step that did not come to its report.
struct Unfinished(&'static str);

/// The tools' reports alone decide: a log holds the design's own words too.
fn judge_reports(
    evidence: &Evidence<'_>,
    netlist: &Netlist,
    timing: &Timing,
) -> Result<Judgement, Unfinished> {
    let failed = |reason: String| Ok(Judgement::bare(Verdict::Failed, reason));
    let error = |reason: String| Ok(Judgement::bare(Verdict::Error, reason));

    let Some(problems) = evidence.check.and_then(yosys::parse_check) else {
        return Err(Unfinished("the synthesis did not end"));
    };
    if problems > 0 {
        return failed(format!("the mapped netlist has {problems} problems"));
    }
    if let Some(line) = &timing.error {
        return error(format!("OpenSTA: {line}"));
    }
    if !timing.finished {
        return Err(Unfinished("OpenSTA did not end"));
    }
    let (Figure::Taken(cells), Figure::Taken(area)) = (&netlist.cells, &netlist.area) else {
        return error(format!(
            "no cell count or no area in Yosys' reports{}",
            said([&netlist.cells, &netlist.area])
        ));
    };
    let (Figure::Taken(slack), Figure::Taken(_), Figure::Taken(period)) =
        (&timing.setup_ws_ns, &timing.setup_tns_ns, &timing.period_ns)
    else {
        return error(format!(
            "no slack in OpenSTA's report: the clock may constrain no path{}",
            said([&timing.setup_ws_ns, &timing.setup_tns_ns, &timing.period_ns])
        ));
    };
    if *cells == 0.0 {
        return failed("the netlist is empty".to_owned());
    }
    if *slack < 0.0 {
        return failed(format!("setup slack {slack:+.2} ns at {period} ns"));
    }
    if let Some(trouble) = evidence.outcome.trouble() {
        return error(format!("the reports are of a pass, but {trouble}"));
    }
    let figures = format!("{cells} cells, area {area:.0}, slack {slack:+.2} ns at {period} ns");
    Ok(Judgement::bare(Verdict::Passed, figures))
}

/// Why a report is missing, from the log: the design's fault, or the machine's.
fn explain(evidence: &Evidence<'_>, what: &str) -> Judgement {
    let error = |reason: String| Judgement::bare(Verdict::Error, reason);
    let log = evidence.stage_log;
    if let Some(line) = text::machine_trouble(log) {
        return error(line);
    }
    if let Some(signal) = evidence.yosys_exit.filter(|status| *status > 128) {
        return error(format!("Yosys was killed by signal {}", signal - 128));
    }
    match yosys::parse_cause(log) {
        Some(Cause::Machine(line)) => error(line),
        Some(Cause::Design(line)) => Judgement::bare(Verdict::Failed, line),
        None => {
            let words = text::last_words(log).unwrap_or_else(|| "no output".to_owned());
            error(format!("{what}: {words}"))
        }
    }
}

/// What stands in the place of a number.
fn said<const N: usize>(figures: [&Figure; N]) -> String {
    let odd = figures.into_iter().filter_map(|figure| match figure {
        Figure::Odd(text) => Some(format!(" ('{text}')")),
        Figure::Absent | Figure::Taken(_) => None,
    });
    odd.collect()
}

fn figures(netlist: &Netlist, timing: &Timing) -> Figures {
    let mut figures = Figures::default();
    for (name, figure) in [
        ("synth__design__instance__count__stdcell", &netlist.cells),
        ("synth__design__instance__area__stdcell", &netlist.area),
        ("synth__design__instance__count__flip_flop", &netlist.flip_flops),
        ("synth__timing__setup__ws", &timing.setup_ws_ns),
        ("synth__timing__setup__wns", &timing.setup_wns_ns),
        ("synth__timing__setup__tns", &timing.setup_tns_ns),
        ("synth__timing__hold__ws", &timing.hold_ws_ns),
        ("synth__constraints__clock__period", &timing.period_ns),
    ] {
        figures.put(name, figure);
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &[u8] = include_bytes!("../tests/fixtures/synth/stat.json");
    const TEXT: &[u8] = include_bytes!("../tests/fixtures/synth/stat.txt");
    const FLIP_FLOPS: &[u8] = include_bytes!("../tests/fixtures/synth/flip_flops.txt");
    const CHECK: &[u8] = include_bytes!("../tests/fixtures/synth/check.txt");
    const STA: &[u8] = include_bytes!("../tests/fixtures/synth/sta.txt");
    const STA_VIOLATED: &[u8] = include_bytes!("../tests/fixtures/synth/sta-violated.txt");
    const STA_ERROR: &[u8] = include_bytes!("../tests/fixtures/synth/sta-error.txt");
    const SYNTAX: &[u8] = include_bytes!("../tests/fixtures/yosys-error.log");

    /// Yosys from 0.33 on, called from Tcl.
    const SAID_TWICE: &[u8] = b"ERROR: Can't open liberty file `/pdk/slow.lib': No such file\n\
        ERROR: TCL interpreter returned an error: Yosys command produced an error\n";
    const MIDDLE_OF_A_LINE: &[u8] = b"Found cached representation for module `$paramod\\SelERROR: \
        Module `\\alu' referenced in module `\\core' in cell `\\u0' is not part of the design.\nect'.\n";
    /// An `initial` block's `$display`, which Yosys prints while it reads the design.
    const DISPLAY: &[u8] = b"2. Executing Verilog-2005 frontend: core.v\nERROR: FIFO of depth 0\n\
        ROM image: No such command, liberty file not found\n";
    const DISPLAY_THEN_DISK: &[u8] = b"ERROR: FIFO of depth 0\n\
        ERROR: Can't open output file `netlist.v': No space left on device\n";
    const DISPLAY_THEN_FAULT: &[u8] = b"ERROR: Can't open liberty file, says the design\n\
        ERROR: Module `\\alu' referenced in module `\\core' is not part of the design.\n";
    const READMEMH: &[u8] =
        b"core.v:7: ERROR: Can not open file `rom.hex` for \\$readmemh.\nmake: *** [synth] Error 1\n";
    const NO_ABC: &[u8] =
        b"ERROR: ABC: execution of command \"yosys-abc -s -f x\" failed: return code 127.\n";

    fn good() -> Evidence<'static> {
        Evidence {
            outcome: Outcome::Exited(0),
            top: "picorv32",
            stat_json: Some(JSON),
            stat_text: Some(TEXT),
            flip_flops: Some(FLIP_FLOPS),
            check: Some(CHECK),
            sta: Some(STA),
            yosys_exit: Some(0),
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
        let clean = |log: &'static [u8]| Evidence { stage_log: log, ..good() };
        let unfinished = |log: &'static [u8]| Evidence {
            outcome: Outcome::Exited(2),
            stage_log: log,
            ..nothing
        };
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
            ("said twice", unfinished(SAID_TWICE), Verdict::Error),
            ("no module", unfinished(MIDDLE_OF_A_LINE), Verdict::Failed),
            ("its own words, then a full disk", unfinished(DISPLAY_THEN_DISK), Verdict::Error),
            ("its own words, then a fault", unfinished(DISPLAY_THEN_FAULT), Verdict::Failed),
            (
                "its own words, then a kill",
                Evidence { yosys_exit: Some(137), ..unfinished(DISPLAY) },
                Verdict::Error,
            ),
            ("its own words in a pass", clean(DISPLAY), Verdict::Passed),
            ("a file of the design", unfinished(READMEMH), Verdict::Failed),
            ("no ABC", unfinished(NO_ABC), Verdict::Error),
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
        assert!(judgement.left_out.is_empty(), "{judgement:?}");
    }
}
