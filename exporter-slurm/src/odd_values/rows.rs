//! The rows of Slurm's commands.

use edctl_slurm::{
    DiagReader, JobRow, LeftOut, LicenseRow, Lines, NodeRow, ReservationRow, RowError, ShareRow,
};

use super::{ODD_NUMBERS, Spot, board, bounds, fixture, owned, try_all};
use crate::board::Board;
use crate::counts::{
    DiagCounters, JobCounts, JobHistory, License, NodeCounts, Reservation, Shares,
};
use crate::source::{Answer, PollError, Source};

/// The recordings that are tried: an old one, one of many kinds of values, a new one.
const RECORDINGS: [&str; 3] = ["20.11-rare", "22.05", "26.05"];

/// What a column holds.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Key,
    Number,
    /// Numbers with slashes between.
    Numbers,
    Load,
    Gres,
    Tres,
    State(&'static [&'static str]),
    Time,
    Text,
    /// What is passed over.
    Unused,
}

use Kind::{Gres, Key, Load, Number, Numbers, State, Text, Time, Tres, Unused};

const NODE_STATES: Kind = State(&["idle", "down", "mixed+drain", "levitating"]);
const JOB_STATES: Kind = State(&["RUNNING", "PENDING", "FAILED", "LEVITATING"]);

const NODES: [Kind; 16] = [
    Key,
    Key,
    NODE_STATES,
    NODE_STATES,
    Numbers,
    Number,
    Number,
    Number,
    Load,
    Number,
    Gres,
    Gres,
    Text,
    Time,
    Text,
    Text,
];
const JOBS: [Kind; 14] =
    [Key, Unused, JOB_STATES, Key, Number, Tres, Time, Time, Time, Text, Text, Text, Text, Text];
const SHARES: [Kind; 9] = [Key, Key, Number, Load, Number, Load, Load, Load, Key];

/// The spot of a value of the kind.
fn spot(answer: &[u8], value: &[u8], kind: Kind, row: (usize, usize)) -> Spot {
    let (begin, end) = bounds(answer, value);
    let (valid, odd): (&[&[u8]], &[&[u8]]) = match kind {
        Key => (&[b"zzz", b"777", b"8_[0-9]"], &[b"(null)", b"", b"\xfcx", b"-1"]),
        Number | Numbers => (&[b"7", b"0", b"8", b"4", b"2", b"123456"], ODD_NUMBERS),
        Load => (&[b"0.70", b"0.00", b"1.23"], &[b"-0.5", b"(null)", b"nan", b"\xfc.5", b"inf"]),
        Gres => (
            &[
                b"(null)",
                b"gpu:a100:7,gpu:1g.5gb:8,gpu:t4:9,gpu:tesla:3,gpu:5,mps:t4:7,mps:6,shard:3",
                b"gpu:2",
            ],
            &[
                b"gpu:a100:-2",
                b"gpu:a b:2",
                b"(2",
                b"gpu:(null)",
                b"g\xfcu:2",
                b"gpu:1:2:3:4",
                b"gpu:",
            ],
        ),
        Tres => (
            &[b"", b"cpu=9,mem=9M,node=9,billing=9,gres/gpu=9", b"gres/gpu:a100=3"],
            &[b"mem=much,node=1", b"1", b"node=-1", b"gres/gpu=(null)", b"mem=\xfcM", b"node=1,,"],
        ),
        State(words) => {
            let valid = words.iter().map(|word| word.as_bytes().to_vec()).collect();
            let odd = owned(&[b"", b"id le", b"(null)", b"\xfcdle", b"-1", b"Infinity"]);
            return Spot { begin, end, valid, odd, is_number: false, row: None };
        }
        Time => (
            &[b"1795000000", b"Unknown", b"7"],
            &[b"-62135596800", b"soon", b"", b"\xfc7", b"4294967296"],
        ),
        Text | Unused => (&[b"zzz", b"(null)"], &[b"\xfcber", b"a\tb", b"", b"-1"]),
    };
    // What an empty or an unknown number of shares is, sshare says so itself.
    let odd = owned(odd).into_iter().filter(|odd| !odd.is_empty() || kind != Load);
    // Each place is tried with half of them.
    let odd = odd.skip(begin % 2).step_by(2).collect();
    Spot {
        begin,
        end,
        valid: owned(valid),
        odd,
        is_number: matches!(kind, Number | Numbers | Load),
        row: (kind == Key).then_some(row),
    }
}

