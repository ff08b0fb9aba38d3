//! The collectors for `fuzz/`: one at a time, over a tree of files of which one holds what is tried.
#![expect(clippy::expect_used, reason = "a panic is how a finding shows")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use edctl_daemon::Paths;
use edctl_exposition::{Format, Page, render};

use crate::collector::{COLLECTORS, Collector, Options};
use crate::host::Host;

/// A collector and the files of a tree that it reads.
pub struct Subject {
    collector: Box<dyn Collector>,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").field("files", &self.files.len()).finish()
    }
}

impl Subject {
    /// The collector over `tree`, which has `proc`, `sys` and `rootfs`.
    ///
    /// # Panics
    /// If there is no such collector, or the tree cannot be read and written.
    pub fn new(name: &str, tree: &Path) -> Self {
        let paths = Paths {
            procfs: tree.join("proc"),
            sysfs: tree.join("sys"),
            rootfs: tree.join("rootfs"),
            udev_data: tree.join("rootfs/run/udev/data"),
            ..Paths::default()
        };
        let mut options = Options::default();
        options.textfile.directories =
            vec![tree.join("rootfs/var/lib/*/node-exporter").display().to_string()];
        let entry = COLLECTORS.iter().find(|entry| entry.name == name).expect("no such collector");
        let collector = (entry.make)(&Host::real(paths), &options);
        let mut subject = Self { collector, files: Vec::new() };
        let whole = subject.page();
        for path in files(tree) {
            let content = fs::read(&path).expect("a file of the tree");
            fs::write(&path, b"\xff").expect("a tree that may be written");
            let is_read = subject.page() != whole;
            fs::write(&path, &content).expect("a tree that may be written");
            if is_read {
                subject.files.push((path, content));
            }
        }
        subject
    }

    /// What [`Subject::try_input`] takes for the files as they are.
    pub fn seeds(&self) -> impl Iterator<Item = Vec<u8>> {
        self.files.iter().enumerate().map(|(index, (_, content))| {
            let index = u16::try_from(index).unwrap_or(u16::MAX).to_be_bytes();
            [&index, content.as_slice()].concat()
        })
    }

    /// Collects with one file changed: two bytes say which, the others are its content.
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
        fs::write(path, content).expect("a tree that may be written");
        let (path, original) = (path.clone(), original.clone());
        let _page = self.page();
        fs::write(path, original).expect("a tree that may be written");
    }

    /// The page with all that is counted beside it.
    fn page(&mut self) -> String {
        let mut page = Page::default();
        if let Err(error) = self.collector.collect(&mut page) {
            page.error("outcome", error.reason());
        }
        page.finish();
        let mut errors: Vec<_> = page.errors().map(|error| format!("{error:?}")).collect();
        errors.sort();
        let text = render(&Arc::new(page), Format::Text).expect("a page that can be rendered");
        errors.concat() + &text
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
