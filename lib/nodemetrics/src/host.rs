//! The outside world as the collectors see it, so that a test can give its own.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use edctl_daemon::Paths;
use edctl_sys::timex::Timex;
use edctl_sys::zone::Zone;

/// What uname(2) says.
#[derive(Debug, Clone)]
pub struct Uname {
    /// Such as `Linux`.
    pub sysname: String,
    /// The kernel's release.
    pub release: String,
    /// The kernel's build.
    pub version: String,
    /// The architecture, such as `x86_64`.
    pub machine: String,
    /// The host name.
    pub nodename: String,
    /// The NIS domain.
    pub domainname: String,
}

/// What a file system says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capacity {
    pub(crate) size_bytes: u64,
    pub(crate) free_bytes: u64,
    pub(crate) avail_bytes: u64,
    pub(crate) files: u64,
    pub(crate) files_free: u64,
}

impl Capacity {
    /// Asks the file system at `path`; may block for ever.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let stat = rustix::fs::statvfs(path)?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Ok(Self {
            size_bytes: bytes(stat.f_blocks),
            free_bytes: bytes(stat.f_bfree),
            avail_bytes: bytes(stat.f_bavail),
            files: stat.f_files,
            files_free: stat.f_ffree,
        })
    }
}

/// Asks a file system for its capacity; may block for ever.
pub(crate) type AskCapacity = dyn Fn(&Path) -> io::Result<Capacity> + Send + Sync;

/// Everything outside the process that a collector reads.
#[derive(Clone)]
pub struct Host {
    pub(crate) paths: Paths,
    pub(crate) uname: fn() -> Uname,
    pub(crate) now: fn() -> SystemTime,
    pub(crate) timex: fn() -> io::Result<Timex>,
    /// The time zone at so many seconds since 1970.
    pub(crate) zone: fn(i64) -> Option<Zone>,
    pub(crate) capacity: Arc<AskCapacity>,
}

impl Host {
    /// This machine, seen under `paths`.
    pub fn real(paths: Paths) -> Self {
        Self {
            paths,
            uname: read_uname,
            now: SystemTime::now,
            timex: edctl_sys::timex::read,
            zone: edctl_sys::zone::at,
            capacity: Arc::new(Capacity::read),
        }
    }

    /// Whether the paths show what the kernel says to this process, so that it may be asked in other
    /// ways too.
    pub(crate) fn is_where_we_run(&self) -> bool {
        let own = Paths::default();
        self.paths.procfs == own.procfs && self.paths.sysfs == own.sysfs
    }
}

/// What this machine's kernel says.
pub fn read_uname() -> Uname {
    let uname = rustix::system::uname();
    let text = |field: &std::ffi::CStr| field.to_string_lossy().into_owned();
    Uname {
        sysname: text(uname.sysname()),
        release: text(uname.release()),
        version: text(uname.version()),
        machine: text(uname.machine()),
        nodename: text(uname.nodename()),
        domainname: text(uname.domainname()),
    }
}
