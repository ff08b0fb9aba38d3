//! The hook in a bad world: whatever is wrong, it ends with 0, soon, and loses no event that it
//! could keep.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use edctl_hookmsg::{Event, Hook, Request};
use tempfile::TempDir;

const ROOT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Far above the budget of 100 ms, far below for ever.
const SOON: Duration = Duration::from_secs(5);

/// A node: a socket that may or may not be served, and a spool.
struct Node {
    dir: TempDir,
}

impl Node {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("spool")).unwrap();
        Self { dir }
    }

    fn socket(&self) -> std::path::PathBuf {
        self.dir.path().join("agent.sock")
    }

    fn spool(&self) -> std::path::PathBuf {
        self.dir.path().join("spool")
    }

    fn hook(&self, context: &str) -> Command {
        let mut hook = Command::new(env!("CARGO_BIN_EXE_slurm-hook"));
        hook.env_clear()
            .env("SLURM_SCRIPT_CONTEXT", context)
            .env("SLURM_JOB_ID", "42")
            .env("SLURM_JOB_UID", "2000")
            .env("SLURM_JOB_COMMENT", format!("edctl/1 run=R stage=sim tp={ROOT}"))
            .arg("--socket")
            .arg(self.socket())
            .arg("--spool")
            .arg(self.spool())
            .stdin(Stdio::null());
        hook
    }

    /// Runs the hook, which must end with 0 and soon.
    fn run(&self, context: &str) -> Output {
        ends_well(&mut self.hook(context))
    }

    fn spooled(&self) -> Vec<Event> {
        let mut files: Vec<_> =
            fs::read_dir(self.spool()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|end| end == "json"));
        files.sort();
        files.iter().map(|path| decode(path)).collect()
    }
}

fn decode(path: &Path) -> Event {
    match Request::decode(&fs::read(path).unwrap()).unwrap() {
        Request::Event(event) => *event,
        Request::Status => panic!("{} is no event", path.display()),
    }
}

fn ends_well(hook: &mut Command) -> Output {
    let start = Instant::now();
    let output = hook.output().unwrap();
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    output
}

/// Serves the socket once: reads the request, answers with `reply`, hands back the request.
fn serve_once(node: &Node, reply: &'static [u8]) -> std::thread::JoinHandle<Vec<u8>> {
    let listener = UnixListener::bind(node.socket()).unwrap();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut line = Vec::new();
        let mut stream = BufReader::new(stream);
        stream.read_until(b'\n', &mut line).unwrap();
        // The hook may be gone already.
        drop(stream.get_mut().write_all(reply));
        line
    })
}

#[test]
fn an_answering_agent_gets_the_event_and_the_spool_nothing() {
    let node = Node::new();
    let served = serve_once(&node, b"{\"v\":1,\"outcome\":\"accepted\"}\n");
    let output = node.run("prolog_slurmd");
    assert_eq!(output.stdout, b"");
    assert_eq!(output.stderr, b"");
    let Request::Event(event) = Request::decode(&served.join().unwrap()).unwrap() else { panic!() };
    assert_eq!((event.hook, event.job_id, event.uid), (Hook::Prolog, Some(42), Some(2000)));
    assert_eq!(node.spooled(), []);
}

#[test]
fn without_an_agent_the_event_waits_in_the_spool() {
    let node = Node::new();
    node.run("prolog_slurmd");
    node.run("epilog_slurmd");
    let hooks: Vec<Hook> = node.spooled().iter().map(|event| event.hook).collect();
    assert_eq!(hooks, [Hook::Prolog, Hook::Epilog]);
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert!(node.spooled().iter().all(|event| event.boot_id.as_deref() == Some(boot_id.trim())));
}

#[test]
fn a_stale_socket_is_no_agent() {
    let node = Node::new();
    drop(UnixListener::bind(node.socket()).unwrap());
    node.run("prolog_slurmd");
    assert_eq!(node.spooled().len(), 1);
}

#[test]
fn an_agent_that_accepts_and_never_answers_costs_the_budget() {
    let node = Node::new();
    let _hanging = UnixListener::bind(node.socket()).unwrap();
    node.run("prolog_slurmd");
    assert_eq!(node.spooled().len(), 1);
}

#[test]
fn an_agent_that_never_accepts_costs_the_budget() {
    let node = Node::new();
    let fd = rustix::net::socket(
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::STREAM,
        None,
    )
    .unwrap();
    rustix::net::bind(&fd, &rustix::net::SocketAddrUnix::new(node.socket()).unwrap()).unwrap();
    rustix::net::listen(&fd, 0).unwrap();
    let _fills_the_queue = UnixStream::connect(node.socket()).unwrap();
    node.run("prolog_slurmd");
    assert_eq!(node.spooled().len(), 1);
}

#[test]
fn an_answer_that_drips_costs_the_budget() {
    let node = Node::new();
    let listener = UnixListener::bind(node.socket()).unwrap();
    let dripping = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Until the hook hangs up.
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    node.run("prolog_slurmd");
    dripping.join().unwrap();
    assert_eq!(node.spooled().len(), 1);
}

#[test]
fn what_the_agent_says_decides_about_the_spool() {
    for (reply, kept) in [
        (&b"{\"v\":9,\"outcome\":\"accepted\",\"later\":true}\n"[..], 0),
        (b"{\"v\":1,\"outcome\":\"denied\"}\n", 0),
        (b"{\"v\":1,\"outcome\":\"malformed\"}\n", 0),
        (b"{\"v\":1,\"outcome\":\"held\"}\n", 0),
        (b"{\"v\":1,\"outcome\":\"later\"}\n", 1),
        (b"{\"v\":1,\"outcome\":\"drain the node\"}\n", 1),
        (b"", 1),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", 1),
        (b"\0\0\0\n", 1),
    ] {
        let node = Node::new();
        let served = serve_once(&node, reply);
        node.run("prolog_slurmd");
        served.join().unwrap();
        assert_eq!(node.spooled().len(), kept, "{}", reply.escape_ascii());
    }
}

