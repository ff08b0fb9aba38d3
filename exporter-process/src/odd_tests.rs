//! One odd value costs its own series: in trees of files one number, one byte, one line is changed, and
//! all series that are not made of it must stay as they are.
//!
//! Which series are made of a value the page itself says, without any odd value: they are those that
//! change when the value becomes another one that the kernel could print.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use edctl_exposition::Page;

use super::*;

/// Numbers that the kernel could print in the place of another.
const SOUND: [&str; 3] = ["0", "1", "70001"];
/// What stands there when a counter went below zero, and what never does.
const ODD: [&[u8]; 4] = [b"-1", b"18446744073709551611", b"", b"1\xfc2"];

/// The series of a page, and how many errors it counts.
#[derive(Debug, PartialEq)]
pub(crate) struct Shown {
    series: BTreeMap<String, String>,
    errors: u64,
}

impl Shown {
    /// `errors` are those that the page does not know of.
    pub(crate) fn new(page: &Page, errors: u64) -> Self {
        let mut series = BTreeMap::new();
        for family in page.families() {
            for sample in &family.samples {
                let labels: Vec<_> =
                    sample.labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
                let name = format!("{}{} {}", family.name, sample.part, labels.join(","));
                series.insert(name, format!("{:?}", sample.value));
            }
        }
        // These count what could not be read, and say nothing else.
        series.retain(|name, _| {
            !name.starts_with("edctl_process_unreadable_processes")
                && !name.starts_with("namedprocess_scrape_partial_errors")
        });
        let counted: u64 = page.errors().map(|(_, _, count)| count).sum();
        Self { series, errors: errors + counted }
    }

    /// The series that are not the same in both.
    fn differences(&self, other: &Self) -> BTreeSet<String> {
        let names = self.series.keys().chain(other.series.keys());
        names.filter(|name| self.series.get(*name) != other.series.get(*name)).cloned().collect()
    }
}

/// Where the numbers of a text stand: digits that no letter or digit touches, but behind `=`.
fn numbers(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let is_word = |at: usize| text.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = (at..text.len()).find(|at| !text[*at].is_ascii_digit()).unwrap_or(text.len());
        if end > at && !(at > 0 && is_word(at - 1)) && !is_word(end) {
            found.push(at..end);
        }
        at = end.max(at + 1);
    }
    found
}

fn lines(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut start = 0;
    let line = |line: &[u8]| {
        let range = start..start + line.len();
        start = range.end;
        range
    };
    text.split_inclusive(|b| *b == b'\n').map(line).collect()
}

/// A tree of files, and the page over it.
pub(crate) struct Tree<'a> {
    pub(crate) root: &'a Path,
    /// Reads the tree anew. With `change`, that happens to the tree before the last reading.
    pub(crate) show: &'a dyn Fn(&dyn Fn()) -> Shown,
}

impl Tree<'_> {
    /// Changes each number and each line of this file, and hands back how many changes it made.
    pub(crate) fn check(&self, file: &str) -> usize {
        let path = self.root.join(file);
        let whole = fs::read(&path).unwrap();
        let calm = (self.show)(&|| {});
        assert_eq!((self.show)(&|| {}), calm, "the page changes by itself");
        assert_eq!(calm.errors, 0, "errors without any odd value");
        let mut made_of = Vec::new();
        let mut changes = 0;
        for number in numbers(&whole) {
            let with = |value: &[u8]| self.with(&path, &whole, &number, value);
            let of_it: BTreeSet<String> =
                SOUND.iter().flat_map(|sound| with(sound.as_bytes()).differences(&calm)).collect();
            for odd in ODD {
                let page = with(odd);
                let what = format!("{file}: {:?} in the place of {number:?}", bytes(odd));
                check_page(&calm, &page, &of_it, &what);
                changes += 1;
            }
            made_of.push((number, of_it));
        }
        for line in lines(&whole) {
            let in_line = made_of.iter().filter(|(number, _)| line.contains(&number.start));
            let of_it: BTreeSet<String> = in_line.flat_map(|(_, of_it)| of_it.clone()).collect();
            if whole[line.clone()] == *whole {
                // The file's frame.
                continue;
            }
            let page = self.with(&path, &whole, &line, b"");
            let gone: BTreeSet<String> = page.differences(&calm);
            assert!(
                gone.is_subset(&of_it),
                "{file} without {line:?}: {:?}",
                gone.difference(&of_it)
            );
            // A word that is no text.
            let page = self.with(&path, &whole, &(line.start..line.start + 1), b"\xfc");
            let gone = page.differences(&calm);
            assert!(
                gone.is_subset(&of_it),
                "{file}, 0xFC at {line:?}: {:?}",
                gone.difference(&of_it)
            );
            changes += 2;
        }
        fs::write(&path, &whole).unwrap();
        changes
    }

    fn with(&self, path: &PathBuf, whole: &[u8], at: &std::ops::Range<usize>, new: &[u8]) -> Shown {
        let changed = [&whole[..at.start], new, &whole[at.end..]].concat();
        fs::write(path, whole).unwrap();
        (self.show)(&|| fs::write(path, &changed).unwrap())
    }
}

