//! slurmrestd in place of the commands: a socket at which a thread answers as each test wants.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use super::faults::{failing, peak_resident_bytes, up};
use super::*;

const NODES: &str = r#"{"errors": [], "nodes": [{"name": "w1", "partitions": ["p"], "state": "idle",
    "state_flags": [], "cpus": 4, "alloc_cpus": 0, "real_memory": 2000, "alloc_memory": 0,
    "weight": 1}]}"#;
const DIAG: &str = r#"{"errors": [], "statistics": {"server_thread_count": 3}}"#;
const RUNNING: &str = "edctl_slurm_jobs{state=\"running\"} 1\n";

/// A job that runs.
fn job(id: u32) -> String {
    format!(
        "{{\"job_id\": {id}, \"job_state\": \"RUNNING\", \"partition\": \"p\", \"cpus\": 1, \
         \"submit_time\": 100, \"start_time\": 130}}"
    )
}

/// Answers the request for a path, which has been read from the connection.
type Answer = dyn FnMut(&str, &mut UnixStream) + Send;

/// A slurmrestd for as long as it lives.
struct Slurmrestd {
    answer: Arc<Mutex<Box<Answer>>>,
    /// The paths that it was asked for.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Slurmrestd {
    /// Listens where the cluster's exporter looks for it.
    fn listen(
        cluster: &Cluster,
        answer: impl FnMut(&str, &mut UnixStream) + Send + 'static,
    ) -> Self {
        // In its place in one step, as a restart of slurmrestd leaves another socket.
        let new = cluster.path("slurmrestd.new");
        let listener = UnixListener::bind(&new).unwrap();
        fs::rename(new, socket(cluster)).unwrap();
        let answer: Arc<Mutex<Box<Answer>>> = Arc::new(Mutex::new(Box::new(answer)));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let slurmrestd = Self { answer: Arc::clone(&answer), asked: Arc::clone(&asked) };
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
                let request = lines.next().unwrap().unwrap();
                let path = request.split(' ').nth(1).unwrap().to_owned();
                while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                asked.lock().unwrap().push(path.clone());
                (answer.lock().unwrap())(&path, &mut connection);
            }
        });
        slurmrestd
    }

    fn answer(&self, answer: impl FnMut(&str, &mut UnixStream) + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn socket(cluster: &Cluster) -> PathBuf {
    cluster.path("slurmrestd.socket")
}

/// A cluster whose exporter asks slurmrestd.
fn asking(slurm: &str) -> Cluster {
    let cluster = Cluster::new("exit 1", "exit 1");
    let socket = socket(&cluster);
    cluster.configure(&format!(
        "backend = \"slurmrestd\"\nslurmrestd_socket = \"{}\"\n{slurm}",
        socket.display()
    ));
    cluster
}

/// One whose exporter asks for the nodes and the jobs.
fn cluster(more: &str) -> Cluster {
    asking(&format!("sources = [\"diag\", \"nodes\", \"jobs\"]\n{more}"))
}

/// Writes an answer; the client may have gone meanwhile.
fn reply(connection: &mut UnixStream, status: &str, body: &str) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    let _gone = connection.write_all(format!("{head}{body}").as_bytes());
}

/// Answers as a slurmrestd of one version does.
fn version(number: u32) -> impl FnMut(&str, &mut UnixStream) + Send + Clone + 'static {
    move |path, connection| {
        let known = path.strip_prefix(&format!("/slurm/v0.0.{number}/"));
        match known {
            Some("nodes") => reply(connection, "200 OK", NODES),
            Some("jobs") => reply(connection, "200 OK", &format!("{{\"jobs\": [{}]}}", job(7))),
            Some("diag") => reply(connection, "200 OK", DIAG),
            _ => reply(connection, "404 NOT FOUND", "Unable find requested URL."),
        }
    }
}

/// Lets the jobs be answered in another way.
fn jobs_by(
    mut answer: impl FnMut(&mut UnixStream) + Send + 'static,
) -> impl FnMut(&str, &mut UnixStream) + Send + 'static {
    let mut others = version(38);
    move |path, connection| {
        if path.ends_with("v0.0.38/jobs") { answer(connection) } else { others(path, connection) }
    }
}

