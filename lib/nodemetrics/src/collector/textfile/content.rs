//! Reading a file that anybody may write: no other kind of file, not too much, and not half of it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::collector::textfile::fault::Fault;

/// A larger file is refused.
pub(super) const MAX_BYTES: u64 = 8 << 20;
/// How often a file is read that is written meanwhile.
const ATTEMPTS: usize = 3;

/// A file's text, with U+FFFD for what is not UTF-8, and when it was written.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) modified_secs: i64,
}

/// Reads a file of at most so many bytes.
pub(super) fn read(path: &Path, max_bytes: u64) -> Result<Content, Fault> {
    read_by(read_bounded, path, max_bytes)
}

fn read_by(
    read: impl Fn(&mut File, u64) -> io::Result<Vec<u8>>,
    path: &Path,
    max_bytes: u64,
) -> Result<Content, Fault> {
    for _ in 0..ATTEMPTS {
        let mut file = open(path).map_err(|error| Fault::io(path, &error))?;
        let stat = |file: &File| file.metadata().map_err(|error| Fault::io(path, &error));
        let before = stat(&file)?;
        if !before.is_file() {
            return Err(Fault::of_file(path, "io", "is no regular file"));
        }
        let bytes = read(&mut file, max_bytes).map_err(|error| Fault::io(path, &error))?;
        if bytes.len() as u64 > max_bytes {
            return Err(Fault::of_file(path, "io", "is too large"));
        }
        let after = stat(&file)?;
        if stamp(&before) == stamp(&after) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Ok(Content { text, modified_secs: after.mtime() });
        }
    }
    Err(Fault::of_file(path, "io", "is written while it is read; write another and rename it"))
}

/// Does not wait for somebody at the other end of a FIFO.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

fn read_bounded(file: &mut File, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What changes with a file's content.
fn stamp(of: &Metadata) -> (u64, i64, i64) {
    (of.len(), of.mtime(), of.mtime_nsec())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_file_is_text_or_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("good"), "up 1\n").unwrap();
        std::fs::write(path("bytes"), b"up 1\nup{a=\"\xff\"} 2\n").unwrap();
        std::fs::write(path("large"), vec![b'\n'; 101]).unwrap();
        std::fs::create_dir(path("directory")).unwrap();
        symlink("good", path("link")).unwrap();
        symlink("loop", path("loop")).unwrap();
        assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
        for name in ["good", "link"] {
            let content = read(&path(name), 100).unwrap();
            assert_eq!(content.text, "up 1\n");
            assert!(content.modified_secs > 1_600_000_000);
        }
        let content = read(&path("bytes"), 100).unwrap();
        assert_eq!(content.text, "up 1\nup{a=\"\u{fffd}\"} 2\n");
        for (name, message) in [
            ("large", "too large"),
            ("directory", "no regular file"),
            ("fifo", "no regular file"),
            ("loop", "symbolic links"),
            ("gone", "No such file"),
        ] {
            let fault = read(&path(name), 100).unwrap_err();
            assert!(fault.message.contains(message) && fault.line.is_none(), "{fault:?}");
        }
        assert!(read(Path::new("/dev/zero"), 100).is_err());
    }

    #[test]
    fn a_file_that_is_written_meanwhile_is_read_again_but_not_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("busy.prom");
        for (writes, is_read) in [(0, true), (1, true), (ATTEMPTS, false)] {
            std::fs::write(&path, "up 1\n").unwrap();
            let left = std::cell::Cell::new(writes);
            let read = |file: &mut File, max_bytes| {
                if left.get() > 0 {
                    left.set(left.get() - 1);
                    std::fs::write(&path, "up 1\n".repeat(left.get() + 2))?;
                }
                read_bounded(file, max_bytes)
            };
            match read_by(read, &path, 100) {
                Ok(content) => assert!(is_read && content.text.ends_with('\n')),
                Err(fault) => assert!(!is_read && fault.message.contains("while it is read")),
            }
        }
    }
}
