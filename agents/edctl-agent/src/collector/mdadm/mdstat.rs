//! /proc/mdstat: a line for each array, and lines with more of it that begin with a blank.

use super::super::CollectError;
use super::super::kernel_file::Text;

/// An array.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Array<'a> {
    pub(super) name: &'a str,
    /// `active`, `inactive`, or what is being done to its disks.
    pub(super) state: &'a str,
    pub(super) disks: Disks,
    pub(super) blocks: u64,
    /// None where the kernel does not say it.
    pub(super) synced: Option<u64>,
}

/// How many disks an array has; none where the kernel does not say it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disks {
    pub(super) active: Option<u64>,
    pub(super) required: Option<u64>,
    pub(super) failed: u64,
    pub(super) spare: u64,
}

/// What the kernel calls that which it does to the disks, and the state that it is.
const ACTIONS: [(&str, &str); 4] = [
    ("recovery", "recovering"),
    ("reshape", "reshaping"),
    ("check", "check"),
    ("resync", "resync"),
];

pub(super) fn parse(text: Text<'_>) -> Vec<Result<Array<'_>, CollectError>> {
    let mut arrays = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some((number, line)) = lines.next() {
        let is_head = !line.starts_with(' ') && !line.is_empty();
        if !is_head || line.starts_with("Personalities") || line.starts_with("unused devices") {
            continue;
        }
        let mut more = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with(' ')) {
            more.push(line);
        }
        let array = parse_array(line, &more);
        arrays
            .push(array.ok_or_else(|| text.wrong(number, "expected an array, its size and disks")));
    }
    arrays
}

/// `md2 : active raid5 sdf[3] sde[1] sdd[0](F)` and what stands below.
fn parse_array<'a>(head: &'a str, more: &[&'a str]) -> Option<Array<'a>> {
    let mut words = head.split_ascii_whitespace();
    let (name, state) = (words.next()?, words.nth(1)?);
    let status = more.first()?;
    let blocks = status.split_ascii_whitespace().next()?.parse().ok()?;
    let disks = parse_disks(head, status, state);
    let under_way = more.iter().find_map(|line| parse_action(line));
    let (state, synced) = under_way.unwrap_or((state, Some(blocks)));
    Some(Array { name, state, disks, blocks, synced })
}

fn parse_disks(head: &str, status: &str, state: &str) -> Disks {
    let marked = |mark: &str| head.matches(mark).count() as u64;
    let is_striped = head.split_ascii_whitespace().any(|word| ["raid0", "linear"].contains(&word));
    let (required, active) = match state {
        // None of its disks is at work, whatever their number should be.
        "inactive" if !is_striped => (None, Some(0)),
        // Each disk's number stands in brackets, and an array without one of them does not run.
        _ if is_striped => (Some(marked("[")), Some(marked("["))),
        _ => status.split_ascii_whitespace().find_map(parse_ratio).unzip(),
    };
    Disks { active, required, failed: marked("(F)"), spare: marked("(S)") }
}

/// `[3/2]`: the disks that there should be, and those that are at work.
fn parse_ratio(word: &str) -> Option<(u64, u64)> {
    let (required, active) = word.strip_prefix('[')?.strip_suffix(']')?.split_once('/')?;
    Some((required.parse().ok()?, active.parse().ok()?))
}

/// `[=>...]  recovery =  8.5% (166044672/1953382400) finish=150.2min speed=198123K/sec`, or
/// `resync=DELAYED` of what has yet to begin: the state and how far it is.
fn parse_action(line: &str) -> Option<(&'static str, Option<u64>)> {
    let (before, after) = line
        .split_once('=')
        .filter(|(before, _)| !before.contains('['))
        .or_else(|| line.split_once("] ")?.1.split_once('='))?;
    let (_, state) = ACTIONS.iter().find(|(action, _)| before.trim() == *action)?;
    let synced = match after.trim() {
        "DELAYED" | "PENDING" => Some(0),
        progress => parse_progress(progress),
    };
    Some((state, synced))
}

/// `8.5% (166044672/1953382400) finish=...`
fn parse_progress(progress: &str) -> Option<u64> {
    progress.split_once('(')?.1.split_once('/')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            let array = arrays.first().unwrap().as_ref().unwrap();
            let found = &array.disks;
            assert_eq!(arrays.len(), 1, "{content}");
            assert_eq!(
                (array.state, array.blocks, array.synced),
                (*state, *blocks, *synced),
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
    fn a_bad_array_hides_no_other() {
        for bad in
            ["md0", "md0 : active raid1 sda[0]\n", "md0 : active raid1 sda[0]\n   x blocks\n"]
        {
            let content = format!("{bad}\nmd1 : active raid0 sda[0]\n  8 blocks\n");
            let arrays = parse(Text::of(&content));
            assert!(arrays[0].is_err(), "{bad}");
            assert_eq!(arrays[1].as_ref().unwrap().name, "md1", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(md0 : [a-z0-9 =/()%\\[\\]]{0,60}\n|   [a-z0-9 =/()%\\[\\]]{0,60}\n|.{0,40}){0,8}") {
            let _ = parse(Text::of(&content));
        }
    }
}
