//! The directories that the agent works in: made where they are missing, and where that cannot be, an
//! error that says what to do.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// A directory for nobody but the agent's user.
pub(crate) const PRIVATE: u32 = 0o700;
/// A directory that everybody may look up a name in.
pub(crate) const PUBLIC: u32 = 0o755;

/// Why a directory cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectoryError {
    #[error(
        "cannot make the directory {path}: {reason}. As root: install -d -m {mode:04o} -o {uid} {path}; \
         or name another place with {flag}"
    )]
    Make { path: PathShown, reason: io::Error, mode: u32, uid: u32, flag: &'static str },
    #[error("{path} is not a directory. Move it away, or name another place with {flag}")]
    NotADirectory { path: PathShown, flag: &'static str },
    #[error(
        "{path} is a symbolic link to {target}, which does not exist. Make that directory or remove the \
         link"
    )]
    DanglingLink { path: PathShown, target: PathShown },
    #[error(
        "the agent cannot write into {path} as the user {uid}: {reason}. As root: chown {uid} {path}; or \
         name another place with {flag}"
    )]
    NotWritable { path: PathShown, reason: io::Error, uid: u32, flag: &'static str },
}

/// A path as errors show it.
#[derive(Debug)]
pub(crate) struct PathShown(PathBuf);

impl std::fmt::Display for PathShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.display().fmt(f)
    }
}

fn shown(path: &Path) -> PathShown {
    PathShown(path.to_owned())
}

/// Makes the directory with this mode, and its parents as public ones, unless it is there. A link to a
/// directory will do. `flag` names another place.
pub(crate) fn make(path: &Path, mode: u32, flag: &'static str) -> Result<(), DirectoryError> {
    let uid = rustix::process::getuid().as_raw();
    let failed = |reason| DirectoryError::Make { path: shown(path), reason, mode, uid, flag };
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => {
            return Err(DirectoryError::NotADirectory { path: shown(path), flag });
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Ok(target) = fs::read_link(path) {
                let target = PathShown(target);
                return Err(DirectoryError::DanglingLink { path: shown(path), target });
            }
            create(path, mode).map_err(failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    access(path, Access::WRITE_OK | Access::EXEC_OK).map_err(|errno| DirectoryError::NotWritable {
        path: shown(path),
        reason: errno.into(),
        uid,
        flag,
    })
}

fn create(path: &Path, mode: u32) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(PUBLIC).create(parent)?;
    }
    match DirBuilder::new().mode(mode).create(path) {
        // Whatever the umask is.
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(mode)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const FLAG: &str = "--some.flag";

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn what_is_missing_is_made_and_what_is_there_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("lib/edctl/agent");
        make(&state, PRIVATE, FLAG).unwrap();
        assert_eq!(mode_of(&state), 0o700);
        fs::set_permissions(&state, Permissions::from_mode(0o750)).unwrap();
        make(&state, PRIVATE, FLAG).unwrap();
        assert_eq!(mode_of(&state), 0o750);
        let link = dir.path().join("link");
        symlink(&state, &link).unwrap();
        make(&link, PRIVATE, FLAG).unwrap();
        make(Path::new("."), PRIVATE, FLAG).unwrap();
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, b"").unwrap();
        symlink("/nowhere/at/all", &link).unwrap();
        for (path, expected) in [
            (
                file.clone(),
                "file is not a directory. Move it away, or name another place with --some",
            ),
            (link, "link is a symbolic link to /nowhere/at/all, which does not exist"),
            (
                file.join("below"),
                "/file/below: Not a directory (os error 20). As root: install -d -m",
            ),
            ("/proc/none/agent".into(), "As root: install -d -m 0700 -o "),
        ] {
            let said = make(&path, PRIVATE, FLAG).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
    }
}
