//! What the kernel says of the daemon itself: CPU time, memory, file descriptors.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::OnceLock;

use rustix::process::{Resource, getrlimit};

use crate::family::Family;
use crate::page::Page;

const PROC_SELF_STAT: &str = "/proc/self/stat";
const PROC_SELF_FD: &str = "/proc/self/fd";
const PROC_STAT: &str = "/proc/stat";

/// The `process_*` families that every Prometheus client library has.
pub(crate) fn collect_process(page: &mut Page) {
    if let Some(stat) = read_self_stat() {
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let page_size = rustix::param::page_size() as u64;
        page.add(
            Family::counter("process_cpu_seconds_total", "CPU time of this daemon.")
                .with(&[], stat.cpu_ticks as f64 / ticks),
        );
        page.add(
            Family::gauge("process_resident_memory_bytes", "Resident memory of this daemon.")
                .with(&[], stat.rss_pages * page_size),
        );
        page.add(
            Family::gauge("process_virtual_memory_bytes", "Virtual memory of this daemon.")
                .with(&[], stat.virtual_bytes),
        );
        if let Some(boot) = boot_time() {
            page.add(
                Family::gauge("process_start_time_seconds", "Unix time of this daemon's start.")
                    .with(&[], boot as f64 + stat.start_ticks as f64 / ticks),
            );
        }
    }
    if let Some(open) = count_open_fds() {
        page.add(
            Family::gauge("process_open_fds", "Open file descriptors of this daemon.")
                .with(&[], open),
        );
    }
    if let Some(max) = getrlimit(Resource::Nofile).current {
        page.add(
            Family::gauge("process_max_fds", "Most file descriptors that this daemon may open.")
                .with(&[], max),
        );
    }
}

/// When the machine began, read once: the kernel computes all of that long file for it, and a clock that
/// is set later does not change when this daemon began.
fn boot_time() -> Option<u64> {
    static BOOT_TIME: OnceLock<Option<u64>> = OnceLock::new();
    *BOOT_TIME.get_or_init(|| parse_boot_time(&std::fs::read_to_string(PROC_STAT).ok()?))
}

/// Since Linux 6.2 the directory's size; before, its entries.
fn count_open_fds() -> Option<u64> {
    match std::fs::metadata(PROC_SELF_FD).ok()?.size() {
        0 => {
            let entries = std::fs::read_dir(PROC_SELF_FD).ok()?.count() as u64;
            // The directory that is being read is one of them.
            Some(entries.saturating_sub(1))
        }
        open => Some(open),
    }
}

/// In one piece, which the kernel makes no longer than this, from a file that stays open.
fn read_self_stat() -> Option<SelfStat> {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    let file = FILE.get_or_init(|| File::open(PROC_SELF_STAT).ok());
    let mut buffer = [0; 1024];
    let length = file.as_ref()?.read_at(&mut buffer, 0).ok()?;
    parse_self_stat(std::str::from_utf8(&buffer[..length]).ok()?)
}

struct SelfStat {
    cpu_ticks: u64,
    start_ticks: u64,
    virtual_bytes: u64,
    rss_pages: u64,
}

fn parse_self_stat(text: &str) -> Option<SelfStat> {
    let (_, after_comm) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_comm.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    // proc(5) counts fields from 1 and `state`, the first one here, is its third.
    Some(SelfStat {
        cpu_ticks: number(11)? + number(12)?,
        start_ticks: number(19)?,
        virtual_bytes: number(20)?,
        rss_pages: number(21)?,
    })
}

fn parse_boot_time(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 50 25 0 0 20 0 3 0 600 8192 9 1844";

    #[test]
    fn own_stat_is_read_behind_a_hostile_name() {
        let stat = parse_self_stat(STAT).unwrap();
        assert_eq!(
            (stat.cpu_ticks, stat.start_ticks, stat.virtual_bytes, stat.rss_pages),
            (75, 600, 8192, 9)
        );
    }

    #[test]
    fn a_cut_stat_is_no_stat() {
        assert!(parse_self_stat("7 (a) S 1 7").is_none());
        assert!(parse_self_stat("").is_none());
    }

    #[test]
    fn open_descriptors_are_counted() {
        let before = count_open_fds().unwrap();
        let held: Vec<_> = (0..50).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        // Other tests open and close some too.
        assert!(count_open_fds().unwrap() > before + 10);
        drop(held);
    }

    #[test]
    fn boot_time_is_one_line_of_many() {
        assert_eq!(parse_boot_time("cpu  1 2\nbtime 1700000000\n"), Some(1_700_000_000));
        assert_eq!(parse_boot_time("cpu  1 2\n"), None);
    }
}