#[test]
fn no_place_to_keep_the_event_is_said_and_forgiven() {
    let node = Node::new();
    fs::remove_dir(node.spool()).unwrap();
    let output = node.run("epilog_slurmd");
    assert!(String::from_utf8_lossy(&output.stderr).contains("the event is lost"), "{output:?}");
}

#[test]
fn a_full_disk_is_forgiven_and_left_clean() {
    let node = Node::new();
    let mut unshare = Command::new("unshare");
    if !rustix::process::getuid().is_root() {
        unshare.arg("--map-root-user");
    }
    let script = "mount -t tmpfs -o size=8k none \"$1\" && \
        { head -c 1M /dev/zero > \"$1/fill\" 2> /dev/null; shift; \"$@\"; \
          echo \"rc=$?\"; cd \"$SPOOL\" && echo *; }";
    let hook = node.hook("prolog_slurmd");
    unshare
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(node.spool())
        .arg(hook.get_program())
        .args(hook.get_args())
        .envs(hook.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("SPOOL", node.spool());
    let output = unshare.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "rc=0\nfill\n", "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the event is lost") && said.contains("No space left"), "{said}");
}

/// The spool on a FUSE file system whose server reads no request. What a server reads and leaves is in
/// the agent's live tests.
#[test]
fn a_disk_that_hangs_is_left_behind() {
    if let Err(error) = fs::OpenOptions::new().read(true).write(true).open("/dev/fuse") {
        eprintln!("note: nothing here covers this: /dev/fuse: {error}");
        return;
    }
    let node = Node::new();
    let mut unshare = Command::new("unshare");
    if !rustix::process::getuid().is_root() {
        unshare.arg("--map-root-user");
    }
    // Whoever holds the descriptor is the server.
    let script = "exec 3<>/dev/fuse && \
        mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 dead \"$1\" && \
        shift && exec \"$@\"";
    let hook = node.hook("prolog_slurmd");
    unshare
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(node.spool())
        .arg(hook.get_program())
        .args(hook.get_args())
        .envs(hook.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = ends_well(&mut unshare);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the event is lost: the spool's disk has not answered"), "{said}");
}

#[test]
fn a_killed_hook_leaves_whole_records_or_none() {
    let node = Node::new();
    let mut survivors = 0;
    for round in 0..150u64 {
        let mut hook =
            node.hook("prolog_slurmd").stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(round * 20));
        drop(hook.kill());
        survivors += usize::from(hook.wait().unwrap().success());
    }
    let records = node.spooled();
    assert!(records.len() >= survivors, "{} records of {survivors} hooks", records.len());
    assert!(records.iter().all(|event| event.job_id == Some(42)));
}

#[test]
fn a_task_gets_its_trace_context_from_the_agent() {
    let node = Node::new();
    let reply = concat!(
        r#"{"v":1,"outcome":"accepted","#,
        r#""traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#,
        "\n"
    );
    let served = serve_once(&node, reply.as_bytes());
    let output = node.run("prolog_task");
    served.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("export TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{text}");
    assert!(!text.contains("00f067aa0ba902b7"), "the task has a span of its own: {text}");
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn without_an_agent_a_task_keeps_its_inherited_trace_and_nothing_is_spooled() {
    let node = Node::new();
    let output = ends_well(node.hook("prolog_task").env("TRACEPARENT", ROOT));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("export TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{text}");
    assert_eq!(output.stderr, b"", "a task's stderr is its user's");
    assert_eq!(node.run("prolog_task").stdout, b"", "no trace, no export");
    assert_eq!(node.spooled(), []);
}

#[test]
fn a_foreign_answer_cannot_reach_the_tasks_environment() {
    for reply in [
        &b"{\"v\":1,\"outcome\":\"accepted\",\"traceparent\":\"x\\nexport LD_PRELOAD=/tmp/x\"}\n"[..],
        b"{\"v\":1,\"outcome\":\"accepted\",\"traceparent\":\"export LD_PRELOAD=/tmp/x\"}\n",
        b"export LD_PRELOAD=/tmp/x\n",
    ] {
        let node = Node::new();
        let served = serve_once(&node, reply);
        assert_eq!(node.run("prolog_task").stdout, b"", "{}", reply.escape_ascii());
        served.join().unwrap();
    }
}

#[test]
fn nobody_listens_to_its_output() {
    let node = Node::new();
    let script = "exec \"$@\" 0<&- 1>&- 2>&-";
    let hook = node.hook("prolog_task");
    let mut sh = Command::new("sh");
    sh.args(["-c", script, "sh"])
        .arg(hook.get_program())
        .args(hook.get_args())
        .env("SLURM_SCRIPT_CONTEXT", "prolog_task")
        .env("SLURM_JOB_ID", "42")
        .env("TRACEPARENT", ROOT);
    ends_well(&mut sh);

    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    ends_well(node.hook("prolog_task").env("TRACEPARENT", ROOT).stdout(full));

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = node.hook("prolog_task").env("TRACEPARENT", ROOT).stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn nonsense_from_the_caller_is_forgiven() {
    let node = Node::new();
    for (context, job_id) in [("prolog_srun", "42"), ("prolog_slurmd", "x"), ("", "")] {
        let output = ends_well(node.hook(context).env("SLURM_JOB_ID", job_id));
        assert!(!output.stderr.is_empty(), "it says what is wrong");
    }
    ends_well(node.hook("prolog_slurmd").arg("--teleport"));
    assert_eq!(node.spooled(), []);
}
