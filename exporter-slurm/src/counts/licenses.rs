//! What scontrol says of licences.

use edctl_slurm::LicenseRow;

/// A licence that Slurm hands out. What is not there is not told or cannot be read.
#[derive(Debug)]
pub(crate) struct License {
    pub(crate) name: String,
    pub(crate) total: Option<u64>,
    pub(crate) used: Option<u64>,
    pub(crate) free: Option<u64>,
    /// Nothing where Slurm does not say.
    pub(crate) reserved: Option<u64>,
    /// These two of remote licences, and where Slurm says them.
    pub(crate) last_consumed: Option<u64>,
    pub(crate) last_deficit: Option<u64>,
}

impl From<LicenseRow<'_>> for License {
    fn from(row: LicenseRow<'_>) -> Self {
        Self {
            name: row.license.to_owned(),
            total: row.total.ok(),
            used: row.used.ok(),
            free: row.free.ok(),
            reserved: row.reserved.ok().flatten(),
            last_consumed: row.last_consumed.ok().flatten(),
            last_deficit: row.last_deficit.ok().flatten(),
        }
    }
}
