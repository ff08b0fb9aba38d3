//! slurmrestd's answers, through a socket at which a thread gives the answer that is tried.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use edctl_slurm::{Diag, Slurmrestd};

use super::{Spot, board, bounds, fixture, owned, try_all};
use crate::board::Board;
use crate::counts::{
    DiagCounters, JobCounts, JobHistory, License, NodeCounts, Reservation, Shares,
};
use crate::source::{Answer, PollError, Source};

const RECORDINGS: [&str; 2] = ["rest-22.05", "rest-26.05"];

/// How many elements of a list are kept: all have the same keys.
const MOST_ELEMENTS: usize = 3;

/// What is of another type than anything, or of no type at all.
const ODD: &[&[u8]] = &[
    b"null",
    b"Infinity",
    b"-Infinity",
    b"-7",
    b"{}",
    b"[]",
    b"true",
    b"1e999",
    b"18446744073709551611",
    b"\"f\xfcr\"",
    b"7.5",
];

/// The keys whose values tell which element it is, and what it stands for.
const KEYS: &[&str] = &[
    "name",
    "job_id",
    "array_job_id",
    "het_job_id",
    "LicenseName",
    "parent",
    "type",
    "user",
    "message_type",
    "array_task_string",
    "array_task_id",
    "het_job_offset",
    "partition",
    "partitions",
];

/// A slurmrestd that gives one answer, whatever it is asked.
struct Fake {
    answer: Arc<Mutex<Vec<u8>>>,
    slurmrestd: Mutex<Slurmrestd>,
    _dir: tempfile::TempDir,
}

impl Fake {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let answer: Arc<Mutex<Vec<u8>>> = Arc::default();
        let given = Arc::clone(&answer);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut lines = BufReader::new(connection.try_clone().unwrap());
                let mut line = String::new();
                while lines.read_line(&mut line).is_ok_and(|length| length > 2) {
                    line.clear();
                }
                let body = given.lock().unwrap().clone();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _left = connection.write_all(&[head.as_bytes(), &body].concat());
            }
        });
        let slurmrestd = Slurmrestd::new(socket, Duration::from_secs(60), 1 << 30, None);
        Self { answer, slurmrestd: Mutex::new(slurmrestd), _dir: dir }
    }

    /// What becomes of an answer to the source's question.
    fn board(&self, source: Source, answer: &[u8]) -> Board {
        *self.answer.lock().unwrap() = answer.to_vec();
        let mut rest = self.slurmrestd.lock().unwrap();
        macro_rules! asked {
            ($slot:ident, $counts:ident, $ask:expr) => {{
                let rejected = $ask;
                let outcome = rejected.map(|rejected| Answer { counts: $counts, rejected });
                board(outcome.map_err(PollError::Rest), |board| &mut board.$slot)
            }};
        }
        match source {
            Source::Nodes => {
                let mut counts = NodeCounts::default();
                asked!(nodes, counts, {
                    let rejected = rest.nodes(|row| counts.add(row));
                    counts.done();
                    rejected
                })
            }
            Source::Jobs => {
                let none = JobHistory::default().compare(50).finish();
                let (mut counts, mut comparison) = (JobCounts::default(), none.compare(50));
                asked!(jobs, counts, {
                    let rejected = rest.jobs(|row| {
                        counts.add(row);
                        comparison.add(row);
                    });
                    counts.totals = comparison.finish().totals;
                    rejected
                })
            }
            Source::Licenses => {
                let mut counts = Vec::new();
                asked!(licenses, counts, rest.licenses(|row| counts.push(License::from(*row))))
            }
            Source::Reservations => {
                let mut counts = Vec::new();
                asked!(
                    reservations,
                    counts,
                    rest.reservations(|row| counts.push(Reservation::from(*row)))
                )
            }
            Source::Shares => {
                let mut counts = Shares::default();
                asked!(shares, counts, rest.shares(|row| counts.add(row)))
            }
            Source::Diag | Source::Access => {
                let mut diag = Diag::default();
                let rejected = rest.diag(&mut diag);
                let outcome = rejected.map(|rejected| Answer {
                    counts: DiagCounters::default().add(diag, 50),
                    rejected,
                });
                board(outcome.map_err(PollError::Rest), |board| &mut board.diag)
            }
        }
    }
}

/// The answer with the first elements of its list alone. All fixtures have a value a line.
fn shortened(answer: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(answer).unwrap();
    let mut kept = String::new();
    let (mut elements, mut is_in_list) = (0, false);
    for line in text.split_inclusive('\n') {
        is_in_list |= line.trim_end().ends_with(": [") && line.starts_with("  \"");
        elements += usize::from(is_in_list && line == "    {\n");
        if elements <= MOST_ELEMENTS || !is_in_list || !line.starts_with("    ") {
            kept += if elements == MOST_ELEMENTS && line == "    },\n" { "    }\n" } else { line };
        }
        is_in_list &= !line.starts_with("  ]");
    }
    kept.into_bytes()
}

