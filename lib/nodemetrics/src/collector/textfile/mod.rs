//! Families that others write into files, `*.prom` in directories that an option names, and
//! `node_textfile_*` of the files themselves.
//!
//! A line that cannot be read is left out, and takes nothing from the others: the journal names it and its
//! file, once. node_exporter refuses the whole file, waits for ever for a FIFO, and leaves out what its library refuses in
//! the end (another type, series that stand twice) without a word in `node_textfile_scrape_error`.
//! Here they count as errors. So does a family that the agent has itself: the textfile collector runs last,
//! and adds to no other's family.

mod content;
mod distribution;
mod families;
mod family;
mod fault;
mod gather;
mod line;
mod places;

use crate::options::textfile::TextfileOptions;
use std::time::Instant;

use edctl_daemon::Apart;
use edctl_exposition::{Family, Page};

use self::fault::{Fault, Told};
use self::gather::{Gathered, Named};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::frame::running::PATIENCE;
use crate::reading::error::CollectError;
use crate::reading::left_out;

pub(super) const ENTRY: Entry = Entry {
    name: "textfile",
    preset: Preset::On,
    runs: Runs::Last,
    reads: "the *.prom files of collector.textfile.directories",
    families: &[
        FamilyDoc::gauge("node_textfile_mtime_seconds", &["file"]),
        FamilyDoc::gauge("node_textfile_scrape_error", &[]),
    ],
    make: |_, options| Box::new(Textfile::new(&options.textfile)),
};

pub(super) struct Textfile {
    /// A directory may be on a file server.
    reading: Option<Apart<Gathered>>,
    told: Told,
}

impl Textfile {
    fn new(options: &TextfileOptions) -> Self {
        let patterns = options.directories.clone();
        let start = || Apart::start(ENTRY.name, move || gather::gather(&patterns));
        Self { reading: (!options.directories.is_empty()).then(start), told: Told::default() }
    }

    fn gathered(&mut self) -> Result<Gathered, CollectError> {
        let Some(reading) = &mut self.reading else { return Ok(Gathered::default()) };
        reading.begin();
        Ok(reading.end(Instant::now() + PATIENCE).0?)
    }
}

impl Collector for Textfile {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let Gathered { families, modified, mut faults } = self.gathered()?;
        faults.extend(families.into_iter().filter_map(|family| add(family, page)));
        for fault in &faults {
            left_out::note(CollectError::Other {
                reason: fault.reason,
                message: fault.to_string(),
            });
        }
        let mut times = Family::gauge(
            "node_textfile_mtime_seconds",
            "When a file that was read was last written.",
        );
        for (path, modified_secs) in modified {
            times.push(&[("file", &path.to_string_lossy())], modified_secs);
        }
        page.add(times);
        let help = "Whether something in the files, or a file, could not be shown.";
        let any = !faults.is_empty();
        page.add(Family::gauge("node_textfile_scrape_error", help).with(&[], any));
        self.told.tell(&faults);
        Ok(())
    }
}

/// Adds a family under a name that nobody has.
fn add(named: Named, page: &mut Page) -> Option<Fault> {
    if page.is_free_for(&named.family) {
        page.add(named.family);
        return None;
    }
    let message = format!("the name {}, or one that goes with it, is taken", named.family.name);
    Some(Fault { path: named.path, line: Some(named.line), reason: "name", message })
}

#[cfg(test)]
mod tests;
