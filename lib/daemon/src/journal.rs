//! Sends tracing events to the journal with their fields, so that `journalctl JOB_ID=17` works; the
//! message repeats them, because that is all that `journalctl` shows unless asked for more.
//! systemd-journal-logger speaks journald's protocol; it takes records of the `log` crate, into
//! which an event is turned here. Spans are not used by the daemons and not sent.

use std::fmt;

use log::kv::{Key, Value};
use systemd_journal_logger::JournalLog;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

pub(crate) struct JournalLayer {
    journal: JournalLog,
}

impl JournalLayer {
    pub(crate) fn new(identifier: &str) -> std::io::Result<Self> {
        let journal = JournalLog::empty()?.with_syslog_identifier(identifier.to_owned());
        Ok(Self { journal })
    }
}

impl<S: Subscriber> Layer<S> for JournalLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let mut record = log::Record::builder();
        record
            .level(log_level(*metadata.level()))
            .target(metadata.target())
            .module_path(metadata.module_path())
            .file(metadata.file())
            .line(metadata.line())
            .key_values(&fields.others);
        // A journal that is away loses lines, never the daemon.
        let _lost = self.journal.journal_send(&record.args(format_args!("{fields}")).build());
    }
}

fn log_level(level: Level) -> log::Level {
    match level {
        Level::ERROR => log::Level::Error,
        Level::WARN => log::Level::Warn,
        Level::INFO => log::Level::Info,
        Level::DEBUG => log::Level::Debug,
        Level::TRACE => log::Level::Trace,
    }
}

/// An event's message and its other fields; the journal logger makes `JOB_ID` of `job_id`.
#[derive(Default)]
struct Fields {
    message: String,
    others: KeyValues,
}

#[derive(Default)]
struct KeyValues(Vec<(&'static str, String)>);

impl log::kv::Source for KeyValues {
    fn visit<'kvs>(
        &'kvs self,
        visitor: &mut dyn log::kv::VisitSource<'kvs>,
    ) -> Result<(), log::kv::Error> {
        self.0.iter().try_for_each(|(key, value)| {
            visitor.visit_pair(Key::from_str(key), Value::from(value.as_str()))
        })
    }
}

/// `message key=value key="value with blanks"`, on one line whatever the values hold.
impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (key, value) in &self.others.0 {
            let plain =
                !value.is_empty() && value.chars().all(|c| c.is_ascii_graphic() && c != '"');
            if plain {
                write!(f, " {key}={value}")?;
            } else {
                write!(f, " {key}={value:?}")?;
            }
        }
        Ok(())
    }
}

impl Fields {
    fn put(&mut self, field: &Field, value: String) {
        if field.name() == "message" {
            self.message = value;
        } else {
            self.others.0.push((field.name(), value));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_repeats_the_fields_on_one_line() {
        let fields = Fields {
            message: "poll failed".to_owned(),
            others: KeyValues(vec![
                ("source", "nodes".to_owned()),
                ("error", "exit code 1:\n\"no\"".to_owned()),
                ("user", String::new()),
            ]),
        };
        assert_eq!(
            fields.to_string(),
            r#"poll failed source=nodes error="exit code 1:\n\"no\"" user="""#
        );
    }
}
