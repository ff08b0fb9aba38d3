//! `node_sysctl_*`: settings of the kernel that the configuration names, from /proc/sys.
//!
//! A setting that cannot be read, or has another number of values than it was given names, is left
//! out and counted; node_exporter shows none of those behind it.

use crate::options::sysctl::SysctlOptions;
use std::path::PathBuf;

use edctl_daemon::Invalid;
use edctl_exposition::{Family, Page, Value};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::{left_out, sysfs};

pub(super) const ENTRY: Entry = Entry {
    name: "sysctl",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/sys",
    families: &[
        FamilyDoc::gauge("node_sysctl_info", &["name", "value", "index"]),
        FamilyDoc::unknown("node_sysctl_<field>", &["index?"]),
    ],
    make: |host, options| Box::new(Sysctl::new(host, &options.sysctl)),
};

impl SysctlOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        let wrong = |key: &str, text: &str, expected: &str| {
            let message = format!("expected {expected}, not {text:?}");
            Err(Invalid::new(format!("collector.sysctl.{key}"), message))
        };
        if let Some(bad) = self.include.iter().find(|text| Setting::parse(text).is_none()) {
            return wrong("include", bad, "a setting such as kernel.threads-max");
        }
        let is_plain = |text: &str| Setting::parse(text).is_some_and(|s| s.keys.is_empty());
        match self.include_info.iter().find(|text| !is_plain(text)) {
            Some(bad) => wrong("include_info", bad, "a setting without names for its values"),
            None => Ok(()),
        }
    }
}

/// A setting, with names for its values where it was given any.
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    name: String,
    keys: Vec<String>,
}

impl Setting {
    fn parse(text: &str) -> Option<Self> {
        let (name, keys) = match text.split_once(':') {
            Some((name, keys)) => (name, keys.split(',').map(str::to_owned).collect()),
            None => (text, Vec::new()),
        };
        let has_only = |text: &str, more: &[u8]| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
        };
        let is_name = name.split('.').all(|part| has_only(part, b"_-"));
        let are_keys = keys.iter().all(|key: &String| has_only(key, b"_"));
        (is_name && are_keys).then(|| Self { name: name.to_owned(), keys })
    }

    fn metric(&self) -> String {
        format!("node_sysctl_{}", self.name.replace(['.', '-'], "_"))
    }

    fn path(&self) -> String {
        self.name.replace('.', "/")
    }
}

pub(super) struct Sysctl {
    dir: PathBuf,
    numbers: Vec<Setting>,
    words: Vec<Setting>,
}

impl Sysctl {
    pub(super) fn new(host: &Host, options: &SysctlOptions) -> Self {
        // The configuration's check has refused all that cannot be read.
        let parse = |texts: &[String]| texts.iter().filter_map(|t| Setting::parse(t)).collect();
        Self {
            dir: host.paths.procfs.join("sys"),
            numbers: parse(&options.include),
            words: parse(&options.include_info),
        }
    }

    fn read(&self, setting: &Setting) -> Result<Option<String>, CollectError> {
        let path = self.dir.join(setting.path());
        match sysfs::text(&path)? {
            // It was asked for by name.
            None => Err(CollectError::Absent { path }),
            Some(text) => Ok(Some(text)),
        }
    }
}

impl Collector for Sysctl {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for setting in &self.numbers {
            let Some(text) = or_left_out(self.read(setting)) else { continue };
            match number_families(setting, &text) {
                Some(families) => families.into_iter().for_each(|family| page.add(family)),
                None => {
                    let path = self.dir.join(setting.path());
                    left_out::note_attribute(path, "expected as many numbers as names");
                }
            }
        }
        let mut info = Family::gauge("node_sysctl_info", "Settings of the kernel that are words.");
        for setting in &self.words {
            let Some(text) = or_left_out(self.read(setting)) else { continue };
            for (index, word) in text.split_ascii_whitespace().enumerate() {
                let index = index.to_string();
                let labels = [("name", &*setting.name), ("value", word), ("index", &index)];
                info.push(&labels, 1u64);
            }
        }
        page.add(info);
        Ok(())
    }
}

