//! process-exporter's configuration file.

use std::path::Path;

use edctl_configtext::yaml::located;
use edctl_configtext::{deserialize_table_with, deserialize_with};
use serde::{Deserialize, Deserializer};

use super::condition::Condition;
use super::pattern::Pattern;
use super::rule::Rule;
use super::template::Template;

/// The name of an entry that gives none.
const DEFAULT_NAME: &str = "{{.ExeBase}}";

/// Reads the entries of a file. An error begins with the file's name, and the line where there is one.
pub(super) fn read(file: &Path) -> Result<Vec<Rule>, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{}: cannot be read: {error}", file.display()))?;
    parse(&text).map_err(|error| format!("{}:{}", file.display(), located(&error)))
}

/// The file's content. An empty one has no entries, for process-exporter as well.
fn parse(text: &str) -> Result<Vec<Rule>, yaml_serde::Error> {
    let file: Option<File> = yaml_serde::from_str(text)?;
    let entries = file.and_then(|file| file.process_names).unwrap_or_default();
    Ok(entries.into_iter().map(|entry| entry.0).collect())
}

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the key `process_names`")]
struct File {
    process_names: Option<Vec<YamlRule>>,
}

struct YamlRule(Rule);

impl<'de> Deserialize<'de> for YamlRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_table_with(deserializer, Entry::into_rule)
    }
}

/// One of `process_names`. An empty list is not the same as none: no name is in an empty `comm`, and
/// every command line matches an empty `cmdline`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<Name>,
    comm: Option<Vec<String>>,
    exe: Option<Vec<String>>,
    cmdline: Option<Vec<Pattern>>,
}

impl Entry {
    fn into_rule(self) -> Result<YamlRule, String> {
        let name = match self.name {
            Some(Name(template)) => template,
            None => Name::parse("")?.0,
        };
        let conditions = [
            self.comm.map(Condition::Comm),
            self.exe.map(Condition::Exe),
            self.cmdline.map(Condition::Cmdline),
        ];
        Rule::new(name, conditions).map(YamlRule).ok_or_else(|| {
            "no condition, expected at least one of `comm`, `exe`, `cmdline`".to_owned()
        })
    }
}

/// A template with process-exporter's fields and its default.
struct Name(Template);

