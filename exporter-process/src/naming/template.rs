//! A group's name as a template: the part of Go's text/template that names of process groups use.

use edctl_configtext::deserialize_with;
use serde::{Deserialize, Deserializer};

use super::facts::Needs;
use super::field::{self, FIELDS, Field, Matches, OWN_FIELDS};
use super::process::Process;

/// What Go calls white space between a template's marks.
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];
/// Literal text and fields in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
}

impl Template {
    /// A template with process-exporter's fields and edctl's.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        parse(text, &[&FIELDS[..], &OWN_FIELDS[..]].concat())
    }

    /// A template with process-exporter's fields.
    pub(super) fn parse_portable(text: &str) -> Result<Self, String> {
        parse(text, &FIELDS)
    }

    /// What of a process its name is made from.
    pub(super) fn needs(&self) -> Needs {
        self.fields().map(Field::needs).fold(Needs::default(), Needs::and)
    }

    /// Whether the name is made from what regular expressions caught.
    pub(super) fn has_matches(&self) -> bool {
        self.fields().any(|field| matches!(field, Field::Matches | Field::Match(_)))
    }

    /// The name; `None` when a field has nothing to print for this process: a fact that is unknown,
    /// or a unit, job or tool that it does not belong to.
    pub(super) fn render(&self, process: &Process<'_>, matches: &Matches<'_>) -> Option<Vec<u8>> {
        let mut name = Vec::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => name.extend_from_slice(text.as_bytes()),
                Part::Field(field) => field.print(process, matches, &mut name)?,
            }
        }
        Some(name)
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.0.iter().filter_map(|part| match part {
            Part::Field(field) => Some(field),
            Part::Text(_) => None,
        })
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_with(deserializer, Self::parse)
    }
}

