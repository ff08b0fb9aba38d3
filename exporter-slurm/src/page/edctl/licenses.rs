//! What scontrol says of licences.

use edctl_exposition::{Page, Value};

use crate::counts::License;
use crate::page::table::{Column, add_columns, labelled};

/// Adds all families of licences.
pub(super) fn render(licenses: &[License], page: &mut Page) {
    let licenses = licenses.iter().map(|license| (&license.name, license));
    add_columns(page, LICENSE, &labelled("license", licenses));
}

const LICENSE: &[Column<License>] = &[
    ("edctl_slurm_licenses", "Licences that Slurm may hand out.", |license| {
        license.total.map(Value::from)
    }),
    ("edctl_slurm_licenses_used", "Licences that jobs have.", |license| {
        license.used.map(Value::from)
    }),
    ("edctl_slurm_licenses_free", "Licences that a job can have.", |license| {
        license.free.map(Value::from)
    }),
    ("edctl_slurm_licenses_reserved", "Licences that reservations hold.", |license| {
        license.reserved.map(Value::from)
    }),
];
