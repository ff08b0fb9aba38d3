//! Rows of [`crate::commands::RESERVATIONS`]: one for each reservation.

use crate::pairs::{first, value};
use crate::rows::{RowError, number, optional_word, time};

/// What scontrol says instead of rows.
const NONE: &str = "No reservations in the system";

/// Nodes or parts of them that are kept for somebody for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservationRow<'a> {
    /// Its name.
    pub reservation: &'a str,
    /// When it begins, in seconds since the epoch.
    pub start: Option<u32>,
    /// When it ends, in seconds since the epoch.
    pub end: Option<u32>,
    /// How many nodes it has.
    pub nodes: u64,
    /// Their names, as [`crate::node_names`] reads them; empty where it has none.
    pub node_list: &'a str,
    /// The users whom it is for, separated by commas; empty where it is for accounts or groups.
    pub users: &'a str,
    /// Its cores.
    pub cores: u64,
    /// The partition that it is in, if in one.
    pub partition: Option<&'a str>,
    /// Its flags as Slurm lists them, such as `MAINT,IGNORE_JOBS`.
    pub flags: &'a str,
    /// Whether it holds now.
    pub is_active: bool,
}

impl<'a> ReservationRow<'a> {
    /// Reads one row; nothing where it says that there are none.
    ///
    /// # Errors
    /// Names the first value that is missing or not what Slurm prints there.
    pub fn parse(row: &'a str) -> Result<Option<Self>, RowError> {
        if row == NONE {
            return Ok(None);
        }
        // Not every release says these.
        let optional = |key| match value(row, key) {
            Ok(text) => optional_word(text).map(Option::unwrap_or_default),
            Err(_) => Ok(""),
        };
        Ok(Some(Self {
            reservation: first(row, "ReservationName")?,
            start: time(value(row, "StartTime")?)?,
            end: time(value(row, "EndTime")?)?,
            nodes: number(value(row, "NodeCnt")?)?,
            node_list: optional("Nodes")?,
            users: optional("Users")?,
            cores: number(value(row, "CoreCnt")?)?,
            partition: optional_word(value(row, "PartitionName")?)?,
            flags: optional_word(value(row, "Flags")?)?.unwrap_or_default(),
            is_active: match value(row, "State")? {
                "ACTIVE" => true,
                "INACTIVE" => false,
                _ => return Err(RowError::State),
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "ReservationName=maint_1 StartTime=1795556117 EndTime=1795559717 \
                        Duration=01:00:00 Nodes=w2 NodeCnt=1 CoreCnt=4 Features=(null) \
                        PartitionName=(null) Flags=MAINT,IGNORE_JOBS TRES=cpu=4 Users=root \
                        Groups=(null) Accounts=(null) Licenses=(null) State=INACTIVE \
                        BurstBuffer=(null) MaxStartDelay=(null) Comment=State=ACTIVE NodeCnt=9";

    #[test]
    fn reads_a_row() {
        let maintenance = ReservationRow {
            reservation: "maint_1",
            start: Some(1_795_556_117),
            end: Some(1_795_559_717),
            nodes: 1,
            node_list: "w2",
            users: "root",
            cores: 4,
            partition: None,
            flags: "MAINT,IGNORE_JOBS",
            is_active: false,
        };
        assert_eq!(ReservationRow::parse(GOOD), Ok(Some(maintenance)));
        // Parts of nodes have their cores listed in the middle of the line.
        let part = GOOD
            .replace("Flags=MAINT,IGNORE_JOBS", "Flags=   NodeName=w1 CoreIDs=3")
            .replace("PartitionName=(null)", "PartitionName=fast")
            .replace("State=INACTIVE", "State=ACTIVE");
        let part = ReservationRow::parse(&part).unwrap().unwrap();
        assert_eq!((part.partition, part.flags, part.is_active), (Some("fast"), "", true));
        assert_eq!(ReservationRow::parse("No reservations in the system"), Ok(None));
    }

    #[test]
    fn never_guesses() {
        for (from, to, error) in [
            (GOOD, "", RowError::Fields),
            ("ReservationName=", "Name=", RowError::Fields),
            ("maint_1", "", RowError::Name),
            ("1795556117", "2026-11-24T20:00:00", RowError::Time),
            ("1795559717", "-62135596800", RowError::Time),
            (" EndTime=1795559717", "", RowError::Fields),
            ("NodeCnt=1", "NodeCnt=(null)", RowError::Number),
            ("State=INACTIVE", "State=DREAMING", RowError::State),
        ] {
            let row = GOOD.replacen(from, to, 1);
            assert_eq!(ReservationRow::parse(&row), Err(error), "{row}");
        }
    }
}