/// None where the values are not numbers, or not as many as they have names.
fn number_families(setting: &Setting, text: &str) -> Option<Vec<Family>> {
    let words = text.split_ascii_whitespace();
    let values: Vec<Value> = words.map(parse_number).collect::<Option<_>>()?;
    let help = format!("The setting {} of the kernel.", setting.name);
    match (&*values, &*setting.keys) {
        ([], _) => None,
        ([value], []) => Some(vec![Family::unknown(setting.metric(), help).with(&[], *value)]),
        (_, []) => {
            let mut family = Family::unknown(setting.metric(), help);
            for (index, value) in values.iter().enumerate() {
                family.push(&[("index", &index.to_string())], *value);
            }
            Some(vec![family])
        }
        (values, keys) if values.len() == keys.len() && values.len() > 1 => {
            let named = keys.iter().zip(values).map(|(key, value)| {
                let name = format!("{}_{key}", setting.metric());
                Family::unknown(name, help.clone()).with(&[], *value)
            });
            Some(named.collect())
        }
        _ => None,
    }
}

/// Some settings are as large as the kernel's numbers can be, some are below zero.
fn parse_number(word: &str) -> Option<Value> {
    let unsigned = word.parse().ok().map(Value::U64);
    unsigned.or_else(|| word.parse().ok().map(Value::I64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;
    use crate::reading::sysfs::tests::tree;

    fn parse(texts: &[&str]) -> Vec<Setting> {
        texts.iter().filter_map(|text| Setting::parse(text)).collect()
    }

    #[test]
    fn settings() {
        let settings = parse(&["kernel.threads-max", "fs.file-nr:total,free_now"]);
        assert_eq!(settings[0].metric(), "node_sysctl_kernel_threads_max");
        assert_eq!(settings[1].path(), "fs/file-nr");
        assert_eq!(settings[1].keys, ["total", "free_now"]);
        for bad in ["", ".", "a..b", "/etc/passwd", "../x", "a:", "a:b c", "a:b,", "a b"] {
            assert_eq!(Setting::parse(bad), None, "{bad}");
        }
        for (include, include_info, key) in [
            ("../x", "a", "collector.sysctl.include:"),
            ("a", "b:c,d", "collector.sysctl.include_info:"),
        ] {
            let options = SysctlOptions {
                include: vec![include.into()],
                include_info: vec![include_info.into()],
            };
            let error = options.validate().unwrap_err().to_string();
            assert!(error.starts_with(key), "{error}");
        }
        assert!(SysctlOptions::default().validate().is_ok());
    }

    #[test]
    fn numbers_words_and_what_is_neither() {
        let dir = tree(&[
            ("kernel/threads-max", "7801\n"),
            ("fs/file-nr", "1024\t0\t1631329\n"),
            ("kernel/shmmax", "18446744073692774399\n"),
            ("kernel/core_pattern", "core\n"),
            ("kernel/sched_rt_runtime_us", "-1\n"),
            ("net/ipv4/tcp_congestion_control", "cubic\n"),
        ]);
        let numbers = parse(&[
            "kernel.threads-max",
            "fs.file-nr",
            "fs.file-nr:total,free,max",
            "fs.file-nr:one",
            "kernel.shmmax",
            "kernel.gone",
            "kernel.core_pattern",
            "kernel.sched_rt_runtime_us",
        ]);
        let words = parse(&["net.ipv4.tcp_congestion_control"]);
        let mut page = Page::default();
        let mut sysctl = Sysctl { dir: dir.path().to_owned(), numbers, words };
        let (outcome, left_out) = LeftOut::during(|| sysctl.collect(&mut page));
        outcome.unwrap();
        left_out.count(ENTRY.name, &mut page);
        page.finish();
        let shown: Vec<(&str, usize)> =
            page.families().map(|family| (&*family.name, family.samples.len())).collect();
        let expected = [
            ("node_sysctl_fs_file_nr", 3),
            ("node_sysctl_fs_file_nr_free", 1),
            ("node_sysctl_fs_file_nr_max", 1),
            ("node_sysctl_fs_file_nr_total", 1),
            ("node_sysctl_info", 1),
            ("node_sysctl_kernel_sched_rt_runtime_us", 1),
            ("node_sysctl_kernel_shmmax", 1),
            ("node_sysctl_kernel_threads_max", 1),
        ];
        assert_eq!(shown, expected);
        let mut errors: Vec<_> = page.errors().collect();
        errors.sort_unstable();
        assert_eq!(errors, [("sysctl", "absent", 1), ("sysctl", "parse", 2)]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(setting in ".{0,40}", content in "(?s).{0,100}") {
            let setting = Setting::parse(&setting)
                .unwrap_or(Setting { name: "a".into(), keys: Vec::new() });
            let _ = number_families(&setting, &content);
        }
    }
}
