//! Sums that begin again at 0.

/// What Slurm counts with 16 bits begins again at 0 there.
pub(super) const WRAP: u64 = 1 << 16;

/// The CPUs of all nodes, summed up from the single nodes' numbers, which do not wrap; nothing where one of the
/// numbers cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeCpus {
    /// All of them.
    pub total: Option<u64>,
    /// What jobs have of them.
    pub allocated: Option<u64>,
}

impl NodeCpus {
    /// The sum of jobs' CPUs of which Slurm told `told`: it counts them with 16 bits in all releases of
    /// 25.11 and 26.05 (`jobs_stats_t.cpus_alloc`), later with 64. Nothing where it cannot be known whether
    /// the sum has wrapped, and how often. Jobs that share CPUs are taken to have less than 65,536.
    pub(super) fn unwrap_jobs(&self, told: u64) -> Option<u64> {
        if let Some(allocated) = self.allocated
            && allocated % WRAP == told
        {
            return Some(allocated);
        }
        unwrap(told, self.total?)
    }
}

/// The sum of which Slurm told `told`, where it is at most `most`. Nothing where it may have wrapped.
pub(super) fn unwrap(told: u64, most: u64) -> Option<u64> {
    (told >= WRAP || most < WRAP).then_some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_may_have_wrapped_is_told_only_if_the_nodes_say_the_same() {
        for (allocated, total, told, sum) in [
            // Too few CPUs to wrap, even if some jobs are just ending.
            (300, 400, 300, Some(300)),
            (300, 400, 290, Some(290)),
            (65_535, 65_535, 65_535, Some(65_535)),
            // 70,000 and 140,000 CPUs.
            (70_000, 80_000, 4_464, Some(70_000)),
            (140_000, 150_000, 8_928, Some(140_000)),
            (70_000, 80_000, 4_460, None),
            (300, 80_000, 300, Some(300)),
            (300, 80_000, 290, None),
            // A release that does not wrap.
            (70_000, 80_000, 69_000, Some(69_000)),
        ] {
            let nodes = NodeCpus { total: Some(total), allocated: Some(allocated) };
            assert_eq!(nodes.unwrap_jobs(told), sum, "{nodes:?} {told}");
        }
    }
}
