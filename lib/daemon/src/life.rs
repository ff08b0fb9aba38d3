//! The life of a daemon: read the configuration, start, tell systemd, serve, reload on SIGHUP, stop
//! on SIGTERM.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use edctl_exposition::{
    About, BindError, Collect, Collecting, Format, OwnPage, Page, Query, SelfMetrics, Server,
    WebConfig, WebConfigError, render,
};
use edctl_fault::{Chain, Fault};
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{self, Config, ConfigError, Invalid};
use crate::flags::CommonFlags;
use crate::logging::{self, LevelHandle, LoggingError};

/// Exit code for a bad configuration, as for a bad command line.
const EXIT_CONFIG: u8 = 2;
/// How long the first collection may hold up the start.
const FIRST_COLLECTION: Duration = Duration::from_secs(10);
/// How long a service may take to tidy up at the end.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// What ends a daemon's life before its time.
#[derive(Debug, thiserror::Error)]
enum LifeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Web(#[from] WebConfigError),
    #[error(transparent)]
    Logging(#[from] LoggingError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Start(Fault),
    #[error("the page cannot be rendered")]
    Render(#[from] std::fmt::Error),
    #[error("the page cannot be printed")]
    Print(#[source] std::io::Error),
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    #[error("cannot start the runtime")]
    Runtime(#[source] std::io::Error),
    #[error("cannot serve")]
    Serve(#[source] std::io::Error),
}

/// What a daemon is called and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// `agent`, `exporter-slurm` or `exporter-process`.
    pub component: &'static str,
    /// The binary's name, which is also its name in the journal.
    pub binary: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its default configuration file.
    pub config_file: &'static str,
    /// The port that it serves on unless told otherwise.
    pub port: u16,
}

/// Whether the daemon will go on serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As a daemon.
    Serve,
    /// For one page: whatever a page does not need (sockets, pollers) is not started.
    Once,
}

/// A daemon's own part: what it collects, under a configuration that can change.
pub trait Service: Collect {
    /// Its configuration.
    type Config: Config;

    /// Takes over a changed configuration and keeps its counters; called between two collections.
    ///
    /// # Errors
    /// Says what cannot be taken over; the service goes on as before.
    fn reload(&mut self, config: Self::Config) -> Result<(), Fault>;

    /// Its own pages beside those that all daemons have; asked once, at the start.
    fn pages(&self) -> Vec<OwnPage> {
        Vec::new()
    }
}

/// Runs a daemon from its flags to its end. `apply` puts the daemon's own flags over the
/// configuration; `start` makes the service.
pub fn main<S: Service>(
    spec: &Spec,
    flags: &CommonFlags,
    apply: impl Fn(&mut S::Config) + Send + 'static,
    start: impl FnOnce(S::Config, Mode) -> Result<S, Fault>,
) -> ExitCode {
    edctl_sys::heap::keep_little();
    let load = loader::<S>(spec, flags, apply);
    let files = match load().and_then(|config| Files::read(flags, config)) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("{}: {}", spec.binary, Chain(&error));
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    let done = if flags.check_config {
        println!("the configuration is valid");
        let tell = |warning: &String| eprintln!("{}: warning: {warning}", spec.binary);
        files.warnings().iter().for_each(tell);
        Ok(())
    } else if flags.once {
        start(files.config, Mode::Once)
            .map_err(LifeError::Start)
            .and_then(|service| print_page(spec, service))
    } else {
        serve(spec, flags, files, load, start)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {}", spec.binary, Chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn loader<S: Service>(
    spec: &Spec,
    flags: &CommonFlags,
    apply: impl Fn(&mut S::Config),
) -> impl Fn() -> Result<S::Config, LifeError> {
    let named = flags.config.is_some();
    let file: PathBuf = flags.config.clone().unwrap_or_else(|| Path::new(spec.config_file).into());
    move || {
        let mut config: S::Config = config::load(&file, named)?;
        apply(&mut config);
        config.validate()?;
        Ok(config)
    }
}

/// What the configuration files say.
struct Files<C> {
    config: C,
    web: Option<WebConfig>,
}

impl<C: Config> Files<C> {
    /// Reads the web configuration file too, which may need more rights than a page does.
    fn read(flags: &CommonFlags, config: C) -> Result<Self, LifeError> {
        let file = flags.web_config_file.as_ref().or(config.web().config_file.as_ref());
        let web = match file.filter(|file| !flags.once && !file.as_os_str().is_empty()) {
            Some(file) => Some(WebConfig::read(file)?),
            None => None,
        };
        Ok(Self { config, web })
    }

    fn warnings(&self) -> Vec<String> {
        let of_web = self.web.as_ref().map(WebConfig::warnings).unwrap_or_default();
        self.config.warnings().into_iter().chain(of_web).collect()
    }
}

fn about(spec: &Spec) -> About {
    About { component: spec.component, about: spec.about, version: spec.version }
}

fn print_page<S: Service>(spec: &Spec, mut service: S) -> Result<(), LifeError> {
    let mut page = Page::default();
    service.collect(&mut page);
    SelfMetrics::new(about(spec)).collect(&mut page);
    page.finish();
    let text = render(&Arc::new(page), Format::Text)?;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(LifeError::Print(error))
        }
        _ => Ok(()),
    }
}

fn serve<S: Service>(
    spec: &Spec,
    flags: &CommonFlags,
    files: Files<S::Config>,
    load: impl Fn() -> Result<S::Config, LifeError>,
    start: impl FnOnce(S::Config, Mode) -> Result<S, Fault>,
) -> Result<(), LifeError> {
    let warnings = files.warnings();
    let Files { config, web } = files;
    let level = logging::start(
        spec.binary,
        flags.log_level.unwrap_or(config.log().level),
        flags.log_format.unwrap_or(config.log().format),
    )?;
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let server = Server::bind(&addresses(spec, flags, &config))?
        .with_web_config(web)
        .with_metrics_at(flags.telemetry_path.clone());
    let fixed = Fixed::of(&config);
    let metrics = Arc::new(SelfMetrics::new(about(spec)));
    let service = start(config, Mode::Serve).map_err(LifeError::Start)?;
    let server = server.with_own_pages(service.pages());
    let service = Arc::new(Mutex::new(service));
    let collecting =
        Collecting::start(Arc::clone(&service), Arc::clone(&metrics)).map_err(LifeError::Thread)?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LifeError::Runtime)?;
    edctl_sys::heap::give_back();
    let served = runtime.block_on(async {
        let scheme = server.scheme();
        for address in server.addresses() {
            tracing::info!(%address, scheme, version = spec.version, "serving");
        }
        let level = flags.log_level.is_none().then_some(level);
        let reloads = reload_on_hangup(
            Reload { collecting: collecting.clone(), service },
            load,
            level,
            fixed,
        );
        let stop = live(collecting.clone(), reloads);
        server.serve(collecting.clone(), metrics, stop).await
    });
    notify(&[NotifyState::Stopping]);
    // A password that is being checked, or a file that does not answer, holds up no end.
    runtime.shutdown_background();
    if !collecting.stop(STOP_PATIENCE) {
        tracing::warn!("a collection is stuck; leaving without it");
    }
    served.map_err(LifeError::Serve)
}

fn addresses<C: Config>(spec: &Spec, flags: &CommonFlags, config: &C) -> Vec<SocketAddr> {
    let configured = &config.web().listen_address;
    if !flags.listen_address.is_empty() {
        flags.listen_address.clone()
    } else if !configured.is_empty() {
        configured.clone()
    } else {
        vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, spec.port))]
    }
}

