//! What processes use: CPU time and page faults.

/// What a process, or a group of them, has used since its counting began.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) user_ns: u64,
    pub(crate) system_ns: u64,
    pub(crate) minor_faults: u64,
    pub(crate) major_faults: u64,
}

impl Usage {
    pub(crate) fn cpu_ns(&self) -> u64 {
        self.user_ns.saturating_add(self.system_ns)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    /// The greater of both, figure by figure.
    pub(crate) fn max(self, other: Self) -> Self {
        self.zip(other, u64::max)
    }

    /// What this is more than `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        self.zip(before, u64::saturating_sub)
    }

    /// `cpu_ns` of CPU time, split into user and system as this is, without faults.
    pub(crate) fn split(&self, cpu_ns: u64) -> Self {
        let share = u128::from(cpu_ns) * u128::from(self.system_ns);
        // At most `cpu_ns`, so that it fits.
        let system_ns = share.checked_div(u128::from(self.cpu_ns())).unwrap_or(0) as u64;
        Self { user_ns: cpu_ns - system_ns, system_ns, ..Self::default() }
    }

    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            user_ns: f(self.user_ns, other.user_ns),
            system_ns: f(self.system_ns, other.system_ns),
            minor_faults: f(self.minor_faults, other.minor_faults),
            major_faults: f(self.major_faults, other.major_faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(user_ns: u64, system_ns: u64) -> Usage {
        Usage { user_ns, system_ns, ..Usage::default() }
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
        assert_eq!(cpu(1, 5).since(cpu(3, 2)), cpu(0, 3));
        assert_eq!(cpu(u64::MAX, 0).plus(cpu(1, 1)), cpu(u64::MAX, 1));
        assert_eq!(cpu(1, 5).max(cpu(3, 2)), cpu(3, 5));
    }
}
