//! What a web configuration file asks for, ready for use.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use edctl_configtext::yaml;
use tokio_rustls::TlsAcceptor;

use super::file::{File, RateLimitTable};
use super::headers::{Headers, headers};
use super::invalid::Invalid;
use super::ratelimit::RateLimit;
use super::stamps::Stamps;
use super::users::Users;

/// A web configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebConfigError {
    /// It cannot be read at all.
    #[error("{}: cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in it cannot be used.
    #[error("{}:{problem}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// `LINE: KEY: MESSAGE`.
        problem: String,
    },
    /// The file is valid and asks for something that only a restart can change.
    #[error("{}: TLS cannot be switched on or off without a restart", file.display())]
    TlsSwitched {
        /// The file.
        file: PathBuf,
    },
}

/// What the file asks for; nothing by default.
#[derive(Default)]
pub(crate) struct Settings {
    /// There where connections begin with a handshake.
    pub(crate) tls: Option<TlsAcceptor>,
    /// For every answer.
    pub(crate) headers: Headers,
    /// There where requests need a user and a password.
    pub(crate) users: Option<Arc<Users>>,
    /// There where requests are limited.
    pub(crate) rate_limit: Option<RateLimit>,
    /// Warnings about values that are valid but badly chosen, as `FILE:LINE: KEY: MESSAGE`.
    pub(super) warnings: Vec<String>,
}

impl Settings {
    /// Reads the file and those that it names. Each is stamped before it is read, so that a change
    /// meanwhile is seen the next time.
    pub(super) fn read(file: &Path, stamps: &mut Stamps) -> Result<Self, WebConfigError> {
        stamps.add(file.to_owned());
        let text = std::fs::read_to_string(file)
            .map_err(|source| WebConfigError::Unreadable { file: file.to_owned(), source })?;
        let invalid = |problem| WebConfigError::Invalid { file: file.to_owned(), problem };
        let content = File::parse(&text).map_err(|error| invalid(yaml::located(&error)))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for named in content.tls_server_config.iter().flat_map(|table| table.files(folder)) {
            stamps.add(named);
        }
        let warnings = content
            .slow_users()
            .map(|warning| format!("{}:{}", file.display(), warning.located(&text)))
            .collect();
        let settings = Self::of(content, folder).map_err(|error| invalid(error.located(&text)))?;
        Ok(Self { warnings, ..settings })
    }

    fn of(file: File, folder: &Path) -> Result<Self, Invalid> {
        let tls = match file.tls_server_config {
            Some(table) => table.acceptor(folder)?,
            None => None,
        };
        let entries = file.http_server_config.and_then(|table| table.headers);
        let headers = headers(&entries.map(|entries| entries.0).unwrap_or_default())?;
        let users = file.basic_auth_users.map(|users| users.0).unwrap_or_default();
        let users = match users.is_empty() {
            true => None,
            false => Some(Arc::new(
                Users::new(users.into_iter().map(|(user, hash)| (user, hash.0))).ok_or_else(
                    || Invalid::new(["basic_auth_users"], "the system gives no random bytes"),
                )?,
            )),
        };
        let rate_limit = match file.rate_limit {
            Some(table) => rate_limit(&table)?,
            None => None,
        };
        Ok(Self { tls, headers, users, rate_limit, warnings: Vec::new() })
    }
}

fn rate_limit(table: &RateLimitTable) -> Result<Option<RateLimit>, Invalid> {
    let interval = table.interval.as_ref().map(|interval| interval.0.0).unwrap_or_default();
    if interval.is_zero() {
        return Ok(None);
    }
    match table.burst {
        None | Some(0) => Err(Invalid::new(
            ["rate_limit", "burst"],
            "expected at least 1, which is how many requests may come at once; with 0 none may",
        )),
        Some(burst) => Ok(Some(RateLimit::new(interval, burst, Instant::now()))),
    }
}