/// What only a restart can change, whatever the service is.
#[derive(PartialEq, Eq)]
struct Fixed {
    listen_address: Vec<SocketAddr>,
    web_config_file: Option<PathBuf>,
    log_format: logging::Format,
}

impl Fixed {
    fn of(config: &impl Config) -> Self {
        let web = config.web();
        Self {
            listen_address: web.listen_address.clone(),
            web_config_file: web.config_file.clone(),
            log_format: config.log().format,
        }
    }
}

/// From the first collection to SIGTERM or SIGINT.
async fn live(collecting: Collecting, reloads: impl Future<Output = std::io::Result<()>>) {
    let result = tokio::select! {
        result = asked_to_stop() => result,
        result = reloads => result,
        () = start_and_feed_watchdog(collecting) => Ok(()),
    };
    match result {
        Ok(()) => tracing::info!("stopping"),
        Err(error) => tracing::error!(%error, "cannot wait for signals; stopping"),
    }
}

async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Says that the daemon is ready as soon as there is something to show, then feeds the watchdog
/// twice as often as systemd asks for; goes on for ever where it does not ask.
async fn start_and_feed_watchdog(collecting: Collecting) {
    if collecting.page(Query::default(), FIRST_COLLECTION).await.is_err() {
        tracing::warn!("the first collection takes long; serving without it");
    }
    notify(&[NotifyState::Ready]);
    match sd_notify::watchdog_enabled() {
        None => std::future::pending().await,
        Some(limit) => loop {
            tokio::time::sleep(limit / 2).await;
            notify(&[NotifyState::Watchdog]);
        },
    }
}

/// The service, and the thread on which alone it is used.
struct Reload<S> {
    collecting: Collecting,
    service: Arc<Mutex<S>>,
}

impl<S: Service> Reload<S> {
    fn with(&self, config: S::Config) {
        let service = Arc::clone(&self.service);
        let taken = self.collecting.between(move || {
            let mut service = service.lock().unwrap_or_else(PoisonError::into_inner);
            match service.reload(config) {
                Ok(()) => tracing::info!("configuration reloaded"),
                Err(error) => {
                    tracing::error!(error = %Chain(&*error), "the old configuration stays");
                }
            }
        });
        if !taken {
            tracing::error!("a collection is stuck; the old configuration stays");
        }
    }
}

/// Reads the configuration again on each SIGHUP; the `level` is there unless a flag fixed it.
async fn reload_on_hangup<S: Service>(
    reload: Reload<S>,
    load: impl Fn() -> Result<S::Config, LifeError>,
    level: Option<LevelHandle>,
    fixed: Fixed,
) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    while hangup.recv().await.is_some() {
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            notify(&[NotifyState::Reloading, now]);
        }
        match load() {
            Ok(config) => {
                if Fixed::of(&config) != fixed {
                    tracing::warn!(
                        "web.listen_address, web.config_file and log.format need a restart to change"
                    );
                }
                if let Some(level) = &level {
                    level.set(config.log().level);
                }
                config.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
                reload.with(config);
            }
            Err(error) => tracing::error!(error = %Chain(&error), "the old configuration stays"),
        }
        notify(&[NotifyState::Ready]);
    }
    Ok(())
}

/// Tells systemd, if it is there.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot tell systemd");
    }
}
