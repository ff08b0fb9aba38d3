use std::time::Instant;

use super::*;
use crate::config::Limits;
use crate::exits::Activity;
use crate::groups::tests::stat;

#[path = "ledger_odd_tests.rs"]
mod odd;

/// Ticks of 10 ms; the counting begins at tick 1000.
const TICK_NS: u64 = 10_000_000;
const SINCE: Since = Since { own_ns: 1000 * TICK_NS, reaped_ns: 1000 * TICK_NS };

struct Test {
    ledger: Ledger,
    groups: Groups,
}

impl Test {
    fn new() -> Self {
        Self { ledger: Ledger::new(SINCE, 100), groups: Groups::new(Limits::default()) }
    }

    /// One scan that meets these processes, in which those of `exits` have ended. Groups are names.
    fn scan_with(&mut self, stats: &[Stat], exits: &[Exit]) {
        let Self { ledger, groups } = self;
        groups.begin(Instant::now());
        ledger.begin();
        for stat in stats {
            let named = || String::from_utf8_lossy(stat.comm.bytes()).into_owned();
            let group = ledger.group_of(stat).flatten();
            let group = group.unwrap_or_else(|| groups.id_of(&named()));
            ledger.see(stat, Some(group), groups);
        }
        let _ended = ledger.settle(exits, groups, |_, groups, exit| {
            Some(groups.id_of(&String::from_utf8_lossy(exit.comm.bytes())))
        });
        groups.end();
    }

    fn scan(&mut self, stats: &[Stat]) {
        self.scan_with(stats, &[]);
    }

    /// The CPU time of a group in ticks.
    fn ticks(&self, name: &str) -> u64 {
        let groups = self.groups.sorted();
        let found = groups.iter().find(|(other, ..)| *other == name);
        found.map_or(0, |(.., group)| {
            assert_eq!(group.used.cpu_ns(), group.cpu_ns.iter().sum::<u64>());
            group.used.cpu_ns() / TICK_NS
        })
    }
}

fn child(pid: u32, parent: u32, comm: &str, start_ticks: u64, user_ticks: u64) -> Stat {
    Stat { parent: Some(parent), ..stat(pid, comm, start_ticks, user_ticks) }
}

/// A process that has waited for children of so many ticks.
fn parent(pid: u32, comm: &str, start_ticks: u64, reaped_user_ticks: u64) -> Stat {
    Stat { reaped_user_ticks: Some(reaped_user_ticks), ..stat(pid, comm, start_ticks, 0) }
}

fn exit(pid: u32, parent: u32, comm: &str, start_ticks: u64, ticks: u64) -> Exit {
    Exit {
        pid,
        parent,
        uid: 0,
        comm: Comm::new(comm.as_bytes()),
        start_ns: start_ticks * TICK_NS,
        used: Usage { user_ns: ticks * TICK_NS, ..Usage::default() },
        activity: Activity::default(),
    }
}

#[test]
fn the_old_count_from_first_sight_and_the_new_from_their_start() {
    let mut test = Test::new();
    test.scan(&[stat(1, "old", 5, 700), stat(2, "new", 2000, 30)]);
    assert_eq!((test.ticks("old"), test.ticks("new")), (0, 30));
    test.scan(&[stat(1, "old", 5, 710), stat(2, "new", 2000, 35)]);
    assert_eq!((test.ticks("old"), test.ticks("new")), (10, 35));
}

#[test]
fn counters_outlive_their_processes() {
    let mut test = Test::new();
    test.scan(&[stat(1, "sh", 2000, 30), stat(2, "sh", 2001, 4)]);
    test.scan(&[]);
    assert_eq!(test.ticks("sh"), 34);
}

#[test]
fn a_pid_that_is_used_again_is_another_process() {
    let mut test = Test::new();
    test.scan(&[stat(1, "sh", 2000, 30)]);
    test.scan(&[stat(1, "sh", 3000, 2)]);
    assert_eq!(test.ticks("sh"), 32);
}

#[test]
fn a_process_that_execs_takes_only_its_growth_along() {
    let mut test = Test::new();
    test.scan(&[stat(1, "sh", 2000, 30)]);
    test.scan(&[stat(1, "yosys", 2000, 80)]);
    assert_eq!((test.ticks("sh"), test.ticks("yosys")), (30, 50));
}

#[test]
fn what_shrinks_is_not_counted_twice() {
    let mut test = Test::new();
    for ticks in [100, 98, 100, 101] {
        test.scan(&[stat(1, "sh", 2000, ticks)]);
    }
    assert_eq!(test.ticks("sh"), 101);
}

