//! Reading the kernel's small text files.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::reading::error::CollectError;
use crate::reading::number::Number;
use crate::reading::{left_out, number};

/// No file read here is longer; a longer one is refused rather than cut.
const MAX_BYTES: usize = 4 << 20;
/// What a buffer begins with: most files are short, and an agent reads many.
const FIRST_BYTES: usize = 1 << 10;
/// What the kernel gives at most at a time of a file of short records (fs/seq_file.c), and the longest of them.
const SEQUENCE_BYTES: usize = 4096;
const SHORT_RECORD_BYTES: usize = 1024;

/// One file, kept open, with a buffer that is used again and again: the kernel writes its content
/// anew for each reading that begins at its start.
pub(crate) struct KernelFile {
    path: PathBuf,
    file: Option<File>,
    buffer: Vec<u8>,
    /// The content as text, where it is not valid UTF-8.
    lossy: String,
    has_short_records: bool,
}

impl KernelFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        let (buffer, lossy) = Default::default();
        Self { path, file: None, buffer, lossy, has_short_records: false }
    }

    /// As [`KernelFile::new`], of a file that the kernel writes as one record, or as lines that are never longer than
    /// 1 KiB: it gives as many of them as it has room for, so what leaves room for one more was all. A second
    /// read would have it look for more, through all its sockets for some.
    pub(crate) fn of_short_records(path: PathBuf) -> Self {
        Self { has_short_records: true, ..Self::new(path) }
    }

    /// The whole content as it is now.
    pub(crate) fn read(&mut self) -> Result<Text<'_>, CollectError> {
        let was_open = self.file.is_some();
        let read = match self.read_kept() {
            // What was open is gone, as a device that was taken out: perhaps there is another.
            Err(_) if was_open => {
                self.file = None;
                self.read_kept()
            }
            read => read,
        };
        let length = read.map_err(|e| CollectError::io(&self.path, e))?;
        if length > MAX_BYTES {
            return Err(Text::new(&self.path, "").wrong(0, "expected a short file"));
        }
        let bytes = &self.buffer[..length];
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => {
                self.lossy = String::from_utf8_lossy(bytes).into_owned();
                &self.lossy
            }
        };
        Ok(Text { path: &self.path, text, bytes })
    }

    fn read_kept(&mut self) -> io::Result<usize> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(File::open(&self.path)?),
        };
        let mut length = 0;
        loop {
            if length == self.buffer.len() {
                if length > MAX_BYTES {
                    return Ok(length);
                }
                self.buffer.resize((length * 2).max(FIRST_BYTES), 0);
            }
            match file.read_at(&mut self.buffer[length..], length as u64) {
                Ok(0) => return Ok(length),
                Ok(more) => {
                    length += more;
                    let had_room =
                        length < self.buffer.len() && more <= SEQUENCE_BYTES - SHORT_RECORD_BYTES;
                    if had_room && self.has_short_records {
                        return Ok(length);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A file's content, which knows where it comes from. Invalid UTF-8 in it is U+FFFD, so that a name in
/// another encoding costs no number.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    path: &'a Path,
    text: &'a str,
    bytes: &'a [u8],
}

impl<'a> Text<'a> {
    /// Of what was read otherwise, as an attribute of sysfs.
    pub(crate) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text, bytes: text.as_bytes() }
    }

    /// A file of this content, for tests.
    #[cfg(test)]
    pub(crate) fn of(text: &'a str) -> Self {
        Self::new(Path::new("test"), text)
    }

    /// The lines with their numbers, from 1.
    pub(crate) fn lines(self) -> impl Iterator<Item = (usize, &'a str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// As [`Text::rows`], of the lines' bytes, for paths that are opened.
    pub(crate) fn byte_rows<T>(
        self,
        expected: &'static str,
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, CollectError> {
        let mut lines = self.byte_lines();
        self.rows(expected, |_, _| parse(lines.next()?))
    }

    fn byte_lines(self) -> impl Iterator<Item = &'a [u8]> {
        let lines = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        let is_empty = self.bytes.is_empty();
        lines.split(|byte| *byte == b'\n').filter(move |_| !is_empty)
    }

    /// A row of each line; a line that is no row is left out. An error only where no line is one.
    pub(crate) fn rows<T>(
        self,
        expected: &'static str,
        parse: impl FnMut(usize, &'a str) -> Option<T>,
    ) -> Result<Vec<T>, CollectError> {
        let rows = self.rows_below(0, expected, parse)?;
        if rows.is_empty() { Err(self.wrong(1, expected)) } else { Ok(rows) }
    }

    /// As [`Text::rows`], of the lines below a head of so many lines; there may be no lines below it.
    pub(crate) fn rows_below<T>(
        self,
        head: usize,
        expected: &'static str,
        mut parse: impl FnMut(usize, &'a str) -> Option<T>,
    ) -> Result<Vec<T>, CollectError> {
        let mut rows = Vec::new();
        let mut odd = Vec::new();
        for (number, line) in self.lines().skip(head) {
            match parse(number, line) {
                Some(row) => rows.push(row),
                None => odd.push(number),
            }
        }
        if let ([], [first, ..]) = (rows.as_slice(), odd.as_slice()) {
            return Err(self.wrong(*first, expected));
        }
        odd.into_iter().for_each(|number| self.leave_out(number, expected));
        Ok(rows)
    }

    /// A number of this line, or none and a note.
    pub(crate) fn number<T: Number>(self, line: usize, word: Option<&str>) -> Option<T> {
        self.known(line, "expected a number", word.and_then(T::take))
    }

    /// As [`Text::number`], of a number in hex digits.
    pub(crate) fn hex(self, line: usize, word: &str) -> Option<u64> {
        self.known(line, "expected a hex number", number::hex(word))
    }

    /// A value of this line, or none and a note.
    pub(crate) fn known<T>(
        self,
        line: usize,
        expected: &'static str,
        value: Option<T>,
    ) -> Option<T> {
        if value.is_none() {
            self.leave_out(line, expected);
        }
        value
    }

    /// Notes that something of this line is left out.
    pub(crate) fn leave_out(self, line: usize, expected: &'static str) {
        left_out::note(self.wrong(line, expected));
    }

    /// An error about one line.
    pub(crate) fn wrong(self, line: usize, expected: &'static str) -> CollectError {
        CollectError::Parse { path: self.path.to_owned(), line, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::error::State;

    fn lines(text: Text<'_>) -> usize {
        text.lines().count()
    }

    #[test]
    fn a_file_is_read_anew_each_time_however_long_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stat");
        let mut file = KernelFile::new(path.clone());
        assert_eq!(file.read().map(lines).unwrap_err().state(), State::Absent);
        for count in [3, 20_000, 1] {
            std::fs::write(&path, "a line\n".repeat(count)).unwrap();
            assert_eq!(file.read().map(lines).unwrap(), count);
        }
        std::fs::write(&path, vec![b'x'; MAX_BYTES * 2]).unwrap();
        assert_eq!(file.read().map(lines).unwrap_err().state(), State::Error);
    }

    #[test]
    fn a_file_of_short_records_is_whole_and_read_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("udp");
        let mut file = KernelFile::of_short_records(path.clone());
        for count in [3, 20_000, 1, 0] {
            std::fs::write(&path, "a line\n".repeat(count)).unwrap();
            assert_eq!(file.read().map(lines).unwrap(), count);
        }
        // Lists of one record a line, and of several, of less than a page and of more.
        for name in ["crypto", "devices", "filesystems", "ioports", "iomem"] {
            let path = Path::new("/proc").join(name);
            let Ok(expected) = std::fs::read(&path) else { continue };
            let mut file = KernelFile::of_short_records(path);
            for _ in 0..2 {
                assert_eq!(file.read().unwrap().bytes, expected, "{name}");
            }
        }
        let reads = || {
            let io = std::fs::read_to_string("/proc/thread-self/io").ok()?;
            io.lines().find_map(|line| line.strip_prefix("syscr: ")?.parse::<u64>().ok())
        };
        let mut file = KernelFile::of_short_records("/proc/loadavg".into());
        file.read().map(lines).unwrap();
        let Some(before) = reads() else { return };
        let of_the_count = reads().unwrap() - before;
        file.read().map(lines).unwrap();
        assert_eq!(reads().unwrap() - before - 2 * of_the_count, 1);
    }

    #[test]
    fn the_kernels_own_says_what_is_now() {
        let mut file = KernelFile::new("/proc/uptime".into());
        let now = |text: Text<'_>| text.lines().map(|(_, line)| line.to_owned()).next().unwrap();
        let first = file.read().map(now).unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while file.read().map(now).unwrap() == first {
            assert!(std::time::Instant::now() < until, "{first} is still what the file says");
        }
    }
}
