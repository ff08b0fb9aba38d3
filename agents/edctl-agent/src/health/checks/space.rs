//! Room for jobs: bytes and inodes of scratch and temporary directories.

use std::path::{Path, PathBuf};

use edctl_daemon::Lost;

use super::probes::{Answer, Probes};
use super::reading::under;
use crate::health::check::{Check, Code, Entry, Finding, Ground};
use crate::health::expected::Space as Wanted;

pub(super) const ENTRY: Entry = Entry {
    name: "space",
    about: "bytes and inodes that users may still fill in /tmp, /var/tmp, or what the inventory names",
    codes: &[
        Code {
            code: "full",
            means: "less room is left than min_free_ratio",
            clear: "remove files; edctl-agent checks shows which directory",
        },
        Code {
            code: "inodes",
            means: "fewer inodes are left than min_free_ratio",
            clear: "remove files",
        },
        Code {
            code: "low",
            means: "less than twice min_free_ratio is left",
            clear: "remove files before it is full",
        },
        Code {
            code: "missing",
            means: "the directory is not there",
            clear: "make it, or mount what holds it",
        },
    ],
    compares: false,
    fails_after: 1,
    heals_after: 2,
    make: |ground| Box::new(Space::new(ground)),
};

/// What a job may still fill, as shares of the whole.
#[derive(Debug, Clone, Copy)]
struct Free {
    bytes: f64,
    /// Nothing where the file system counts none.
    inodes: Option<f64>,
}

struct Space {
    wanted: Vec<Wanted>,
    rootfs: PathBuf,
    probes: Probes<Free>,
    /// What failed the last time has to have some more room before it is well again.
    is_full: Vec<bool>,
}

impl Space {
    fn new(ground: &Ground) -> Self {
        let usual = || {
            let place = |path: &str| Wanted { path: path.into(), min_free_ratio: 0.05 };
            vec![place("/tmp"), place("/var/tmp")]
        };
        let wanted = &ground.expected.space;
        let wanted = if wanted.is_empty() { usual() } else { wanted.clone() };
        Self {
            is_full: vec![false; wanted.len()],
            wanted,
            rootfs: ground.paths.rootfs.clone(),
            probes: Probes::new(free),
        }
    }
}

/// How much more room than the least has to be there for what was full to be well again.
const MARGIN: f64 = 1.2;

impl Check for Space {
    fn look(&mut self) -> Finding {
        let paths: Vec<PathBuf> =
            self.wanted.iter().map(|wanted| under(&self.rootfs, &wanted.path)).collect();
        let answers = self.probes.ask(&paths);
        let mut findings = Vec::new();
        for ((wanted, answer), is_full) in self.wanted.iter().zip(answers).zip(&mut self.is_full) {
            let finding = judge(wanted, answer, *is_full);
            *is_full = matches!(finding.code, "full" | "inodes");
            findings.push(finding);
        }
        Finding::worst(findings).unwrap_or_else(|| Finding::not_applicable("no place is named"))
    }
}

fn judge(wanted: &Wanted, (answer, _): Answer<Free>, was_full: bool) -> Finding {
    let place = wanted.path.display();
    let free = match answer {
        Ok(Ok(free)) => free,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Finding::fail("missing", format!("{place} is not there"));
        }
        Ok(Err(error)) => return Finding::unknown(format!("{place}: {error}")),
        Err(lost @ (Lost::Stuck { .. } | Lost::Ended)) => {
            return Finding::unknown(format!("{place}: {lost}"));
        }
    };
    let least = wanted.min_free_ratio * if was_full { MARGIN } else { 1.0 };
    let said = |share: f64| format!("{place}: {:.1} % free", share * 100.0);
    match free {
        Free { bytes, .. } if bytes < least => Finding::fail("full", said(bytes)),
        Free { inodes: Some(inodes), .. } if inodes < least => {
            Finding::fail("inodes", format!("{} of its inodes", said(inodes)))
        }
        Free { bytes, .. } if bytes < least * 2.0 => Finding::warn("low", said(bytes)),
        Free { bytes, .. } => Finding::pass(said(bytes)),
    }
}

fn free(path: &Path) -> std::io::Result<Free> {
    let stat = rustix::fs::statvfs(path)?;
    if stat.f_blocks == 0 {
        return Err(std::io::Error::other("it has no size"));
    }
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    Ok(Free {
        bytes: stat.f_bavail as f64 / stat.f_blocks as f64,
        inodes: share(stat.f_favail, stat.f_files),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use edctl_health::Outcome;

    use super::*;

    #[test]
    fn what_was_full_needs_a_margin() {
        let wanted = Wanted { path: "/scratch".into(), min_free_ratio: 0.10 };
        let look = |bytes, inodes, was_full| {
            let finding =
                judge(&wanted, (Ok(Ok(Free { bytes, inodes })), Duration::ZERO), was_full);
            (finding.outcome, finding.code)
        };
        assert_eq!(look(0.09, None, false), (Outcome::Fail, "full"));
        assert_eq!(look(0.11, None, true), (Outcome::Fail, "full"));
        assert_eq!(look(0.11, None, false), (Outcome::Warn, "low"));
        assert_eq!(look(0.50, Some(0.01), false), (Outcome::Fail, "inodes"));
        assert_eq!(look(0.50, Some(0.5), true), (Outcome::Pass, ""));
        let lost = Err(Lost::Stuck { waited: Duration::from_secs(9) });
        assert_eq!(judge(&wanted, (lost, Duration::ZERO), false).outcome, Outcome::Unknown);
    }
}
