//! Mounts: there, of the right kind, writable where they should be, and answering.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use edctl_daemon::Lost;
use edctl_health::Class;
use edctl_nodemetrics::{MountPoint, mount_points};

use super::probes::{Answer, Probes};
use super::reading::under;
use crate::health::check::{Check, Code, Entry, Finding, Ground};
use crate::health::expected::Mount;

pub(super) const ENTRY: Entry = Entry {
    name: "mounts",
    about: "what the inventory wants mounted: there, from the right source, with its options, answering",
    codes: &[
        Code { code: "missing", means: "it is not mounted", clear: "mount it" },
        Code {
            code: "source",
            means: "something else is mounted there",
            clear: "mount what the inventory names",
        },
        Code {
            code: "options",
            means: "it lacks an option, such as rw after an error",
            clear: "find the error in the kernel's log; remount it",
        },
        Code {
            code: "hangs",
            means: "it has not answered for ten seconds",
            clear: "look at its server; the class is infra where it has one",
        },
        Code {
            code: "slow",
            means: "it took more than a second to answer",
            clear: "look at its server or its disk",
        },
        Code { code: "error", means: "it answers with an error", clear: "unmount and mount it" },
    ],
    compares: true,
    fails_after: 1,
    heals_after: 2,
    make: |ground| Box::new(Mounts::new(ground)),
};

const SLOW: Duration = Duration::from_secs(1);
/// A disk that is busy for some seconds is no fault.
const HANGS: Duration = Duration::from_secs(10);

struct Mounts {
    expected: Vec<Mount>,
    procfs: PathBuf,
    rootfs: PathBuf,
    probes: Probes<()>,
}

impl Mounts {
    fn new(ground: &Ground) -> Self {
        Self {
            expected: ground.expected.mount.clone(),
            procfs: ground.paths.procfs.clone(),
            rootfs: ground.paths.rootfs.clone(),
            probes: Probes::new(|path| Ok(rustix::fs::statvfs(path).map(drop)?)),
        }
    }
}

impl Check for Mounts {
    fn look(&mut self) -> Finding {
        if self.expected.is_empty() {
            return Finding::not_applicable("the inventory names no mount");
        }
        let mounted = match mount_points(&self.procfs) {
            Ok(mounted) => mounted,
            Err(error) => return Finding::unknown(error),
        };
        let mounted: HashMap<&str, &MountPoint> =
            mounted.iter().map(|mount| (mount.path.as_str(), mount)).collect();
        let (found, wrong): (Vec<_>, Vec<_>) =
            self.expected.iter().map(|wanted| compare(wanted, &mounted)).partition(Result::is_ok);
        let found: Vec<&MountPoint> = found.into_iter().flatten().collect();
        let paths: Vec<PathBuf> =
            found.iter().map(|mount| under(&self.rootfs, mount.path.as_ref())).collect();
        let answers = self.probes.ask(&paths);
        let answers = found.iter().zip(answers).filter_map(|(mount, answer)| judge(mount, answer));
        let all_well =
            || Finding::pass(format!("{} mounts are as they should be", self.expected.len()));
        Finding::worst(wrong.into_iter().filter_map(Result::err).chain(answers))
            .unwrap_or_else(all_well)
    }
}

fn compare<'a>(
    wanted: &Mount,
    mounted: &HashMap<&str, &'a MountPoint>,
) -> Result<&'a MountPoint, Finding> {
    let place = wanted.path.to_string_lossy();
    let Some(mount) = mounted.get(&*place) else {
        return Err(Finding::fail("missing", format!("{place} is not mounted")));
    };
    let is_other =
        |wanted: &Option<String>, found: &str| wanted.as_deref().is_some_and(|w| w != found);
    if is_other(&wanted.fs_type, &mount.fs_type) || is_other(&wanted.source, &mount.source) {
        let (fs_type, source) = (&mount.fs_type, &mount.source);
        return Err(Finding::fail("source", format!("{place} is {fs_type} from {source}")));
    }
    let lacking = |option: &&String| !mount.options.iter().any(|other| other == *option);
    match wanted.options.iter().find(lacking) {
        Some(option) => {
            Err(Finding::fail("options", format!("{place} is mounted without {option}")))
        }
        None => Ok(mount),
    }
}

fn judge(mount: &MountPoint, (answer, took): Answer<()>) -> Option<Finding> {
    let place = &mount.path;
    // A drain does not mend a file server.
    let class = if is_served(&mount.fs_type) { Class::Infra } else { Class::Node };
    let finding = match answer {
        Err(lost @ Lost::Stuck { waited }) if waited < HANGS => {
            Finding::warn("slow", format!("{place}: {lost}"))
        }
        Err(lost @ Lost::Stuck { .. }) => Finding::fail("hangs", format!("{place}: {lost}")),
        Err(Lost::Ended) => Finding::unknown(format!("{place}: its thread has ended")),
        Ok(Err(error)) => Finding::fail("error", format!("{place}: {error}")),
        Ok(Ok(())) if took > SLOW => {
            Finding::warn("slow", format!("{place} took {:.1} s to answer", took.as_secs_f64()))
        }
        Ok(Ok(())) => return None,
    };
    Some(finding.of(class))
}

/// Whether another machine has the data, or a program that may be anything.
fn is_served(fs_type: &str) -> bool {
    const SERVED: [&str; 10] =
        ["nfs", "nfs4", "cifs", "smb3", "lustre", "beegfs", "ceph", "glusterfs", "9p", "virtiofs"];
    SERVED.contains(&fs_type) || fs_type.starts_with("fuse")
}
