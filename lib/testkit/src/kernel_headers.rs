//! What the machine's own headers say, asked of its C compiler: where a field of a kernel structure
//! stands, and what a constant of the kernel is worth.

use std::io::Write;
use std::process::{Command, Stdio};

/// What a C program prints: `preamble` includes the headers, `body` is its main function.
///
/// # Panics
/// Where the machine has no C compiler, or the compiler refuses the program.
#[must_use]
pub fn c_output(preamble: &str, body: &str) -> Vec<u8> {
    let program = format!(
        "#include <stddef.h>\n#include <stdio.h>\n{preamble}\nint main(void) {{\n{body}return 0;\n}}\n"
    );
    let dir = tempfile::tempdir().expect("a directory");
    let binary = dir.path().join("program");
    let mut compiler = Command::new("cc")
        .args(["-x", "c", "-", "-o"])
        .arg(&binary)
        .stdin(Stdio::piped())
        .spawn()
        .expect("starting cc");
    let mut stdin = compiler.stdin.take().expect("a pipe to cc");
    stdin.write_all(program.as_bytes()).expect("writing to cc");
    drop(stdin);
    let status = compiler.wait().expect("waiting for cc");
    assert!(status.success(), "cc refuses:\n{program}");
    Command::new(&binary).output().expect("running what cc made").stdout
}

/// The values of C expressions after `preamble`, which includes the headers that they are of.
///
/// # Panics
/// As [`c_output`].
#[must_use]
pub fn c_values(preamble: &str, expressions: &[&str]) -> Vec<u64> {
    let prints: String = expressions
        .iter()
        .map(|expression| format!("printf(\"%llu\\n\", (unsigned long long)({expression}));\n"))
        .collect();
    let output = String::from_utf8(c_output(preamble, &prints)).expect("numbers");
    output.lines().map(|line| line.parse().expect("a number")).collect()
}

/// Where fields of a structure begin, in bytes.
///
/// # Panics
/// As [`c_output`].
#[must_use]
pub fn offsets(preamble: &str, structure: &str, fields: &[&str]) -> Vec<u64> {
    let expressions: Vec<String> =
        fields.iter().map(|field| format!("offsetof(struct {structure}, {field})")).collect();
    c_values(preamble, &expressions.iter().map(String::as_str).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_tells_offsets_and_constants() {
        let preamble = "struct pair { char one; int other; };\nenum { FIVE = 5 };";
        assert_eq!(offsets(preamble, "pair", &["one", "other"]), [0, 4]);
        assert_eq!(c_values(preamble, &["FIVE", "1ull << 63"]), [5, 1 << 63]);
    }
}
