//! Configuration: one TOML file and the files of its `.d` directory, merged table by table in the
//! order of their names. Each file must be valid by itself, so that an error names its place.

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level as Severity, Renderer, Snippet};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::keys;
use crate::logging::{Format, Level};

/// A daemon's configuration: its own tables and the shared ones.
pub trait Config: DeserializeOwned + Default + Send + 'static {
    /// The table `[web]`.
    fn web(&self) -> &Web;

    /// The table `[log]`.
    fn log(&self) -> &Log;

    /// Checks what types alone cannot say.
    ///
    /// # Errors
    /// Names the key, its value and what was expected.
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// What is valid and still has no effect: logged at the start and after each reload.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A value that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct Invalid {
    key: String,
    message: String,
}

impl Invalid {
    /// `key` is the dotted key; `message` says what was expected and what was found.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

/// The table `[web]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Addresses to serve on; none means every IPv4 address at the daemon's own port.
    pub listen_address: Vec<SocketAddr>,
    /// A web configuration file in exporter-toolkit's format; without, or with an empty name, all is
    /// plain HTTP for everybody.
    pub config_file: Option<PathBuf>,
}

/// The table `[log]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Least severe level that is logged.
    pub level: Level,
    /// Where and how it is logged.
    pub format: Format,
}

/// The table `[path]`: the roots under which the daemon reads, so that a test can give its own.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// Where proc is mounted.
    pub procfs: PathBuf,
    /// Where sysfs is mounted.
    pub sysfs: PathBuf,
    /// The root under which file systems are looked at.
    pub rootfs: PathBuf,
    /// Where the control groups are mounted.
    pub cgroupfs: PathBuf,
    /// Where udev keeps what it knows of devices.
    pub udev_data: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            procfs: "/proc".into(),
            sysfs: "/sys".into(),
            rootfs: "/".into(),
            cgroupfs: "/sys/fs/cgroup".into(),
            udev_data: "/run/udev/data".into(),
        }
    }
}

/// A configuration that cannot be used: which file, where in it, and why.
#[derive(Debug)]
pub struct ConfigError {
    file: PathBuf,
    place: Option<Pointer>,
    message: String,
}

#[derive(Debug)]
struct Pointer {
    line: usize,
    column: usize,
    /// The line, with what is meant underlined.
    drawn: String,
}

impl Pointer {
    fn of(text: &str, span: Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let annotation = AnnotationKind::Primary.span(span.clone());
        let snippet = Snippet::source(text).annotation(annotation);
        let drawn =
            Renderer::plain().render(&[Group::with_level(Severity::ERROR).element(snippet)]);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            drawn,
        }
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            None => write!(f, "{}: {}", self.file.display(), self.message),
            Some(Pointer { line, column, drawn }) => {
                write!(f, "{}:{line}:{column}: {}\n{drawn}", self.file.display(), self.message)
            }
        }
    }
}

/// Loads `file` and its `.d` directory. A file that is not there is an empty one unless it was
/// `named` by the user.
///
/// # Errors
/// Names the file, the line and the key of what cannot be used.
pub fn load<C: Config>(file: &Path, named: bool) -> Result<C, ConfigError> {
    let mut texts: Vec<(PathBuf, String)> = Vec::new();
    if let Some(text) = read(file, named)? {
        texts.push((file.to_owned(), text));
    }
    for part in parts(&file.with_extension("d"))? {
        if let Some(text) = read(&part, false)? {
            texts.push((part, text));
        }
    }
    let mut merged = toml::Table::new();
    for (file, text) in &texts {
        merge(&mut merged, parse::<C>(file, text)?);
    }
    let config = C::deserialize(merged).map_err(|error| ConfigError {
        file: file.to_owned(),
        place: None,
        message: error.message().to_owned(),
    })?;
    config.validate().map_err(|invalid| located(&invalid, file, &texts))?;
    Ok(config)
}

/// The error at the place where the value stands: in the last file that has the key.
fn located(invalid: &Invalid, main: &Path, texts: &[(PathBuf, String)]) -> ConfigError {
    let found = texts.iter().rev().find_map(|(file, text)| {
        Some((file.as_path(), Pointer::of(text, keys::span_of(text, &invalid.key)?)))
    });
    let (file, place) = found.map_or((main, None), |(file, place)| (file, Some(place)));
    ConfigError { file: file.to_owned(), place, message: invalid.to_string() }
}

fn read(file: &Path, must_exist: bool) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => Ok(None),
        Err(error) => Err(ConfigError {
            file: file.to_owned(),
            place: None,
            message: format!("cannot be read: {error}"),
        }),
    }
}

/// The `*.toml` files of a directory in the order of their names.
fn parts(directory: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(ConfigError {
                file: directory.to_owned(),
                place: None,
                message: format!("cannot be listed: {error}"),
            });
        }
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    Ok(files)
}

