//! The reader's side.

use std::io::ErrorKind;

use crate::{Name, Spool, SpoolError};

/// What the reader says about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// It has it, and the record may go once that is durable.
    Taken,
    /// It cannot understand it; the record is put aside.
    Corrupt,
    /// It cannot take it now; the record stays, and so does all that follows.
    Later,
}

/// What a replay did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Records taken and deleted.
    pub taken: usize,
    /// Records put aside.
    pub corrupt: usize,
    /// Records that still wait.
    pub left: usize,
}

impl Spool {
    /// Shows up to `batch` records to `take` in order, then makes the reader durable by `commit`,
    /// then deletes those that were taken. A reader that dies before the deletion sees them again:
    /// it must know what it has.
    ///
    /// # Errors
    /// If the spool cannot be read or changed, or `commit` fails; nothing is deleted then.
    pub fn replay<E: From<SpoolError>>(
        &self,
        batch: usize,
        mut take: impl FnMut(&Name, &[u8]) -> Take,
        commit: impl FnOnce() -> Result<(), E>,
    ) -> Result<Replayed, E> {
        let names = self.list()?;
        let mut taken = Vec::new();
        let mut replayed = Replayed { left: names.len(), ..Replayed::default() };
        for name in names.into_iter().take(batch) {
            let said = match self.read(&name) {
                Ok(record) => take(&name, &record),
                Err(error) => unreadable(&error),
            };
            match said {
                Take::Taken => taken.push(name),
                Take::Corrupt => {
                    self.quarantine(&name)?;
                    replayed.corrupt += 1;
                }
                Take::Later => break,
            }
        }
        if !taken.is_empty() {
            commit()?;
            taken.iter().try_for_each(|name| self.remove(name))?;
        }
        replayed.taken = taken.len();
        replayed.left -= replayed.taken + replayed.corrupt;
        Ok(replayed)
    }
}

/// What to do with a record that cannot be read: one that never will be must not hold up the rest.
fn unreadable(error: &SpoolError) -> Take {
    match error {
        SpoolError::Io { source, .. } if source.kind() != ErrorKind::PermissionDenied => {
            Take::Later
        }
        _ => Take::Corrupt,
    }
}
