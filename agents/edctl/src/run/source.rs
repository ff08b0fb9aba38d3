//! The design's source, known again by its content: a run judges what was submitted, or says so.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How much of a digest a message shows.
const SHORT: usize = 12;

/// The design's source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Source {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its content's digest.
    pub(crate) sha256: String,
}

impl Source {
    /// The file as it is now.
    pub(crate) fn read(path: PathBuf) -> io::Result<Self> {
        let digest = Sha256::digest(fs::read(&path)?);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { path, sha256 })
    }

    /// Why a verdict would be about another source than this one; `None` while it is the same.
    pub(crate) fn drift(&self) -> Option<String> {
        let path = self.path.display();
        match Self::read(self.path.clone()) {
            Ok(now) if now.sha256 == self.sha256 => None,
            Ok(now) => Some(format!(
                "{path} is not what was submitted (sha256 {} then, {} now): submit again",
                short(&self.sha256),
                short(&now.sha256)
            )),
            Err(error) => Some(format!("{path}, which was submitted, cannot be read: {error}")),
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..SHORT).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_is_the_same_source() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.v");
        fs::write(&path, "abc").unwrap();
        let source = Source::read(path.clone()).unwrap();
        assert_eq!(
            source.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        fs::write(&path, "abc").unwrap();
        assert_eq!(source.drift(), None, "a new time is no new content");
    }

    #[test]
    fn another_content_or_none_is_told_with_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.v");
        fs::write(&path, "abc").unwrap();
        let source = Source::read(path.clone()).unwrap();
        fs::write(&path, "abd").unwrap();
        let words = source.drift().unwrap();
        assert!(words.contains("a.v") && words.contains("ba7816bf8f01"), "{words}");
        fs::remove_file(&path).unwrap();
        assert!(source.drift().unwrap().contains("cannot be read"));
        assert!(Source::read(path).is_err());
    }
}
