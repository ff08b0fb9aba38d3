//! Readers that several collectors share: each gives what is there, and leaves out and counts what cannot be taken.

pub(crate) mod cpu_list;
pub(crate) mod cpu_table;
pub(crate) mod error;
pub(crate) mod hotplug;
pub(crate) mod human_number;
pub(crate) mod kept;
pub(crate) mod kernel_file;
pub(crate) mod left_out;
pub(crate) mod links;
pub(crate) mod mounts;
pub(crate) mod number;
pub(crate) mod statfs;
pub(crate) mod sysfs;
