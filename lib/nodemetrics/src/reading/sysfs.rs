//! Reading sysfs: one small value per file, and directories of devices.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, RawDir};
use rustix::io::Errno;

use crate::reading::error::CollectError;
use crate::reading::kernel_file::Text;
use crate::reading::left_out;
use crate::reading::left_out::or_left_out;
use crate::reading::number::Number;

/// A directory's entries beyond this are not looked at.
const MOST_ENTRIES: usize = 16_384;
/// How much of a directory is read at a time.
const LIST_BYTES: usize = 4096;
/// The kernel gives an attribute one page.
pub(crate) const MAX_BYTES: usize = 4096;

/// A directory's names in their order.
pub(crate) fn list(dir: &Path) -> Result<Vec<String>, CollectError> {
    let wrong = |e: Errno| CollectError::io(dir, e.into());
    let mut buffer = [MaybeUninit::uninit(); LIST_BYTES];
    let mut entries = RawDir::new(open_dir(dir)?, &mut buffer);
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        // A name that is not text is not the kernel's.
        let entry = entry.map_err(wrong)?;
        names.extend(entry.file_name().to_str().ok().filter(is_entry).map(str::to_owned));
        if names.len() == MOST_ENTRIES {
            break;
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Whether a directory is there and not empty.
pub(crate) fn has_any(dir: &Path) -> bool {
    let Ok(held) = open_dir(dir) else { return false };
    let mut buffer = [MaybeUninit::uninit(); LIST_BYTES];
    let mut entries = RawDir::new(held, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        if entry.file_name().to_str().is_ok_and(|name| is_entry(&name)) {
            return true;
        }
    }
    false
}

fn is_entry(name: &&str) -> bool {
    !matches!(*name, "." | "..")
}

fn open_dir(path: &Path) -> Result<OwnedFd, CollectError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).map_err(|e| CollectError::io(path, e.into()))
}

/// Those of a directory's names that are `prefix` and a number, each with the number.
pub(crate) fn list_numbered(
    dir: &Path,
    prefix: &str,
) -> Result<Vec<(String, String)>, CollectError> {
    let numbered = |name: String| {
        let number = name.strip_prefix(prefix)?;
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| number.to_owned()).map(|number| (name, number))
    };
    Ok(list(dir)?.into_iter().filter_map(numbered).collect())
}

/// An attribute's text without the white space around it; none where the kernel has none now.
pub(crate) fn text(path: &Path) -> Result<Option<String>, CollectError> {
    Ok(line(path)?.map(|line| line.trim().to_owned()))
}

/// An attribute's text without the newlines around it only; none where the kernel has none now.
pub(crate) fn line(path: &Path) -> Result<Option<String>, CollectError> {
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    Ok(Some(String::from_utf8_lossy(&bytes).trim_matches('\n').to_owned()))
}

/// An attribute that is one of the kernel's words; another is an error.
pub(crate) fn one_of<'a>(path: &Path, words: &[&'a str]) -> Result<Option<&'a str>, CollectError> {
    let Some(text) = text(path)? else { return Ok(None) };
    let expected = "expected a word that is known";
    let wrong = || CollectError::Parse { path: path.to_owned(), line: 1, expected };
    words.iter().copied().find(|word| *word == text).map(Some).ok_or_else(wrong)
}

/// An attribute's number; none where the kernel has none now.
pub(crate) fn number<T: Number>(path: &Path) -> Result<Option<T>, CollectError> {
    let Some(text) = text(path)? else { return Ok(None) };
    parse_number(&text, || path.to_owned()).map(Some)
}

pub(crate) fn parse_number<T: Number>(
    text: &str,
    path: impl Fn() -> PathBuf,
) -> Result<T, CollectError> {
    let expected = "expected a number";
    T::take(text).ok_or_else(|| CollectError::Parse { path: path(), line: 1, expected })
}

/// An attribute as `parse` understands it; one that it does not understand is left out.
pub(crate) fn parsed<T>(
    path: &Path,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let text = or_left_out(text(path))?;
    let parsed = parse(&text);
    if parsed.is_none() {
        left_out::note_attribute(path.to_owned(), expected);
    }
    parsed
}

/// As [`parsed`], of an attribute of several lines.
pub(crate) fn parsed_lines<T>(
    path: &Path,
    parse: impl FnOnce(Text<'_>) -> Result<T, CollectError>,
) -> Option<T> {
    let text = or_left_out(text(path))?;
    or_left_out(parse(Text::new(path, &text)).map(Some))
}

/// A device's directory that is held while many of its attributes are read: the kernel walks the long
/// way to it, over links, once and not for each of them.
pub(crate) struct Dir<'a> {
    path: &'a Path,
    held: OwnedFd,
}

impl<'a> Dir<'a> {
    pub(crate) fn open(path: &'a Path) -> Result<Self, CollectError> {
        Ok(Self { path, held: open_dir(path)? })
    }

    /// As [`Dir::open`], of a directory that may not be there.
    pub(crate) fn open_if_any(path: &'a Path) -> Result<Option<Self>, CollectError> {
        match Self::open(path) {
            Err(CollectError::Absent { .. }) => Ok(None),
            dir => dir.map(Some),
        }
    }

    /// As [`number`], of the attribute with this name.
    pub(crate) fn number<T: Number>(&self, name: &str) -> Result<Option<T>, CollectError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        parse_number(&text, || self.path.join(name)).map(Some)
    }

    /// As [`text`], of the attribute with this name.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, CollectError> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let open = || Ok(File::from(rustix::fs::openat(&self.held, name, flags, Mode::empty())?));
        let bytes = read_once(open, || self.path.join(name))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
    }
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, CollectError> {
    read_once(|| File::open(path), || path.to_owned())
}

