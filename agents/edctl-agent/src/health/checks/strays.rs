//! Processes of users that belong to no job: left over, or started behind Slurm's back.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use edctl_health::Class;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "strays",
    about: "processes of users from the inventory's strays_from_uid on that are in no job's control group",
    codes: &[Code {
        code: "process",
        means: "a user's process runs outside of Slurm's jobs",
        clear: "end it, or forbid logins by pam_slurm_adopt",
    }],
    compares: true,
    fails_after: 2,
    heals_after: 1,
    make: |ground| Box::new(Strays::new(ground)),
};

struct Strays {
    from_uid: Option<u32>,
    procfs: PathBuf,
}

impl Strays {
    fn new(ground: &Ground) -> Self {
        let procfs = ground.paths.procfs.clone();
        Self { from_uid: ground.expected.strays_from_uid, procfs }
    }
}

impl Check for Strays {
    fn look(&mut self) -> Finding {
        let Some(from_uid) = self.from_uid else {
            return Finding::not_applicable("the inventory allows processes of users");
        };
        let processes = match reading::list(&self.procfs) {
            Ok(processes) => processes,
            Err(error) => return Finding::unknown(error),
        };
        let strays = processes.iter().filter(|dir| is_stray(dir, from_uid)).map(|dir| {
            let command = reading::text(&dir.join("comm")).ok().flatten().unwrap_or_default();
            let said = format!("{command} (pid {}) is in no job", reading::name(dir));
            Finding::warn("process", said).of(Class::User)
        });
        Finding::worst(strays)
            .unwrap_or_else(|| Finding::pass("all processes are Slurm's or the system's"))
    }
}

fn is_stray(dir: &Path, from_uid: u32) -> bool {
    let is_process = reading::name(dir).bytes().all(|byte| byte.is_ascii_digit());
    let is_users =
        || std::fs::metadata(dir).is_ok_and(|meta| meta.uid() >= from_uid && meta.uid() < 65534);
    // One that has ended meanwhile has no file any more, and is no stray.
    let groups = || reading::text(&dir.join("cgroup")).ok().flatten();
    is_process && is_users() && groups().is_some_and(|groups| !is_in_job(&groups))
}

/// Whether one of its control groups is a job's, in either naming scheme of Slurm's.
fn is_in_job(groups: &str) -> bool {
    groups.lines().any(|line| {
        line.split('/').any(|part| {
            part.strip_prefix("job_").is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
        })
    })
}