/// Checks one file against the whole configuration and gives its tables.
fn parse<C: Config>(file: &Path, text: &str) -> Result<toml::Table, ConfigError> {
    let located = |error: &toml::de::Error| {
        let span = error.span();
        let message = error.message().replace('\n', ", ");
        ConfigError {
            file: file.to_owned(),
            place: span.clone().map(|span| Pointer::of(text, span)),
            message: match span.and_then(|span| keys::key_at(text, span.start)) {
                Some(key) => format!("{key}: {message}"),
                None => message,
            },
        }
    };
    toml::from_str::<C>(text).map_err(|error| located(&error))?;
    text.parse::<toml::Table>().map_err(|error| located(&error))
}

/// Tables are merged, everything else is replaced.
fn merge(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Example {
        web: Web,
        log: Log,
        seconds: u32,
    }

    impl Default for Example {
        fn default() -> Self {
            Self { web: Web::default(), log: Log::default(), seconds: 30 }
        }
    }

    impl Config for Example {
        fn web(&self) -> &Web {
            &self.web
        }

        fn log(&self) -> &Log {
            &self.log
        }

        fn validate(&self) -> Result<(), Invalid> {
            if self.seconds > 0 {
                return Ok(());
            }
            Err(Invalid::new("seconds", "expected at least 1, not 0"))
        }
    }

    fn load_texts(main: &str, parts: &[(&str, &str)]) -> Result<Example, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("example.toml");
        std::fs::write(&file, main).unwrap();
        std::fs::create_dir(dir.path().join("example.d")).unwrap();
        for (name, text) in parts {
            std::fs::write(dir.path().join("example.d").join(name), text).unwrap();
        }
        let home = format!("{}/", dir.path().display());
        load(&file, true).map_err(|error| error.to_string().replace(&home, ""))
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let config = load_texts("", &[]).unwrap();
        assert_eq!(config.seconds, 30);
        assert!(config.web.listen_address.is_empty());
    }

    #[test]
    fn later_parts_win_key_by_key() {
        let parts = [
            ("20-b.toml", "[web]\nlisten_address = [\"127.0.0.1:2\"]"),
            ("10-a.toml", "seconds = 5\n[web]\nlisten_address = [\"127.0.0.1:1\"]"),
            ("30-c.toml.off", "seconds = 7"),
        ];
        let config = load_texts("seconds = 1\n[log]\nlevel = \"debug\"", &parts).unwrap();
        assert_eq!(config.seconds, 5);
        assert_eq!(config.web.listen_address, ["127.0.0.1:2".parse().unwrap()]);
        assert_eq!(config.log.level, Level::Debug);
    }

    #[test]
    fn errors_name_file_line_key_and_what_was_expected() {
        let cases = [
            (
                "secnds = 1",
                "example.toml:1:1: unknown field `secnds`, expected one of `web`, `log`, `seconds`\n  |\n1 | secnds = 1\n  | ^^^^^^",
            ),
            (
                "\nseconds = \"ten\"",
                "example.toml:2:11: seconds: invalid type: string \"ten\", expected u32\n  |\n2 | seconds = \"ten\"\n  |           ^^^^^",
            ),
            (
                "# none\nseconds = 0",
                "example.toml:2:11: seconds: expected at least 1, not 0\n  |\n2 | seconds = 0\n  |           ^",
            ),
            (
                "[log]\nlevel = \"loud\"",
                "example.toml:2:9: log.level: unknown variant `loud`, expected one of `error`, `warn`, `info`, `debug`, `trace`\n  |\n2 | level = \"loud\"\n  |         ^^^^^^",
            ),
            (
                "[web]\nlisten_address = [\"9810\"]",
                "example.toml:2:19: web.listen_address: invalid socket address syntax\n  |\n2 | listen_address = [\"9810\"]\n  |                   ^^^^^^",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(load_texts(text, &[]).unwrap_err(), expected);
        }
        let parts = [("x.toml", "seconds = 0"), ("y.toml", "[log]\nlevel = \"debug\"")];
        let error = load_texts("seconds = 5", &parts).unwrap_err();
        assert!(error.starts_with("example.d/x.toml:1:11: seconds: expected"), "{error}");
        let error = load_texts("", &[("x.toml", "seconds = ")]).unwrap_err();
        assert!(error.starts_with("example.d/x.toml:1:"), "{error}");
    }

    #[test]
    fn a_named_file_must_exist() {
        let missing = Path::new("does/not/exist.toml");
        assert!(load::<Example>(missing, false).is_ok());
        let error = load::<Example>(missing, true).unwrap_err().to_string();
        assert!(error.starts_with("does/not/exist.toml: cannot be read: "), "{error}");
    }
}
