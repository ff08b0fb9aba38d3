//! What scontrol says of licences.

use edctl_exposition::{Family, Page};

use super::push_some;
use crate::counts::License;

/// Adds all families of licences.
pub(super) fn render(licenses: &[License], page: &mut Page) {
    for (name, help, value) in [
        (
            "edctl_slurm_licenses",
            "Licences that Slurm may hand out.",
            (|license| Some(license.total)) as fn(&License) -> Option<u64>,
        ),
        ("edctl_slurm_licenses_used", "Licences that jobs have.", |license| Some(license.used)),
        ("edctl_slurm_licenses_free", "Licences that a job can have.", |license| {
            Some(license.free)
        }),
        ("edctl_slurm_licenses_reserved", "Licences that reservations hold.", |license| {
            license.reserved
        }),
    ] {
        let mut family = Family::gauge(name, help);
        for license in licenses {
            push_some(&mut family, &[("license", &license.name)], value(license));
        }
        page.add(family);
    }
}