/// The scalars of an answer: of each key one, with some of the odd values each.
fn spots(answer: &[u8]) -> Vec<Spot> {
    let mut seen: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    let mut found = Vec::new();
    let (mut parents, mut element) = (Vec::<String>::new(), (0, 0));
    for line in answer.split(|byte| *byte == b'\n') {
        let (line_begin, _) = bounds(answer, line);
        let text = std::str::from_utf8(line).unwrap().trim();
        let (key, value) = match text.strip_prefix('"').and_then(|rest| rest.split_once("\": ")) {
            Some((key, value)) => (key.to_owned(), value),
            None => (parents.last().cloned().unwrap_or_default(), text),
        };
        // Lists within an element have elements of their own.
        if text == "{" && line_begin > 0 && line_begin >= element.1 {
            element = (line_begin, element_end(answer, line_begin));
        }
        let value = value.trim_end_matches(',');
        match value {
            "{" | "[" => parents.push(key),
            "}" | "]" => _ = parents.pop(),
            "" | "{}" | "[]" => {}
            value => {
                let path = format!("{}/{key}", parents.last().cloned().unwrap_or_default());
                let begin = line_begin + line.len() - line.trim_ascii_start().len()
                    + text.rfind(value).unwrap();
                seen.entry(path.clone()).or_default().push(value.as_bytes().to_vec());
                found.push((path, begin, begin + value.len(), element));
            }
        }
    }
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    let is_new = move |(path, ..): &(String, usize, usize, (usize, usize))| {
        let times = tried.entry(path.clone()).or_default();
        *times += 1;
        // A list of states is one value, of which each word but the first may be hidden by another.
        *times == 1
            && !["state/state", "job_state/job_state"].contains(&path.as_str())
            && !path.starts_with("errors")
            && !path.starts_with("meta")
    };
    let spot =
        |(place, (path, begin, end, row)): (usize, (String, usize, usize, (usize, usize)))| {
            let others: BTreeSet<Vec<u8>> = seen[&path].iter().cloned().collect();
            let mut valid: Vec<Vec<u8>> = others.into_iter().take(4).collect();
            valid.extend(match answer[begin] {
                b'"' => owned(&[
                    b"\"\"",
                    b"\"zzz\"",
                    b"\"DOWN\"",
                    b"\"gpu:7\"",
                    b"\"mem=7M,node=7,gres/gpu=7\"",
                    b"\"gpu:a100:7,gpu:1g.5gb:8,gpu:t4:9,gpu:5,mps:t4:7,mps:6\"",
                ]),
                b't' | b'f' => owned(&[b"true", b"false"]),
                _ => owned(&[b"0", b"7", b"123456"]),
            });
            // A list of words is one value, as a number with the flags beside it.
            let (parent, key) = path.split_once('/').unwrap_or_default();
            let is_part = parent == key || ["set", "infinite"].contains(&key);
            let is_key = is_part || path.split('/').any(|part| KEYS.contains(&part));
            Spot {
                begin,
                end,
                valid,
                odd: ODD.iter().skip(place % 4).step_by(4).map(|odd| odd.to_vec()).collect(),
                is_number: false,
                row: is_key.then_some(row),
            }
        };
    found.into_iter().filter(is_new).enumerate().map(spot).collect()
}

/// Where the element ends that begins here, with the comma behind it.
fn element_end(answer: &[u8], begin: usize) -> usize {
    let text = std::str::from_utf8(&answer[begin..]).unwrap();
    let indent = text.len() - text.trim_start().len();
    let close = format!("\n{}}}", " ".repeat(indent));
    let end = text.find(&close).map_or(text.len(), |at| at + close.len());
    begin + end + usize::from(text[end..].starts_with(','))
}

fn try_file(fake: &Fake, recording: &str, file: &str, source: Source) {
    let answer = shortened(&fixture(&format!("{recording}/{file}.json")));
    let name = format!("{recording}/{file}");
    try_all(&name, &answer, &spots(&answer), source, |answer| fake.board(source, answer));
}

#[test]
fn of_slurmrestds_nodes_and_licenses() {
    let fake = Fake::new();
    for recording in RECORDINGS {
        try_file(&fake, recording, "nodes", Source::Nodes);
        try_file(&fake, recording, "licenses", Source::Licenses);
        try_file(&fake, recording, "reservations", Source::Reservations);
    }
}

#[test]
fn of_slurmrestds_jobs() {
    let fake = Fake::new();
    for recording in RECORDINGS {
        try_file(&fake, recording, "jobs", Source::Jobs);
    }
}

#[test]
fn of_slurmrestds_figures_and_shares() {
    let fake = Fake::new();
    try_file(&fake, "rest-26.05", "shares", Source::Shares);
    for recording in RECORDINGS {
        try_file(&fake, recording, "diag", Source::Diag);
    }
}