/// One read, not until the end: a broken driver may never come to one.
fn read_once(
    open: impl Fn() -> io::Result<File>,
    path: impl Fn() -> PathBuf,
) -> Result<Option<Vec<u8>>, CollectError> {
    let mut buffer = [MaybeUninit::uninit(); MAX_BYTES];
    let read = open().and_then(|file| Ok(rustix::io::read(file, &mut buffer)?.0));
    Ok(or_nothing(read, path)?.map(|bytes| bytes.to_vec()))
}

/// What a read gave; none where the kernel has none now.
pub(crate) fn or_nothing<T>(
    read: io::Result<T>,
    path: impl Fn() -> PathBuf,
) -> Result<Option<T>, CollectError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if means_nothing(&error) => Ok(None),
        Err(error) => Err(CollectError::io(&path(), error)),
    }
}

/// The kernel's ways to say that an attribute has no value: not here, not now, or not for us.
fn means_nothing(error: &io::Error) -> bool {
    const NOTHING: [Errno; 11] = [
        Errno::NOENT,
        Errno::NODEV,
        Errno::NXIO,
        Errno::NODATA,
        Errno::AGAIN,
        Errno::INVAL,
        Errno::OPNOTSUPP,
        Errno::ISDIR,
        Errno::ACCESS,
        Errno::PERM,
        Errno::NOTDIR,
    ];
    error.raw_os_error().is_some_and(|code| NOTHING.iter().any(|e| e.raw_os_error() == code))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use super::*;
    use crate::frame::entry::{Collector, Entry};
    use crate::host::Host;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::left_out::LeftOut;

    /// A tree of files under a directory of its own.
    pub(crate) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            put(dir.path(), path, content.as_bytes());
        }
        dir
    }

    pub(crate) fn put(root: &Path, path: &str, content: &[u8]) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// What an entry's collector shows of the sysfs, the procfs or udev's data at `root`, one line a series,
    /// without its help.
    pub(crate) fn shown(entry: &Entry, root: &Path) -> Result<String, State> {
        shown_with(entry, root, &Options::default()).map(|(text, _)| text)
    }

    /// The same with options, and how many errors were counted.
    pub(crate) fn shown_with(
        entry: &Entry,
        root: &Path,
        options: &Options,
    ) -> Result<(String, u64), State> {
        let [sysfs, procfs, udev_data] = [(); 3].map(|()| root.to_owned());
        let paths = edctl_daemon::Paths { sysfs, procfs, udev_data, ..Default::default() };
        let mut collector: Box<dyn Collector> = (entry.make)(&Host::real(paths), options);
        let mut page = edctl_exposition::Page::default();
        let (outcome, left_out) = LeftOut::during(|| collector.collect(&mut page));
        outcome.map_err(|error| error.state())?;
        left_out.count(entry.name, &mut page);
        page.finish();
        for family in page.families() {
            let doc = entry.families.iter().any(|doc| doc.is_of(family));
            assert!(doc, "{} {:?} is not in the table", family.name, family.samples);
        }
        let errors = page.errors().map(|(_, _, times)| times).sum();
        let page = std::sync::Arc::new(page);
        let text = edctl_exposition::render(&page, edctl_exposition::Format::Text).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with("# HELP"));
        let ours = lines.filter(|line| line.contains("node_"));
        // A whole number is the same whether it was one for the collector.
        let short = |line: &str| line.strip_suffix(".0").unwrap_or(line).to_owned();
        Ok((ours.map(|line| short(line) + "\n").collect(), errors))
    }

    #[test]
    fn an_attribute_is_a_value_or_nothing_or_an_error() {
        let dir = tree(&[("temp", " 42\n"), ("text", "x\n"), ("empty", ""), ("sub/file", "1")]);
        let path = |name: &str| dir.path().join(name);
        assert_eq!(number::<u64>(&path("temp")).unwrap(), Some(42));
        assert_eq!(number::<u64>(&path("gone")).unwrap(), None);
        assert_eq!(number::<u64>(&path("sub")).unwrap(), None);
        assert_eq!(text(&path("text")).unwrap().as_deref(), Some("x"));
        for wrong in ["text", "empty"] {
            assert_eq!(number::<u64>(&path(wrong)).unwrap_err().state(), State::Error);
        }
        fs::write(path("long"), vec![b'7'; 1 << 20]).unwrap();
        assert_eq!(text(&path("long")).unwrap().unwrap().len(), MAX_BYTES);
    }

    #[test]
    fn directories_are_listed_in_order_and_bounded() {
        let dir =
            tree(&[("mc10/x", ""), ("mc2/x", ""), ("mc/x", ""), ("mcx1/x", ""), ("power", "")]);
        let numbers: Vec<String> = list_numbered(dir.path(), "mc")
            .unwrap()
            .into_iter()
            .map(|(_, number)| number)
            .collect();
        assert_eq!(numbers, ["10", "2"]);
        let many = tempfile::tempdir().unwrap();
        for number in 0..MOST_ENTRIES + 100 {
            fs::write(many.path().join(number.to_string()), "").unwrap();
        }
        assert_eq!(list(many.path()).unwrap().len(), MOST_ENTRIES);
        assert_eq!(list(&many.path().join("gone")).unwrap_err().state(), State::Absent);
    }
}
