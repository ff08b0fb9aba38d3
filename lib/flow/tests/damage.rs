//! Damage to the tools' reports: a number, a byte or a line that cannot be taken costs exactly the
//! figures made of it, and turns no failure into a pass.
//!
//! Which figures a number makes is not taken from the parsers: each number is first replaced by another
//! sound one, and what changes then is made of it.

use std::collections::BTreeSet;
use std::ops::Range;

use edctl_flow::{Judgement, Outcome, Verdict, sim, synth};

/// Texts that stand for no number in any report.
const ODD: [&str; 4] = ["", "n4n", "1e999", "0x1F"];

/// One file of a stage's evidence.
type File = (&'static str, &'static [u8]);

/// Judges the files of a stage.
type Judge = fn(&[(&str, &[u8])]) -> Judgement;

/// A stage's evidence and its judge.
struct Stage {
    files: &'static [File],
    judge: Judge,
}

const SYNTH: [File; 5] = [
    ("stat.json", include_bytes!("fixtures/synth/stat.json")),
    ("stat.txt", include_bytes!("fixtures/synth/stat.txt")),
    ("flip_flops.txt", include_bytes!("fixtures/synth/flip_flops.txt")),
    ("check.txt", include_bytes!("fixtures/synth/check.txt")),
    ("sta.txt", include_bytes!("fixtures/synth/sta.txt")),
];

/// Of a newer Yosys: the area stands in the JSON, and a `$display` is a cell.
const SYNTH_0_70: [File; 5] = [
    ("stat.json", include_bytes!("fixtures/yosys-0.70/stat.json")),
    ("stat.txt", include_bytes!("fixtures/yosys-0.70/stat.txt")),
    ("flip_flops.txt", b"4 objects.\n"),
    ("check.txt", include_bytes!("fixtures/yosys-0.70/check.txt")),
    ("sta.txt", include_bytes!("fixtures/synth/sta.txt")),
];

const SIM: [File; 3] = [
    ("sim.log", include_bytes!("fixtures/sim-passed.log")),
    ("sim.end", b"end=finish cycles=461388\n"),
    ("sim.exit", b"0\n"),
];

const PASSING: [Stage; 3] = [
    Stage { files: &SYNTH, judge: |files| judge_synth(files, "picorv32") },
    Stage { files: &SYNTH_0_70, judge: |files| judge_synth(files, "core") },
    Stage { files: &SIM, judge: judge_sim },
];

const VIOLATED: [File; 5] = [
    SYNTH[0],
    SYNTH[1],
    SYNTH[2],
    SYNTH[3],
    ("sta.txt", include_bytes!("fixtures/synth/sta-violated.txt")),
];

const UNMAPPED: [File; 5] = [
    SYNTH_0_70[0],
    SYNTH_0_70[1],
    SYNTH_0_70[2],
    (
        "check.txt",
        b"Warning: Cell core.$x$4 is an unmapped internal cell of type $print.\n\
          Warning: Cell core.$y$5 is an unmapped internal cell of type $_DFF_P_.\n\
          Found and reported 2 problems.\n",
    ),
    SYNTH_0_70[4],
];

const STA_ERROR: [File; 5] = [
    SYNTH[0],
    SYNTH[1],
    SYNTH[2],
    SYNTH[3],
    ("sta.txt", include_bytes!("fixtures/synth/sta-error.txt")),
];

const BROKEN: [File; 3] = [
    ("sim.log", include_bytes!("fixtures/sim-failed.log")),
    ("sim.end", b"end=stop cycles=34933\n"),
    ("sim.exit", b"1\n"),
];

const WATCHDOG: [File; 3] = [
    ("sim.log", include_bytes!("fixtures/sim-watchdog.log")),
    ("sim.end", b"end=watchdog cycles=1000\n"),
    ("sim.exit", b"3\n"),
];

const FAILING: [Stage; 5] = [
    Stage { files: &VIOLATED, judge: |files| judge_synth(files, "picorv32") },
    Stage { files: &UNMAPPED, judge: |files| judge_synth(files, "core") },
    Stage { files: &STA_ERROR, judge: |files| judge_synth(files, "picorv32") },
    Stage { files: &BROKEN, judge: judge_sim },
    Stage { files: &WATCHDOG, judge: judge_sim },
];

fn of<'a>(files: &[(&str, &'a [u8])], name: &str) -> Option<&'a [u8]> {
    files.iter().find(|(file, _)| *file == name).map(|(_, bytes)| *bytes)
}

fn exit(files: &[(&str, &[u8])], name: &str) -> Option<i32> {
    std::str::from_utf8(of(files, name)?).ok()?.trim().parse().ok()
}