impl Name {
    fn parse(text: &str) -> Result<Self, String> {
        let text = if text.is_empty() { DEFAULT_NAME } else { text };
        Template::parse_portable(text).map(Self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_with(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::naming::facts::Facts;
    use crate::naming::process::Process;
    use crate::naming::users::Users;

    fn error(text: &str) -> String {
        located(&parse(text).unwrap_err())
    }

    /// The name that a file gives a process.
    fn name(yaml: &str, comm: &[u8], cmdline: &[u8]) -> Option<String> {
        let facts = Facts {
            pid: 1,
            comm,
            start_secs: None,
            exe: None,
            cmdline: Some(cmdline),
            uid: Some(0),
            cgroups: None,
        };
        let users = Users::default();
        let process = Process::new(&facts, &users);
        let name = parse(yaml).unwrap().iter().find_map(|rule| rule.name(&process))?;
        Some(String::from_utf8_lossy(&name).into_owned())
    }

    #[test]
    fn everything_by_name() {
        let yaml = "process_names:\n  - name: \"{{.Comm}}\"\n    cmdline:\n    - '.+'\n";
        assert_eq!(name(yaml, b"yosys", b"yosys\0-s\0x.ys\0").unwrap(), "yosys");
        // A zombie has no command line.
        assert_eq!(name(yaml, b"yosys", b""), None);
    }

    #[test]
    fn a_site_with_licence_servers_and_java() {
        let yaml = r#"
# The licence servers, one group for each vendor's daemon.
process_names:
  - name: "license:{{.Matches.vendor}}"
    exe: [lmgrd, /opt/flexlm/bin/lmgrd.real]
    cmdline:
      - '-c\s+\S*/(?P<vendor>[a-z]+)\.lic'
  - name: '{{ .ExeBase }}:{{ .Matches.App }}'
    comm: [java]
    cmdline: ['-jar \S*?(?P<App>[^/\s]+)\.jar', '(?i)-XMX\d+g']
  - comm: &shells
    - bash
    - dash
    exe: *shells
  - name:
    comm: [sshd]
  - name: "{{.Username}}-rest"
    cmdline: []
"#;
        for (comm, cmdline, expected) in [
            ("lmgrd", "/x/bin/lmgrd\0-c\0/etc/lic/acme.lic\0", "license:acme"),
            ("lmgrd.real", "/opt/flexlm/bin/lmgrd.real\0-c\0/acme.lic\0", "license:acme"),
            ("lmgrd.real", "lmgrd.real\0-c\0/acme.lic\0", "root-rest"),
            ("lmgrd", "lmgrd\0-z\0", "root-rest"),
            ("java", "/usr/bin/java\0-Xmx12g\0-jar\0/srv/app/ci-1.2.jar\0", "java:ci-1.2"),
            ("java", "/usr/bin/java\0-jar\0/srv/app/ci-1.2.jar\0", "root-rest"),
            ("bash", "/bin/bash\0-l\0", "bash"),
            ("bash", "-bash\0", "root-rest"),
            ("sshd", "sshd: eve@pts/0\0", "0"),
            ("sshd", "", "sshd"),
        ] {
            let found = name(yaml, comm.as_bytes(), cmdline.as_bytes());
            assert_eq!(found.as_deref(), Some(expected), "{comm} {cmdline}");
        }
    }

    #[test]
    fn a_list_is_a_choice_and_an_empty_one_no_choice() {
        let yaml = "process_names: [{name: x, exe: [sh, /bin/sh]}]";
        assert_eq!(name(yaml, b"sh", b"sh\0").unwrap(), "x");
        assert_eq!(name(yaml, b"sh", b"/bin/sh\0").unwrap(), "x");
        assert_eq!(name("process_names: [{name: x, comm: []}]", b"sh", b"sh\0"), None);
        assert_eq!(
            name("process_names: [{name: x, comm: ~, cmdline: []}]", b"a", b"").unwrap(),
            "x"
        );
        // What is no string to YAML is one here.
        let yaml = "process_names: [{name: 012, comm: [12, yes, 1.50]}]";
        for comm in ["12", "yes", "1.50"] {
            assert_eq!(name(yaml, comm.as_bytes(), b"").unwrap(), "012");
        }
    }

    #[test]
    fn an_empty_file_has_no_entries() {
        for yaml in ["", "# nothing yet\n", "---\n", "process_names:\n", "process_names: []\n"] {
            assert!(parse(yaml).unwrap().is_empty(), "{yaml:?}");
        }
    }

    #[test]
    fn errors_name_line_place_and_what_was_expected() {
        for (text, expected) in [
            ("foo: 1\n", "1: unknown field `foo`, expected `process_names`"),
            ("- a\n", "1: invalid type: sequence, expected a mapping with the key `process_names`"),
            (
                "process_names:\n- comm: [a]\n- name: y\n  kill: 1\n",
                "4: process_names[1]: unknown field `kill`, expected one of `name`, `comm`, `exe`, `cmdline`",
            ),
            (
                "process_names:\n- comm: [a]\n- name: y\n",
                "3: process_names[1]: no condition, expected at least one of `comm`, `exe`, `cmdline`",
            ),
            (
                "process_names:\n- comm: [a]\n\n- {}\n",
                "4: process_names[1]: no condition, expected at least one of `comm`, `exe`, `cmdline`",
            ),
            (
                "process_names:\n- name: x\n  comm: sh\n",
                "3: process_names[0].comm: invalid type: string \"sh\", expected a sequence",
            ),
            (
                "process_names:\n- cmdline:\n  - ok\n  - (\n",
                "4: process_names[0].cmdline[1]: bad regular expression \"(\": unclosed group",
            ),
            (
                "process_names:\n- comm: [a]\n  name: '{{.Unit}}'\n",
                "3: process_names[0].name: {{.Unit}} is not supported; a name is text with any of {{.Comm}}",
            ),
            (
                "process_names:\n- comm: [a]\n  comm: [b]\n",
                "2: process_names[0]: duplicate field `comm`",
            ),
            ("process_names:\n- comm: [a\n", "3: did not find expected ',' or ']'"),
            (
                "process_names: 3\n",
                "1: process_names: invalid type: integer `3`, expected a sequence",
            ),
        ] {
            let error = error(text);
            assert!(error.starts_with(expected), "{text}{error}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("all.yaml");
        let missing = read(&file).unwrap_err();
        assert!(missing.starts_with(&format!("{}: cannot be read: ", file.display())), "{missing}");
        std::fs::write(&file, "process_names:\n- {}\n").unwrap();
        let bad = read(&file).unwrap_err();
        assert!(bad.starts_with(&format!("{}:2: process_names[0]: no", file.display())), "{bad}");
        std::fs::write(&file, b"\xff").unwrap();
        assert!(read(&file).unwrap_err().contains("cannot be read: "));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(process_names:|[ \n\\[\\]{}:&*'\"#|>~-]|- |comm|x|\u{fe}){0,40}") {
            let _ = parse(&text).map_err(|error| located(&error));
        }
    }
}
