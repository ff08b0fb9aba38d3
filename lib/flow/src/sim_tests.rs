use proptest::prelude::*;

use super::*;

const PASSED: &[u8] = include_bytes!("../tests/fixtures/sim-passed.log");
const FAILED: &[u8] = include_bytes!("../tests/fixtures/sim-failed.log");
const WATCHDOG: &[u8] = include_bytes!("../tests/fixtures/sim-watchdog.log");
const SYNTAX: &[u8] = include_bytes!("../tests/fixtures/verilator-error.log");

fn plan() -> Vec<String> {
    Log::parse(PASSED, None).order
}

fn judged(outcome: Outcome, sim_log: Option<&[u8]>, sim_exit: Option<i32>) -> Judgement {
    judge(&Evidence { outcome, plan: &plan(), sim_log, sim_end: None, sim_exit, stage_log: SYNTAX })
}

fn without(line: &str) -> Vec<u8> {
    let text = std::str::from_utf8(PASSED).unwrap();
    let kept: Vec<&str> = text.lines().filter(|l| *l != line).collect();
    assert_ne!(kept.len(), text.lines().count(), "no line {line:?}");
    format!("{}\n", kept.join("\n")).into_bytes()
}

#[test]
fn a_whole_passing_log_passes() {
    let judgement = judged(Outcome::Exited(0), Some(PASSED), Some(0));
    assert_eq!(judgement.verdict, Verdict::Passed, "{judgement:?}");
    assert_eq!(judgement.subtest_counts(), Some((45, 45)));
    assert_eq!(judgement.metrics["sim__design__cycles"], 421_202.0);
    assert_eq!(judgement.first_failure, None);
}

#[test]
fn a_broken_design_fails_and_names_the_first_sub_test() {
    let judgement = judged(Outcome::Exited(2), Some(FAILED), Some(1));
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert_eq!(judgement.first_failure.as_deref(), Some("auipc"));
    assert_eq!(judgement.summary, "sub-test auipc failed");
    assert_eq!(judgement.subtest_counts(), Some((1, 45)));
    assert_eq!(judgement.subtests[2].verdict, Verdict::Missing);
}

#[test]
fn every_other_end_has_its_own_verdict() {
    let out_of_bounds = [b"lui..OK\nOUT-OF-BOUNDS MEMORY READ FROM b1257c20\n".as_slice()].concat();
    let cut = &PASSED[..PASSED.len() / 3];
    let limit = Outcome::TimedOut { limit_secs: 60 };
    for (name, judgement, verdict) in [
        ("watchdog", judged(Outcome::Exited(2), Some(WATCHDOG), Some(3)), Verdict::Failed),
        ("exit 0", judged(Outcome::Exited(0), Some(&out_of_bounds), Some(0)), Verdict::Failed),
        ("syntax", judged(Outcome::Exited(2), None, None), Verdict::Failed),
        ("kill -9", judged(Outcome::Exited(2), Some(cut), Some(137)), Verdict::Error),
        ("cut", judged(Outcome::Exited(0), Some(cut), Some(0)), Verdict::Error),
        ("no status", judged(Outcome::Exited(0), Some(PASSED), None), Verdict::Error),
        ("make died", judged(Outcome::Signaled(9), Some(PASSED), Some(0)), Verdict::Error),
        ("make failed", judged(Outcome::Exited(2), Some(PASSED), Some(0)), Verdict::Error),
        ("limit", judged(limit, Some(cut), None), Verdict::Timeout),
        ("memory", judged(Outcome::OutOfMemory, Some(PASSED), Some(0)), Verdict::Oom),
        ("cancel", judged(Outcome::Cancelled, None, None), Verdict::Cancelled),
    ] {
        assert_eq!(judgement.verdict, verdict, "{name}: {judgement:?}");
    }
}

#[test]
fn a_sub_test_that_never_reports_is_missing() {
    let judgement = judged(Outcome::Exited(0), Some(&without("sra..OK")), Some(0));
    assert_eq!(judgement.verdict, Verdict::Missing);
    assert_eq!(judgement.first_failure.as_deref(), Some("sra"));
    assert_eq!(judgement.subtest_counts(), Some((44, 45)));
}

#[test]
fn an_empty_plan_cannot_pass() {
    let evidence = Evidence {
        outcome: Outcome::Exited(0),
        plan: &[],
        sim_log: Some(PASSED),
        sim_end: None,
        sim_exit: Some(0),
        stage_log: b"",
    };
    assert_eq!(judge(&evidence).verdict, Verdict::Error);
}

#[test]
fn a_full_disk_is_no_fault_of_the_design() {
    let stage_log = b"%Error: Can't write file: x\nsh: write error: No space left on device\n";
    let plan = plan();
    let evidence = Evidence {
        outcome: Outcome::Exited(2),
        plan: &plan,
        sim_log: None,
        sim_end: None,
        sim_exit: None,
        stage_log,
    };
    assert_eq!(judge(&evidence).verdict, Verdict::Error);
}

#[test]
fn each_line_of_the_evidence_is_needed() {
    for name in plan() {
        let judgement = judged(Outcome::Exited(0), Some(&without(&format!("{name}..OK"))), Some(0));
        assert_eq!(judgement.verdict, Verdict::Missing, "{name}");
    }
    for line in ["ALL TESTS PASSED.", "EDCTL sim end=finish cycles=461388"] {
        let judgement = judged(Outcome::Exited(0), Some(&without(line)), Some(0));
        assert_ne!(judgement.verdict, Verdict::Passed, "{line}");
    }
}

#[test]
fn a_log_that_was_cut_never_passes() {
    for cut in 0..PASSED.len() {
        let judgement = judged(Outcome::Exited(0), Some(&PASSED[..cut]), Some(0));
        assert_ne!(judgement.verdict, Verdict::Passed, "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_and_never_pass(log in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_ne!(judged(Outcome::Exited(0), Some(&log), Some(0)).verdict, Verdict::Passed);
    }

    #[test]
    fn any_other_exit_status_is_no_pass(exit in 1..256_i32, made in any::<bool>()) {
        let (outcome, exit) = if made { (exit, 0) } else { (0, exit) };
        let judgement = judged(Outcome::Exited(outcome), Some(PASSED), Some(exit));
        prop_assert_ne!(judgement.verdict, Verdict::Passed);
    }
}
