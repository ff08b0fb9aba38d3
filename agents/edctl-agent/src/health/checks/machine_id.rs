//! The machine's id: there, and not that of an image. Whether two nodes have the same is for the drainer to see.

use std::path::PathBuf;

use super::reading::{self, under};
use crate::health::check::{Check, Code, Entry, Finding};

pub(super) const ENTRY: Entry = Entry {
    name: "machine_id",
    about: "/etc/machine-id: what tells this machine from copies of its image",
    codes: &[Code {
        code: "missing",
        means: "there is no valid id",
        clear: "systemd-machine-id-setup, then reboot",
    }],
    compares: false,
    fails_after: 2,
    heals_after: 1,
    make: |ground| Box::new(MachineId(under(&ground.paths.rootfs, "/etc/machine-id".as_ref()))),
};

struct MachineId(PathBuf);

impl Check for MachineId {
    fn look(&mut self) -> Finding {
        match reading::text(&self.0) {
            Ok(Some(id)) if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Finding::pass("there is one")
            }
            Ok(_) => Finding::warn("missing", "/etc/machine-id has no id"),
            Err(error) => Finding::unknown(error),
        }
    }
}
