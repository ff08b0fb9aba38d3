//! Golden files: what a test must find, word for word.

use std::fs;
use std::path::Path;

/// Set to accept what is found: `UPDATE_GOLDEN=1 cargo test`.
const UPDATE: &str = "UPDATE_GOLDEN";

/// Compares a text with the golden file, or writes the file where `UPDATE_GOLDEN` is set.
///
/// # Panics
/// Where they differ, with the first line that does, and where the file cannot be read or written.
pub fn assert_golden(golden: impl AsRef<Path>, found: &str) {
    let golden = golden.as_ref();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(golden, found).expect("writing a golden file");
    }
    let wanted = fs::read_to_string(golden).expect("reading a golden file");
    if found == wanted {
        return;
    }
    let same = found.lines().zip(wanted.lines()).take_while(|(one, other)| one == other).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(the end)").to_owned();
    panic!(
        "{}, line {}:\n  wanted {}\n  found  {}\n{UPDATE}=1 accepts this:\n{found}",
        golden.display(),
        same + 1,
        line(&wanted),
        line(found)
    );
}

/// Compares a schema of docs/schemas, made of a type, with the file that stands there.
///
/// # Panics
/// As [`assert_golden`].
pub fn assert_schema(name: &str, schema: &impl serde::Serialize) {
    let file = format!("{}/../../docs/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = serde_json::to_string_pretty(schema).expect("a schema is JSON");
    assert_golden(file, &(text + "\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(&file, "one\ntwo\nthree\n").expect("a file that may be written");
        assert_golden(file.path(), "one\ntwo\nthree\n");
        let panic = std::panic::catch_unwind(|| assert_golden(file.path(), "one\n2\nthree\n"));
        let message = *panic.expect_err("they differ").downcast::<String>().expect("a text");
        assert!(message.contains("line 2:\n  wanted two\n  found  2\n"), "{message}");
    }
}
