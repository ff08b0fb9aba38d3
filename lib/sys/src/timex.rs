//! adjtimex(2): how well the kernel's clock is kept.

use std::io;

/// What the kernel says of its clock, in the units of its `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timex {
    /// What the call returned: `TIME_OK` to `TIME_ERROR`.
    pub state: i32,
    /// Microseconds, or nanoseconds where `status` has [`NANO`].
    pub offset: i64,
    /// Parts per million, times 2^16.
    pub frequency: i64,
    /// Microseconds.
    pub max_error: i64,
    /// Microseconds.
    pub estimated_error: i64,
    /// Bits.
    pub status: i32,
    /// The loop's time constant.
    pub constant: i64,
    /// Microseconds.
    pub tick: i64,
    /// Parts per million, times 2^16.
    pub pps_frequency: i64,
    /// As `offset`.
    pub pps_jitter: i64,
    /// Seconds, as a power of two.
    pub pps_shift: i32,
    /// Parts per million, times 2^16.
    pub pps_stability: i64,
    /// How often the jitter was over its limit.
    pub pps_jitter_count: i64,
    /// How many calibrations there were.
    pub pps_calibrations: i64,
    /// How many of them went wrong.
    pub pps_errors: i64,
    /// How often the stability was over its limit.
    pub pps_stability_count: i64,
    /// Seconds between UTC and TAI.
    pub tai_secs: i32,
}

/// The bit of `status` that says that times are nanoseconds.
pub const NANO: i32 = libc::STA_NANO;

/// The state of a clock that nothing keeps.
pub const NOT_SYNCHRONIZED: i32 = libc::TIME_ERROR;

/// Asks the kernel and changes nothing.
///
/// # Errors
/// Where the kernel refuses, as it may in a sandbox.
pub fn read() -> io::Result<Timex> {
    // SAFETY: it is a struct of integers, for which zero is a value.
    let mut timex: libc::timex = unsafe { std::mem::zeroed() };
    timex.modes = 0;
    // SAFETY: the pointer is to a whole struct that nobody else has; without modes it is only written.
    let state = unsafe { libc::adjtimex(&raw mut timex) };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Timex {
        state,
        offset: timex.offset,
        frequency: timex.freq,
        max_error: timex.maxerror,
        estimated_error: timex.esterror,
        status: timex.status,
        constant: timex.constant,
        tick: timex.tick,
        pps_frequency: timex.ppsfreq,
        pps_jitter: timex.jitter,
        pps_shift: timex.shift,
        pps_stability: timex.stabil,
        pps_jitter_count: timex.jitcnt,
        pps_calibrations: timex.calcnt,
        pps_errors: timex.errcnt,
        pps_stability_count: timex.stbcnt,
        tai_secs: timex.tai,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_answers_or_refuses() {
        match read() {
            // 100 ticks a second, give or take what keeps the clock right.
            Ok(timex) => assert!((9_000..=11_000).contains(&timex.tick), "{timex:?}"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
        }
    }
}
