//! Rows of [`crate::commands::RESERVATIONS`]: one for each reservation.

use crate::lost::{Field, LeftOut, RowError};
use crate::pairs::{first, value};
use crate::rows::{number, optional_word, time};

/// What scontrol says instead of rows.
const NONE: &str = "No reservations in the system";

/// Nodes or parts of them that are kept for somebody for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservationRow<'a> {
    /// Its name.
    pub reservation: &'a str,
    /// When it begins, in seconds since the epoch.
    pub start: Field<Option<u32>>,
    /// When it ends, in seconds since the epoch.
    pub end: Field<Option<u32>>,
    /// How many nodes it has.
    pub nodes: Field<u64>,
    /// Their names, as [`crate::node_names`] reads them; empty where it has none.
    pub node_list: &'a str,
    /// The users whom it is for, separated by commas; empty where it is for accounts or groups.
    pub users: &'a str,
    /// Its cores.
    pub cores: Field<u64>,
    /// The partition that it is in, if in one.
    pub partition: Option<&'a str>,
    /// Its flags as Slurm lists them, such as `MAINT,IGNORE_JOBS`.
    pub flags: &'a str,
    /// Whether it holds now; nothing where Slurm does not say.
    pub is_active: Field<Option<bool>>,
    /// What of the row could not be taken.
    pub left_out: LeftOut,
}

impl<'a> ReservationRow<'a> {
    /// Reads one row; `None` where the row says that there are no reservations.
    ///
    /// # Errors
    /// Says why it is no row: it has no name.
    pub fn parse(row: &'a str) -> Result<Option<Self>, RowError> {
        if row == NONE {
            return Ok(None);
        }
        // Not every release says all of these.
        let word = |key| value(row, key).ok().and_then(optional_word);
        let time_of = |key| value(row, key).and_then(time);
        let number_of = |key| value(row, key).and_then(number);
        let mut left_out = LeftOut::default();
        Ok(Some(Self {
            reservation: first(row, "ReservationName")?,
            start: left_out.note(time_of("StartTime")),
            end: left_out.note(time_of("EndTime")),
            nodes: left_out.note(number_of("NodeCnt")),
            node_list: word("Nodes").unwrap_or_default(),
            users: word("Users").unwrap_or_default(),
            cores: left_out.note(number_of("CoreCnt")),
            partition: word("PartitionName"),
            flags: word("Flags").unwrap_or_default(),
            is_active: left_out.note(match value(row, "State") {
                Ok("ACTIVE") => Ok(Some(true)),
                Ok("INACTIVE") => Ok(Some(false)),
                Ok(_) => Err(RowError::State),
                Err(missing) => Err(missing),
            }),
            left_out,
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
            start: Ok(Some(1_795_556_117)),
            end: Ok(Some(1_795_559_717)),
            nodes: Ok(1),
            node_list: "w2",
            users: "root",
            cores: Ok(4),
            partition: None,
            flags: "MAINT,IGNORE_JOBS",
            is_active: Ok(Some(false)),
            left_out: LeftOut::default(),
        };
        assert_eq!(ReservationRow::parse(GOOD), Ok(Some(maintenance)));
        // Parts of nodes have their cores listed in the middle of the line.
        let part = GOOD
            .replace("Flags=MAINT,IGNORE_JOBS", "Flags=   NodeName=w1 CoreIDs=3")
            .replace("PartitionName=(null)", "PartitionName=fast")
            .replace("State=INACTIVE", "State=ACTIVE");
        let part = ReservationRow::parse(&part).unwrap().unwrap();
        assert_eq!(
            (part.partition, part.flags, part.is_active),
            (Some("fast"), "", Ok(Some(true)))
        );
        assert_eq!(ReservationRow::parse("No reservations in the system"), Ok(None));
    }

    #[test]
    fn one_odd_value_costs_itself_alone() {
        let good = ReservationRow::parse(GOOD).unwrap().unwrap();
        let (time, number) = (RowError::Time, RowError::Number);
        for (from, to, error) in [
            ("1795556117", "2026-11-24T20:00:00", time),
            ("1795559717", "-62135596800", time),
            (" EndTime=1795559717", "", RowError::Fields),
            ("NodeCnt=1", "NodeCnt=(null)", number),
            ("CoreCnt=4", "CoreCnt=-4", number),
            ("State=INACTIVE", "State=DREAMING", RowError::State),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let row = ReservationRow::parse(&text).unwrap().unwrap();
            assert_eq!(row.left_out.iter().collect::<Vec<_>>(), [(error, 1)], "{text}");
            let same = [
                row.start == good.start,
                row.end == good.end,
                row.nodes == good.nodes,
                row.cores == good.cores,
                row.is_active == good.is_active,
            ];
            assert_eq!(same.iter().filter(|same| !**same).count(), 1, "{text}: {same:?}");
        }
        for never in ["0", "Unknown", "N/A"] {
            let text = GOOD.replacen("1795556117", never, 1);
            let row = ReservationRow::parse(&text).unwrap().unwrap();
            assert_eq!((row.start, row.left_out.total()), (Ok(None), 0), "{never}");
        }
    }

    #[test]
    fn a_row_without_a_name_is_given_up() {
        for (from, to, error) in [
            (GOOD, "", RowError::Fields),
            ("ReservationName=", "Name=", RowError::Fields),
            ("maint_1", "", RowError::Name),
        ] {
            let row = GOOD.replacen(from, to, 1);
            assert_eq!(ReservationRow::parse(&row), Err(error), "{row}");
        }
    }
}
