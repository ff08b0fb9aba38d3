//! Why Verilator, or the compiler that it calls, gave up a build.

use crate::text::{self, Cause};

/// The first error of a build's log; `None` where Verilator reports none.
///
/// Verilator quotes the design's source below its errors, indented by a line number: only a line that
/// begins with its word is its own.
#[must_use]
pub(crate) fn parse_cause(stage_log: &[u8]) -> Option<Cause> {
    let line = text::lines(stage_log).find(|line| line.starts_with("%Error"))?;
    let quoted = text::quote(&line);
    let machine = is_about_the_machine(&line) || text::is_trouble(&line);
    Some(if machine { Cause::Machine(quoted) } else { Cause::Design(quoted) })
}

/// Errors of Verilator itself, its installation, the files that it writes, and the C++ compiler: of a
/// model that Verilator made, a compiler's error is no fault of the design.
fn is_about_the_machine(line: &str) -> bool {
    const BEGINNINGS: [&str; 7] = [
        "make ",
        "Command Failed",
        "Internal Error",
        "Verilator internal fault",
        "Cannot write",
        "Can't write",
        "Unable to write",
    ];
    let Some((_, message)) = line.split_once(": ") else { return false };
    BEGINNINGS.iter().any(|beginning| message.starts_with(beginning))
        || message.contains("VERILATOR_ROOT")
        || line.contains(": Internal Error: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_designs_faults_and_the_machines_are_told_apart() {
        for (line, is_designs) in [
            ("%Error: core.v:12:3: syntax error, unexpected ';'", true),
            ("%Error-UNSUPPORTED: core.v:12:3: Unsupported: event", true),
            ("%Error: Specified --top-module 'core' was not found in design.", true),
            ("%Error: core.v:12:3: Cannot find file containing module: 'alu'", true),
            ("%Error: make -C /tmp/model -f Vcore.mk exited with 2", false),
            ("%Error: Can't write file: /tmp/model/Vcore.h", false),
            ("%Error: Internal Error: core.v:9:1: ../V3Order.cpp:12: No node", false),
            ("%Error: Command Failed /usr/bin/verilator_bin --cc core.v", false),
            ("%Error: verilator: VERILATOR_ROOT is set to inconsistent path", false),
        ] {
            let cause = parse_cause(format!("make: Entering\n{line}\n").as_bytes());
            let expected = if is_designs { Cause::Design } else { Cause::Machine };
            assert_eq!(cause, Some(expected(line.to_owned())));
        }
    }

    #[test]
    fn what_verilator_quotes_is_not_its_own() {
        let real = include_bytes!("../tests/fixtures/verilator-error.log");
        let Some(Cause::Design(line)) = parse_cause(real) else { panic!() };
        assert!(line.contains("picorv32.v:1231:68: syntax error"), "{line}");
        assert_eq!(parse_cause(b"   12 |   $display(\"%Error: no\");\n"), None);
    }
}
