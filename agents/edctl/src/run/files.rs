//! Whole files or none: written beside, synced, renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::{OrProblem, Problem};

/// Records are small; a bigger file was not written by us.
const MAX_RECORD_BYTES: u64 = 4 << 20;

/// Writes a record, readable with `cat`.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Problem> {
    let mut text = serde_json::to_string_pretty(value).or_infra()?;
    text.push('\n');
    write_text(path, &text)
}

/// Writes a text; a reader sees the old file or the new one, a crash leaves one of them.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), Problem> {
    replace(path, text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
        .or_infra()
}

/// Reads a record; `None` where the file does not exist.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Problem> {
    let text = match read_bounded(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read {}", path.display()))
                .or_infra();
        }
    };
    serde_json::from_slice(&text)
        .map(Some)
        .with_context(|| format!("{} is damaged", path.display()))
        .or_infra()
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > MAX_RECORD_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large for a record"));
    }
    fs::read(path)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    let mut part_name = std::ffi::OsString::from(".");
    part_name.push(name);
    part_name.push(format!(".{}.part", std::process::id()));
    let part = dir.join(part_name);
    let written = write_and_rename(&part, path, bytes);
    if written.is_err() {
        // The first error tells more than one about the part file.
        let _ = fs::remove_file(&part);
    }
    written?;
    File::open(dir)?.sync_all()
}

fn write_and_rename(part: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_replaced_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        assert_eq!(read_json::<Vec<u8>>(&path).unwrap(), None);
        write_json(&path, &[1, 2]).unwrap();
        write_json(&path, &[3]).unwrap();
        assert_eq!(read_json::<Vec<u8>>(&path).unwrap(), Some(vec![3]));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_damaged_record_is_told_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        fs::write(&path, "[1,").unwrap();
        let Err(Problem::Infra(error)) = read_json::<Vec<u8>>(&path) else { panic!() };
        assert!(error.to_string().contains("a.json is damaged"));
    }

    #[test]
    fn what_cannot_be_written_is_told_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("no/such/a.json");
        let Err(Problem::Infra(error)) = write_json(&path, &1) else { panic!() };
        assert!(error.to_string().contains("a.json"));
    }
}
