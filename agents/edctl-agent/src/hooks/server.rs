//! The socket: one request and one reply per connection, within a budget, for a bounded number of
//! callers at a time.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use edctl_fault::Fault;
use edctl_hookmsg::{
    DecodeError, Event, Hook, MAX_REASON_BYTES, MAX_REQUEST_BYTES, Outcome, Reply, Request, clean,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use super::authority::Authority;
use super::error::HooksError;
use super::record::{Record, Word};
use crate::config::SOCKET_FLAG;
use crate::directory;
use crate::health::Gate;
use crate::node::Source;
use crate::status::Answering;

/// How long a caller may take to say what it wants and to take the answer: a busy node must not
/// lose an event, and idle callers of ordinary users hold up only ordinary users.
const BUDGET: Duration = Duration::from_secs(2);
/// How long an answer waits for the disk, which is well within a hook's own budget of 100 ms.
const DISK_BUDGET: Duration = Duration::from_millis(20);
/// Callers at a time; Slurm's own users are let in above it.
const MOST_CALLERS: usize = 64;
/// Callers at a time of one ordinary user.
const MOST_CALLERS_OF_ONE: usize = 16;
/// Callers at a time, whoever they are.
const MOST_PRIVILEGED: usize = 512;
/// How long to wait when the process has no free descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a request may need.
pub(crate) struct Context {
    pub(crate) record: Arc<Record>,
    pub(crate) authority: Authority,
    pub(crate) gate: Gate,
    pub(crate) status: Answering,
}

/// The serving thread; dropping it ends it and removes the socket.
pub(crate) struct Server {
    socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(socket: &Path, context: Context) -> Result<Self, Fault> {
        let failed = |source| HooksError::Listen { socket: socket.to_owned(), source };
        if let Some(parent) = socket.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            directory::make(parent, directory::PUBLIC, SOCKET_FLAG)?;
        }
        let listener = bind(socket).map_err(failed)?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("hooks".to_owned())
            .spawn(move || {
                LocalSet::new().block_on(&runtime, async {
                    tokio::select! {
                        served = serve(listener, context) => {
                            if let Err(error) = served {
                                tracing::error!(%error, "the hook server cannot go on");
                            }
                        }
                        _ = stopped => {}
                    }
                });
            })
            .map_err(failed)?;
        Ok(Self { socket: socket.to_owned(), stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        drop(fs::remove_file(&self.socket));
    }
}

/// Binds the socket in place of one that a dead agent left, but not of one that is served.
fn bind(path: &Path) -> io::Result<StdListener> {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket()) {
        if StdStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another agent serves it"));
        }
        fs::remove_file(path)?;
    }
    let listener = StdListener::bind(path)?;
    // Everybody may ask; what a caller may say is decided by who it is.
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn serve(listener: StdListener, context: Context) -> io::Result<()> {
    let listener = UnixListener::from_std(listener)?;
    let context = Rc::new(context);
    let callers = Rc::new(Callers::default());
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a caller");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(uid) = stream.peer_cred().map(|peer| peer.uid()) else { continue };
        let Some(seat) = callers.enter(uid, context.authority.is_privileged(uid)) else {
            context.record.lock().refuse("busy");
            continue;
        };
        let context = Rc::clone(&context);
        tokio::task::spawn_local(async move {
            if tokio::time::timeout(BUDGET, talk(stream, uid, &context)).await.is_err() {
                context.record.lock().refuse("timeout");
            }
            drop(seat);
        });
    }
}

/// Who is being served now.
#[derive(Default)]
struct Callers {
    by_uid: std::cell::RefCell<HashMap<u32, usize>>,
}

/// One caller's share of the limits; dropping it frees it.
struct Seat {
    callers: Rc<Callers>,
    uid: u32,
}

