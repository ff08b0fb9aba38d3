use proptest::prelude::*;

use super::*;

const JSON: &[u8] = include_bytes!("../tests/fixtures/synth/stat.json");
const TEXT: &[u8] = include_bytes!("../tests/fixtures/synth/stat.txt");
const FLIP_FLOPS: &[u8] = include_bytes!("../tests/fixtures/synth/flip_flops.txt");

fn json(report: &[u8], top: &str) -> Netlist {
    Netlist::parse(Reports { stat_json: report, ..Reports::default() }, top)
}

#[test]
fn reads_the_reports_of_yosys_0_23() {
    let reports = Reports { stat_json: JSON, stat_text: TEXT, flip_flops: FLIP_FLOPS };
    let expected = Netlist {
        cells: Figure::Taken(12_407.0),
        area: Figure::Taken(1_734_124.0),
        flip_flops: Figure::Taken(1_597.0),
    };
    assert_eq!(Netlist::parse(reports, "picorv32"), expected);
}

#[test]
fn log_lines_before_the_json_do_not_matter() {
    let polluted = [b"Found gzip magic in file\n", JSON].concat();
    assert_eq!(json(&polluted, "picorv32").cells, Figure::Taken(12_407.0));
}

#[test]
fn what_is_not_said_is_absent() {
    let cut = &JSON[..JSON.len() / 2];
    assert_eq!(json(cut, "picorv32"), Netlist::default());
    assert_eq!(json(JSON, "other"), Netlist::default());
    let text = |text: &str| format!("   Chip area for module '\\picorv32': {text}").into_bytes();
    assert_eq!(parse_area(&text("nan\n"), "picorv32"), Figure::Odd("nan".to_owned()));
    assert_eq!(parse_area(&text("17341"), "picorv32"), Figure::Absent);
    assert_eq!(parse_selected(b"1597 objec\n"), Figure::Absent);
    assert_eq!(parse_selected(b"159x objects.\n"), Figure::Odd("159x".to_owned()));
}

#[test]
fn a_newer_area_in_json_wins() {
    let report = br#"{"modules":{"\\top":{"num_cells":2,"area":7.5}}}"#;
    let stat_text = b"   Chip area for module '\\top': 9.0\n";
    let reports = Reports { stat_json: report, stat_text, flip_flops: b"" };
    assert_eq!(Netlist::parse(reports, "top").area, Figure::Taken(7.5));
}

#[test]
fn an_odd_value_costs_itself_alone() {
    let report = br#"{"modules":{"\\top":{"num_cells":2,"area":nan,"num_cells_by_type":{}}}}"#;
    let netlist = json(report, "top");
    assert_eq!(netlist.cells, Figure::Taken(2.0));
    assert_eq!(netlist.area, Figure::Odd("nan".to_owned()));
}

#[test]
fn what_is_no_hardware_is_no_cell() {
    let types = r#"{"$print":2,"$scopeinfo":1,"AND2X1":4}"#;
    let report =
        format!(r#"{{"modules":{{"\\t":{{"num_cells":7,"num_cells_by_type":{types}}}}}}}"#);
    assert_eq!(json(report.as_bytes(), "t").cells, Figure::Taken(4.0));
    let odd = report.replace("\"$print\":2", "\"$print\":nan");
    assert_eq!(json(odd.as_bytes(), "t").cells, Figure::Odd("7".to_owned()));
    let damaged = report.replace('$', "\u{fffd}");
    assert_eq!(json(damaged.as_bytes(), "t").cells, Figure::Odd("7".to_owned()));
}

#[test]
fn problems_are_counted_or_unknown() {
    let real = include_bytes!("../tests/fixtures/synth/check.txt");
    assert_eq!(parse_check(real), Some(0));
    assert_eq!(parse_check(b"Found and reported 193 problems.\n"), Some(193));
    assert_eq!(parse_check(b"10. Executing CHECK pass\n"), None);
}

#[test]
fn a_display_that_is_kept_is_no_problem_and_a_cell_that_is_not_mapped_is_one() {
    let unmapped = |name: &str| {
        format!("Warning: Cell core.$x$core.v:4$4 is an unmapped internal cell of type {name}.\n")
    };
    let report = |names: [&str; 2], count: u64| {
        let lines: String = names.into_iter().map(unmapped).collect();
        parse_check(format!("{lines}Found and reported {count} problems.\n").as_bytes())
    };
    assert_eq!(report(["$print", "$scopeinfo"], 2), Some(0));
    assert_eq!(report(["$print", "$_DFF_P_"], 2), Some(1));
    assert_eq!(report(["$print", "$printer"], 2), Some(1));
    assert_eq!(report(["$print", "$_DFF_P_"], 0), None, "the list says otherwise");
}

#[test]
fn the_last_error_is_yosys_own() {
    let syntax = include_bytes!("../tests/fixtures/yosys-error.log");
    let Some(Cause::Design(line)) = parse_cause(syntax) else { panic!() };
    assert!(line.ends_with("picorv32.v:1231: ERROR: syntax error, unexpected '<'"), "{line}");
    let Some(Cause::Design(line)) = parse_cause(b"module `$paramod\\SelERROR: no module\n") else {
        panic!()
    };
    assert_eq!(line, "ERROR: no module");
    assert_eq!(parse_cause(b"ERROR 7\nNo errors\n"), None);
}

/// What Yosys 0.23, 0.45, 0.54 and 0.70 print for the same faults.
#[test]
fn each_releases_words_for_a_fault_are_known() {
    for machine in [
        "ERROR: Can't open input file `/no/x.lib' for reading: No such file or directory",
        "ERROR: Can't open liberty file `/no/x.lib': No such file or directory",
        "ERROR: File `/no/x.lib' not found or is a directory",
        "ERROR: Syntax error in liberty file on line 1.",
        "ERROR: Can't create file /no/x.",
        "ERROR: No such command: abc (type 'help' for a command overview)",
    ] {
        let cause = parse_cause(machine.as_bytes());
        assert_eq!(cause, Some(Cause::Machine(machine.to_owned())));
    }
    for design in [
        "ERROR: Can't open include file `no.vh'!",
        "mem.v:0: ERROR: Can not open file `no.hex` for \\$readmemh.",
        "mem.v:1: ERROR:Can not open file `no.hex` for \\$readmemh.",
        "ERROR: Module `\\alu' referenced in module `\\core' in cell `\\u0' is not part of the design.",
    ] {
        assert_eq!(parse_cause(design.as_bytes()), Some(Cause::Design(design.to_owned())));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(json in any::<Vec<u8>>(), text in any::<Vec<u8>>()) {
        let reports = Reports { stat_json: &json, stat_text: &text, flip_flops: &text };
        prop_assert_eq!(Netlist::parse(reports, "picorv32").cells, Figure::Absent);
        prop_assert_eq!(parse_check(&text), None);
        let _ = parse_cause(&text);
    }
}
