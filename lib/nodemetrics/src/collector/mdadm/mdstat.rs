//! /proc/mdstat: a line for each array, and lines with more of it that begin with a blank.

use crate::reading::kernel_file::Text;

/// An array; what the kernel does not say, or says oddly, is nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Array<'a> {
    pub(super) name: &'a str,
    /// `active`, `inactive`, or what is being done to its disks.
    pub(super) state: Option<&'a str>,
    pub(super) disks: Disks,
    pub(super) blocks: Option<u64>,
    pub(super) synced: Option<u64>,
}

/// How many disks an array has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disks {
    pub(super) active: Option<u64>,
    pub(super) required: Option<u64>,
    pub(super) failed: u64,
    pub(super) spare: u64,
}

/// What the kernel calls that which it does to the disks, and the state that it is.
const ACTIONS: [(&str, &str); 4] =
    [("recovery", "recovering"), ("reshape", RESHAPING), ("check", "check"), ("resync", "resync")];
pub(super) const RESHAPING: &str = "reshaping";

/// A line and its number.
type Line<'a> = (usize, &'a str);

pub(super) fn parse(text: Text<'_>) -> Vec<Array<'_>> {
    let mut arrays: Vec<(Line<'_>, Vec<Line<'_>>)> = Vec::new();
    for (number, line) in text.lines() {
        let is_of_all = line.starts_with("Personalities") || line.starts_with("unused devices");
        if line.trim().is_empty() || is_of_all {
            continue;
        }
        match arrays.last_mut().filter(|_| line.starts_with(' ')) {
            Some((_, more)) => more.push((number, line)),
            None if line.contains(" : ") => arrays.push(((number, line), Vec::new())),
            None => text.leave_out(number, "expected an array"),
        }
    }
    arrays.iter().map(|(head, more)| parse_array(text, *head, more)).collect()
}

/// `md2 : active raid5 sdf[3] sde[1] sdd[0](F)` and what stands below.
fn parse_array<'a>(text: Text<'a>, (number, head): Line<'a>, more: &[Line<'a>]) -> Array<'a> {
    let (name, rest) = head.split_once(" : ").unwrap_or_default();
    let state = rest.split_ascii_whitespace().next();
    let state = state.filter(|state| matches!(*state, "active" | "inactive"));
    let state = text.known(number, "expected an active or an inactive array", state);
    let status = more.first().copied().unwrap_or((number, ""));
    let blocks = text.number(status.0, status.1.split_ascii_whitespace().next());
    let disks = parse_disks(text, head, status, state);
    let under_way = more.iter().find_map(|line| parse_action(text, *line));
    let (state, synced) = under_way.unwrap_or((state, blocks));
    Array { name: name.trim(), state, disks, blocks, synced }
}

fn parse_disks(text: Text<'_>, head: &str, status: Line<'_>, state: Option<&str>) -> Disks {
    let marked = |mark: &str| head.matches(mark).count() as u64;
    let is_striped = head.split_ascii_whitespace().any(|word| ["raid0", "linear"].contains(&word));
    let (required, active) = match state {
        // None of its disks is at work, whatever their number should be.
        Some("inactive") if !is_striped => (None, Some(0)),
        // Each disk's number stands in brackets, and an array without one of them does not run.
        _ if is_striped => (Some(marked("[")), Some(marked("["))),
        _ => parse_ratio(text, status),
    };
    Disks { active, required, failed: marked("(F)"), spare: marked("(S)") }
}

/// `[3/2]`: the disks that there should be, and those that are at work.
fn parse_ratio<'a>(text: Text<'_>, (number, status): Line<'a>) -> (Option<u64>, Option<u64>) {
    let ratio = |word: &'a str| word.strip_prefix('[')?.strip_suffix(']')?.split_once('/');
    let Some((required, active)) = status.split_ascii_whitespace().find_map(ratio) else {
        return (None, None);
    };
    (text.number(number, Some(required)), text.number(number, Some(active)))
}

/// `[=>...]  recovery =  8.5% (166044672/1953382400) finish=150.2min speed=198123K/sec`, or
/// `resync=DELAYED` of what has yet to begin: the state and how far it is. Nothing else has an `=`.
fn parse_action<'a>(
    text: Text<'a>,
    (number, line): Line<'a>,
) -> Option<(Option<&'a str>, Option<u64>)> {
    let (before, after) = line
        .split_once('=')
        .filter(|(before, _)| !before.contains('['))
        .or_else(|| line.split_once("] ")?.1.split_once('='))?;
    let action = ACTIONS.iter().find(|(action, _)| before.trim() == *action);
    let state =
        text.known(number, "expected an action that is known", action.map(|(_, state)| *state));
    let synced = match after.trim() {
        "DELAYED" | "PENDING" => Some(0),
        progress => parse_progress(text, number, progress),
    };
    Some((state, synced))
}

