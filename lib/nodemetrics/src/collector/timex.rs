//! `node_timex_*`: how well the node's clock is kept, from adjtimex(2).

use std::io;

use edctl_exposition::{Family, Page, Value};
use edctl_sys::timex::{NANO, NOT_SYNCHRONIZED, Timex};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;

pub(super) const ENTRY: Entry = Entry {
    name: "timex",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "adjtimex(2)",
    families: &[
        FamilyDoc::gauge("node_timex_offset_seconds", &[]),
        FamilyDoc::gauge("node_timex_frequency_adjustment_ratio", &[]),
        FamilyDoc::gauge("node_timex_maxerror_seconds", &[]),
        FamilyDoc::gauge("node_timex_estimated_error_seconds", &[]),
        FamilyDoc::gauge("node_timex_status", &[]),
        FamilyDoc::gauge("node_timex_sync_status", &[]),
        FamilyDoc::gauge("node_timex_loop_time_constant", &[]),
        FamilyDoc::gauge("node_timex_tick_seconds", &[]),
        FamilyDoc::gauge("node_timex_tai_offset_seconds", &[]),
        FamilyDoc::gauge("node_timex_pps_frequency_hertz", &[]),
        FamilyDoc::gauge("node_timex_pps_jitter_seconds", &[]),
        FamilyDoc::gauge("node_timex_pps_shift_seconds", &[]),
        FamilyDoc::gauge("node_timex_pps_stability_hertz", &[]),
        FamilyDoc::counter("node_timex_pps_jitter_total", &[]),
        FamilyDoc::counter("node_timex_pps_calibration_total", &[]),
        FamilyDoc::counter("node_timex_pps_error_total", &[]),
        FamilyDoc::counter("node_timex_pps_stability_exceeded_total", &[]),
    ],
    make: |host, _| Box::new(Clock::new(host)),
};

struct Clock {
    read: fn() -> io::Result<Timex>,
}

impl Clock {
    fn new(host: &Host) -> Self {
        Self { read: host.timex }
    }
}

impl Collector for Clock {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let wrong = |error| CollectError::io("adjtimex(2)".as_ref(), error).or_denied();
        let timex = (self.read)().map_err(wrong)?;
        for (name, help, value) in gauges(&timex) {
            page.add(Family::gauge(name, help).with(&[], value));
        }
        for (name, help, value) in counters(&timex) {
            page.add(Family::counter(name, help).with(&[], value));
        }
        Ok(())
    }
}

const MICRO: f64 = 1e6;
/// The kernel's parts per million have 16 bits behind the point.
const PPM: f64 = 1e6 * 65536.0;

type Row<T> = (&'static str, &'static str, T);

fn gauges(timex: &Timex) -> [Row<Value>; 13] {
    let fraction = if timex.status & NANO != 0 { 1e9 } else { MICRO };
    let ratio = |value: i64, of: f64| Value::F64(value as f64 / of);
    [
        (
            "node_timex_offset_seconds",
            "How far the clock is from what it is kept by.",
            ratio(timex.offset, fraction),
        ),
        (
            "node_timex_frequency_adjustment_ratio",
            "How much faster than its own speed the clock is made to run.",
            Value::F64(1.0 + timex.frequency as f64 / PPM),
        ),
        (
            "node_timex_maxerror_seconds",
            "The most that the clock may be wrong.",
            ratio(timex.max_error, MICRO),
        ),
        (
            "node_timex_estimated_error_seconds",
            "How much the clock is thought to be wrong.",
            ratio(timex.estimated_error, MICRO),
        ),
        ("node_timex_status", "The bits of the clock's status.", i64::from(timex.status).into()),
        (
            "node_timex_sync_status",
            "Whether something keeps the clock right.",
            (timex.state != NOT_SYNCHRONIZED).into(),
        ),
        (
            "node_timex_loop_time_constant",
            "How slowly the clock follows what it is kept by.",
            timex.constant.into(),
        ),
        ("node_timex_tick_seconds", "The time between ticks.", ratio(timex.tick, MICRO)),
        (
            "node_timex_tai_offset_seconds",
            "How far international atomic time is ahead of UTC.",
            i64::from(timex.tai_secs).into(),
        ),
        (
            "node_timex_pps_frequency_hertz",
            "The frequency of the pulse once a second.",
            ratio(timex.pps_frequency, PPM),
        ),
        (
            "node_timex_pps_jitter_seconds",
            "The jitter of that pulse.",
            ratio(timex.pps_jitter, fraction),
        ),
        (
            "node_timex_pps_shift_seconds",
            "For how long that pulse is measured, as a power of two.",
            i64::from(timex.pps_shift).into(),
        ),
        (
            "node_timex_pps_stability_hertz",
            "How much the pulse's frequency changed of late.",
            ratio(timex.pps_stability, PPM),
        ),
    ]
}

