//! Whether files are still the ones that were read.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A value that changes with a file's content or permissions; `None` where the file cannot be found.
type Stamp = Option<[i64; 7]>;

/// Files and how they were when they were added.
#[derive(Default)]
pub(super) struct Stamps(Vec<(PathBuf, Stamp)>);

impl Stamps {
    /// Notes how a file is now.
    pub(super) fn add(&mut self, file: PathBuf) {
        let stamp = stamp(&file);
        self.0.push((file, stamp));
    }

    /// Whether any file is another than it was.
    pub(super) fn changed(&self) -> bool {
        self.0.iter().any(|(file, before)| stamp(file) != *before)
    }
}

/// Follows links: a renewed certificate is often a link that points elsewhere.
fn stamp(file: &Path) -> Stamp {
    let file = std::fs::metadata(file).ok()?;
    Some([
        file.dev() as i64,
        file.ino() as i64,
        file.size() as i64,
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec(),
    ])
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn stamps(file: &Path) -> Stamps {
        let mut stamps = Stamps::default();
        stamps.add(file.to_owned());
        stamps
    }

    #[test]
    fn every_kind_of_change_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let (file, other, link) =
            (dir.path().join("a"), dir.path().join("b"), dir.path().join("link"));
        let missing = stamps(&file);
        assert!(!missing.changed());
        std::fs::write(&file, "one").unwrap();
        assert!(missing.changed());

        let written = stamps(&file);
        assert!(!written.changed());
        std::fs::write(&file, "longer").unwrap();
        assert!(written.changed());

        let readable = stamps(&file);
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(readable.changed());

        std::fs::write(&other, "longer").unwrap();
        symlink(&file, &link).unwrap();
        let linked = stamps(&link);
        std::fs::remove_file(&link).unwrap();
        assert!(linked.changed());
        symlink(&other, &link).unwrap();
        assert!(linked.changed());
    }
}
