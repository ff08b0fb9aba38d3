//! A collector over a tree of files of which one holds what is tried.

use std::fs;
use std::path::{Path, PathBuf};

use edctl_daemon::Paths;

use crate::fuzzing::subject::{collector, page, paths};

/// A collector and the files of a tree that it reads.
pub struct Files {
    name: String,
    paths: Paths,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").field("files", &self.files.len()).finish()
    }
}

impl Files {
    /// The collector over `tree`, which has `proc`, `sys` and `rootfs`.
    ///
    /// # Panics
    /// If there is no such collector, or the tree cannot be read and written.
    pub fn new(name: &str, tree: &Path) -> Self {
        let mut subject = Self { name: name.to_owned(), paths: paths(tree), files: Vec::new() };
        let mut whole = subject.page();
        for path in files(tree) {
            let content = fs::read(&path).expect("a file of the tree");
            fs::write(&path, b"\xff").expect("a tree that may be written");
            let is_read = subject.page() != whole;
            fs::write(&path, &content).expect("a tree that may be written");
            if is_read {
                subject.files.push((path, content));
                // A page may show when a file was written.
                whole = subject.page();
            }
        }
        subject
    }

    /// What [`Files::try_input`] takes for the files as they are.
    pub fn seeds(&self) -> impl Iterator<Item = Vec<u8>> {
        self.files.iter().enumerate().map(|(index, (_, content))| {
            let index = u16::try_from(index).unwrap_or(u16::MAX).to_be_bytes();
            [&index, content.as_slice()].concat()
        })
    }

    /// Collects with one file changed, and again when it is as it was: two bytes say which, the others
    /// are its content.
    ///
    /// # Panics
    /// If the collector does, which is what is looked for.
    pub fn try_input(&mut self, input: &[u8]) {
        let (Some((index, content)), false) = (input.split_first_chunk(), self.files.is_empty())
        else {
            return;
        };
        let index = usize::from(u16::from_be_bytes(*index)) % self.files.len();
        let (path, original) = &self.files[index];
        // A new collector: it must remember nothing of the last input.
        let mut collector = collector(&self.name, &self.paths);
        for content in [content, original] {
            fs::write(path, content).expect("a tree that may be written");
            let _page = page(&mut *collector);
        }
    }

    fn page(&self) -> String {
        page(&mut *collector(&self.name, &self.paths))
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory of the tree").flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found.sort();
    found
}