/// `8.5% (166044672/1953382400) finish=...`; other hosts' is not known.
fn parse_progress(text: Text<'_>, number: usize, progress: &str) -> Option<u64> {
    let (synced, _) = progress.split_once('(')?.1.split_once('/')?;
    text.number(number, Some(synced))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    /// An array by its state, its size, what is in sync, and its disks: active, required, failed,
    /// spare.
    type Row = (&'static str, u64, Option<u64>, (Option<u64>, Option<u64>, u64, u64));

    const CASES: &[(&str, Row)] = &[
        (
            "md1 : active raid1 sdb[1] sda[0]\n      488254464 blocks super 1.2 [2/2] [UU]\n      \
             bitmap: 1/4 pages [4KB], 65536KB chunk\n",
            ("active", 488_254_464, Some(488_254_464), (Some(2), Some(2), 0, 0)),
        ),
        (
            "md5 : active raid6 sdh1[8](F) sdg1[6] sdf1[9](S) sde1[0]\n      \
             976420864 blocks super 1.2 level 6, 64k chunk, algorithm 2 [4/3] [U_UU]\n      \
             [==>..................]  recovery = 12.6% (61611008/488210432) finish=61.3min \
             speed=115897K/sec\n      bitmap: 0/4 pages [0KB], 65536KB chunk\n",
            ("recovering", 976_420_864, Some(61_611_008), (Some(3), Some(4), 1, 1)),
        ),
        (
            "md7 : active (auto-read-only) raid10 sdb3[1] sda3[0]\n      \
             7805952 blocks super 1.2 2 near-copies [2/2] [UU]\n      \tresync=PENDING\n",
            ("resync", 7_805_952, Some(0), (Some(2), Some(2), 0, 0)),
        ),
        (
            "md8 : active raid1 sdb3[1] sda3[0]\n      7805 blocks [2/2] [UU]\n      \
             \tresync=REMOTE\n",
            ("resync", 7805, None, (Some(2), Some(2), 0, 0)),
        ),
        (
            "md9 : active raid5 sdb3[1] sda3[0]\n      7805 blocks [2/2] [UU]\n      \
             [>....................]  reshape =  0.0% (1/7805) finish=1.0min speed=1K/sec\n",
            ("reshaping", 7805, Some(1), (Some(2), Some(2), 0, 0)),
        ),
        (
            "md3 : active raid1 sdb3[1] sda3[0]\n      7805 blocks [2/2] [UU]\n      \
             [====>................]  check = 22.1% (1725/7805) finish=1.0min speed=1K/sec\n",
            ("check", 7805, Some(1725), (Some(2), Some(2), 0, 0)),
        ),
        (
            "md0 : active raid0 nvme1n1[1] nvme0n1[0]\n      7501209600 blocks super 1.2 512k chunks\n",
            ("active", 7_501_209_600, Some(7_501_209_600), (Some(2), Some(2), 0, 0)),
        ),
        (
            "md126 : inactive sdb[1](S) sda[0](S)\n      6306 blocks super external:imsm\n",
            ("inactive", 6306, Some(6306), (Some(0), None, 0, 2)),
        ),
    ];

    #[test]
    fn arrays_of_each_level_and_state() {
        for (content, (state, blocks, synced, disks)) in CASES {
            let content =
                format!("Personalities : [raid1] [raid0]\n{content}\nunused devices: <none>\n");
            let arrays = parse(Text::of(&content));
            let array = arrays.first().unwrap();
            let found = &array.disks;
            assert_eq!(arrays.len(), 1, "{content}");
            assert_eq!(
                (array.state, array.blocks, array.synced),
                (Some(*state), Some(*blocks), *synced),
                "{content}"
            );
            assert_eq!(
                (found.active, found.required, found.failed, found.spare),
                *disks,
                "{content}"
            );
        }
        assert!(parse(Text::of("Personalities : \nunused devices: <none>\n")).is_empty());
    }

    #[test]
    fn an_odd_line_costs_nothing_and_an_array_without_its_lines_only_what_they_say() {
        for (bad, arrays) in [
            ("odd \u{fffd} -5 line\n", 1),
            ("md0\n", 1),
            ("md0 : active raid1 sda[0]\n", 2),
            ("md0 : active raid1 sda[0]\n   x blocks\n", 2),
        ] {
            let content = format!("{bad}md1 : active raid0 sda[0]\nodd\n  8 blocks\n");
            let (parsed, left_out) = LeftOut::during(|| parse(Text::of(&content)));
            assert_eq!(parsed.len(), arrays, "{bad}");
            let last = parsed.last().unwrap();
            assert_eq!((last.name, last.state, last.blocks), ("md1", Some("active"), Some(8)));
            assert!(left_out.why().unwrap().ends_with("(and 1 more)"), "{bad}");
        }
    }

    #[test]
    fn an_odd_number_or_word_costs_no_other() {
        let content = "md1 : active raid1 sdb[1] sda[0]\n  -8 blocks [2/x] [UU]\n  \
                       [=>..]  recovery = 12.6% (-1/4) finish=1min speed=1K/sec\n\
                       md2 : clean raid1 sdc[0]\n  16 blocks [1/1] [U]\n\
                       md3 : active raid1 sdd[0]\n  16 blocks [1/1] [U]\n  \
                       [=>..]  polish = 12.6% (9/16) finish=1min speed=1K/sec\n";
        let (arrays, left_out) = LeftOut::during(|| parse(Text::of(content)));
        let found: Vec<_> = arrays
            .iter()
            .map(|array| {
                (array.state, array.blocks, array.synced, array.disks.required, array.disks.active)
            })
            .collect();
        let expected = [
            (Some("recovering"), None, None, Some(2), None),
            (None, Some(16), Some(16), Some(1), Some(1)),
            (None, Some(16), Some(9), Some(1), Some(1)),
        ];
        assert_eq!(found, expected);
        assert_eq!(left_out.why().unwrap(), "test, line 2: expected a number (and 4 more)");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(md0 : [a-z0-9 =/()%\\[\\]]{0,60}\n|   [a-z0-9 =/()%\\[\\]]{0,60}\n|.{0,40}){0,8}") {
            let _ = parse(Text::of(&content));
        }
    }
}
