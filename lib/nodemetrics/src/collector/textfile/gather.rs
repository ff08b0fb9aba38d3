//! All files of all directories, each family once.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use edctl_exposition::Family;

use crate::collector::textfile::content::Content;
use crate::collector::textfile::family::FileFamily;
use crate::collector::textfile::fault::Fault;
use crate::collector::textfile::{content, families, places};

/// All files together may have so many bytes.
const MAX_BYTES: u64 = 32 << 20;
/// And so many families and samples.
const MOST: usize = 100_000;
/// What the agent says of itself.
const RESERVED: [&str; 4] = ["edctl_", "process_", "node_scrape_collector_", "node_textfile_"];

/// What all files say.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) families: Vec<Named>,
    /// The files without errors, and when they were written.
    pub(super) modified: Vec<(PathBuf, i64)>,
    pub(super) faults: Vec<Fault>,
}

/// A family, and where it came from.
pub(super) struct Named {
    pub(super) family: Family,
    pub(super) path: PathBuf,
    pub(super) line: usize,
}

/// Reads what is there now.
pub(super) fn gather(patterns: &[String]) -> Gathered {
    let mut gathering = Gathering::default();
    let mut seen = HashSet::new();
    let dirs = patterns.iter().flat_map(|pattern| places::directories(pattern));
    for dir in dirs.filter(|dir| seen.insert(dir.clone())) {
        match places::files(&dir) {
            Ok(files) => files.iter().for_each(|file| gathering.take_file(file)),
            Err(fault) => gathering.faults.push(fault),
        }
    }
    gathering.end()
}

#[derive(Default)]
struct Gathering {
    families: Vec<Source>,
    places: HashMap<String, usize>,
    modified: Vec<(PathBuf, i64)>,
    faults: Vec<Fault>,
    bytes: u64,
    entries: usize,
}

/// A family as the first file has it, and the other files that add to it.
struct Source {
    family: FileFamily,
    paths: Vec<PathBuf>,
}

impl Gathering {
    fn take_file(&mut self, path: &Path) {
        let left = content::MAX_BYTES.min(MAX_BYTES.saturating_sub(self.bytes));
        let parsed = content::read(path, left).and_then(|Content { text, modified_secs }| {
            self.bytes += text.len() as u64;
            let left = MOST.saturating_sub(self.entries);
            let parsed = families::parse(&text, left).map_err(|wrong| fault_at(path, &wrong))?;
            Ok((parsed, modified_secs))
        });
        match parsed {
            Ok(((families, wrong), modified_secs)) => {
                self.entries += families.iter().map(|one| one.samples.len() + 1).sum::<usize>();
                self.faults.extend(wrong.iter().map(|wrong| fault_at(path, wrong)));
                if wrong.is_empty() || !families.is_empty() {
                    self.modified.push((path.to_owned(), modified_secs));
                }
                families.into_iter().for_each(|family| self.take_family(family, path));
            }
            Err(fault) => self.faults.push(fault),
        }
    }

    fn take_family(&mut self, family: FileFamily, path: &Path) {
        let place = match self.places.entry(family.name.clone()) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(_) if RESERVED.iter().any(|prefix| family.name.starts_with(prefix)) => {
                return self.refuse(&family, path, "is one of the agent's own");
            }
            Entry::Vacant(place) => {
                place.insert(self.families.len());
                return self.families.push(Source { family, paths: vec![path.to_owned()] });
            }
        };
        let known = &mut self.families[place];
        let first = known.paths.first().map_or(path, PathBuf::as_path).display();
        if known.family.kind() != family.kind() {
            let message = format!("has another type in {first}");
            return self.refuse(&family, path, &message);
        }
        if let (Some(one), Some(other)) = (&known.family.help, &family.help)
            && one != other
        {
            let message = format!("has another help text in {first}");
            return self.refuse(&family, path, &message);
        }
        known.family.help = known.family.help.take().or(family.help);
        known.family.samples.extend(family.samples);
        known.paths.push(path.to_owned());
    }

    fn refuse(&mut self, family: &FileFamily, path: &Path, message: &str) {
        let message = format!("the family {} {message}", family.name);
        let fault = Fault::of_file(path, "family", message);
        self.faults.push(Fault { line: Some(family.line), ..fault });
    }

    fn end(self) -> Gathered {
        let families = self.families.into_iter().map(named).collect();
        Gathered { families, modified: self.modified, faults: self.faults }
    }
}

fn fault_at(path: &Path, (line, wrong): &families::WrongAt) -> Fault {
    Fault { line: Some(*line), ..Fault::of_file(path, "parse", wrong.to_string()) }
}

/// The family as the page takes it; without a help text it says where it was read.
fn named(Source { family: read, mut paths }: Source) -> Named {
    let kind = read.kind();
    let help = read.help.unwrap_or_else(|| {
        let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        format!("Metric read from {}", paths.join(", "))
    });
    let mut family = Family::new(read.name, help, kind);
    for sample in read.samples {
        family.push_named(sample.part, &sample.labels, sample.value);
    }
    Named { family, path: paths.swap_remove(0), line: read.line }
}