fn info(page: &str, version: &str) -> bool {
    page.contains(&format!(
        "edctl_slurm_source_info{{source=\"jobs\",backend=\"slurmrestd\",version=\"{version}\"}} 1\n"
    ))
}

/// What there are answers of, a folder each in `tests/fixtures`, and their versions.
const RECORDINGS: [(&str, u32); 3] = [("rest-22.05", 38), ("rest-24.11", 42), ("rest-26.05", 45)];

#[test]
fn golden_pages() {
    // squeue shows a text in place of the word.
    let commands = page_of("22.05").replace("Nodes required for job are DOWN", "Resources");
    for (recording, version) in RECORDINGS {
        let cluster = asking("");
        let golden = golden(recording, "edctl");
        let recorded = golden.parent().unwrap().to_owned();
        let _slurmrestd = Slurmrestd::listen(&cluster, move |path, connection| {
            let known = path.strip_prefix(&format!("/slurm/v0.0.{version}/")).unwrap_or("none");
            match fs::read_to_string(recorded.join(known).with_extension("json")) {
                Ok(body) => reply(connection, "200 OK", &body),
                Err(_) => reply(connection, "404 NOT FOUND", ""),
            }
        });
        let page = without_the_clock(&steady(&cluster.once()));
        assert_golden(&golden, &page);
        assert_eq!(of_the_work(&page), of_the_work(&commands), "{recording}");
    }
}

