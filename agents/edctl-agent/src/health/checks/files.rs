//! Files that have to be what the inventory made of them, such as slurm.conf.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::reading::under;
use crate::health::check::{Check, Code, Entry, Finding, Ground};
use crate::health::expected::File as Wanted;

pub(super) const ENTRY: Entry = Entry {
    name: "files",
    about: "SHA-256 of the inventory's files, such as slurm.conf and cgroup.conf",
    codes: &[
        Code {
            code: "differs",
            means: "the content is another than the inventory's",
            clear: "run the playbook, or edctl-agent checks run files after it",
        },
        Code { code: "missing", means: "the file is not there", clear: "run the playbook" },
    ],
    compares: true,
    fails_after: 2,
    heals_after: 1,
    make: |ground| Box::new(Files::new(ground)),
};

/// A larger one is no configuration.
const MOST_BYTES: u64 = 16 << 20;

struct Files {
    wanted: Vec<Wanted>,
    rootfs: PathBuf,
}

impl Files {
    fn new(ground: &Ground) -> Self {
        Self { wanted: ground.expected.file.clone(), rootfs: ground.paths.rootfs.clone() }
    }
}

impl Check for Files {
    fn look(&mut self) -> Finding {
        Finding::worst(self.wanted.iter().map(|wanted| judge(wanted, &self.rootfs)))
            .unwrap_or_else(|| Finding::not_applicable("the inventory names no file"))
    }
}

fn judge(wanted: &Wanted, rootfs: &Path) -> Finding {
    let place = wanted.path.display();
    let path = under(rootfs, &wanted.path);
    let content = std::fs::metadata(&path).and_then(|meta| {
        if !meta.is_file() || meta.len() > MOST_BYTES {
            return Err(std::io::Error::other("it is no file, or too large"));
        }
        std::fs::read(&path)
    });
    match content {
        Ok(content) => {
            let digest: String =
                Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
            if digest == wanted.sha256.to_ascii_lowercase() {
                Finding::pass("all are the inventory's")
            } else {
                // Jobs run on: the next run of the playbook, or the change that came before it, mends it.
                Finding::warn("differs", format!("{place} is not the inventory's"))
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::fail("missing", format!("{place} is not there"))
        }
        Err(error) => Finding::unknown(format!("{place}: {error}")),
    }
}
