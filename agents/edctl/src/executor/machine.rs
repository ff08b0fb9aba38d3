//! This machine, compared with what a profile asks for.

use sysinfo::System;

use crate::config::Resources;

/// What a local run will lack here, in words; nothing where the machine has enough.
pub(crate) fn lacks(wanted: &Resources) -> Vec<String> {
    let mut system = System::new();
    system.refresh_memory();
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    lacking(wanted, u64::try_from(cpus).unwrap_or(u64::MAX), system.total_memory() >> 20)
}

fn lacking(wanted: &Resources, cpus: u64, memory_mib: u64) -> Vec<String> {
    let mut lacking = Vec::new();
    if cpus > 0 && u64::from(wanted.cpus) > cpus {
        lacking
            .push(format!("the profile wants {} CPUs and this machine gives {cpus}", wanted.cpus));
    }
    if memory_mib > 0 && wanted.memory_mib > memory_mib {
        lacking.push(format!(
            "the profile wants {} MiB of memory and this machine has {memory_mib}",
            wanted.memory_mib
        ));
    }
    lacking
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(cpus: u16, memory_mib: u64) -> Resources {
        Resources { partition: None, cpus, memory_mib, time_limit_secs: 1 }
    }

    #[test]
    fn only_what_is_too_much_is_told() {
        assert!(lacking(&wanted(2, 1024), 2, 1024).is_empty());
        let told = lacking(&wanted(4, 2048), 2, 1024);
        assert!(told[0].contains("4 CPUs") && told[1].contains("2048 MiB"), "{told:?}");
        assert!(lacking(&wanted(4, 2048), 0, 0).is_empty(), "what is not known is not told");
        assert_eq!(lacks(&wanted(u16::MAX, 1)).len(), 1);
    }
}