#[test]
fn a_process_that_could_not_be_read_once_is_not_counted_again() {
    let mut test = Test::new();
    test.scan(&[stat(1, "sh", 2000, 30)]);
    test.groups.begin(Instant::now());
    test.ledger.begin();
    test.ledger.keep(1);
    let _ended = test.ledger.settle(&[], &mut test.groups, |_, _, _| None);
    test.scan(&[stat(1, "sh", 2000, 31)]);
    assert_eq!(test.ticks("sh"), 31);
}

#[test]
fn children_that_nobody_met_count_where_their_kin_does() {
    let mut test = Test::new();
    test.scan(&[parent(10, "make", 2000, 0), child(11, 10, "cc1", 2100, 4)]);
    // cc1 ended at 9 ticks, and 91 ticks more were used by its siblings.
    test.scan(&[parent(10, "make", 2000, 100)]);
    assert_eq!((test.ticks("cc1"), test.ticks("make")), (100, 0));
    // A child that still bears its parent's name says nothing about what it will be.
    test.scan(&[parent(10, "make", 2000, 120), child(12, 10, "make", 2300, 0)]);
    assert_eq!((test.ticks("cc1"), test.ticks("make")), (120, 0));
}

#[test]
fn children_of_which_none_was_ever_met_count_for_their_parent() {
    let mut test = Test::new();
    test.scan(&[parent(10, "sh", 2000, 0)]);
    test.scan(&[parent(10, "sh", 2000, 70)]);
    assert_eq!(test.ticks("sh"), 70);
}

#[test]
fn what_an_old_parent_had_reaped_before_is_not_counted() {
    let mut test = Test::new();
    test.scan(&[parent(10, "cron", 5, 5000)]);
    test.scan(&[parent(10, "cron", 5, 5003)]);
    assert_eq!(test.ticks("cron"), 3);
}

#[test]
fn a_child_is_counted_once_whenever_its_parent_waits_for_it() {
    let mut test = Test::new();
    test.scan(&[parent(10, "sh", 2000, 0), child(11, 10, "yosys", 2100, 40)]);
    // It is gone, but the parent was read before it waited.
    test.scan(&[parent(10, "sh", 2000, 0)]);
    assert_eq!(test.ticks("yosys"), 40);
    test.scan(&[parent(10, "sh", 2000, 45)]);
    assert_eq!((test.ticks("yosys"), test.ticks("sh")), (45, 0));
}

#[test]
fn a_shell_that_ends_hands_its_children_to_the_one_that_waited_for_it() {
    let mut test = Test::new();
    let driver = |reaped| parent(9, "driver", 1500, reaped);
    let shell = |reaped| Stat { parent: Some(9), ..parent(10, "sh", 2000, reaped) };
    test.scan(&[driver(0), shell(0), child(11, 10, "tool", 2100, 3)]);
    test.scan(&[driver(0), shell(50), child(12, 10, "tool", 2200, 2)]);
    assert_eq!(test.ticks("tool"), 52);
    // The shell ended after 80 ticks of tools and 1 of its own.
    test.scan(&[driver(81)]);
    assert_eq!(test.ticks("tool") + test.ticks("sh") + test.ticks("driver"), 81);
    assert_eq!(test.ticks("tool"), 81);
}

#[test]
fn an_orphan_is_debited_where_the_credit_is() {
    let mut test = Test::new();
    let init = |reaped| parent(1, "init", 5, reaped);
    test.scan(&[init(0), parent(10, "sh", 2000, 0), child(11, 10, "yosys", 2100, 40)]);
    // Its parent did not wait for it; init did, though the parent is still there.
    test.scan(&[init(42), parent(10, "sh", 2000, 0)]);
    assert_eq!(test.ticks("yosys") + test.ticks("init") + test.ticks("sh"), 42);
}

#[test]
fn a_parent_that_never_waits_gives_nothing_twice() {
    let mut test = Test::new();
    for start in [2100, 2200, 2300] {
        test.scan(&[parent(10, "server", 2000, 0), child(start, 10, "worker", start.into(), 40)]);
    }
    test.scan(&[parent(10, "server", 2000, 0)]);
    assert_eq!((test.ticks("worker"), test.ticks("server")), (120, 0));
}

#[test]
fn the_record_of_an_end_completes_what_was_seen_and_the_parent_adds_nothing() {
    let mut test = Test::new();
    test.scan(&[parent(10, "sh", 2000, 0), child(11, 10, "yosys", 2100, 40)]);
    test.scan_with(&[parent(10, "sh", 2000, 55)], &[exit(11, 10, "yosys", 2100, 55)]);
    assert_eq!((test.ticks("yosys"), test.ticks("sh")), (55, 0));
    test.scan(&[parent(10, "sh", 2000, 55)]);
    assert_eq!((test.ticks("yosys"), test.ticks("sh")), (55, 0));
}

