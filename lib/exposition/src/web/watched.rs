//! The file as it was last read, and when to look at it again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::settings::{Settings, WebConfigError};
use super::stamps::Stamps;
use crate::selfmetrics::SelfMetrics;

/// How often at most the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a connection waits for the look that it caused; a file on a server that does not answer
/// costs no more, and the old configuration goes on.
const LOOK_PATIENCE: Duration = Duration::from_secs(1);

/// A web configuration file. It is read anew where it, or a certificate or key that it names, has
/// changed. One that became bad leaves all as it was.
pub struct WebConfig {
    file: PathBuf,
    served: Mutex<Served>,
    /// Held through reads of files, which may block; the look's own thread alone asks for it.
    stamps: Mutex<Stamps>,
    looking: Arc<Semaphore>,
}

struct Served {
    settings: Arc<Settings>,
    looked: Instant,
}

impl WebConfig {
    /// Reads the file, its certificates and its keys.
    ///
    /// # Errors
    /// Names the file, the line and the key that cannot be used.
    pub fn read(file: &Path) -> Result<Self, WebConfigError> {
        let mut stamps = Stamps::default();
        let settings = Arc::new(Settings::read(file, &mut stamps)?);
        Ok(Self {
            file: file.to_owned(),
            served: Mutex::new(Served { settings, looked: Instant::now() }),
            stamps: Mutex::new(stamps),
            looking: Arc::new(Semaphore::new(1)),
        })
    }

    /// Warnings about values that are valid but badly chosen, each as `FILE:LINE: KEY: MESSAGE`.
    pub fn warnings(&self) -> Vec<String> {
        lock(&self.served).settings.warnings.clone()
    }

    /// Whether it asks for TLS, which no change of the file changes.
    pub(crate) fn has_tls(&self) -> bool {
        lock(&self.served).settings.tls.is_some()
    }

    /// What the file asks for now; looks at it where the last look is long enough ago.
    pub(crate) async fn current(self: &Arc<Self>, metrics: &Arc<SelfMetrics>) -> Arc<Settings> {
        let due = lock(&self.served).looked.elapsed() >= LOOK_EVERY;
        if due && let Ok(turn) = Arc::clone(&self.looking).try_acquire_owned() {
            let (web, metrics) = (Arc::clone(self), Arc::clone(metrics));
            let look = tokio::task::spawn_blocking(move || {
                web.look(&metrics);
                drop(turn);
            });
            // Who does not wait for its end gets the old settings.
            let _late = tokio::time::timeout(LOOK_PATIENCE, look).await;
        }
        Arc::clone(&lock(&self.served).settings)
    }

    /// Reads the file anew where it has changed; blocks.
    fn look(&self, metrics: &SelfMetrics) {
        let mut stamps = lock(&self.stamps);
        if stamps.changed() {
            // Of a bad file too: it is tried again, and told of again, when it is another one.
            *stamps = Stamps::default();
            let settings = self.read_anew(&mut stamps);
            metrics.note_web_config(settings.is_ok());
            match settings {
                Ok(settings) => {
                    for warning in &settings.warnings {
                        tracing::warn!("{warning}");
                    }
                    lock(&self.served).settings = Arc::new(settings);
                    tracing::info!(file = %self.file.display(), "web configuration read anew");
                }
                Err(error) => tracing::error!(%error, "the old web configuration stays"),
            }
        }
        lock(&self.served).looked = Instant::now();
    }

    fn read_anew(&self, stamps: &mut Stamps) -> Result<Settings, WebConfigError> {
        let settings = Settings::read(&self.file, stamps)?;
        if settings.tls.is_some() == self.has_tls() {
            Ok(settings)
        } else {
            Err(WebConfigError::TlsSwitched { file: self.file.clone() })
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{About, Page, Value};

    const HEADER: &str = "http_server_config: {headers: {X-Frame-Options: deny}}\n";

    struct Watched {
        dir: tempfile::TempDir,
        web: WebConfig,
        metrics: SelfMetrics,
    }

    impl Watched {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("web.yml"), HEADER).unwrap();
            let web = WebConfig::read(&dir.path().join("web.yml")).unwrap();
            let about = About { component: "test", about: "A test.", version: "0" };
            let metrics = SelfMetrics::new(about);
            metrics.note_web_config(true);
            Self { dir, web, metrics }
        }

        /// What is served after the file became `text`: how many headers, failures, last good.
        fn after(&self, text: &str) -> (usize, Value, Value) {
            std::fs::write(self.dir.path().join("web.yml"), text).unwrap();
            self.web.look(&self.metrics);
            let mut page = Page::default();
            self.metrics.collect(&mut page);
            let value = |name| page.family(name).unwrap().samples[0].value;
            (
                lock(&self.web.served).settings.headers.len(),
                value("edctl_web_config_reload_failures_total"),
                value("edctl_web_config_last_reload_successful"),
            )
        }
    }

    #[test]
    fn a_good_change_is_taken_and_a_bad_one_counts_once() {
        let watched = Watched::new();
        let (zero, one) = (Value::U64(0), Value::U64(1));
        assert_eq!(watched.after(""), (0, zero, one));
        assert_eq!(watched.after(HEADER), (1, zero, one));
        assert_eq!(watched.after("http_server_config: 1\n"), (1, one, zero));
        watched.web.look(&watched.metrics);
        watched.web.look(&watched.metrics);
        assert_eq!(watched.after("# good again, and empty\n"), (0, one, one));
    }

    #[test]
    fn a_file_that_is_gone_or_asks_for_tls_changes_nothing() {
        let watched = Watched::new();
        std::fs::remove_file(watched.dir.path().join("web.yml")).unwrap();
        watched.web.look(&watched.metrics);
        assert_eq!(lock(&watched.web.served).settings.headers.len(), 1);

        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(watched.dir.path().join("cert.pem"), key.cert.pem()).unwrap();
        std::fs::write(watched.dir.path().join("key.pem"), key.signing_key.serialize_pem())
            .unwrap();
        let tls = "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n";
        assert_eq!(watched.after(tls), (1, Value::U64(2), Value::U64(0)));
    }

    #[test]
    fn a_change_is_seen_by_who_asks_and_nobody_looks_twice_in_a_second() {
        let watched = Watched::new();
        let (web, metrics) = (Arc::new(watched.web), Arc::new(watched.metrics));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            lock(&web.served).looked = Instant::now() + LOOK_EVERY;
            std::fs::write(watched.dir.path().join("web.yml"), "").unwrap();
            assert_eq!(web.current(&metrics).await.headers.len(), 1);
            lock(&web.served).looked -= 2 * LOOK_EVERY;
            assert_eq!(web.current(&metrics).await.headers.len(), 0);
        });
    }
}
