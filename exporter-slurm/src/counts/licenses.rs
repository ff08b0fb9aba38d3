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
}

impl From<LicenseRow<'_>> for License {
    fn from(row: LicenseRow<'_>) -> Self {
        let LicenseRow { license, total, used, free, reserved, .. } = row;
        Self { name: license.to_owned(), total, used, free, reserved }
    }
}