fn judge_synth(files: &[(&str, &[u8])], top: &str) -> Judgement {
    synth::judge(&synth::Evidence {
        outcome: Outcome::Exited(0),
        top,
        stat_json: of(files, "stat.json"),
        stat_text: of(files, "stat.txt"),
        flip_flops: of(files, "flip_flops.txt"),
        check: of(files, "check.txt"),
        sta: of(files, "sta.txt"),
        yosys_exit: Some(0),
        stage_log: b"",
    })
}

fn judge_sim(files: &[(&str, &[u8])]) -> Judgement {
    let plan = include_str!("../../../eda-flows/picorv32/sim/subtests.txt");
    let plan: Vec<String> = plan.split_whitespace().map(str::to_owned).collect();
    sim::judge(&sim::Evidence {
        outcome: Outcome::Exited(0),
        plan: &plan,
        sim_log: of(files, "sim.log"),
        sim_end: of(files, "sim.end"),
        sim_exit: exit(files, "sim.exit"),
        stage_log: b"",
    })
}

impl Stage {
    fn judged(&self) -> Judgement {
        (self.judge)(self.files)
    }

    /// The judgement with `range` of one file replaced.
    fn with(&self, file: usize, range: Range<usize>, by: &[u8]) -> Judgement {
        let (name, bytes) = self.files[file];
        let damaged = [&bytes[..range.start], by, &bytes[range.end..]].concat();
        let mut files = self.files.to_vec();
        files[file] = (name, &damaged);
        (self.judge)(&files)
    }
}

/// Each number of a report that stands between blanks, marks or the ends of its line.
fn numbers(bytes: &[u8]) -> Vec<Range<usize>> {
    let is_part =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+' | b'$');
    let mut found = Vec::new();
    let mut at = 0;
    for word in bytes.split(|b| !is_part(*b)) {
        let dots = word.len() - word.iter().filter(|b| **b != b'.').count();
        let is_number = word.first().is_some_and(u8::is_ascii_digit)
            && word.iter().all(|b| b.is_ascii_digit() || *b == b'.')
            && dots <= 1;
        if is_number {
            found.push(at..at + word.len());
        }
        at += word.len() + 1;
    }
    found
}

/// Another number of the same form.
fn another(number: &[u8]) -> Vec<u8> {
    let other = |b: &u8| if *b == b'9' { b'1' } else { b + 1 };
    let mut number = number.to_vec();
    if let Some(first) = number.first_mut() {
        *first = other(first);
    }
    number
}

fn names(judgement: &Judgement) -> BTreeSet<&str> {
    judgement.metrics.keys().map(String::as_str).collect()
}

/// The figures that differ between two judgements.
fn changed<'a>(before: &'a Judgement, after: &Judgement) -> BTreeSet<&'a str> {
    names(before)
        .into_iter()
        .filter(|name| before.metrics.get(*name) != after.metrics.get(*name))
        .collect()
}

/// Damage may cost the figures made of what was damaged; it makes no other value of any.
fn assert_rest(before: &Judgement, after: &Judgement, made_of_it: &BTreeSet<&str>, what: &str) {
    for (name, value) in &before.metrics {
        match after.metrics.get(name) {
            Some(left) => assert_eq!(left, value, "{what}: {name}"),
            None => assert!(made_of_it.contains(name.as_str()), "{what} costs {name}: {after:?}"),
        }
    }
    assert!(names(after).is_subset(&names(before)), "{what}: {after:?}");
}

#[test]
fn a_number_that_cannot_be_taken_costs_exactly_the_figures_made_of_it() {
    let mut seen = BTreeSet::new();
    for stage in &PASSING {
        let whole = stage.judged();
        assert_eq!(whole.verdict, Verdict::Passed, "{whole:?}");
        for (file, (name, bytes)) in stage.files.iter().enumerate() {
            for number in numbers(bytes) {
                let was = String::from_utf8_lossy(&bytes[number.clone()]).into_owned();
                let other = stage.with(file, number.clone(), &another(&bytes[number.clone()]));
                let made_of_it = changed(&whole, &other);
                seen.extend(made_of_it.iter().map(|figure| (*figure).to_owned()));
                let mut damages: Vec<Vec<u8>> =
                    ODD.iter().map(|odd| odd.as_bytes().to_vec()).collect();
                damages.push([&bytes[number.clone()], b"\xfc".as_slice()].concat());
                damages.push([b"\xfc", &bytes[number.start + 1..number.end]].concat());
                for damage in damages {
                    let what = format!("{name}: {was} became {}", String::from_utf8_lossy(&damage));
                    let damaged = stage.with(file, number.clone(), &damage);
                    assert_rest(&whole, &damaged, &made_of_it, &what);
                }
            }
        }
    }
    for stage in &PASSING {
        let counted = |name: &&str| !name.starts_with("sim__test__");
        for name in names(&stage.judged()).into_iter().filter(counted) {
            assert!(seen.contains(name), "no number makes {name}");
        }
    }
}

