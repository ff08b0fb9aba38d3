//! The agent and the hook together, and the agent in a bad world.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::node::Node;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn a_job_from_prolog_to_epilog() {
    let node = Node::new();
    let agent = node.start();
    node.hook("prolog_slurmd", 42);
    let exported = node.hook("prolog_task", 42);
    assert!(exported.starts_with(&format!("export TRACEPARENT=00-{TRACE}-")), "{exported}");

    let status = node.status();
    let job = &status["jobs"][0];
    assert_eq!((&job["job_id"], &job["user"]), (&42.into(), &"designer".into()));
    assert_eq!((&job["stage"], &job["tasks_started"]), (&"sim".into(), &1.into()));

    node.hook("epilog_slurmd", 42);
    let status = node.status();
    assert_eq!(status["jobs"].as_array().unwrap().len(), 0);
    assert_eq!(node.hooks_seen(), ["prolog/socket", "task_prolog/socket", "epilog/socket"]);
    assert!(agent.log().contains("job_id=42 hook=\"epilog\""), "{}", agent.log());

    let page = agent.metrics();
    assert!(
        page.contains("edctl_hook_events_total{hook=\"prolog\",source=\"socket\"} 1"),
        "{page}"
    );
    assert!(
        page.contains("edctl_hook_request_duration_seconds_count{hook=\"prolog\"} 1\n"),
        "{page}"
    );
    assert!(
        page.contains(
            "edctl_job_ended_total{outcome=\"unknown\",partition=\"latency\",stage=\"sim\"} 1\n"
        ),
        "{page}"
    );
    let shown = node.run(&["jobs", "show", "42", "--socket"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("user         designer\n") && shown.contains("outcome      unknown"),
        "{shown}"
    );
    assert_eq!(node.run(&["jobs", "show", "43", "--socket"]).status.code(), Some(3));
    assert!(page.contains("node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}"), "{page}");
}

#[test]
fn what_happened_without_the_agent_is_known_after_its_start_and_once() {
    let node = Node::new();
    node.make_spool();
    node.hook("prolog_slurmd", 1);
    node.hook("prolog_slurmd", 2);
    node.hook("epilog_slurmd", 1);
    assert_eq!(node.spooled().len(), 3);

    for _ in 0..2 {
        let agent = node.start();
        assert_eq!(node.running(), [2]);
        assert_eq!(node.hooks_seen(), ["prolog/spool", "prolog/spool", "epilog/spool"]);
        assert_eq!(node.spooled(), [""; 0]);
        agent.stop();
    }
}

#[test]
fn what_a_hook_spooled_while_the_agent_was_busy_is_taken_soon() {
    let node = Node::new();
    let _agent = node.start();
    // Replaced meanwhile, as by a disk that is mounted there.
    fs::remove_dir(node.spool()).unwrap();
    node.make_spool();
    node.spooling_hook("prolog_slurmd", 6);
    node.wait_until("the job is known", |node| node.running() == [6]);
    node.wait_until("the spool is empty", |node| node.spooled().is_empty());
    assert_eq!(node.hooks_seen(), ["prolog/spool"]);
}

#[test]
fn a_killed_agent_finds_its_jobs_again() {
    let node = Node::new();
    let agent = node.start();
    node.hook("prolog_slurmd", 7);
    node.hook("prolog_slurmd", 8);
    node.hook("epilog_slurmd", 7);
    agent.kill();
    assert!(node.socket().exists(), "a killed agent leaves its socket");
    node.hook("prolog_slurmd", 9);
    let agent = node.start();
    assert_eq!(node.running(), [8, 9]);
    agent.stop();
    assert!(!node.socket().exists(), "a stopped one does not");
}

