//! One process's `stat`, proc(5). Bytes, not text: the name in it is whatever its process says.

use edctl_jobcgroup::number;

use crate::comm::Comm;
use crate::usage::Usage;

/// Set in `flags` of threads that belong to the kernel (`PF_KTHREAD`).
const KERNEL_THREAD: u64 = 0x0020_0000;

/// Fields of the line since Linux 3.5. Where there are fewer, two have run into each other, and nobody
/// knows which is which.
const FIELDS: usize = 52;
/// The last field that is used.
const LAST: usize = 24;
/// The parent of all kernel threads.
const KTHREADD: u32 = 2;

/// The fields that are used; times in clock ticks. One that makes no sense is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) pid: u32,
    pub(crate) parent: Option<u32>,
    pub(crate) comm: Comm,
    pub(crate) state: State,
    pub(crate) is_kernel_thread: bool,
    pub(crate) minor_faults: Option<u64>,
    pub(crate) major_faults: Option<u64>,
    pub(crate) user_ticks: Option<u64>,
    pub(crate) system_ticks: Option<u64>,
    /// Of the children that it has waited for, and of theirs.
    pub(crate) reaped_user_ticks: Option<u64>,
    pub(crate) reaped_system_ticks: Option<u64>,
    pub(crate) threads: Option<u64>,
    /// Since boot; together with the pid it tells processes apart.
    pub(crate) start_ticks: Option<u64>,
    pub(crate) virtual_bytes: Option<u64>,
    pub(crate) resident_pages: Option<u64>,
    /// How many fields are absent.
    pub(crate) left_out: u64,
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
    /// Reads the file's content; `None` when it is not the whole line that proc(5) describes. The pid
    /// is that of the directory.
    pub(crate) fn parse(pid: u32, bytes: &[u8]) -> Option<Self> {
        // The name may hold parentheses, spaces and newlines; what follows it holds none.
        let open = bytes.iter().position(|b| *b == b'(')?;
        let close = bytes.iter().rposition(|b| *b == b')')?;
        let comm = Comm::new(bytes.get(open + 1..close)?);
        let rest = bytes.get(close + 1..)?.strip_prefix(b" ")?.strip_suffix(b"\n")?;

        // proc(5) counts from 1, and `state` is its third field.
        let mut fields = rest.split(|b| *b == b' ');
        let state = fields.next()?;
        let mut read = 3;
        let mut left_out = 0;
        let mut field = |wanted: usize| {
            let skip = wanted - read - 1;
            read = wanted;
            let value = number(fields.nth(skip)?);
            left_out += u64::from(value.is_none());
            Some(value)
        };
        let parent = field(4)?.and_then(|parent| u32::try_from(parent).ok());
        let is_kthreadds = pid == KTHREADD || parent == Some(KTHREADD);
        let stat = Self {
            pid,
            parent,
            comm,
            state: State::of_letter(state),
            is_kernel_thread: field(9)?.map_or(is_kthreadds, |flags| flags & KERNEL_THREAD != 0),
            minor_faults: field(10)?,
            major_faults: field(12)?,
            user_ticks: field(14)?,
            system_ticks: field(15)?,
            reaped_user_ticks: field(16)?,
            reaped_system_ticks: field(17)?,
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(LAST)?,
            left_out: 0,
        };
        (fields.count() >= FIELDS - LAST).then_some(Self { left_out, ..stat })
    }

    /// What it has used itself.
    pub(crate) fn used(&self, tick_ns: u64) -> Usage<Option<u64>> {
        Usage {
            user_ns: ns(self.user_ticks, tick_ns),
            system_ns: ns(self.system_ticks, tick_ns),
            minor_faults: self.minor_faults,
            major_faults: self.major_faults,
        }
    }

    /// What the children used that it has waited for.
    pub(crate) fn reaped(&self, tick_ns: u64) -> Usage<Option<u64>> {
        Usage {
            user_ns: ns(self.reaped_user_ticks, tick_ns),
            system_ns: ns(self.reaped_system_ticks, tick_ns),
            minor_faults: Some(0),
            major_faults: Some(0),
        }
    }
}