/// Leaves out which reservations of a page hold now: slurmrestd tells from when until when they do.
fn without_the_clock(page: &str) -> String {
    let lines = page.lines().filter(|line| !line.starts_with("edctl_slurm_reservation_active{"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn a_reservation_is_active_while_it_holds_by_the_clock() {
    const HOUR: u64 = 3600;
    let cluster = asking("sources = [\"reservations\"]");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let reservation = |name, start: u64, end: u64| {
        format!(
            "{{\"name\": \"{name}\", \"start_time\": {start}, \"end_time\": {end}, \
             \"node_count\": 1, \"core_count\": 1}}"
        )
    };
    let reservations = [
        reservation("over", now - 2 * HOUR, now - HOUR),
        reservation("holds", now - HOUR, now + HOUR),
        reservation("to_come", now + HOUR, now + 2 * HOUR),
    ];
    let body = format!("{{\"reservations\": [{}]}}", reservations.join(", "));
    let _slurmrestd = Slurmrestd::listen(&cluster, move |_, connection| {
        reply(connection, "200 OK", &body);
    });
    let page = cluster.once();
    for (name, value) in [("over", 0), ("holds", 1), ("to_come", 0)] {
        let series = format!("edctl_slurm_reservation_active{{reservation=\"{name}\"}} {value}\n");
        assert!(page.contains(&series), "{series}{page}");
    }
}

#[test]
fn the_newest_version_is_found_kept_and_found_anew() {
    let cluster = cluster("interval_secs = 1\nmax_age_secs = 600");
    let slurmrestd = Slurmrestd::listen(&cluster, version(38));
    let exporter = cluster.serve();
    let page =
        exporter.until(|page| up(page, "jobs") && up(page, "nodes") && info(page, "v0.0.38"));
    assert!(page.contains(RUNNING) && page.contains(IDLE), "{page}");
    // The first question tries all versions, the others do not.
    let first: Vec<String> = (38..=45).rev().map(|n| format!("/slurm/v0.0.{n}/diag")).collect();
    let asked = slurmrestd.asked();
    assert_eq!(asked[..8], first);
    assert!(asked[8..].iter().all(|path| path.starts_with("/slurm/v0.0.38/")), "{asked:?}");

    // An upgrade in which the version has gone, behind the same socket.
    slurmrestd.answer(version(42));
    exporter.until(|page| up(page, "jobs") && info(page, "v0.0.42"));

    // A restart makes another socket, at which there may be a newer version besides.
    let mut newer = (version(42), version(44));
    let _next = Slurmrestd::listen(&cluster, move |path, connection| {
        let is_44 = path.contains("v0.0.44");
        if is_44 { newer.1(path, connection) } else { newer.0(path, connection) }
    });
    exporter.until(|page| up(page, "jobs") && info(page, "v0.0.44"));
}

/// What goes wrong when the jobs are asked for.
type Fail = Box<dyn FnMut(&mut UnixStream) + Send>;

fn sends(text: &'static str) -> Fail {
    Box::new(move |connection| _ = connection.write_all(text.as_bytes()))
}

fn replies(status: &'static str, body: &'static str) -> Fail {
    Box::new(move |connection| reply(connection, status, body))
}

#[test]
fn each_way_to_fail_is_named_harms_no_other_source_and_heals() {
    let errors = r#"{"errors": [{"error": "Unspecified error", "errno": -1}], "jobs": []}"#;
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{\"jobs\": [{\"job_id\": 7";
    let faults: Vec<(&str, Fail)> = vec![
        ("http_status", replies("500 INTERNAL ERROR", errors)),
        ("http_status", replies("401 UNAUTHORIZED", "Authentication failure")),
        ("refused", replies("200 OK", errors)),
        ("json", replies("200 OK", "<html>")),
        ("json", replies("200 OK", "{\"errors\": []}")),
        ("truncated", replies("200 OK", "{\"jobs\": [{\"job_id\": 7")),
        ("truncated", sends(cut)),
        ("truncated", sends("")),
        ("http", sends("SSH-2.0-OpenSSH_9.2\r\n\r\n")),
        ("bad_rows", replies("200 OK", "{\"jobs\": [7, {}, {\"job_id\": \"x\"}]}")),
        ("timeout", Box::new(|_| std::thread::sleep(Duration::from_secs(7)))),
        ("timeout", Box::new(dribble)),
    ];
    all_at_once(faults, |(reason, fault)| {
        let cluster =
            cluster("interval_secs = 1\ndeadline_secs = 5\nmax_output_mib = 1\nmax_age_secs = 600");
        let slurmrestd = Slurmrestd::listen(&cluster, version(38));
        let exporter = cluster.serve();
        exporter.until(|page| up(page, "jobs") && up(page, "nodes") && page.contains(RUNNING));
        slurmrestd.answer(jobs_by(fault));
        let failing = failing("jobs", reason);
        let page = exporter.until(|page| page.contains(&failing));
        assert!(page.contains(RUNNING) && info(&page, "v0.0.38"), "{reason}\n{page}");
        slurmrestd.answer(version(38));
        exporter.until(|page| up(page, "jobs") && up(page, "nodes"));
    });
}

#[test]
fn a_slurmrestd_that_went_is_named_and_another_one_is_found() {
    let cluster = cluster("interval_secs = 1");
    let _slurmrestd = Slurmrestd::listen(&cluster, version(38));
    let exporter = cluster.serve();
    exporter.until(|page| up(page, "jobs") && up(page, "nodes") && info(page, "v0.0.38"));
    fs::remove_file(socket(&cluster)).unwrap();
    exporter.until(|page| page.contains(&failing("jobs", "connect")));
    let _again = Slurmrestd::listen(&cluster, version(40));
    exporter.until(|page| up(page, "jobs") && up(page, "nodes") && info(page, "v0.0.40"));
}

/// Sends a byte now and then: no wait is long, all together are.
fn dribble(connection: &mut UnixStream) {
    let _gone = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{");
    while connection.write_all(b" ").is_ok() {
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_no_slurm_writes_is_refused_with_little_memory() {
    let cluster =
        cluster("deadline_secs = 300\nmax_output_mib = 32\n[slurm.source_interval_secs]\njobs = 1");
    let slurmrestd = Slurmrestd::listen(&cluster, version(38));
    let exporter = cluster.serve();
    for (reason, begin, middle) in [
        // Half a gigabyte, of which no more is read than may be: of elements that are none, of one string, of brackets, of blanks.
        ("too_large", "{\"jobs\": [", "7, "),
        ("json", "{\"jobs\": [{\"comment\": \"", "xxxx"),
        ("json", "{\"meta\": ", "[[[["),
        ("too_large", "{", "    "),
    ] {
        exporter.until(|page| up(page, "jobs"));
        slurmrestd.answer(jobs_by(move |connection| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n{begin}");
            let chunk = middle.repeat(16 << 10);
            let mut sent = connection.write_all(head.as_bytes());
            for _ in 0..500_000_000 / chunk.len() {
                sent = sent.and_then(|()| connection.write_all(chunk.as_bytes()));
            }
        }));
        let failing = failing("jobs", reason);
        exporter.until(|page| page.contains(&failing));
        slurmrestd.answer(version(38));
    }
    let peak = peak_resident_bytes(exporter.child.id());
    assert!(peak < 64 << 20, "{peak} bytes");
}

#[test]
fn of_half_a_million_jobs_little_is_kept() {
    const MOST: u32 = 500_000;
    let cluster = cluster("deadline_secs = 300\n[slurm.source_interval_secs]\njobs = 1");
    // An answer without a length ends with the connection.
    let jobs = |connection: &mut UnixStream| -> std::io::Result<()> {
        let mut text = std::io::BufWriter::new(connection);
        write!(text, "HTTP/1.1 200 OK\r\n\r\n{{\"jobs\": [")?;
        for id in 1..MOST {
            write!(text, "{},", job(id))?;
        }
        write!(text, "{}]}}", job(MOST))?;
        text.flush()
    };
    let _slurmrestd = Slurmrestd::listen(&cluster, jobs_by(move |to| _ = jobs(to)));
    let exporter = cluster.serve();
    let all = format!("edctl_slurm_jobs{{state=\"running\"}} {MOST}\n");
    exporter.until(|page| page.contains(&all));
    let peak = peak_resident_bytes(exporter.child.id());
    assert!(peak < 64 << 20, "{peak} bytes");
}

#[test]
fn the_end_waits_for_no_answer() {
    let cluster = cluster("deadline_secs = 600");
    let (sender, asked) = channel();
    let _slurmrestd = Slurmrestd::listen(&cluster, move |_, _| {
        sender.send(()).unwrap();
        std::thread::sleep(PATIENCE * 2);
    });
    let mut exporter = cluster.serve();
    asked.recv_timeout(PATIENCE).unwrap();
    assert!(exporter.get("/healthz").starts_with("HTTP/1.1 200"));
    let begin = Instant::now();
    exporter.signal("TERM");
    assert!(exporter.child.wait().unwrap().success());
    assert!(begin.elapsed() < PATIENCE / 2, "{:?}", begin.elapsed());
}

#[test]
fn without_commands_slurmrestd_is_asked_and_a_choice_holds() {
    let cluster = cluster("");
    let socket = socket(&cluster);
    cluster.configure(&format!(
        "slurmrestd_socket = \"{}\"\nsources = [\"jobs\", \"shares\"]\ninterval_secs = 1\n\
         source_interval_secs = {{ shares = 1 }}\nmax_age_secs = 600",
        socket.display()
    ));
    fs::remove_file(cluster.path("squeue")).unwrap();
    fs::remove_file(cluster.path("sshare")).unwrap();
    let _slurmrestd = Slurmrestd::listen(&cluster, version(38));
    let exporter = cluster.serve();
    exporter.until(|page| up(page, "jobs") && info(page, "v0.0.38"));
    // There are no shares in any version: then it is the command that is missing.
    exporter.until(|page| page.contains(&failing("shares", "start")));
    // The command is there again, and slurmrestd is asked while it is there.
    cluster.squeue(&job_row("7", "RUNNING"));
    cluster.command("sshare", "exit 0");
    exporter.until(|page| up(page, "shares") && up(page, "jobs") && info(page, "v0.0.38"));
    fs::remove_file(socket).unwrap();
    exporter.until(|page| {
        up(page, "jobs") && page.contains("{source=\"jobs\",backend=\"cli\",version=")
    });
}
