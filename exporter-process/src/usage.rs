//! What processes use: CPU time and page faults.

/// What a process, or a group of them, has used since its counting began.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage<T = u64> {
    pub(crate) user_ns: T,
    pub(crate) system_ns: T,
    pub(crate) minor_faults: T,
    pub(crate) major_faults: T,
}

impl<T: Copy> Usage<T> {
    pub(crate) fn map<V>(self, f: impl Fn(T) -> V) -> Usage<V> {
        Usage {
            user_ns: f(self.user_ns),
            system_ns: f(self.system_ns),
            minor_faults: f(self.minor_faults),
            major_faults: f(self.major_faults),
        }
    }

    pub(crate) fn zip<U: Copy, V>(self, other: Usage<U>, f: impl Fn(T, U) -> V) -> Usage<V> {
        Usage {
            user_ns: f(self.user_ns, other.user_ns),
            system_ns: f(self.system_ns, other.system_ns),
            minor_faults: f(self.minor_faults, other.minor_faults),
            major_faults: f(self.major_faults, other.major_faults),
        }
    }
}

impl Usage {
    pub(crate) fn cpu_ns(&self) -> u64 {
        self.user_ns.saturating_add(self.system_ns)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    /// `cpu_ns` of CPU time, split into user and system as this is, without faults.
    pub(crate) fn split(&self, cpu_ns: u64) -> Self {
        let share = u128::from(cpu_ns) * u128::from(self.system_ns);
        // At most `cpu_ns`, so that it fits.
        let system_ns = share.checked_div(u128::from(self.cpu_ns())).unwrap_or(0) as u64;
        Self { user_ns: cpu_ns - system_ns, system_ns, ..Self::default() }
    }
}

/// As the kernel says it, where a figure that makes no sense is absent.
impl Usage<Option<u64>> {
    /// The greater of both, figure by figure; the other where one is absent.
    pub(crate) fn max(self, other: Self) -> Self {
        self.zip(other, Option::max)
    }

    /// What this is more than `before`; a figure that is absent in either has not grown.
    pub(crate) fn since(self, before: Self) -> Usage {
        self.zip(before, growth)
    }

    /// The figures that there are.
    pub(crate) fn known(self) -> Usage {
        self.map(Option::unwrap_or_default)
    }

    pub(crate) fn is_absent(self) -> Usage<bool> {
        self.map(|figure| figure.is_none())
    }
}

impl Usage<bool> {
    pub(crate) fn or(self, other: Self) -> Self {
        self.zip(other, |one, other| one || other)
    }
}

/// A figure that may be absent, in the room of one: there is one for each process and more. No figure of the kernel's is
/// 2^64 - 1, which `edctl_jobcgroup::number` takes for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept(u64);

impl Kept {
    pub(crate) const ABSENT: Self = Self(u64::MAX);

    pub(crate) fn figure(self) -> Option<u64> {
        (self != Self::ABSENT).then_some(self.0)
    }
}

impl From<Option<u64>> for Kept {
    fn from(figure: Option<u64>) -> Self {
        figure.map_or(Self::ABSENT, Self)
    }
}

/// What a counter has grown by; nothing where one of its readings is absent.
pub(crate) fn growth(after: Option<u64>, before: Option<u64>) -> u64 {
    after.zip(before).map_or(0, |(after, before)| after.saturating_sub(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(user_ns: u64, system_ns: u64) -> Usage {
        Usage { user_ns, system_ns, ..Usage::default() }
    }

    fn read(user_ns: Option<u64>, system_ns: Option<u64>) -> Usage<Option<u64>> {
        Usage { user_ns, system_ns, minor_faults: Some(0), major_faults: Some(0) }
    }

    #[test]
    fn a_share_is_split_as_the_whole_is() {
        assert_eq!(cpu(300, 100).split(40), cpu(30, 10));
        assert_eq!(cpu(0, 0).split(40), cpu(40, 0));
        assert_eq!(cpu(0, u64::MAX).split(u64::MAX), cpu(0, u64::MAX));
        assert_eq!(cpu(u64::MAX, u64::MAX).split(10).cpu_ns(), 10);
    }

    #[test]
    fn figures_neither_wrap_nor_go_below_zero() {
        assert_eq!(cpu(1, 5).map(Some).since(cpu(3, 2).map(Some)), cpu(0, 3));
        assert_eq!(cpu(u64::MAX, 0).plus(cpu(1, 1)), cpu(u64::MAX, 1));
        assert_eq!(cpu(1, 5).map(Some).max(cpu(3, 2).map(Some)), cpu(3, 5).map(Some));
    }

    #[test]
    fn an_absent_figure_stands_still_and_its_neighbour_does_not() {
        let before = read(Some(3), Some(4));
        let odd = read(None, Some(9));
        assert_eq!(odd.since(before), cpu(0, 5));
        assert_eq!(odd.max(before), read(Some(3), Some(9)));
        assert_eq!(read(Some(7), Some(9)).since(read(None, Some(9))), cpu(0, 0));
        assert_eq!(odd.is_absent(), Usage { user_ns: true, ..Usage::default() });
    }
}
