//! The fields of a name's template: what each prints, and what it must know for that.

use std::collections::BTreeMap;

use super::facts::Needs;
use super::process::Process;
use super::time;

/// What Go prints for a key that a map does not have.
const NO_VALUE: &[u8] = b"<no value>";

/// What the regular expressions of a rule caught, by their groups' names.
pub(super) type Matches<'a> = BTreeMap<&'a str, &'a [u8]>;

/// What a template can print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Comm,
    ExeBase,
    ExeFull,
    Username,
    Pid,
    StartTime,
    Cgroups,
    Matches,
    Match(String),
    Unit,
    Job,
    Tool,
}

/// process-exporter's fields; `{{.Matches.x}}` comes to them.
pub(super) const FIELDS: [(&str, Field); 8] = [
    (".Comm", Field::Comm),
    (".ExeBase", Field::ExeBase),
    (".ExeFull", Field::ExeFull),
    (".Username", Field::Username),
    (".PID", Field::Pid),
    (".StartTime", Field::StartTime),
    (".Cgroups", Field::Cgroups),
    (".Matches", Field::Matches),
];

/// The fields that only edctl has.
pub(super) const OWN_FIELDS: [(&str, Field); 3] =
    [(".Unit", Field::Unit), (".Job", Field::Job), (".Tool", Field::Tool)];

/// The field of a name such as `.Comm`, with the dot.
pub(super) fn find(name: &str, fields: &[(&str, Field)]) -> Option<Field> {
    if let Some(key) = name.strip_prefix(".Matches.") {
        let is_word = |c: char| c == '_' || c.is_alphanumeric();
        let is_key = key.chars().all(is_word) && !key.starts_with(char::is_numeric);
        return (is_key && !key.is_empty()).then(|| Field::Match(key.to_owned()));
    }
    fields.iter().find(|(known, _)| *known == name).map(|(_, field)| field.clone())
}

impl Field {
    /// What of a process it is made from.
    pub(super) fn needs(&self) -> Needs {
        let none = Needs::default();
        match self {
            Self::Comm | Self::Pid | Self::StartTime | Self::Matches | Self::Match(_) => none,
            Self::ExeBase | Self::ExeFull => Needs { cmdline: true, ..none },
            Self::Username => Needs { user: true, ..none },
            Self::Cgroups | Self::Unit | Self::Job => Needs { cgroup: true, ..none },
            Self::Tool => Needs { exe: true, ..none },
        }
    }

    /// Prints it to the end of `name`; `None` when this process has nothing to print there.
    pub(super) fn print(
        &self,
        process: &Process<'_>,
        matches: &Matches<'_>,
        name: &mut Vec<u8>,
    ) -> Option<()> {
        match self {
            Self::Comm => name.extend_from_slice(process.facts.comm),
            Self::ExeBase => name.extend_from_slice(process.exe_base()?),
            Self::ExeFull => name.extend_from_slice(process.exe_full()?),
            Self::Username => name.extend_from_slice(process.user_name()?.as_bytes()),
            Self::Pid => name.extend_from_slice(process.facts.pid.to_string().as_bytes()),
            Self::StartTime => {
                name.extend_from_slice(time::in_utc(process.facts.start_secs?)?.as_bytes());
            }
            Self::Cgroups => {
                let paths = process.placement()?.paths.join(&b' ');
                name.extend_from_slice(&[b"[", &paths[..], b"]"].concat());
            }
            Self::Matches => name.extend_from_slice(&map(matches)),
            Self::Match(key) => {
                name.extend_from_slice(matches.get(key.as_str()).copied().unwrap_or(NO_VALUE));
            }
            Self::Unit => name.extend_from_slice(process.placement()?.unit?),
            Self::Job => name.extend_from_slice(process.placement()?.job.as_ref()?.as_bytes()),
            Self::Tool => name.extend_from_slice(process.tool()?.as_bytes()),
        }
        Some(())
    }
}

/// A map as Go prints it: in the order of its keys.
fn map(matches: &Matches<'_>) -> Vec<u8> {
    let pairs: Vec<Vec<u8>> =
        matches.iter().map(|(key, value)| [key.as_bytes(), b":", value].concat()).collect();
    [b"map[", &pairs.join(&b' ')[..], b"]"].concat()
}