fn ns(ticks: Option<u64>, tick_ns: u64) -> Option<u64> {
    ticks.map(|ticks| ticks.saturating_mul(tick_ns))
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
            Stat::parse(4711, &line),
            Some(Stat {
                pid: 4711,
                parent: Some(1),
                comm: Comm::new(b"yosys"),
                state: State::Waiting,
                is_kernel_thread: false,
                minor_faults: Some(1523),
                major_faults: Some(7),
                user_ticks: Some(321),
                system_ticks: Some(45),
                reaped_user_ticks: Some(11),
                reaped_system_ticks: Some(12),
                threads: Some(3),
                start_ticks: Some(56789),
                virtual_bytes: Some(170_737_664),
                resident_pages: Some(3120),
                left_out: 0,
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
            let stat = Stat::parse(4711, &line).unwrap();
            assert_eq!(stat.comm, Comm::new(comm));
            assert_eq!((stat.state, stat.start_ticks), (State::Waiting, Some(56789)));
        }
    }

    /// The line with another word in the place of a field.
    fn line_with(field: usize, word: &[u8]) -> Vec<u8> {
        let line = line(b"sh");
        let mut fields: Vec<&[u8]> =
            line.strip_suffix(b"\n").unwrap().split(|b| *b == b' ').collect();
        fields[field - 1] = word;
        [fields.join(&b' '), b"\n".to_vec()].concat()
    }

    #[test]
    fn knows_kernel_threads_and_states() {
        let is_kernel_thread = |pid, field, word: &[u8]| {
            Stat::parse(pid, &line_with(field, word)).unwrap().is_kernel_thread
        };
        assert!(is_kernel_thread(4711, 9, b"2129984") && !is_kernel_thread(4711, 9, b"4194560"));
        // Without flags, by whose child it is.
        assert!(is_kernel_thread(2, 9, b"-1") && !is_kernel_thread(4711, 9, b"-1"));
        for (letter, state) in [
            (&b"R"[..], State::Running),
            (b"I", State::Other),
            (b"", State::Other),
            (b"SS", State::Other),
        ] {
            let stat = Stat::parse(4711, &line_with(3, letter)).unwrap();
            assert_eq!((stat.state, stat.left_out), (state, 0), "{letter:?}");
        }
    }

    #[test]
    fn an_odd_number_costs_itself_only() {
        let whole = Stat::parse(4711, &line(b"sh")).unwrap();
        for odd in
            [&b"-1"[..], b"18446744073709551615", b"99999999999999999999", b"x", b"", b"1\xfc"]
        {
            let stat = Stat::parse(4711, &line_with(14, odd));
            assert_eq!(stat, Some(Stat { user_ticks: None, left_out: 1, ..whole }));
            let stat = Stat::parse(4711, &line_with(24, odd));
            assert_eq!(stat, Some(Stat { resident_pages: None, left_out: 1, ..whole }));
        }
        assert_eq!(Stat::parse(4711, &line_with(1, b"x")), Some(whole));
    }

    #[test]
    fn a_line_that_is_not_whole_is_none() {
        let whole = line(b"sh");
        for end in 0..whole.len() {
            assert_eq!(Stat::parse(1, &whole[..end]), None, "{end}");
        }
        let mut merged = whole.clone();
        let space = merged.iter().rposition(|b| *b == b' ').unwrap();
        merged[space] = 0xfc;
        assert_eq!(Stat::parse(1, &merged), None);
        let reversed = String::from_utf8(whole).unwrap().replace("(sh)", ")sh(");
        assert_eq!(Stat::parse(1, reversed.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn whatever_the_name_is_the_numbers_stand(comm in proptest::collection::vec(1..=u8::MAX, 0..40)) {
            let line = line(&comm);
            let stat = Stat::parse(4711, &line).unwrap();
            prop_assert_eq!(stat.comm, Comm::new(&comm));
            prop_assert_eq!(stat.user_ticks, Some(321));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Stat::parse(1, &bytes);
        }
    }
}