#[test]
fn a_line_that_is_lost_costs_exactly_the_figures_made_of_it() {
    for stage in &PASSING {
        let whole = stage.judged();
        for (file, (name, bytes)) in stage.files.iter().enumerate() {
            for line in lines(bytes) {
                let text = String::from_utf8_lossy(&bytes[line.clone()]).into_owned();
                let what = format!("{name} without {text:?}");
                let damaged = stage.with(file, line.clone(), b"");
                if text.contains("..OK") {
                    assert_eq!(damaged.verdict, Verdict::Missing, "{what}");
                    assert_eq!(damaged.metrics["sim__test__count__passed"], 44.0, "{what}");
                    continue;
                }
                // A list that lacks one line is another list: nothing says that a cell was a `$print`.
                if text.contains("\"$print\"") {
                    continue;
                }
                let mut made_of_it = BTreeSet::new();
                for number in numbers(&bytes[line.clone()]) {
                    let number = line.start + number.start..line.start + number.end;
                    let other = stage.with(file, number.clone(), &another(&bytes[number]));
                    made_of_it.extend(changed(&whole, &other));
                }
                // Without its frame the JSON says nothing.
                if *name == "stat.json" && text.contains(['{', '}']) {
                    made_of_it.extend(changed(&whole, &damaged));
                }
                assert_rest(&whole, &damaged, &made_of_it, &what);
            }
        }
    }
}

#[test]
fn a_byte_that_is_lost_leaves_no_other_figure_than_before() {
    for stage in &PASSING {
        let whole = stage.judged();
        for (file, (name, bytes)) in stage.files.iter().enumerate() {
            for at in (0..bytes.len()).filter(|at| bytes[*at] != b'\n') {
                let damaged = stage.with(file, at..at + 1, b"\xfc");
                for (figure, value) in &damaged.metrics {
                    let same = whole.metrics.get(figure) == Some(value);
                    let subtests = figure == "sim__test__count__passed" && *value == 44.0;
                    assert!(same || subtests, "{name}, byte {at}: {figure} is {value}");
                }
            }
        }
    }
}

#[test]
fn no_damage_turns_a_failure_into_a_pass() {
    for stage in &FAILING {
        let whole = stage.judged();
        assert!(whole.verdict.exit_code() != 0, "{whole:?}");
        for (file, (name, bytes)) in stage.files.iter().enumerate() {
            let pieces = lines(bytes).into_iter().map(|line| (line, b"".as_slice()));
            let bad_bytes = (0..bytes.len()).map(|at| (at..at + 1, b"\xfc".as_slice()));
            let odd = numbers(bytes)
                .into_iter()
                .flat_map(|number| ODD.iter().map(move |odd| (number.clone(), odd.as_bytes())));
            for (range, by) in pieces.chain(bad_bytes).chain(odd) {
                let damaged = stage.with(file, range.clone(), by);
                let by = String::from_utf8_lossy(by).into_owned();
                assert_ne!(damaged.verdict, Verdict::Passed, "{name}, {range:?} by {by:?}");
            }
        }
        for (file, (name, _)) in stage.files.iter().enumerate() {
            let mut files = stage.files.to_vec();
            files.remove(file);
            assert_ne!((stage.judge)(&files).verdict, Verdict::Passed, "without {name}");
        }
    }
}

#[test]
fn a_report_that_is_not_there_leaves_its_figures_absent() {
    for stage in &PASSING {
        let whole = stage.judged();
        for (file, (name, _)) in stage.files.iter().enumerate() {
            let mut files = stage.files.to_vec();
            files.remove(file);
            for (figure, value) in (stage.judge)(&files).metrics {
                assert_eq!(whole.metrics.get(&figure), Some(&value), "without {name}: {figure}");
            }
        }
    }
}

#[test]
fn what_stands_in_the_place_of_a_figure_is_named() {
    let stage = &PASSING[0];
    let (_, sta) = SYNTH[4];
    let hold = b"EDCTL sta hold_ws ";
    let at = sta.windows(hold.len()).position(|window| window == hold).unwrap() + hold.len();
    let judgement = stage.with(4, at..at + 4, b"nan ");
    assert_eq!(judgement.verdict, Verdict::Passed, "{judgement:?}");
    let said = &judgement.left_out["synth__timing__hold__ws"];
    assert!(said.starts_with("nan "), "{said}");
}

fn lines(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut at = 0;
    let with_ends = bytes.split_inclusive(|b| *b == b'\n');
    with_ends
        .map(|line| {
            at += line.len();
            at - line.len()..at
        })
        .collect()
}