/// The spots of an answer whose rows have these columns.
fn spots<const N: usize>(answer: &[u8], columns: [Kind; N]) -> Vec<Spot> {
    let mut spots = Vec::new();
    for line in answer.split(|byte| *byte == b'\n') {
        let fields: Vec<&[u8]> = line.splitn(N, |byte| *byte == b'|').collect();
        // What follows a line break in a user's text is no row.
        if fields.len() < N {
            continue;
        }
        let (begin, end) = bounds(answer, line);
        for (kind, field) in columns.into_iter().zip(fields) {
            match kind {
                Numbers => {
                    let numbers = field.split(|byte| *byte == b'/');
                    spots
                        .extend(numbers.map(|number| spot(answer, number, kind, (begin, end + 1))));
                }
                // One that is not known is told by a word.
                Number | Load if field == b"N/A" || field.is_empty() || field == b"parent" => {}
                _ => spots.push(spot(answer, field, kind, (begin, end + 1))),
            }
        }
    }
    spots
}

/// Reads rows as the backend of the commands does.
fn read(
    answer: &[u8],
    on_row: impl FnMut(&str) -> Result<LeftOut, RowError>,
) -> edctl_slurm::Rejected {
    let mut lines = Lines::new(None, on_row);
    lines.push(answer);
    lines.finish()
}

fn nodes(answer: &[u8]) -> Board {
    let mut counts = NodeCounts::default();
    let rejected = read(answer, |row| {
        let row = NodeRow::parse(row)?;
        counts.add(&row);
        Ok(row.left_out)
    });
    counts.done();
    board(Ok(Answer { counts, rejected }), |board| &mut board.nodes)
}

fn jobs(answer: &[u8]) -> Board {
    let mut counts = JobCounts::default();
    // After a snapshot without jobs all of them are new.
    let none = JobHistory::default().compare(50).finish();
    let mut comparison = none.compare(50);
    let rejected = read(answer, |row| {
        let row = JobRow::parse(row)?;
        counts.add(&row);
        comparison.add(&row);
        Ok(row.left_out)
    });
    counts.totals = comparison.finish().totals;
    board(Ok(Answer { counts, rejected }), |board| &mut board.jobs)
}

fn shares(answer: &[u8]) -> Board {
    let mut counts = Shares::default();
    let rejected = read(answer, |row| {
        let row = ShareRow::parse(row)?;
        counts.add(&row);
        Ok(row.left_out)
    });
    board(Ok(Answer { counts, rejected }), |board| &mut board.shares)
}

fn diag(answer: &[u8]) -> Board {
    let mut reader = DiagReader::default();
    let rejected = read(answer, |line| reader.line(line));
    let outcome = reader.finish().ok_or(PollError::NoRows);
    let outcome = outcome.map(|diag| {
        let counts = DiagCounters::default().add(diag, 50);
        Answer { counts, rejected }
    });
    board(outcome, |board| &mut board.diag)
}

fn licenses(answer: &[u8]) -> Board {
    let mut counts = Vec::new();
    let rejected = read(answer, |row| {
        let row = LicenseRow::parse(row)?;
        counts.extend(row.map(License::from));
        Ok(row.map(|row| row.left_out).unwrap_or_default())
    });
    board(Ok(Answer { counts, rejected }), |board| &mut board.licenses)
}

fn reservations(answer: &[u8]) -> Board {
    let mut counts = Vec::new();
    let rejected = read(answer, |row| {
        let row = ReservationRow::parse(row)?;
        counts.extend(row.map(Reservation::from));
        Ok(row.map(|row| row.left_out).unwrap_or_default())
    });
    board(Ok(Answer { counts, rejected }), |board| &mut board.reservations)
}

#[test]
fn of_sinfo() {
    for recording in RECORDINGS {
        let answer = fixture(&format!("{recording}/sinfo.txt"));
        let mut spots = spots(&answer, NODES);
        // Without a complete state it is in one word, as 20.11 tells it.
        spots.iter_mut().for_each(|spot| spot.odd.retain(|odd| !odd.is_empty()));
        try_all(recording, &answer, &spots, Source::Nodes, nodes);
    }
}