#[test]
fn strangers_count_by_their_records_and_lost_records_by_their_parent() {
    let mut test = Test::new();
    test.scan(&[parent(10, "sh", 2000, 0)]);
    let exits = [exit(11, 10, "as", 2100, 7), exit(12, 10, "ld", 2110, 8)];
    // 10 ticks more were used by a child whose record is lost.
    test.scan_with(&[parent(10, "sh", 2000, 25)], &exits);
    assert_eq!(test.ticks("as") + test.ticks("ld"), 25);
    assert!(test.ticks("as") >= 7 && test.ticks("ld") >= 8);
}

#[test]
fn a_tree_of_strangers_is_counted_once() {
    let mut test = Test::new();
    test.scan(&[parent(10, "driver", 2000, 0)]);
    let exits =
        [exit(12, 11, "tool", 2110, 5), exit(13, 11, "tool", 2120, 6), exit(11, 10, "sh", 2100, 1)];
    test.scan_with(&[parent(10, "driver", 2000, 12)], &exits);
    assert_eq!((test.ticks("tool"), test.ticks("sh"), test.ticks("driver")), (11, 1, 0));
    test.scan(&[parent(10, "driver", 2000, 12)]);
    assert_eq!(test.ticks("driver"), 0);
}

#[test]
fn an_end_after_the_scan_met_the_process_is_counted_once() {
    let mut test = Test::new();
    let shell = |reaped| parent(10, "sh", 2000, reaped);
    test.scan_with(
        &[shell(0), child(11, 10, "yosys", 2100, 40)],
        &[exit(11, 10, "yosys", 2100, 44)],
    );
    assert_eq!(test.ticks("yosys"), 44);
    test.scan(&[shell(44)]);
    assert_eq!((test.ticks("yosys"), test.ticks("sh")), (44, 0));
}

#[test]
fn a_parent_that_ends_takes_what_it_owes_along() {
    let mut test = Test::new();
    let driver = |reaped| parent(9, "driver", 1500, reaped);
    let shell = Stat { parent: Some(9), ..parent(10, "sh", 2000, 0) };
    test.scan(&[driver(0), shell]);
    // The tool ended after the scan had read the shell.
    test.scan_with(&[driver(0), shell], &[exit(11, 10, "tool", 2100, 50)]);
    test.scan(&[driver(50)]);
    assert_eq!((test.ticks("tool"), test.ticks("sh"), test.ticks("driver")), (50, 0, 0));
}

#[test]
fn ids_that_are_used_again_between_two_scans_keep_their_processes_apart() {
    let mut test = Test::new();
    test.scan(&[parent(10, "sh", 2000, 0), child(11, 10, "a", 2100, 5)]);
    let exits =
        [exit(11, 10, "a", 2100, 6), exit(11, 10, "b", 2200, 7), exit(11, 10, "b", 2300, 8)];
    test.scan_with(&[parent(10, "sh", 2000, 21), child(11, 10, "c", 2500, 1)], &exits);
    assert_eq!((test.ticks("a"), test.ticks("b"), test.ticks("c")), (6, 15, 1));
    assert_eq!(test.ticks("sh"), 0);
}

#[test]
fn a_name_at_the_end_is_the_name_that_counts() {
    let mut test = Test::new();
    test.scan(&[parent(10, "sh", 2000, 0), child(11, 10, "sh", 2100, 0)]);
    test.scan_with(&[parent(10, "sh", 2000, 50)], &[exit(11, 10, "yosys", 2100, 50)]);
    assert_eq!((test.ticks("sh"), test.ticks("yosys")), (0, 50));
}

#[test]
fn the_record_of_a_process_older_than_the_exporter_that_no_scan_met_is_left_out() {
    let mut test = Test::new();
    test.scan(&[]);
    test.scan_with(&[], &[exit(11, 1, "old", 5, 90_000)]);
    assert_eq!(test.ticks("old"), 0);
}

#[test]
fn nothing_is_remembered_of_what_is_gone() {
    let mut test = Test::new();
    for round in 0..1000u32 {
        let pids = round * 10..round * 10 + 10;
        let stats: Vec<Stat> = pids.clone().map(|pid| stat(pid, "sh", 2000, 1)).collect();
        let exits: Vec<Exit> = pids.map(|pid| exit(pid + 50_000, 7, "x", 2000, 1)).collect();
        test.scan_with(&stats, &exits);
    }
    assert_eq!(test.ledger.known.len(), 10);
    assert!(test.ledger.replaced.is_empty() && test.ledger.credits.is_empty());
    assert_eq!((test.ticks("sh"), test.ticks("x")), (10_000, 10_000));
}
