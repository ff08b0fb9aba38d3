//! What Yosys says of a mapped netlist: `stat` as JSON and as text, `check`, and its last error.

use serde_json::Value;

use crate::figure::Figure;
use crate::json;
use crate::text::{self, Cause};

/// Yosys' own types that stand for no hardware: `$display`, assertions, the scopes of names. Newer
/// releases keep them in a mapped netlist.
const NO_HARDWARE: [&str; 8] =
    ["$print", "$check", "$scopeinfo", "$assert", "$assume", "$live", "$fair", "$cover"];

/// The figures of a netlist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Netlist {
    /// Cells of the whole design, as far as they are hardware.
    pub cells: Figure,
    /// Their area, in the library's unit.
    pub area: Figure,
    /// Flip-flops among the cells, as the library's own `ff` groups tell them.
    pub flip_flops: Figure,
}

/// The files that have them; empty where no file has any.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reports<'a> {
    /// `stat -json`
    pub stat_json: &'a [u8],
    /// `stat`
    pub stat_text: &'a [u8],
    /// `select -count` of the flip-flops, see `synth.tcl`.
    pub flip_flops: &'a [u8],
}

impl Netlist {
    /// Reads the counts from the JSON, whose names are the same in every release, and the area from the
    /// JSON of newer releases, else from the text, where Yosys 0.23 alone has it.
    #[must_use]
    pub fn parse(reports: Reports<'_>, top: &str) -> Self {
        let report = json::parse(reports.stat_json).unwrap_or_default();
        let module = &report["modules"][format!("\\{top}")];
        let json_area = match &module["area"] {
            Value::Null => Figure::Absent,
            area => area_of(&scalar(area)),
        };
        Self {
            cells: hardware_cells(module),
            area: json_area.or(|| parse_area(reports.stat_text, top)),
            flip_flops: parse_selected(reports.flip_flops),
        }
    }
}

/// What `check` found that is a problem; `None` when it did not end, or contradicts itself.
#[must_use]
pub fn parse_check(report: &[u8]) -> Option<u64> {
    let found = |line: &String| -> Option<u64> {
        let (_, rest) = line.split_once("Found and reported ")?;
        rest.strip_suffix(" problems.")?.parse().ok()
    };
    let lines: Vec<String> = text::lines(report).collect();
    let found = lines.iter().filter_map(found).next_back()?;
    let listed = lines.iter().filter(|line| is_problem(line)).count() as u64;
    let harmless = lines.iter().filter(|line| is_harmless(line)).count() as u64;
    // Every problem that we know the form of is counted, so fewer than those is no count.
    (found >= listed).then(|| found - harmless)
}

/// Why Yosys gave up, from the log of a stage; `None` where it does not say.
///
/// It ends with its first error, so the last line with that word is its own: a design's `$display` that
/// says `ERROR:` comes before. From Tcl, newer releases say a second time that there was one.
#[must_use]
pub(crate) fn parse_cause(stage_log: &[u8]) -> Option<Cause> {
    let own = |line: &String| !line.starts_with("ERROR: TCL interpreter returned an error");
    let line = text::lines(stage_log).filter(own).filter(|line| line.contains("ERROR:")).last()?;
    let at = line.find("ERROR:")?;
    // stdout and stderr share a file: an error may begin in the middle of another line.
    let message = if line[..at].ends_with(": ") { &line } else { &line[at..] };
    let quoted = text::quote(message);
    Some(if is_about_the_machine(&line[at..]) {
        Cause::Machine(quoted)
    } else {
        Cause::Design(quoted)
    })
}

/// Errors about what the flow brings: its files, the library, the tools beside Yosys. A file that the
/// design itself names, by `$readmemh` or `include`, is the design's.
fn is_about_the_machine(error: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "liberty",
        "Can't open input file",
        "not found or is a directory",
        "Can't open output file",
        "Can't open ABC",
        "Can't create",
        "Can't load",
        "ABC: execution of command",
        "No such command",
        "cannot open shared object file",
    ];
    SIGNS.iter().any(|sign| error.contains(sign)) || text::is_trouble(error)
}

/// `Warning: Cell top.x is an unmapped internal cell of type $print.`: names hold no blanks.
fn is_harmless(line: &str) -> bool {
    let unmapped = line.strip_prefix("Warning: Cell ").and_then(|line| line.strip_suffix('.'));
    let words = unmapped.and_then(|line| line.split_once(" is an unmapped internal cell of type "));
    words.is_some_and(|(_, name)| NO_HARDWARE.contains(&name))
}

/// The warnings of `check` that it has counted in every release.
fn is_problem(line: &str) -> bool {
    const FORMS: [&str; 5] = [
        " is an unmapped internal cell of type ",
        "Warning: multiple conflicting drivers for ",
        " is used but has no driver.",
        "Warning: found logic loop in module ",
        " has an unprocessed 'init' attribute.",
    ];
    line.starts_with("Warning: ") && FORMS.iter().any(|form| line.contains(form))
}

/// All cells but those of [`NO_HARDWARE`], which the list of types tells.
fn hardware_cells(module: &Value) -> Figure {
    let all = &module["num_cells"];
    if all.is_null() {
        return Figure::Absent;
    }
    let odd = || Figure::odd(&scalar(all));
    let Some(types) = module["num_cells_by_type"].as_object() else { return odd() };
    let mut hardware = all.as_u64();
    for (name, count) in types.iter().filter(|(name, _)| may_be_no_hardware(name)) {
        let count = count.as_u64().filter(|_| NO_HARDWARE.contains(&name.as_str()));
        hardware = hardware.zip(count).and_then(|(all, of_it)| all.checked_sub(of_it));
    }
    hardware.map_or_else(odd, |count| Figure::Taken(count as f64))
}

/// Of a name with a damaged byte nobody knows whether it was one of them.
fn may_be_no_hardware(name: &str) -> bool {
    let alike = |(a, b): (char, char)| a == b || a == char::REPLACEMENT_CHARACTER;
    NO_HARDWARE.iter().any(|known| {
        name.chars().count() == known.len() && name.chars().zip(known.chars()).all(alike)
    })
}

/// A value as it stood in the report.
fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn area_of(text: &str) -> Figure {
    Figure::number(text, |area| area >= 0.0)
}

fn parse_area(stat_text: &[u8], top: &str) -> Figure {
    let ends = [format!("module '\\{top}': "), format!("top module '\\{top}': ")];
    let area = |line: String| -> Option<Figure> {
        let rest = line.trim_start().strip_prefix("Chip area for ")?;
        ends.iter().find_map(|end| rest.strip_prefix(end.as_str())).map(area_of)
    };
    text::whole_lines(stat_text).filter_map(area).last().unwrap_or_default()
}

/// `1597 objects.`
fn parse_selected(report: &[u8]) -> Figure {
    let count = |line: String| line.strip_suffix(" objects.").map(Figure::count);
    text::whole_lines(report).filter_map(count).last().unwrap_or_default()
}

#[cfg(test)]
#[path = "yosys_tests.rs"]
mod tests;
