//! Attributes of sysfs, and settings of /proc/sys, that stay open: the kernel writes one anew each time that
//! it is read from its start, and opening it costs more than reading it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use foldhash::{HashMap, HashMapExt};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;

use crate::reading::error::CollectError;
use crate::reading::number::Number;
use crate::reading::sysfs;
use crate::reading::sysfs::MAX_BYTES;

/// The attributes that one collector reads again and again, up to some number; those beyond it are
/// opened each time.
pub(crate) struct Kept {
    files: HashMap<PathBuf, KeptFile>,
    most: usize,
    buffer: Vec<u8>,
}

struct KeptFile {
    file: File,
    /// Since the last [`Kept::forget_unused`].
    is_used: bool,
}

impl Kept {
    pub(crate) fn new(most: usize) -> Self {
        Self { files: HashMap::new(), most, buffer: Vec::new() }
    }

    /// As [`sysfs::text`].
    pub(crate) fn text(&mut self, path: &Path) -> Result<Option<String>, CollectError> {
        let read = sysfs::or_nothing(self.read(path), || path.to_owned())?;
        Ok(read.map(|()| String::from_utf8_lossy(&self.buffer).trim().to_owned()))
    }

    /// As [`sysfs::number`], of one that is there.
    pub(crate) fn number<T: Number>(&mut self, path: &Path) -> Result<T, CollectError> {
        let absent = || CollectError::Absent { path: path.to_owned() };
        self.number_if_any(path)?.ok_or_else(absent)
    }

    /// As [`sysfs::number`].
    pub(crate) fn number_if_any<T: Number>(
        &mut self,
        path: &Path,
    ) -> Result<Option<T>, CollectError> {
        let Some(text) = self.text(path)? else { return Ok(None) };
        sysfs::parse_number(&text, || path.to_owned()).map(Some)
    }

    /// Closes what nobody has read since the last time.
    pub(crate) fn forget_unused(&mut self) {
        self.files.retain(|_, kept| std::mem::take(&mut kept.is_used));
    }

    /// Closes all, where other devices may have the same paths now.
    pub(crate) fn forget(&mut self) {
        self.files.clear();
    }

    /// Reads into the buffer.
    fn read(&mut self, path: &Path) -> io::Result<()> {
        self.buffer.clear();
        self.buffer.reserve(MAX_BYTES);
        if let Some(kept) = self.files.get_mut(path) {
            kept.is_used = true;
            match rustix::io::pread(&kept.file, spare_capacity(&mut self.buffer), 0) {
                // The device was taken out; another may have come in its place.
                Err(Errno::NODEV) => drop(self.files.remove(path)),
                read => return Ok(read.map(drop)?),
            }
        }
        let file = File::open(path)?;
        let read = rustix::io::pread(&file, spare_capacity(&mut self.buffer), 0);
        if self.files.len() < self.most {
            self.files.insert(path.to_owned(), KeptFile { file, is_used: true });
        }
        Ok(read.map(drop)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::sysfs::tests::{put, tree};

    #[test]
    fn an_attribute_is_read_anew_though_it_is_opened_once() {
        let dir = tree(&[("temp", "41\n")]);
        let path = dir.path().join("temp");
        let mut kept = Kept::new(1);
        assert_eq!(kept.text(&path).unwrap().as_deref(), Some("41"));
        put(dir.path(), "temp", b" 42 \n");
        assert_eq!(kept.text(&path).unwrap().as_deref(), Some("42"));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(kept.text(&path).unwrap().as_deref(), Some("42"));
        kept.forget();
        assert_eq!(kept.text(&path).unwrap(), None);
        let own = Path::new("/sys/class/net/lo/ifindex");
        for _ in 0..2 {
            assert_eq!(kept.text(own).unwrap().as_deref(), Some("1"));
        }
    }

    #[test]
    fn no_more_are_open_than_may_be_and_none_that_is_not_read() {
        let dir = tree(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let mut kept = Kept::new(2);
        for _ in 0..2 {
            for (name, value) in [("a", "1"), ("b", "2"), ("c", "3")] {
                assert_eq!(kept.text(&dir.path().join(name)).unwrap().as_deref(), Some(value));
            }
            assert_eq!(kept.files.len(), 2);
        }
        kept.forget_unused();
        assert_eq!(kept.files.len(), 2);
        kept.text(&dir.path().join("b")).unwrap();
        kept.forget_unused();
        assert_eq!(kept.files.len(), 1);
    }
}