#[test]
fn of_squeue() {
    for recording in RECORDINGS {
        let answer = fixture(&format!("{recording}/squeue.txt"));
        try_all(recording, &answer, &spots(&answer, JOBS), Source::Jobs, jobs);
    }
}

#[test]
fn of_sshare() {
    for recording in RECORDINGS {
        let answer = fixture(&format!("{recording}/sshare.txt"));
        let mut spots = spots(&answer, SHARES);
        // Without a user it is the account's row.
        spots.iter_mut().for_each(|spot| spot.odd.retain(|odd| !odd.is_empty()));
        try_all(recording, &answer, &spots, Source::Shares, shares);
    }
}

/// The values of `Key=Value`; the first key of a line tells which row it is.
fn pairs(answer: &[u8]) -> Vec<Spot> {
    let mut spots = Vec::new();
    for line in answer.split(|byte| *byte == b'\n') {
        let (begin, end) = bounds(answer, line);
        for (place, word) in line.split(|byte| *byte == b' ').enumerate() {
            let Some(equals) = word.iter().position(|byte| *byte == b'=') else { continue };
            let (key, value) = (&word[..equals], &word[equals + 1..]);
            let kind = match key {
                _ if place == 0 => Key,
                b"StartTime" | b"EndTime" => Time,
                b"State" => State(&["ACTIVE", "INACTIVE"]),
                _ if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => Number,
                _ => Text,
            };
            spots.push(spot(answer, value, kind, (begin, (end + 1).min(answer.len()))));
        }
    }
    spots
}

#[test]
fn of_scontrol() {
    for recording in RECORDINGS {
        let answer = fixture(&format!("{recording}/license.txt"));
        try_all(recording, &answer, &pairs(&answer), Source::Licenses, licenses);
        let answer = fixture(&format!("{recording}/reservation.txt"));
        try_all(recording, &answer, &pairs(&answer), Source::Reservations, reservations);
    }
}

/// Every number of sdiag's lines; the one of a type or a user tells which it is.
fn numbers(answer: &[u8]) -> Vec<Spot> {
    let mut spots = Vec::new();
    for line in answer.split(|byte| *byte == b'\n') {
        let (begin, end) = bounds(answer, line);
        let is_rpc = line.windows(6).any(|word| word == b"count:");
        for word in line.split(|byte| !byte.is_ascii_alphanumeric()) {
            if word.is_empty() || !word.iter().all(u8::is_ascii_digit) {
                continue;
            }
            let (at, _) = bounds(answer, word);
            let is_id = is_rpc && !answer[at.saturating_sub(1)..at].ends_with(b":");
            let kind = if is_id { Key } else { Number };
            let mut spot = spot(answer, word, kind, (begin, end + 1));
            if !is_id {
                spot.odd.retain(|odd| odd != b"(null)" || is_rpc);
            }
            spots.push(spot);
        }
    }
    spots
}

#[test]
fn of_sdiag() {
    for recording in ["20.11", "22.05-silent", "26.05"] {
        let answer = fixture(&format!("{recording}/sdiag.txt"));
        try_all(recording, &answer, &numbers(&answer), Source::Diag, diag);
    }
}

#[test]
fn a_line_of_garbage_is_one_row_less() {
    type Read = fn(&[u8]) -> Board;
    let sources: [(&str, Source, Read); 5] = [
        ("sinfo", Source::Nodes, nodes),
        ("squeue", Source::Jobs, jobs),
        ("sshare", Source::Shares, shares),
        ("license", Source::Licenses, licenses),
        ("reservation", Source::Reservations, reservations),
    ];
    for (file, source, read) in sources {
        let answer = fixture(&format!("22.05/{file}.txt"));
        for line in answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let (begin, end) = bounds(&answer, line);
            let with = |line: &[u8]| [&answer[..begin], line, &answer[end + 1..]].concat();
            let without = super::series(&read(&with(b"")), source);
            for garbage in
                [&b"\xfc\xfc|\n"[..], b"\n", b"|||||||||||||||||||\n", b"garbage in=Latin \xfc\n"]
            {
                assert_eq!(
                    super::series(&read(&with(garbage)), source),
                    without,
                    "{file} {garbage:?}"
                );
            }
        }
    }
}
