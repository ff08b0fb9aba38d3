//! Reservations as `/reservations` shows them.

use serde::Deserialize;

use super::value::Value;
use crate::lost::{LeftOut, RowError};
use crate::reservations::ReservationRow;
use crate::rows::{name, optional_word};

/// What counts of a reservation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reservation {
    pub(super) name: Value,
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
    /// The reservation has no name.
    pub(super) fn row(
        &self,
        now: u64,
        on_row: impl FnOnce(&ReservationRow<'_>),
    ) -> Result<LeftOut, RowError> {
        let mut left_out = LeftOut::default();
        let start = left_out.note(self.start_time.time());
        let end = left_out.note(self.end_time.time());
        let flags = left_out.note(self.flags.words()).unwrap_or_default().join(",");
        let mut word = |value: &'_ Value| left_out.note(value.text()).map(str::to_owned);
        let texts = [&self.node_list, &self.users, &self.partition].map(&mut word);
        let [node_list, users, partition] = texts.map(Result::unwrap_or_default);
        let row = ReservationRow {
            reservation: name(self.name.text()?)?,
            start,
            end,
            nodes: left_out.note(self.node_count.whole()),
            node_list: optional_word(&node_list).unwrap_or_default(),
            users: optional_word(&users).unwrap_or_default(),
            cores: left_out.note(self.core_count.whole()),
            partition: optional_word(&partition),
            flags: optional_word(&flags).unwrap_or_default(),
            // As scontrol finds it, by the clock of the machine that it runs on.
            is_active: Ok(match (start, end) {
                (Ok(Some(start)), Ok(Some(end))) => {
                    Some((u64::from(start)..=u64::from(end)).contains(&now))
                }
                _ => None,
            }),
            left_out,
        };
        on_row(&row);
        Ok(left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str, now: u64) -> Result<String, RowError> {
        let reservation: Reservation = serde_json::from_str(json).unwrap();
        let mut shown = String::new();
        reservation.row(now, |row| shown = format!("{row:?}")).map(|_| shown)
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
                start: Ok(Some(100)),
                end: Ok(Some(200)),
                nodes: Ok(2),
                node_list: "w[1-2]",
                users: "ada",
                cores: Ok(8),
                partition: None,
                flags: "MAINT,SPEC_NODES",
                is_active: Ok(Some((100..=200).contains(&now))),
                left_out: LeftOut::default(),
            };
            for json in [V38, &v42] {
                assert_eq!(row(json, now), Ok(format!("{wanted:?}")), "{now} {json}");
            }
        }
    }

    #[test]
    fn one_odd_value_costs_itself_alone() {
        let values = |json: &str| {
            let reservation: Reservation = serde_json::from_str(json).unwrap();
            let mut values = Vec::new();
            let left_out = reservation.row(150, |row| {
                values = vec![
                    format!("{:?}", row.start.ok()),
                    format!("{:?}", row.end.ok()),
                    format!("{:?}", row.nodes.ok()),
                    format!("{:?}", row.cores.ok()),
                    row.flags.to_owned(),
                    row.users.to_owned(),
                    format!("{:?}", row.is_active.ok()),
                ];
            });
            (values, left_out.map(|left_out| left_out.iter().collect::<Vec<_>>()))
        };
        let (good, _) = values(V38);
        // Whether it holds is made of its times.
        for (from, to, error, different) in [
            ("100", "-1", RowError::Time, 2),
            ("200", "\"soon\"", RowError::Time, 2),
            ("\"node_count\": 2", "\"node_count\": {}", RowError::Number, 1),
            ("\"core_count\": 8", "\"core_count\": null", RowError::Number, 1),
            ("[\"MAINT\", \"SPEC_NODES\"]", "{}", RowError::Fields, 1),
            ("\"ada\"", "7", RowError::Fields, 1),
        ] {
            let (now, left_out) = values(&V38.replacen(from, to, 1));
            assert_eq!(left_out, Ok(vec![(error, 1)]), "{from}");
            let count = now.iter().zip(&good).filter(|(now, good)| now != good).count();
            assert_eq!(count, different, "{from}: {now:?}");
        }
        assert_eq!(values(&V38.replacen("maint", "", 1)).1, Err(RowError::Name));
    }
}
