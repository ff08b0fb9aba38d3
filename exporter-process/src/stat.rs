//! One process's `stat`, proc(5). Bytes, not text: the name in it is whatever its process says.

use crate::comm::Comm;

/// Set in `flags` of threads that belong to the kernel (`PF_KTHREAD`).
const KERNEL_THREAD: u64 = 0x0020_0000;

/// The fields that are used; times in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) comm: Comm,
    pub(crate) state: State,
    pub(crate) is_kernel_thread: bool,
    pub(crate) minor_faults: u64,
    pub(crate) major_faults: u64,
    pub(crate) user_ticks: u64,
    pub(crate) system_ticks: u64,
    /// Of the children that it has waited for, and of theirs.
    pub(crate) reaped_user_ticks: u64,
    pub(crate) reaped_system_ticks: u64,
    pub(crate) threads: u64,
    /// Since boot; together with the pid it tells processes apart.
    pub(crate) start_ticks: u64,
    pub(crate) virtual_bytes: u64,
    pub(crate) resident_pages: u64,
}

/// What a process does, in the words of process-exporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Sleeping,
    /// Uninterruptible, usually for a disk or a file server.
    Waiting,
    Zombie,
    /// Stopped, traced, or a letter of a later kernel.
    Other,
}

impl State {
    /// All of them, in the order of their discriminants.
    pub(crate) const ALL: [State; 5] =
        [State::Running, State::Sleeping, State::Waiting, State::Zombie, State::Other];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Sleeping => "Sleeping",
            Self::Waiting => "Waiting",
            Self::Zombie => "Zombie",
            Self::Other => "Other",
        }
    }

    fn of_letter(letter: &[u8]) -> Self {
        match letter {
            b"R" => Self::Running,
            b"S" => Self::Sleeping,
            b"D" => Self::Waiting,
            b"Z" => Self::Zombie,
            _ => Self::Other,
        }
    }
}

impl Stat {
    /// Reads the file's content; `None` when it is not the whole line that proc(5) describes.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        // The name may hold parentheses, spaces and newlines; what follows it holds none.
        let open = bytes.iter().position(|b| *b == b'(')?;
        let close = bytes.iter().rposition(|b| *b == b')')?;
        let pid = number(bytes.get(..open)?.strip_suffix(b" ")?)?;
        let comm = Comm::new(bytes.get(open + 1..close)?);
        let rest = bytes.get(close + 1..)?.strip_prefix(b" ")?.strip_suffix(b"\n")?;

        // proc(5) counts from 1, and `state` is its third field.
        let mut fields = rest.split(|b| *b == b' ');
        let state = fields.next().filter(|field| field.len() == 1)?;
        let mut read = 3;
        let mut field = |wanted: usize| {
            let skip = wanted - read - 1;
            read = wanted;
            number(fields.nth(skip)?)
        };
        Some(Self {
            pid: u32::try_from(pid).ok()?,
            comm,
            state: State::of_letter(state),
            parent: u32::try_from(field(4)?).ok()?,
            is_kernel_thread: field(9)? & KERNEL_THREAD != 0,
            minor_faults: field(10)?,
            major_faults: field(12)?,
            user_ticks: field(14)?,
            system_ticks: field(15)?,
            reaped_user_ticks: field(16)?,
            reaped_system_ticks: field(17)?,
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

/// A plain decimal number; `None` for anything else, also for one that does not fit.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A real line (Linux 6.1), with the name to be put in.
    fn line(comm: &[u8]) -> Vec<u8> {
        let mut line = b"4711 (".to_vec();
        line.extend_from_slice(comm);
        line.extend_from_slice(
            b") D 1 4711 4711 0 -1 4194560 1523 88 7 9 321 45 11 12 20 0 3 0 56789 170737664 3120 \
              18446744073709551615 94 95 14 0 0 0 671173123 4096 1260 0 0 0 17 1 0 0 0 0 0 9 9 9 1 \
              1 1 1 0\n",
        );
        line
    }

    #[test]
    fn reads_a_line() {
        let line = line(b"yosys");
        assert_eq!(
            Stat::parse(&line),
            Some(Stat {
                pid: 4711,
                parent: 1,
                comm: Comm::new(b"yosys"),
                state: State::Waiting,
                is_kernel_thread: false,
                minor_faults: 1523,
                major_faults: 7,
                user_ticks: 321,
                system_ticks: 45,
                reaped_user_ticks: 11,
                reaped_system_ticks: 12,
                threads: 3,
                start_ticks: 56789,
                virtual_bytes: 170_737_664,
                resident_pages: 3120,
            })
        );
    }

    #[test]
    fn the_name_is_any_bytes() {
        for comm in [
            &b""[..],
            b"a b",
            b") R 1 1 1 0 -1",
            b"((()",
            b"two\nlines",
            b"\xff\xfe\x80",
            b"4711 (x) S 1",
            b"quote\"\\",
        ] {
            let line = line(comm);
            let stat = Stat::parse(&line).unwrap();
            assert_eq!(stat.comm, Comm::new(comm));
            assert_eq!((stat.state, stat.start_ticks), (State::Waiting, 56789));
        }
    }

    #[test]
    fn knows_kernel_threads_and_states() {
        let line = b"2 (kthreadd) I 0 0 0 0 -1 2129984 0 0 0 0 0 5 0 0 20 0 1 0 1 0 0 1\n";
        let stat = Stat::parse(line).unwrap();
        assert!(stat.is_kernel_thread);
        assert_eq!(stat.state, State::Other);
    }

    #[test]
    fn a_line_that_is_not_whole_is_none() {
        let whole = line(b"sh");
        for end in 0..whole.len() {
            assert_eq!(Stat::parse(&whole[..end]), None, "{end}");
        }
        for bad in [
            &b"x (sh) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n"[..],
            b"1 (sh) SS 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n",
            b"1 (sh) S 1 1 1 0 -1 0 -1 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n",
            b"1 (sh) S 1 1 1 0 -1 0 99999999999999999999 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n",
            b"1 )sh( S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n",
            b"99999999999 (sh) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n",
        ] {
            assert_eq!(Stat::parse(bad), None);
        }
    }

    proptest! {
        #[test]
        fn whatever_the_name_is_the_numbers_stand(comm in proptest::collection::vec(1..=u8::MAX, 0..40)) {
            let line = line(&comm);
            let stat = Stat::parse(&line).unwrap();
            prop_assert_eq!(stat.comm, Comm::new(&comm));
            prop_assert_eq!(stat.user_ticks, 321);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Stat::parse(&bytes);
        }
    }
}
