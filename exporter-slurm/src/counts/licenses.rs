//! What scontrol says of licences.

use edctl_slurm::LicenseRow;

/// A licence that Slurm hands out.
#[derive(Debug)]
pub(crate) struct License {
    pub(crate) name: String,
    pub(crate) total: u64,
    pub(crate) used: u64,
    pub(crate) free: u64,
    /// Nothing where Slurm does not say.
    pub(crate) reserved: Option<u64>,
    /// These two of remote licences, and where Slurm says them.
    pub(crate) last_consumed: Option<u64>,
    pub(crate) last_deficit: Option<u64>,
}

impl From<LicenseRow<'_>> for License {
    fn from(row: LicenseRow<'_>) -> Self {
        let LicenseRow { license, total, used, free, reserved, last_consumed, last_deficit } = row;
        let name = license.to_owned();
        Self { name, total, used, free, reserved, last_consumed, last_deficit }
    }
}
