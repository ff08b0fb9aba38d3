//! slurmctld's own pages.

use edctl_slurm::native::{
    JobsReader, NodeCpus, NodesReader, OwnerJobs, PartitionsReader, SchedulerReader,
};
use edctl_slurm::{LeftOut, Lines, Rejected, RowError};

use super::{ODD_NUMBERS, Spot, board, bounds, fixture, owned, try_all};
use crate::board::Board;
use crate::counts::{DiagCounters, JobCounts, NodeCounts};
use crate::source::{Answer, PollError, Source};

const RECORDINGS: [&str; 2] = ["native-26.05", "native-26.05-rare"];

/// What separates two pages that are tried as one answer.
const NEXT_PAGE: &[u8] = b"\n== next page\n";

/// The number of each series, of which as many are passed over as lie between two of those that are tried.
fn spots(answer: &[u8], step: usize) -> Vec<Spot> {
    let lines = answer.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"slurm_"));
    let spot = |line: &[u8]| {
        let value = line.rsplit(|byte| *byte == b' ').next().unwrap();
        let (begin, end) = bounds(answer, value);
        let (valid, odd) = (owned(&[b"7", b"0", b"123456"]), owned(ODD_NUMBERS));
        // An empty place is that of no number: the one before it is none of the line's.
        Spot { begin, end, valid, odd, is_number: true, row: None }
    };
    lines.step_by(step).map(spot).collect()
}

fn pages(recording: &str, names: &[&str]) -> Vec<u8> {
    let pages: Vec<Vec<u8>> =
        names.iter().map(|name| fixture(&format!("{recording}/{name}.txt"))).collect();
    pages.join(NEXT_PAGE)
}

fn split(answer: &[u8]) -> Vec<&[u8]> {
    let mut pages = Vec::new();
    let mut rest = answer;
    while let Some(at) = rest.windows(NEXT_PAGE.len()).position(|piece| piece == NEXT_PAGE) {
        pages.push(&rest[..=at]);
        rest = &rest[at + NEXT_PAGE.len()..];
    }
    pages.push(rest);
    pages
}

fn read(page: &[u8], on_line: impl FnMut(&str) -> Result<LeftOut, RowError>) -> Rejected {
    let mut lines = Lines::new(None, on_line);
    lines.push(page);
    lines.finish()
}

fn diag(answer: &[u8]) -> Board {
    let mut reader = SchedulerReader::default();
    let rejected = read(answer, |line| reader.line(line));
    let outcome = reader.finish().ok_or(PollError::NoRows);
    let outcome =
        outcome.map(|diag| Answer { counts: DiagCounters::default().add(diag, 50), rejected });
    board(outcome, |board| &mut board.diag)
}

fn nodes(answer: &[u8]) -> Board {
    let pages = split(answer);
    let (mut reader, mut partitions) = (NodesReader::default(), PartitionsReader::default());
    let rejected = read(pages[0], |line| reader.line(line));
    read(pages[1], |line| partitions.line(line));
    let both = reader.finish().zip(partitions.finish()).ok_or(PollError::NoRows);
    let outcome = both.map(|(nodes, partitions)| {
        let mut counts = NodeCounts::default();
        counts.take_overview(nodes, partitions);
        Answer { counts, rejected }
    });
    board(outcome, |board| &mut board.nodes)
}

fn jobs(answer: &[u8]) -> Board {
    let pages = split(answer);
    let (mut reader, mut partitions) = (JobsReader::default(), PartitionsReader::default());
    let rejected = read(pages[0], |line| reader.line(line));
    read(pages[1], |line| partitions.line(line));
    let mut counts = JobCounts::default();
    let cpus = NodeCpus { total: Some(400), allocated: Some(300) };
    let both = reader.finish().zip(partitions.finish()).ok_or(PollError::NoRows);
    let outcome = both.map(|(jobs, partitions)| {
        counts.take_overview(jobs, Some(&cpus), &partitions);
        read(pages[2], |line| {
            let row = OwnerJobs::parse(line)?;
            row.iter().for_each(|row| counts.take_owner(row));
            Ok(row.map(|row| row.left_out).unwrap_or_default())
        });
        Answer { counts, rejected }
    });
    board(outcome, |board| &mut board.jobs)
}

#[test]
fn of_the_schedulers() {
    for recording in RECORDINGS {
        let answer = pages(recording, &["scheduler"]);
        try_all(recording, &answer, &spots(&answer, 1), Source::Diag, diag);
    }
}

#[test]
fn of_nodes_and_partitions() {
    for recording in RECORDINGS {
        let answer = pages(recording, &["nodes", "partitions"]);
        try_all(recording, &answer, &spots(&answer, 2), Source::Nodes, nodes);
    }
}

#[test]
fn of_jobs_and_their_owners() {
    for recording in RECORDINGS {
        let answer = pages(recording, &["jobs", "partitions", "jobs-users-accts"]);
        try_all(recording, &answer, &spots(&answer, 3), Source::Jobs, jobs);
    }
}
