//! What Yosys says of a mapped netlist: `stat` as JSON and as text, and `check`.

use serde_json::Value;

use crate::text;

/// The figures of a netlist; what the reports do not say is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Netlist {
    /// Cells of the whole design.
    pub cells: Option<u64>,
    /// Their area, in the library's unit.
    pub area: Option<f64>,
    /// Flip-flops among the cells, by the name of their type.
    pub flip_flops: Option<u64>,
}

impl Netlist {
    /// Reads both forms of `stat`: counts from the JSON, the area from the JSON of newer releases,
    /// else from the text, where Yosys 0.23 alone has it.
    #[must_use]
    pub fn parse(stat_json: &[u8], stat_text: &[u8], top: &str) -> Self {
        let report = parse_json(stat_json);
        let module = report.as_ref().map(|report| &report["modules"][format!("\\{top}")]);
        let count = |field: &str| module.and_then(|module| module[field].as_u64());
        let json_area = module.and_then(|module| module["area"].as_f64());
        Self {
            cells: count("num_cells"),
            area: json_area.or_else(|| parse_area(stat_text, top)),
            flip_flops: module.and_then(|module| flip_flops(&module["num_cells_by_type"])),
        }
    }
}

/// The number of problems that `check` found; `None` when its last line is not there.
#[must_use]
pub fn parse_check(report: &[u8]) -> Option<u64> {
    let found = |line: String| -> Option<u64> {
        let (_, rest) = line.split_once("Found and reported ")?;
        rest.strip_suffix(" problems.")?.parse().ok()
    };
    text::lines(report).filter_map(found).last()
}

/// Log lines may stand before the object: it begins at the first brace.
fn parse_json(report: &[u8]) -> Option<Value> {
    let start = report.iter().position(|byte| *byte == b'{')?;
    serde_json::Deserializer::from_slice(&report[start..]).into_iter().next()?.ok()
}

fn parse_area(stat_text: &[u8], top: &str) -> Option<f64> {
    let ends = [format!("module '\\{top}': "), format!("top module '\\{top}': ")];
    let area = |line: String| -> Option<f64> {
        let rest = line.trim_start().strip_prefix("Chip area for ")?;
        let value = ends.iter().find_map(|end| rest.strip_prefix(end.as_str()))?;
        value.parse().ok().filter(|area: &f64| area.is_finite())
    };
    text::whole_lines(stat_text).filter_map(area).last()
}

fn flip_flops(by_type: &Value) -> Option<u64> {
    let types = by_type.as_object()?;
    let is_flip_flop = |name: &str| name.starts_with("DFF") || name.contains("_DFF");
    types.iter().filter(|(name, _)| is_flip_flop(name)).map(|(_, count)| count.as_u64()).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JSON: &[u8] = include_bytes!("../tests/fixtures/synth/stat.json");
    const TEXT: &[u8] = include_bytes!("../tests/fixtures/synth/stat.txt");

    #[test]
    fn reads_the_reports_of_yosys_0_23() {
        let netlist = Netlist::parse(JSON, TEXT, "picorv32");
        let expected =
            Netlist { cells: Some(12_407), area: Some(1_734_124.0), flip_flops: Some(1_597) };
        assert_eq!(netlist, expected);
    }

    #[test]
    fn log_lines_before_the_json_do_not_matter() {
        let polluted = [b"Found gzip magic in file\n", JSON].concat();
        assert_eq!(Netlist::parse(&polluted, b"", "picorv32").cells, Some(12_407));
    }

    #[test]
    fn what_is_not_said_is_absent() {
        let cut = &JSON[..JSON.len() / 2];
        assert_eq!(Netlist::parse(cut, b"", "picorv32"), Netlist::default());
        assert_eq!(Netlist::parse(JSON, TEXT, "other"), Netlist::default());
        for text in ["nan\n", "17341"] {
            let text = format!("   Chip area for module '\\picorv32': {text}");
            assert_eq!(Netlist::parse(b"", text.as_bytes(), "picorv32").area, None);
        }
    }

    #[test]
    fn a_newer_area_in_json_wins() {
        let json = br#"{"modules":{"\\top":{"num_cells":2,"area":7.5}}}"#;
        let text = b"   Chip area for module '\\top': 9.0\n";
        assert_eq!(Netlist::parse(json, text, "top").area, Some(7.5));
    }

    #[test]
    fn problems_are_counted_or_unknown() {
        let real = include_bytes!("../tests/fixtures/synth/check.txt");
        assert_eq!(parse_check(real), Some(0));
        assert_eq!(parse_check(b"Found and reported 193 problems.\n"), Some(193));
        assert_eq!(parse_check(b"10. Executing CHECK pass\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(json in any::<Vec<u8>>(), text in any::<Vec<u8>>()) {
            prop_assert_eq!(Netlist::parse(&json, &text, "picorv32").cells, None);
            prop_assert_eq!(parse_check(&text), None);
        }
    }
}
