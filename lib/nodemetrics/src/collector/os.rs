//! `node_os_*`: which distribution the node runs, from os-release under the root file system.
//!
//! node_exporter refuses the whole file for an escape such as `\$`, which os-release allows; here
//! a line that is not an assignment is passed over, and so is the end of support if it is no date.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::SystemTime;

use edctl_exposition::{Family, Page};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

/// The labels of `node_os_info`; the file's keys are the same in capitals.
const INFO_LABELS: [&str; 12] = [
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
];
const VERSION_LABELS: [&str; 3] = ["id", "id_like", "name"];

pub(super) const ENTRY: Entry = Entry {
    name: "os",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "/etc/os-release, /usr/lib/os-release",
    families: &[
        FamilyDoc::gauge("node_os_info", &INFO_LABELS),
        FamilyDoc::gauge("node_os_version", &VERSION_LABELS),
        FamilyDoc::gauge("node_os_support_end_timestamp_seconds", &[]),
    ],
    make: |host, _| Box::new(Os::new(host)),
};

pub(super) struct Os {
    /// The administrator's before the distribution's.
    paths: [PathBuf; 2],
    /// The file that was read last, and what it says.
    known: Option<(Stamp, HashMap<String, String>)>,
}

/// Which file it is, and as of when: an update of the system puts another in its place.
#[derive(PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            bytes: file.len(),
            modified: file.modified().ok(),
        }
    }
}

impl Os {
    pub(super) fn new(host: &Host) -> Self {
        let path = |path| host.paths.rootfs.join(path);
        Self { paths: [path("etc/os-release"), path("usr/lib/os-release")], known: None }
    }

    /// What the file says, read again only when it is another.
    fn read(&mut self) -> Result<&HashMap<String, String>, CollectError> {
        let [first, second] = &self.paths;
        let (path, found) = match first.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => (second, second.metadata()),
            found => (first, found),
        };
        let now = Stamp::of(&found.map_err(|error| CollectError::io(path, error))?);
        self.known.take_if(|(then, _)| *then != now);
        match &mut self.known {
            Some((_, os)) => Ok(os),
            none => {
                let os = parse(KernelFile::new(path.clone()).read()?);
                Ok(&none.insert((now, os)).1)
            }
        }
    }
}

impl Collector for Os {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        expose(self.read()?, page);
        Ok(())
    }
}

fn parse(text: Text<'_>) -> HashMap<String, String> {
    let assignment = |(_, line): (usize, &str)| {
        let (key, value) = line.trim().split_once('=')?;
        let is_key = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_key.then(|| (key.to_ascii_lowercase(), unquote(value)))
    };
    text.lines().filter_map(assignment).collect()
}

/// A value as a shell reads it: in double quotes a backslash escapes, in single ones nothing does.
fn unquote(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let mut chars = inner.unwrap_or(value).chars();
    let mut plain = String::new();
    while let Some(char) = chars.next() {
        plain.extend(if char == '\\' { chars.next() } else { Some(char) });
    }
    plain
}

fn expose(os: &HashMap<String, String>, page: &mut Page) {
    let value = |key: &str| os.get(key).map_or("", String::as_str);
    let info = Family::gauge("node_os_info", "What the distribution calls itself.");
    page.add(info.with(&INFO_LABELS.map(|label| (label, value(label))), 1u64));
    if let Some(version) = major_minor(value("version_id")) {
        let help = "The distribution's version, its first two numbers as one.";
        let family = Family::gauge("node_os_version", help);
        page.add(family.with(&VERSION_LABELS.map(|label| (label, value(label))), version));
    }
    if let Some(end) = unix_seconds(value("support_end")) {
        let help = "When the distribution's support ends, in seconds since 1970.";
        page.add(Family::gauge("node_os_support_end_timestamp_seconds", help).with(&[], end));
    }
}

/// `9.4` of `9.4.1`; none where there is no version, as of a rolling distribution.
fn major_minor(version: &str) -> Option<f64> {
    let is_number = |char: char| char.is_ascii_digit();
    let major = version.len() - version.trim_start_matches(is_number).len();
    let minor = version[major..]
        .strip_prefix('.')
        .map_or(0, |rest| 1 + rest.len() - rest.trim_start_matches(is_number).len());
    if major == 0 {
        return None;
    }
    version[..major + minor].parse().ok().filter(|version| *version > 0.0)
}

/// The first second of a day `YYYY-MM-DD`.
fn unix_seconds(date: &str) -> Option<i64> {
    let date = Date::strptime("%Y-%m-%d", date).ok().filter(|_| date.len() == 10)?;
    Some(date.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_read_as_a_shell_does() {
        let os = parse(Text::of(
            "# NAME=no\nNAME=\"Rocky Linux\"\nID=rocky\nVARIANT='a \\ b'\nBUILD_ID=\"x\\\"y \\$z\"\n\n=\nx y",
        ));
        for (key, value) in [
            ("name", "Rocky Linux"),
            ("id", "rocky"),
            ("variant", "a \\ b"),
            ("build_id", "x\"y $z"),
        ] {
            assert_eq!(os.get(key).map(String::as_str), Some(value), "{key}");
        }
    }

    #[test]
    fn versions_and_dates() {
        for (version, number) in [
            ("9.4", Some(9.4)),
            ("22.04.1", Some(22.04)),
            ("12", Some(12.0)),
            ("9.", Some(9.0)),
            ("", None),
            ("rolling", None),
            (".5", None),
            ("0", None),
        ] {
            assert_eq!(major_minor(version), number, "{version}");
        }
        for (date, seconds) in [
            ("2032-05-31", Some(1_969_574_400)),
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(951_782_400)),
            ("2000-13-01", None),
            ("2032-02-31", None),
            ("2100-02-29", None),
            ("2000-1-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(unix_seconds(date), seconds, "{date}");
        }
    }

    #[test]
    fn the_distributions_file_where_there_is_no_other() {
        let root = tempfile::tempdir().unwrap();
        let paths = ["etc", "lib"].map(|name| root.path().join(name));
        let mut os = Os { paths, known: None };
        assert!(matches!(os.collect(&mut Page::default()), Err(CollectError::Absent { .. })));
        std::fs::write(root.path().join("lib"), "ID=debian\nVERSION_ID=12\n").unwrap();
        let mut page = Page::default();
        os.collect(&mut page).unwrap();
        assert!(page.family("node_os_version").is_some());
        assert!(page.family("node_os_support_end_timestamp_seconds").is_none());
        std::fs::write(root.path().join("new"), "ID=debian\nVERSION_ID=13\n").unwrap();
        std::fs::rename(root.path().join("new"), root.path().join("lib")).unwrap();
        assert_eq!(os.read().unwrap()["version_id"], "13");
        std::fs::write(root.path().join("etc"), "VERSION_ID=14\n").unwrap();
        assert_eq!(os.read().unwrap()["version_id"], "14");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}", date in ".{0,12}") {
            expose(&parse(Text::of(&content)), &mut Page::default());
            let _ = (major_minor(&date), unix_seconds(&date));
        }
    }
}
