//! The spool's directory: writing records, and knowing what is in it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, RenameFlags, Uid, fchown, fstat, openat,
    renameat_with, statat, unlinkat,
};
use rustix::io::Errno;

use crate::{Name, SpoolError};

const TEMPORARY_SUFFIX: &str = ".tmp";
const CORRUPT_SUFFIX: &str = ".bad";
const NAME_TRIES: usize = 16;

/// How much a spool may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most records; temporary and corrupt files count too.
    pub records: usize,
    /// Most bytes in all of them.
    pub bytes: u64,
    /// Most bytes of one record.
    pub record_bytes: u64,
    /// Most corrupt records kept for a look; the oldest go first.
    pub corrupt: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { records: 10_000, bytes: 64 << 20, record_bytes: 64 << 10, corrupt: 32 }
    }
}

/// What is in a spool.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Whole records that wait for the reader.
    pub records: usize,
    /// Files that a writer works on, or left behind when it was killed.
    pub temporary: usize,
    /// Records that the reader could not understand.
    pub corrupt: usize,
    /// Bytes in all of these.
    pub bytes: u64,
}

/// An open spool.
#[derive(Debug)]
pub struct Spool {
    dir: OwnedFd,
    path: String,
    limits: Limits,
}

impl Spool {
    /// Opens the directory, which must exist and must not be a link.
    ///
    /// # Errors
    /// If it cannot be opened as a directory.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, SpoolError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let shown = path.display().to_string();
        let dir = openat(CWD, path, flags, Mode::empty())
            .map_err(|e| SpoolError::io("open the spool", &shown, e))?;
        Ok(Self { dir, path: shown, limits })
    }

    /// Writes one record durably and gives it to the directory's owner. A taken name is moved on
    /// by microseconds. Nothing is left behind by a failure.
    ///
    /// # Errors
    /// If the spool is full, the record too large, or the system refuses.
    pub fn write(&self, name: &Name, record: &[u8]) -> Result<Name, SpoolError> {
        let bytes = record.len() as u64;
        if bytes > self.limits.record_bytes {
            return Err(SpoolError::TooLarge { bytes });
        }
        let depth = self.depth()?;
        let files = depth.records + depth.temporary + depth.corrupt;
        if files >= self.limits.records || depth.bytes + bytes > self.limits.bytes {
            return Err(SpoolError::Full { records: files, bytes: depth.bytes });
        }
        let mut name = name.clone();
        for _ in 0..NAME_TRIES {
            let temporary = format!("{name}{TEMPORARY_SUFFIX}");
            match self.try_write(&temporary, &name.to_string(), record) {
                Err(SpoolError::Io { source, .. })
                    if source.kind() == io::ErrorKind::AlreadyExists =>
                {
                    name = name.later();
                }
                Err(error) => return Err(error),
                Ok(()) => return Ok(name),
            }
        }
        Err(SpoolError::io("find a free name in", &self.path, Errno::EXIST))
    }

    fn try_write(&self, temporary: &str, name: &str, record: &[u8]) -> Result<(), SpoolError> {
        if !Name::parse(name).is_some_and(|name| name.is_valid()) {
            return Err(SpoolError::io("write a record named", name, Errno::INVAL));
        }
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = openat(&self.dir, temporary, flags, Mode::RUSR | Mode::WUSR)
            .map(File::from)
            .map_err(|e| SpoolError::io("create", temporary, e))?;
        let written = self.fill(&mut file, record).and_then(|()| {
            renameat_with(&self.dir, temporary, &self.dir, name, RenameFlags::NOREPLACE)?;
            Ok(())
        });
        match written {
            // The record stands; that the directory's sync failed only weakens its durability.
            Ok(()) => {
                let _ = rustix::fs::fsync(&self.dir);
                Ok(())
            }
            Err(error) => {
                let _ = unlinkat(&self.dir, temporary, AtFlags::empty());
                Err(SpoolError::io("write", name, error))
            }
        }
    }

    fn fill(&self, file: &mut File, record: &[u8]) -> io::Result<()> {
        file.write_all(record)?;
        let (ours, theirs) = (fstat(&*file)?, fstat(&self.dir)?);
        if ours.st_uid != theirs.st_uid {
            let (uid, gid) = (Uid::from_raw(theirs.st_uid), Gid::from_raw(theirs.st_gid));
            fchown(&*file, Some(uid), Some(gid))?;
        }
        file.sync_data()
    }

    /// The records in order.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn list(&self) -> Result<Vec<Name>, SpoolError> {
        let mut names: Vec<Name> =
            self.file_names()?.iter().filter_map(|name| Name::parse(name)).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The content of one record.
    ///
    /// # Errors
    /// If it is gone, too large, no regular file, or cannot be read.
    pub fn read(&self, name: &Name) -> Result<Vec<u8>, SpoolError> {
        let name = name.to_string();
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.dir, &name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::LOOP) => return Err(SpoolError::NotRegular { path: name }),
            Err(e) => return Err(SpoolError::io("open", &name, e)),
        };
        let stat = fstat(&file).map_err(|e| SpoolError::io("stat", &name, e))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(SpoolError::NotRegular { path: name });
        }
        let mut record = Vec::new();
        File::from(file)
            .take(self.limits.record_bytes + 1)
            .read_to_end(&mut record)
            .map_err(|e| SpoolError::io("read", &name, e))?;
        let bytes = record.len() as u64;
        if bytes > self.limits.record_bytes {
            return Err(SpoolError::TooLarge { bytes });
        }
        Ok(record)
    }

    /// Deletes one record; one that is gone already is no error.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn remove(&self, name: &Name) -> Result<(), SpoolError> {
        self.unlink(&name.to_string())
    }

    /// Puts a record aside that the reader cannot understand, and drops the oldest of these above
    /// the limit.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn quarantine(&self, name: &Name) -> Result<(), SpoolError> {
        let name = name.to_string();
        let aside = format!("{name}{CORRUPT_SUFFIX}");
        rustix::fs::renameat(&self.dir, &name, &self.dir, &aside)
            .map_err(|e| SpoolError::io("put aside", &name, e))?;
        let mut corrupt: Vec<String> =
            self.file_names()?.into_iter().filter(|name| is_ours(name, CORRUPT_SUFFIX)).collect();
        corrupt.sort_unstable();
        let too_many = corrupt.len().saturating_sub(self.limits.corrupt);
        corrupt[..too_many].iter().try_for_each(|name| self.unlink(name))
    }

    /// Deletes temporary files older than `age`: their writers were killed. Hands back how many.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn sweep(&self, age: Duration, now: SystemTime) -> Result<usize, SpoolError> {
        let oldest = now.checked_sub(age).and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        let oldest_secs = oldest.map_or(0, |t| i64::try_from(t.as_secs()).unwrap_or(i64::MAX));
        let mut swept = 0;
        for name in self.file_names()?.iter().filter(|name| is_ours(name, TEMPORARY_SUFFIX)) {
            let stale = statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| stat.st_mtime <= oldest_secs);
            if stale {
                self.unlink(name)?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Counts what is in the spool.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn depth(&self) -> Result<Depth, SpoolError> {
        let mut depth = Depth::default();
        for name in self.file_names()? {
            let class = if Name::parse(&name).is_some() {
                &mut depth.records
            } else if is_ours(&name, TEMPORARY_SUFFIX) {
                &mut depth.temporary
            } else if is_ours(&name, CORRUPT_SUFFIX) {
                &mut depth.corrupt
            } else {
                continue;
            };
            *class += 1;
            // A file that vanishes meanwhile has no size.
            if let Ok(stat) = statat(&self.dir, &name, AtFlags::SYMLINK_NOFOLLOW) {
                depth.bytes += u64::try_from(stat.st_size).unwrap_or(0);
            }
        }
        Ok(depth)
    }

    fn unlink(&self, name: &str) -> Result<(), SpoolError> {
        match unlinkat(&self.dir, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(SpoolError::io("delete", name, e)),
        }
    }

    fn file_names(&self) -> Result<Vec<String>, SpoolError> {
        let failed = |e: Errno| SpoolError::io("list the spool", &self.path, e);
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Ok(name) = entry.file_name().to_str() {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }
}

/// Whether a file is one of the spool's own with that ending; strangers' files are left alone.
fn is_ours(file_name: &str, suffix: &str) -> bool {
    file_name.strip_suffix(suffix).is_some_and(|record| Name::parse(record).is_some())
}
