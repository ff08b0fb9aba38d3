//! A job's own directory for its data: made before the job, removed after it with all that is in it.
//!
//! It stands below a directory that only root may change, which an administrator makes to turn this on. The job's user
//! owns it, so everything in it is hostile: nothing below it is opened by a path, no link is followed, no other file
//! system is entered.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Uid, chownat, fstat, mkdirat, open,
    openat2, renameat, statat, unlinkat,
};
use rustix::io::Errno;

/// Deeper directories are first moved to the top, so that no tree needs more descriptors than this.
const MOST_DEPTH: usize = 64;
/// What is to be removed is called so until it is gone.
const GONE: &str = "gone_";

/// Why there is no scratch directory, or why it is still there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScratchError {
    #[error("cannot {doing} in {}", base.display())]
    Io { doing: &'static str, base: PathBuf, source: io::Error },
    #[error("{} is not root's alone: chown root and chmod 0711 it", base.display())]
    NotRoots { base: PathBuf },
    #[error("some of it is still there; the next epilog goes on")]
    Left,
}

/// The directory below which jobs have theirs.
struct Base {
    path: PathBuf,
    fd: OwnedFd,
}

impl Base {
    /// Nothing where there is none: then no job has one.
    fn open(path: &Path) -> Result<Option<Self>, ScratchError> {
        let failed = |doing, errno: Errno| ScratchError::Io {
            doing,
            base: path.to_owned(),
            source: errno.into(),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = match open(path, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(failed("open", errno)),
        };
        let stat = fstat(&fd).map_err(|errno| failed("look", errno))?;
        if stat.st_uid != 0 || stat.st_mode & 0o022 != 0 {
            return Err(ScratchError::NotRoots { base: path.to_owned() });
        }
        Ok(Some(Self { path: path.to_owned(), fd }))
    }

    fn failed(&self, doing: &'static str) -> impl Fn(Errno) -> ScratchError + '_ {
        move |errno| ScratchError::Io { doing, base: self.path.clone(), source: errno.into() }
    }

    fn make(&self, job_id: u32, uid: u32, time_usec: u64) -> Result<(), ScratchError> {
        let name = name(job_id);
        match statat(&self.fd, &name, AtFlags::SYMLINK_NOFOLLOW) {
            // The prolog of a job that is started again.
            Ok(stat) if is_directory(stat.st_mode) && stat.st_uid == uid => return Ok(()),
            Ok(_) => self.put_aside(job_id, time_usec)?,
            Err(_) => {}
        }
        mkdirat(&self.fd, &name, Mode::RWXU).map_err(self.failed("make a directory"))?;
        let owner = Some(Uid::from_raw(uid));
        chownat(&self.fd, &name, owner, None, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(self.failed("give a directory to its user"))
    }

    fn put_aside(&self, job_id: u32, time_usec: u64) -> Result<(), ScratchError> {
        let aside = format!("{GONE}{job_id}_{time_usec}");
        match renameat(&self.fd, name(job_id), &self.fd, aside) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(self.failed("rename a directory")(errno)),
        }
    }

    /// Removes what was put aside, by this epilog and by earlier ones that had no time. What cannot be removed keeps
    /// no other from it.
    fn sweep(&self, until: Instant) -> Result<(), ScratchError> {
        let mut tried = BTreeSet::new();
        let mut swept = Ok(());
        loop {
            let mut names = self.gone().map_err(self.failed("list"))?;
            // What is moved to the top on the way comes in the next pass.
            names.retain(|name| tried.insert(name.clone()));
            if names.is_empty() {
                return swept;
            }
            for name in &names {
                match self.remove(&self.fd, name, 0, until) {
                    Ok(()) => {}
                    Err(Errno::TIME) => return Err(ScratchError::Left),
                    Err(Errno::NOTEMPTY) => swept = Err(ScratchError::Left),
                    Err(errno) => swept = Err(self.failed("remove a directory")(errno)),
                }
            }
        }
    }

    fn gone(&self) -> Result<Vec<CString>, Errno> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            let entry = entry?;
            if entry.file_name().to_bytes().starts_with(GONE.as_bytes()) {
                names.push(entry.file_name().to_owned());
            }
        }
        Ok(names)
    }

    /// Removes a file, or a directory with all that is in it.
    fn remove(
        &self,
        parent: &OwnedFd,
        name: &CString,
        depth: usize,
        until: Instant,
    ) -> Result<(), Errno> {
        if Instant::now() >= until {
            return Err(Errno::TIME);
        }
        match unlinkat(parent, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(errno) => return Err(errno),
        }
        if depth == MOST_DEPTH {
            let unique = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?.st_ino;
            return renameat(parent, name, &self.fd, format!("{GONE}deep_{unique}"));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
        let directory = openat2(parent, name, flags, Mode::empty(), resolve)?;
        for entry in Dir::read_from(&directory)? {
            let entry = entry?;
            let inner = entry.file_name();
            if !matches!(inner.to_bytes(), b"." | b"..") {
                self.remove(&directory, &inner.to_owned(), depth + 1, until)?;
            }
        }
        unlinkat(parent, name, AtFlags::REMOVEDIR)
    }
}

fn name(job_id: u32) -> String {
    format!("job_{job_id}")
}

fn is_directory(mode: u32) -> bool {
    FileType::from_raw_mode(mode) == FileType::Directory
}

/// Makes the job's directory, for its user alone.
pub(crate) fn make(base: &Path, job_id: u32, uid: u32, time_usec: u64) -> Result<(), ScratchError> {
    match Base::open(base)? {
        Some(base) => base.make(job_id, uid, time_usec),
        None => Ok(()),
    }
}

/// Removes the job's directory, and goes on with what earlier epilogs had no time for.
pub(crate) fn remove(
    base: &Path,
    job_id: u32,
    time_usec: u64,
    until: Instant,
) -> Result<(), ScratchError> {
    let Some(base) = Base::open(base)? else { return Ok(()) };
    base.put_aside(job_id, time_usec)?;
    base.sweep(until)
}

/// The job's directory, where there is one and it is this user's.
pub(crate) fn find(base: &Path, job_id: u32, uid: u32) -> Option<PathBuf> {
    let path = base.join(name(job_id));
    let stat = rustix::fs::lstat(&path).ok()?;
    (is_directory(stat.st_mode) && stat.st_uid == uid).then_some(path)
}
