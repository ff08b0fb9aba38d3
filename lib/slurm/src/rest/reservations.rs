//! Reservations as `/reservations` shows them.

use serde::Deserialize;

use super::value::Value;
use crate::reservations::ReservationRow;
use crate::rows::{RowError, name, optional_word};

/// What counts of a reservation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reservation {
    name: Value,
    start_time: Value,
    end_time: Value,
    node_count: Value,
    node_list: Value,
    users: Value,
    core_count: Value,
    partition: Value,
    flags: Value,
}

impl Reservation {
    /// Hands on the row that it is at `now`, in seconds since the epoch.
    ///
    /// # Errors
    /// Names the first value that is not what Slurm writes there.
    pub(super) fn row(
        &self,
        now: u64,
        on_row: impl FnOnce(&ReservationRow<'_>),
    ) -> Result<(), RowError> {
        let (start, end) = (self.start_time.time()?, self.end_time.time()?);
        let flags = self.flags.words()?.join(",");
        on_row(&ReservationRow {
            reservation: name(self.name.text()?)?,
            start,
            end,
            nodes: self.node_count.whole()?,
            node_list: optional_word(self.node_list.text()?)?.unwrap_or_default(),
            users: optional_word(self.users.text()?)?.unwrap_or_default(),
            cores: self.core_count.whole()?,
            partition: optional_word(self.partition.text()?)?,
            flags: optional_word(&flags)?.unwrap_or_default(),
            // As scontrol finds it, by the clock of the machine that it runs on.
            is_active: start.is_some_and(|start| u64::from(start) <= now)
                && end.is_some_and(|end| now <= u64::from(end)),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str, now: u64) -> Result<String, RowError> {
        let reservation: Reservation = serde_json::from_str(json).unwrap();
        let mut shown = String::new();
        reservation.row(now, |row| shown = format!("{row:?}")).map(|()| shown)
    }

    const V38: &str = r#"{"name": "maint", "start_time": 100, "end_time": 200, "node_count": 2,
        "node_list": "w[1-2]", "users": "ada",
        "core_count": 8, "partition": "", "flags": ["MAINT", "SPEC_NODES"], "watts": 4294967294}"#;

    #[test]
    fn reads_the_same_of_any_release() {
        let v42 = V38
            .replace("100", r#"{"set": true, "infinite": false, "number": 100}"#)
            .replace("200", r#"{"set": true, "infinite": false, "number": 200}"#);
        for now in [99, 100, 200, 201] {
            let wanted = ReservationRow {
                reservation: "maint",
                start: Some(100),
                end: Some(200),
                nodes: 2,
                node_list: "w[1-2]",
                users: "ada",
                cores: 8,
                partition: None,
                flags: "MAINT,SPEC_NODES",
                is_active: (100..=200).contains(&now),
            };
            for json in [V38, &v42] {
                assert_eq!(row(json, now), Ok(format!("{wanted:?}")), "{now} {json}");
            }
        }
    }

    #[test]
    fn never_guesses() {
        for (from, to, error) in [
            ("maint", "", RowError::Name),
            ("100", "-1", RowError::Time),
            ("\"node_count\": 2", "\"node_count\": {}", RowError::Number),
            ("[\"MAINT\", \"SPEC_NODES\"]", "{}", RowError::Fields),
        ] {
            assert_eq!(row(&V38.replacen(from, to, 1), 1), Err(error), "{from}");
        }
    }
}