/// Only what is made of the value may go or change, what goes is counted, and nothing is absurd.
fn check_page(calm: &Shown, page: &Shown, made_of: &BTreeSet<String>, what: &str) {
    let changed = page.differences(calm);
    let wrong: Vec<_> = changed.difference(made_of).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:?}");
    assert!(changed.is_empty() || page.errors > 0, "{what}: {changed:?} and no error");
    let absurd =
        page.series.iter().find(|(_, value)| value.len() > "F64(100000000000000000)".len());
    assert_eq!(absurd, None, "{what}");
}

fn bytes(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn numbers_and_lines_of_a_text() {
    let text = b"a 12 b3=4\n8:0 r=5x 0-7\n";
    let found: Vec<_> = numbers(text).into_iter().map(|range| bytes(&text[range])).collect();
    assert_eq!(found, ["12", "4", "8", "0", "0", "7"]);
    assert_eq!(lines(text), [0..10, 10..23]);
}

/// Processes of two groups: two of one, of which one has two threads, and one of another.
fn processes() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("stat", "cpu  1 2 3\nintr 7\nbtime 1700000000\nprocesses 9\n");
    for (pid, comm, start) in [(10, "work", 5000), (11, "work", 6000), (12, "calm", 7000)] {
        for dir in [format!("{pid}"), format!("{pid}/task/{pid}"), format!("{pid}/task/1{pid}")] {
            write(
                &format!("{dir}/stat"),
                &format!(
                    "{pid} ({comm}) S 1 {pid} {pid} 0 -1 4194304 20 2 3 4 500 30 21 22 20 0 2 0 {start} \
                     819200 50 18446744073709551615 1 1 0 0 0 0 0 4096 1260 0 0 0 17 1 0 0 0 0 0 9 9 9 \
                     1 1 1 1 0\n"
                ),
            );
            write(
                &format!("{dir}/status"),
                "Name:\twork\nUid:\t5\t5\t5\t5\nVmSwap:\t      12 kB\nThreads:\t2\n\
                 voluntary_ctxt_switches:\t17\nnonvoluntary_ctxt_switches:\t8\n",
            );
            write(
                &format!("{dir}/io"),
                "rchar: 5\nwchar: 6\nsyscr: 7\nsyscw: 8\nread_bytes: 4096\nwrite_bytes: 512\n\
                 cancelled_write_bytes: 0\n",
            );
        }
        write(&format!("{pid}/fd/3"), "");
        write(
            &format!("{pid}/limits"),
            "Limit                     Soft Limit           Hard Limit           Units\n\
             Max processes             unlimited            unlimited            processes\n\
             Max open files            1024                 4096                 files\n\
             Max locked memory         65536                65536                bytes\n",
        );
        write(&format!("{pid}/wchan"), "do_wait");
    }
    root
}

fn exporter(root: &Path, since_ns: u64) -> Exporter {
    let mut config = Config::default();
    config.path.procfs = root.into();
    config.threads.enabled = true;
    let units = Units { ticks_per_second: 100, page_bytes: 4096 };
    let since = Since { own_ns: since_ns, reaped_ns: since_ns };
    Exporter::over(config, units, since, Exits::off()).unwrap()
}

fn page(exporter: &mut Exporter) -> Shown {
    let mut page = Page::default();
    exporter.collect(&mut page);
    page.finish();
    Shown::new(&page, 0)
}

const FILES: [&str; 9] = [
    "stat",
    "10/stat",
    "10/status",
    "10/io",
    "10/limits",
    "10/wchan",
    "10/task/110/stat",
    "10/task/110/status",
    "10/task/110/io",
];

#[test]
fn an_odd_value_of_a_new_process_costs_its_own_series() {
    let root = processes();
    let show = |change: &dyn Fn()| {
        change();
        page(&mut exporter(root.path(), 0))
    };
    let tree = Tree { root: root.path(), show: &show };
    let changes: usize = FILES.iter().map(|file| tree.check(file)).sum();
    assert!(changes > 500, "{changes}");
}

#[test]
fn an_odd_value_of_a_known_process_costs_its_own_series() {
    let root = processes();
    let show = |change: &dyn Fn()| {
        let mut exporter = exporter(root.path(), 55 * 1_000_000_000);
        let _first = page(&mut exporter);
        change();
        page(&mut exporter)
    };
    let tree = Tree { root: root.path(), show: &show };
    let changes: usize = FILES.iter().map(|file| tree.check(file)).sum();
    assert!(changes > 500, "{changes}");
}
