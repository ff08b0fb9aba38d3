//! Reads a group by the version of its hierarchy.

use crate::fault::Faults;
use crate::files::Files;
use crate::group::Group;
use crate::values::{Cpu, Reading};
use crate::{v1, v2};

/// Reads a group; `None` where it is gone. `below` are the groups in it: v1 counts a memory failure
/// and an OOM kill only in the group where it happened.
pub fn read(group: &Group, below: &[&Group], faults: &mut Faults) -> Option<Reading> {
    let reading =
        if group.is_v2() { v2::read(group, faults) } else { v1::read(group, below, faults) };
    let is_gone = reading == Reading::default() && group.is_gone();
    (!is_gone).then_some(reading)
}

/// Reads no more than a group's CPU time.
pub fn read_cpu(group: &Group, faults: &mut Faults) -> Option<Cpu> {
    let mut files = Files { group, faults };
    if group.is_v2() { v2::read_cpu(&mut files) } else { v1::read_cpu(&mut files) }
}