fn counters(timex: &Timex) -> [Row<i64>; 4] {
    [
        (
            "node_timex_pps_jitter_total",
            "How often the pulse's jitter was over its limit.",
            timex.pps_jitter_count,
        ),
        ("node_timex_pps_calibration_total", "Measurements of the pulse.", timex.pps_calibrations),
        ("node_timex_pps_error_total", "Measurements that went wrong.", timex.pps_errors),
        (
            "node_timex_pps_stability_exceeded_total",
            "How often the pulse's frequency changed more than it may.",
            timex.pps_stability_count,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::error::State;

    /// A clock that is kept to nanoseconds.
    fn kept() -> io::Result<Timex> {
        Ok(Timex {
            state: 0,
            offset: -250_000,
            frequency: 131_072_000,
            max_error: 1500,
            estimated_error: 20,
            status: NANO | 1,
            constant: 7,
            tick: 10_000,
            pps_frequency: 65_536_000,
            pps_jitter: 3000,
            pps_shift: 4,
            pps_stability: 0,
            pps_jitter_count: 2,
            pps_calibrations: 9,
            pps_errors: 1,
            pps_stability_count: 5,
            tai_secs: 37,
        })
    }

    fn values(read: fn() -> io::Result<Timex>) -> Result<Vec<(String, Value)>, State> {
        let mut page = Page::default();
        Clock { read }.collect(&mut page).map_err(|error| error.state())?;
        page.finish();
        let short = |name: &str| name.trim_start_matches("node_timex_").to_owned();
        Ok(page.families().map(|family| (short(&family.name), family.samples[0].value)).collect())
    }

    #[test]
    fn every_number_in_its_unit() {
        let expected = [
            ("estimated_error_seconds", Value::F64(2e-5)),
            ("frequency_adjustment_ratio", Value::F64(1.002)),
            ("loop_time_constant", Value::I64(7)),
            ("maxerror_seconds", Value::F64(0.0015)),
            ("offset_seconds", Value::F64(-0.00025)),
            ("pps_calibration_total", Value::I64(9)),
            ("pps_error_total", Value::I64(1)),
            ("pps_frequency_hertz", Value::F64(0.001)),
            ("pps_jitter_seconds", Value::F64(3e-6)),
            ("pps_jitter_total", Value::I64(2)),
            ("pps_shift_seconds", Value::I64(4)),
            ("pps_stability_exceeded_total", Value::I64(5)),
            ("pps_stability_hertz", Value::F64(0.0)),
            ("status", Value::I64(8193)),
            ("sync_status", Value::U64(1)),
            ("tai_offset_seconds", Value::I64(37)),
            ("tick_seconds", Value::F64(0.01)),
        ];
        let values = values(kept).unwrap();
        assert_eq!(values, expected.map(|(name, value)| (name.to_owned(), value)));
    }

    #[test]
    fn a_clock_that_nothing_keeps_counts_in_microseconds() {
        let lost = || kept().map(|kept| Timex { state: NOT_SYNCHRONIZED, status: 64, ..kept });
        let values = values(lost).unwrap();
        for (name, value) in [("sync_status", Value::U64(0)), ("offset_seconds", Value::F64(-0.25))]
        {
            assert!(values.contains(&(name.to_owned(), value)), "{values:?}");
        }
    }

    #[test]
    fn a_kernel_that_refuses_is_no_error() {
        assert_eq!(values(|| Err(io::Error::from_raw_os_error(1))), Err(State::Absent));
        assert_eq!(values(|| Err(io::Error::from_raw_os_error(22))), Err(State::Error));
    }
}