impl Callers {
    fn enter(self: &Rc<Self>, uid: u32, privileged: bool) -> Option<Seat> {
        let mut by_uid = self.by_uid.borrow_mut();
        let all: usize = by_uid.values().sum();
        let own = by_uid.entry(uid).or_default();
        let is_free = if privileged {
            all < MOST_PRIVILEGED
        } else {
            all < MOST_CALLERS && *own < MOST_CALLERS_OF_ONE
        };
        if !is_free {
            return None;
        }
        *own += 1;
        Some(Seat { callers: Rc::clone(self), uid })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut by_uid = self.callers.by_uid.borrow_mut();
        if let Some(own) = by_uid.get_mut(&self.uid) {
            *own = own.saturating_sub(1);
        }
        by_uid.retain(|_, own| *own > 0);
    }
}

async fn talk(mut stream: UnixStream, uid: u32, context: &Context) {
    let connected = Instant::now();
    let Ok(Some(line)) = read_line(&mut stream).await else {
        return context.record.lock().refuse("malformed");
    };
    let reply = answer(&line, uid, connected, context).await;
    // A caller that is gone needs no answer.
    drop(stream.write_all(&reply).await);
}

/// The first line, or what came before the end; `None` if it is too long or empty.
async fn read_line(stream: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::with_capacity(2048);
    while !line.ends_with(b"\n") && line.len() <= MAX_REQUEST_BYTES {
        if stream.read_buf(&mut line).await? == 0 {
            break;
        }
    }
    Ok((!line.is_empty() && line.len() <= MAX_REQUEST_BYTES).then_some(line))
}

async fn answer(line: &[u8], uid: u32, connected: Instant, context: &Context) -> Vec<u8> {
    match Request::decode(line) {
        Ok(Request::Event(event)) => {
            let reply = answer_event(&event, uid, context).await;
            context.record.lock().answered(event.hook, connected.elapsed());
            encode(&reply)
        }
        Ok(Request::Status) => context.status.line(),
        Err(DecodeError::Version(_)) => {
            // Written by a newer hook: the agent that comes after this one will understand it.
            context.record.lock().refuse("version");
            encode(&Reply::new(Outcome::Later))
        }
        Err(error) => {
            tracing::debug!(uid, %error, "a request is refused");
            context.record.lock().refuse("malformed");
            encode(&Reply::new(Outcome::Malformed))
        }
    }
}

async fn answer_event(event: &Event, uid: u32, context: &Context) -> Reply {
    if let Some(outcome) = refuse(event, uid, context) {
        return Reply::new(outcome);
    }
    let Some(word) = context.record.take(event, Source::Socket) else {
        context.record.lock().refuse("full");
        return Reply::new(Outcome::Later);
    };
    let traceparent = match (event.hook, event.job_id) {
        (Hook::TaskProlog, Some(job_id)) => {
            context.record.lock().state().job(job_id).and_then(|job| job.traceparent.clone())
        }
        _ => None,
    };
    let outcome = if is_written(word, context).await { Outcome::Accepted } else { Outcome::Held };
    // A health check is told what a prolog would be.
    let unfit = match event.hook {
        Hook::Prolog | Hook::HealthCheck => context.gate.refuses(event.hook),
        _ => None,
    };
    let unfit = unfit.map(|reason| clean(&reason.to_string(), MAX_REASON_BYTES));
    Reply { traceparent, unfit, ..Reply::new(outcome) }
}

/// What a caller is told that may not say this.
fn refuse(event: &Event, uid: u32, context: &Context) -> Option<Outcome> {
    let mut record = context.record.lock();
    if context.authority.allows(uid, event, record.state()) {
        return None;
    }
    tracing::debug!(uid, hook = event.hook.as_str(), "an event is refused");
    // Whose job it is may stand in what is not loaded yet.
    let (reason, outcome) =
        if record.is_loaded() { ("denied", Outcome::Denied) } else { ("early", Outcome::Later) };
    record.refuse(reason);
    Some(outcome)
}

/// Whether the event is on disk. The disk gets the budget once, not once for each caller.
async fn is_written(word: Word, context: &Context) -> bool {
    let stuck = context.record.lock().disk().stuck();
    let word = tokio::time::timeout(DISK_BUDGET.saturating_sub(stuck), word).await;
    matches!(word, Ok(Ok(true)))
}

fn encode(reply: &Reply) -> Vec<u8> {
    reply.encode().unwrap_or_default()
}
