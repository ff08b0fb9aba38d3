//! The checks, one file each, and the table that names them.

mod blocked;
mod cpus;
mod edac;
mod files;
mod infiniband;
mod kernel_log;
mod machine_id;
mod memory;
mod mounts;
mod munge;
mod name_service;
mod nic;
mod packages;
mod pci;
mod pcie_aer;
mod probes;
mod reading;
mod slurm_cgroup;
mod space;
mod steal;
mod strays;
mod time_sync;

use super::check::Entry;

/// Every check, by name. A new one is a file and a line here: `docs/adding-a-check.md`.
pub(crate) static CHECKS: [Entry; 20] = [
    blocked::ENTRY,
    cpus::ENTRY,
    edac::ENTRY,
    files::ENTRY,
    infiniband::ENTRY,
    kernel_log::ENTRY,
    machine_id::ENTRY,
    memory::ENTRY,
    mounts::ENTRY,
    munge::ENTRY,
    name_service::ENTRY,
    nic::ENTRY,
    packages::ENTRY,
    pci::ENTRY,
    pcie_aer::ENTRY,
    slurm_cgroup::ENTRY,
    space::ENTRY,
    steal::ENTRY,
    strays::ENTRY,
    time_sync::ENTRY,
];

#[cfg(test)]
pub(crate) mod tests;
