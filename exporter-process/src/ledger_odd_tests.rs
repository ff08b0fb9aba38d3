//! Figures that make no sense, and records that say it otherwise than `stat` did.

use super::*;

#[test]
fn a_record_that_splits_the_time_otherwise_counts_no_more_than_the_whole() {
    let mut test = Test::new();
    test.scan(&[stat(1, "sh", 2000, 50)]);
    let used = Usage { user_ns: 40 * TICK_NS, system_ns: 14 * TICK_NS, ..Usage::default() };
    test.scan_with(&[], &[Exit { used, ..exit(1, 9, "sh", 2000, 0) }]);
    assert_eq!(test.ticks("sh"), 54);
}

#[test]
fn an_absent_figure_is_counted_when_it_is_back() {
    let mut test = Test::new();
    let odd = |stat: Stat| Stat { user_ticks: None, left_out: 1, ..stat };
    test.scan(&[stat(1, "old", 5, 700), odd(stat(2, "new", 2000, 0)), odd(stat(3, "older", 5, 0))]);
    test.scan(&[odd(stat(1, "old", 5, 0)), stat(2, "new", 2000, 30), stat(3, "older", 5, 900)]);
    assert_eq!((test.ticks("old"), test.ticks("new"), test.ticks("older")), (0, 30, 0));
    test.scan(&[stat(1, "old", 5, 720), stat(2, "new", 2000, 31), stat(3, "older", 5, 907)]);
    assert_eq!((test.ticks("old"), test.ticks("new"), test.ticks("older")), (20, 31, 7));
}

#[test]
fn a_process_that_does_not_say_its_start_is_the_one_that_was_there() {
    let mut test = Test::new();
    let odd = |stat: Stat| Stat { start_ticks: None, left_out: 1, ..stat };
    test.scan(&[stat(1, "first", 2000, 30), odd(stat(2, "last", 2000, 40))]);
    test.scan(&[odd(stat(1, "first", 2000, 35)), stat(2, "last", 2000, 44)]);
    test.scan(&[stat(1, "first", 2000, 36), stat(2, "last", 2000, 45)]);
    // Nobody knew of the second whether it had been there before.
    assert_eq!((test.ticks("first"), test.ticks("last")), (36, 5));
}