#[test]
fn a_corrupt_record_is_put_aside_and_the_rest_is_taken() {
    let node = Node::new();
    node.make_spool();
    fs::write(node.spool().join("00000000000000000001-1-prolog.json"), b"{\"v\":1,\"requ").unwrap();
    fs::write(node.spool().join("00000000000000000002-1-prolog.json.tmp"), b"{").unwrap();
    fs::write(node.spool().join("a stranger's file"), b"x").unwrap();
    node.hook("prolog_slurmd", 5);
    let _agent = node.start();
    assert_eq!(node.running(), [5]);
    assert_eq!(
        node.spooled(),
        [
            "00000000000000000001-1-prolog.json.bad",
            "00000000000000000002-1-prolog.json.tmp",
            "a stranger's file"
        ]
    );
    let status = node.status();
    assert_eq!(
        (&status["spool"]["corrupt"], &status["spool"]["temporary"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn garbage_on_the_socket_and_idle_callers_disturb_nobody() {
    let node = Node::new();
    let agent = node.start();
    let idle: Vec<UnixStream> =
        (0..100).map(|_| UnixStream::connect(node.socket()).unwrap()).collect();
    for garbage in [
        &b"\n"[..],
        b"\xff\xfe\xfd\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"{\"v\":1,\"request\":{\"event\":{}}}\n",
        &[b'x'; 100_000],
    ] {
        let mut stream = UnixStream::connect(node.socket()).unwrap();
        // The agent hangs up on a request that is too long.
        drop(stream.write_all(garbage));
        let mut reply = Vec::new();
        drop(stream.read_to_end(&mut reply));
        let shown = reply.escape_ascii();
        assert!(
            reply.is_empty() || reply.starts_with(b"{\"v\":1,\"outcome\":\"malformed\""),
            "{shown}"
        );
    }
    node.hook("prolog_slurmd", 3);
    assert_eq!(node.hooks_seen(), ["prolog/socket"]);
    drop(idle);
    let page = agent.metrics();
    assert!(page.contains("edctl_hook_requests_refused_total{reason=\"malformed\"}"), "{page}");
}

#[test]
fn a_newer_hook_is_asked_to_spool() {
    let node = Node::new();
    let _agent = node.start();
    let mut stream = UnixStream::connect(node.socket()).unwrap();
    stream.write_all(b"{\"v\":2,\"request\":{\"novelty\":{}}}\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert_eq!(reply, "{\"v\":1,\"outcome\":\"later\"}\n");
}

#[test]
fn a_user_cannot_speak_for_slurm() {
    if !rustix::process::getuid().is_root() {
        eprintln!("note: without root, only the unit test of Authority covers this");
        return;
    }
    let node = Node::new();
    let agent = node.start();
    fs::set_permissions(node.dir(), fs::Permissions::from_mode(0o755)).unwrap();
    let forged = concat!(
        r#"{"v":1,"request":{"event":{"id":"1","hook":"epilog","time_usec":9999999999999999,"#,
        r#""job_id":42}}}"#
    );
    let script = "import socket,sys\n\
        s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode()+b'\\n')\n\
        sys.stdout.write(s.recv(1000).decode())";
    node.hook("prolog_slurmd", 42);
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(node.socket())
        .arg(forged)
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "{\"v\":1,\"outcome\":\"denied\"}\n",
        "{output:?}"
    );
    assert_eq!(node.running(), [42]);
    assert!(agent.metrics().contains("edctl_hook_requests_refused_total{reason=\"denied\"} 1"));
}

#[test]
fn one_socket_one_agent() {
    let node = Node::new();
    let _agent = node.start();
    let second = node.agent().output().unwrap();
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("another agent serves it"), "{said}");
    node.hook("prolog_slurmd", 1);
    assert_eq!(node.running(), [1], "the first one serves on");
}

#[test]
fn a_daemon_makes_its_directories_and_nothing_else_does() {
    let node = Node::bare();
    for flag in ["--check-config", "--once"] {
        let output = node.agent().arg(flag).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(fs::read_dir(node.dir()).unwrap().count(), 0, "{flag}");
    }
    let _agent = node.start();
    node.hook("prolog_slurmd", 1);
    assert_eq!(node.running(), [1]);
    for (path, mode) in
        [(node.state(), 0o700), (&node.spool(), 0o700), (node.socket().parent().unwrap(), 0o755)]
    {
        let found = fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(found, mode, "{}", path.display());
    }
}

#[test]
fn a_start_without_a_place_for_the_state_says_what_to_do() {
    let node = Node::bare();
    fs::create_dir_all(node.state().parent().unwrap()).unwrap();
    fs::write(node.state(), b"").unwrap();
    let output = node.agent().output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = format!(
        "{} is not a directory. Move it away, or name another place with --state.directory",
        node.state().display()
    );
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn one_page_leaves_a_running_agent_alone() {
    let node = Node::new();
    let _agent = node.start();
    let page = node.agent().arg("--once").output().unwrap();
    assert!(page.status.success(), "{page:?}");
    assert!(String::from_utf8_lossy(&page.stdout).contains("node_memory_MemTotal_bytes "));
    node.hook("prolog_slurmd", 1);
    assert_eq!(node.running(), [1]);
}

/// A FUSE file system whose server never answers, as a dead NFS server's: statfs blocks in the kernel.
#[test]
fn a_dead_mount_costs_a_moment_and_no_other_number() {
    if let Err(error) = fs::OpenOptions::new().read(true).write(true).open("/dev/fuse") {
        eprintln!("note: only the unit test of Prober covers this: /dev/fuse: {error}");
        return;
    }
    let node = Node::new();
    let mount = node.dir().join("dead");
    fs::create_dir(&mount).unwrap();
    let mut unshare = Command::new("unshare");
    if !rustix::process::getuid().is_root() {
        unshare.arg("--map-root-user");
    }
    let agent = node.agent();
    // Whoever holds the descriptor is the server; it goes with the last process here.
    let script = "exec 3<>/dev/fuse && \
        mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 dead \"$1\" && \
        shift && exec \"$@\" --once";
    let output = unshare
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(&mount)
        .arg(agent.get_program())
        .args(agent.get_args())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let page = String::from_utf8(output.stdout).unwrap();
    let labels = format!("device=\"dead\",mountpoint=\"{}\",fstype=\"fuse\"", mount.display());
    for expected in [
        format!("node_filesystem_device_error{{{labels},device_error=\"no answer\"}} 1\n"),
        format!("edctl_agent_filesystem_stuck_seconds{{{labels}}} "),
        "node_scrape_collector_success{collector=\"filesystem\"} 1\n".to_owned(),
        "node_load1 ".to_owned(),
    ] {
        assert!(page.contains(&expected), "{expected} in\n{page}");
    }
    assert!(!page.contains(&format!("node_filesystem_size_bytes{{{labels}")), "{page}");
}

#[test]
fn status_for_people_and_without_an_agent() {
    let node = Node::new();
    let nobody = node.ask_status(&[]);
    assert_eq!(nobody.status.code(), Some(3), "{nobody:?}");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("no agent answers"), "{nobody:?}");

    let _agent = node.start();
    node.hook("prolog_slurmd", 42);
    // The collectors are there after the first collection.
    let until = Instant::now() + Duration::from_secs(60);
    let text = loop {
        let text = String::from_utf8(node.ask_status(&["--all"]).stdout).unwrap();
        if text.contains("meminfo") {
            break text;
        }
        assert!(Instant::now() < until, "{text}");
    };
    for expected in ["jobs on this node", "42", "designer", "sim", "spool: empty"] {
        assert!(text.contains(expected), "{expected:?} in\n{text}");
    }
    assert_eq!(node.ask_status(&["--output", "xml"]).status.code(), Some(2));
}
