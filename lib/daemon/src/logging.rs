//! Logging: structured fields to the journal where there is one, else lines on stderr.

use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, fmt};

use crate::journal::JournalLayer;

/// Severity; each level includes those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What needs someone.
    Error,
    /// What may need someone.
    Warn,
    /// What happened.
    #[default]
    Info,
    /// How it happened.
    Debug,
    /// Every step.
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
            Level::Trace => LevelFilter::TRACE,
        }
    }
}

/// Where and how log records go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The journal where systemd started the daemon, else text.
    #[default]
    Auto,
    /// The journal.
    Journal,
    /// Lines on stderr.
    #[value(alias = "logfmt")]
    Text,
    /// JSON objects, one a line, on stderr.
    Json,
}

/// Changes the level while the daemon runs.
pub(crate) struct LevelHandle(reload::Handle<LevelFilter, Registry>);

impl LevelHandle {
    pub(crate) fn set(&self, level: Level) {
        if let Err(error) = self.0.reload(LevelFilter::from(level)) {
            tracing::warn!(%error, "the log level stays as it was");
        }
    }
}

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoggingError {
    #[error("cannot reach the journal (--log.format=text does without)")]
    Journal(#[source] std::io::Error),
    #[error("cannot start logging")]
    Started(#[from] TryInitError),
}

/// Starts logging for the whole process.
///
/// # Errors
/// Where the journal was asked for and cannot be reached, or logging was started before.
pub(crate) fn start(
    identifier: &str,
    level: Level,
    format: Format,
) -> Result<LevelHandle, LoggingError> {
    let (filter, handle) = reload::Layer::new(LevelFilter::from(level));
    let output = match format {
        Format::Auto if systemd_journal_logger::connected_to_journal() => {
            // A journal that went away is no reason not to start.
            JournalLayer::new(identifier).map_or_else(|_| text(), Layer::boxed)
        }
        Format::Auto | Format::Text => text(),
        Format::Json => fmt::layer().json().with_writer(std::io::stderr).boxed(),
        Format::Journal => JournalLayer::new(identifier).map_err(LoggingError::Journal)?.boxed(),
    };
    tracing_subscriber::registry().with(filter).with(output).try_init()?;
    Ok(LevelHandle(handle))
}

fn text<S>() -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false).boxed()
}