fn parse(text: &str, fields: &[(&str, Field)]) -> Result<Template, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once("{{") {
        let (action, after) = after
            .split_once("}}")
            .ok_or_else(|| format!("bad template {text:?}: {{{{ without }}}}"))?;
        let (trims_left, inner) = match action.strip_prefix('-') {
            Some(inner) if inner.starts_with(SPACES) => (true, inner),
            _ => (false, action),
        };
        let (trims_right, inner) = match inner.strip_suffix('-') {
            Some(inner) if inner.ends_with(SPACES) => (true, inner),
            _ => (false, inner),
        };
        let literal = if trims_left { literal.trim_end_matches(SPACES) } else { literal };
        push_text(&mut parts, literal);
        let field = field::find(inner.trim_matches(SPACES), fields);
        parts.push(Part::Field(field.ok_or_else(|| unsupported(action, fields))?));
        rest = if trims_right { after.trim_start_matches(SPACES) } else { after };
    }
    push_text(&mut parts, rest);
    Ok(Template(parts))
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn unsupported(action: &str, fields: &[(&str, Field)]) -> String {
    let known: Vec<String> = fields.iter().map(|(name, _)| format!("{{{{{name}}}}}")).collect();
    format!(
        "{{{{{action}}}}} is not supported; a name is text with any of {}, {{{{.Matches.NAME}}}}",
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::naming::facts::Facts;
    use crate::naming::users::Users;

    const FACTS: Facts<'static> = Facts {
        pid: 4711,
        comm: b"prog",
        start_secs: Some(1_795_517_911.89),
        exe: None,
        cmdline: Some(b"/opt/x/Prog\0-v\0"),
        uid: Some(0),
        cgroups: Some(b"2:cpu:/slurm/uid_0/job_9\n1:name=systemd:/s.service\n0::/\n"),
    };

    fn rendered(template: &str, facts: &Facts<'_>) -> Option<String> {
        let users = Users::default();
        let matches = Matches::from([("", &b"0"[..]), ("y", b"3"), ("x", b"zz"), ("e", b"")]);
        let template = Template::parse(template).unwrap();
        let name = template.render(&Process::new(facts, &users), &matches)?;
        Some(String::from_utf8(name).unwrap())
    }

    #[test]
    fn prints_what_process_exporter_prints() {
        for (template, expected) in [
            ("", ""),
            ("}} { text", "}} { text"),
            ("a{{.Comm}}b", "aprogb"),
            ("{{.ExeBase}}", "Prog"),
            ("{{.ExeFull}}", "/opt/x/Prog"),
            ("{{.Username}}", "root"),
            ("{{.PID}}", "4711"),
            ("{{.StartTime}}", "2026-11-24 10:58:31.89 +0000 UTC"),
            ("{{.Cgroups}}", "[/slurm/uid_0/job_9 /s.service /]"),
            ("{{.Matches}}", "map[:0 e: x:zz y:3]"),
            ("{{.Matches.x}}:{{.Matches.e}}", "zz:"),
            ("{{.Matches.none}}", "<no value>"),
            ("{{.Matches._é1}}", "<no value>"),
            ("a  {{- .Comm -}}  b {{ .Comm }} {{.Comm }}c", "aprogb prog progc"),
            ("a\n{{-\t.Comm\t-}}\r\n b", "aprogb"),
            ("{{.Comm -}} {{- .PID}}", "prog4711"),
        ] {
            assert_eq!(rendered(template, &FACTS).as_deref(), Some(expected), "{template}");
        }
    }

    #[test]
    fn prints_what_only_edctl_has() {
        assert_eq!(rendered("{{.Unit}}/{{.Job}}", &FACTS).unwrap(), "s.service/9");
        assert_eq!(rendered("{{.Tool}}", &Facts { comm: b"vvp", ..FACTS }).unwrap(), "iverilog");
    }

    #[test]
    fn a_field_without_a_value_gives_no_name() {
        let unknown = Facts { start_secs: None, cmdline: None, uid: None, cgroups: None, ..FACTS };
        for field in
            ["ExeBase", "ExeFull", "Username", "StartTime", "Cgroups", "Unit", "Job", "Tool"]
        {
            assert_eq!(rendered(&format!("a{{{{.{field}}}}}b"), &unknown), None, "{field}");
        }
        let nowhere = Facts { cgroups: Some(b"0::/\n"), ..FACTS };
        assert_eq!(rendered("{{.Unit}}", &nowhere), None);
        assert_eq!(rendered("{{.Job}}", &nowhere), None);
        assert_eq!(rendered("{{.Cgroups}}", &nowhere).unwrap(), "[/]");
    }

    #[test]
    fn anything_else_is_refused() {
        for action in [
            "",
            " ",
            ".",
            ".Nope",
            ".comm",
            "Comm",
            ".Comm.x",
            ".Matches.",
            ".Matches.1",
            ".Matches.x.y",
            ".Matches.a-b",
            "-.Comm",
            ".Comm-",
            "- -",
            "- .Comm-",
            "/* c */",
            "if .Comm",
            ".Comm | len",
            "\"text\"",
            "$x",
            ".Comm .PID",
            "{.Comm",
        ] {
            let error = Template::parse(&format!("a {{{{{action}}}}} b")).unwrap_err();
            let start = format!(
                "{{{{{action}}}}} is not supported; a name is text with any of {{{{.Comm}}}}, "
            );
            assert!(error.starts_with(&start), "{error}");
        }
        assert!(Template::parse("a{{.Comm}").unwrap_err().ends_with("{{ without }}"));
        assert!(Template::parse_portable("{{.Comm}}{{.Matches.x}}").is_ok());
        for own in ["{{.Unit}}", "{{.Job}}", "{{.Tool}}"] {
            assert!(Template::parse_portable(own).unwrap_err().contains("not supported"), "{own}");
        }
    }

    #[test]
    fn needs_are_those_of_all_fields() {
        let none = Needs::default();
        for (template, needs) in [
            ("{{.Comm}}{{.PID}}{{.StartTime}}{{.Matches.x}}", none),
            ("{{.ExeBase}}", Needs { cmdline: true, ..none }),
            ("{{.Username}} {{.Unit}}", Needs { user: true, cgroup: true, ..none }),
            ("{{.Tool}}{{.Job}}", Needs { exe: true, cgroup: true, ..none }),
        ] {
            assert_eq!(Template::parse(template).unwrap().needs(), needs, "{template}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([{}.\\- ]|Comm|Matches|x|ö){0,20}") {
            let _ = Template::parse(&text).map(|template| template.needs());
        }

        #[test]
        fn text_without_braces_stands_for_itself(text in "[^{]*") {
            prop_assert_eq!(rendered(&text, &FACTS), Some(text));
        }
    }
}
