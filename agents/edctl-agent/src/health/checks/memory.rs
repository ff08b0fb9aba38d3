//! Memory that the kernel sees, against the inventory: a module that is gone, or a VM's balloon.

use std::path::PathBuf;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "memory",
    about: "MemTotal of /proc/meminfo against the inventory's memory_bytes",
    codes: &[Code {
        code: "short",
        means: "the kernel sees less memory than the inventory names",
        clear: "replace the module, or give the VM its memory back",
    }],
    compares: true,
    fails_after: 2,
    heals_after: 2,
    make: |ground| Box::new(Memory::new(ground)),
};

struct Memory {
    least_bytes: Option<u64>,
    meminfo: PathBuf,
}

impl Memory {
    fn new(ground: &Ground) -> Self {
        let meminfo = ground.paths.procfs.join("meminfo");
        Self { least_bytes: ground.expected.memory_bytes, meminfo }
    }
}

impl Check for Memory {
    fn look(&mut self) -> Finding {
        let Some(least) = self.least_bytes else {
            return Finding::not_applicable("the inventory names no memory");
        };
        let total = reading::text(&self.meminfo).ok().flatten().as_deref().and_then(total_bytes);
        let Some(total) = total else { return Finding::unknown("/proc/meminfo has no MemTotal") };
        let said = format!("{} of {} MiB", total >> 20, least >> 20);
        if total < least { Finding::fail("short", said) } else { Finding::pass(said) }
    }
}

fn total_bytes(meminfo: &str) -> Option<u64> {
    let value = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    value.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}
