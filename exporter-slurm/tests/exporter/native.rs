//! The exporter against a server that stands in for slurmctld and its own pages.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::*;

const PAGES: [&str; 5] = ["nodes", "jobs", "partitions", "jobs-users-accts", "scheduler"];
const SOURCES: &str = "sources = [\"diag\", \"nodes\", \"jobs\"]";
const EVERY_SECOND: &str = "interval_secs = 1\ndeadline_secs = 2\nmax_age_secs = 600\n\
                            [slurm.source_interval_secs]\nnodes = 1\njobs = 1";
const JOBS_UP: &str = "edctl_slurm_up{source=\"jobs\"} 1\n";
const PENDING: &str = "edctl_slurm_jobs{state=\"pending\"} 52\n";

/// How the server answers.
#[derive(Clone)]
enum Answer {
    /// Pages of a fixture.
    Pages(&'static str),
    /// These bytes, whatever is asked.
    Bytes(String),
    /// Nothing, as long as the client waits.
    Silence,
}

/// A server in a thread, which lives as long as the tests do.
struct Slurmctld {
    host: String,
    answer: Arc<Mutex<Answer>>,
    /// The paths that were asked for.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Slurmctld {
    fn new(answer: Answer) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    fn at(listener: TcpListener, answer: Answer) -> Self {
        let slurmctld = Self {
            host: listener.local_addr().unwrap().to_string(),
            answer: Arc::new(Mutex::new(answer)),
            asked: Arc::default(),
        };
        let (answer, asked) = (Arc::clone(&slurmctld.answer), Arc::clone(&slurmctld.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let answer = answer.lock().unwrap().clone();
                let asked = Arc::clone(&asked);
                std::thread::spawn(move || reply(stream.unwrap(), &answer, &asked));
            }
        });
        slurmctld
    }

    fn now(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn cluster(&self, slurm: &str) -> Cluster {
        let cluster = Cluster::new("exit 1", "exit 1");
        let url = format!("http://{}", self.host);
        cluster.configure(&format!("backend = \"native\"\nnative_url = \"{url}\"\n{slurm}"));
        cluster
    }
}

/// As slurmctld does: the length is there or not, and the connection ends.
fn reply(mut stream: TcpStream, answer: &Answer, asked: &Mutex<Vec<String>>) {
    let mut request = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    let Ok(1..) = request.read_line(&mut line) else { return };
    let path = line.split(' ').nth(1).unwrap().to_owned();
    asked.lock().unwrap().push(path.clone());
    while request.read_line(&mut line).unwrap() > 2 {}
    let bytes = match answer {
        Answer::Pages(fixture) => {
            let name = path.strip_prefix("/metrics/").unwrap();
            assert!(PAGES.contains(&name), "{path}");
            let page = fs::read_to_string(fixture_dir(fixture).join(format!("{name}.txt")));
            format!(
                "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Type: text/plain\r\n\r\n{}",
                page.unwrap()
            )
        }
        Answer::Bytes(bytes) => bytes.clone(),
        Answer::Silence => {
            let _until_the_client_leaves = request.read_line(&mut line);
            return;
        }
    };
    let _left = stream.write_all(bytes.as_bytes());
}

fn fixture_dir(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[test]
fn the_pages_of_slurmctld_have_their_golden_pages() {
    for fixture in ["native-25.11", "native-26.05", "native-26.05-rare"] {
        let slurmctld = Slurmctld::new(Answer::Pages(fixture));
        let page = steady(&slurmctld.cluster(SOURCES).once());
        let golden = fixture_dir(fixture).join("page.txt");
        assert_golden(golden, &page);
        let asked = slurmctld.asked.lock().unwrap();
        assert!(PAGES.iter().all(|page| asked.contains(&format!("/metrics/{page}"))), "{asked:?}");
    }
}

#[test]
fn what_slurmctld_has_no_page_of_is_not_offered_and_not_zero() {
    let slurmctld = Slurmctld::new(Answer::Pages("native-25.11"));
    let page = slurmctld.cluster("").once();
    for source in ["licenses", "reservations", "shares"] {
        let failing =
            format!("edctl_slurm_poll_failing{{source=\"{source}\",reason=\"not_offered\"}} 1\n");
        assert!(page.contains(&failing), "{failing}{page}");
    }
    for family in [
        "edctl_slurm_nodes{",
        "edctl_slurm_partition_nodes{",
        "edctl_slurm_feature_nodes",
        "edctl_slurm_node_reason",
        "edctl_slurm_reason_jobs",
        "edctl_slurm_qos_jobs",
        "edctl_slurm_flow_jobs",
        "edctl_slurm_job_transitions_total",
        "edctl_slurm_jobs_ended_total",
        "edctl_slurm_job_wait_seconds",
        "edctl_slurm_rpcs_total",
        "edctl_slurm_licenses{",
        "edctl_slurm_gres",
        "state=\"completing\"",
        "flag=\"powering_up\"",
    ] {
        assert!(!page.contains(family), "{family}\n{page}");
    }
}

#[test]
fn other_profiles_show_nothing_of_nodes_and_jobs_that_are_not_known_one_by_one() {
    let slurmctld = Slurmctld::new(Answer::Pages("native-25.11"));
    let page = slurmctld.cluster(&format!("{SOURCES}\nprofile = \"vpenso\"")).once();
    assert!(page.contains("slurm_scheduler_threads 5\n"), "{page}");
    for family in ["\nslurm_nodes", "\nslurm_queue", "\nslurm_cpus", "\nslurm_gpus"] {
        assert!(!page.contains(family), "{family}{page}");
    }
}

#[test]
fn a_slurmctld_that_fails_is_named_and_heals() {
    let jobs = fs::read_to_string(fixture_dir("native-25.11").join("jobs.txt")).unwrap();
    let half = &jobs[..jobs.len() / 2];
    let bytes = |bytes: &str| Answer::Bytes(bytes.to_owned());
    let faults = vec![
        // With PrivateData, without HTTP, and from a controller that stands by for one who is not there.
        (bytes("HTTP/1.1 401 Unauthorized\r\nConnection: Close\r\n\r\n"), "http_status"),
        (bytes("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "http_status"),
        (
            bytes("HTTP/1.1 303 See Other\r\nLocation: http://ctl:1/metrics/jobs\r\n\r\n"),
            "http_status",
        ),
        (Answer::Silence, "timeout"),
        // Half an answer, with its length and without.
        (bytes(&format!("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{half}")), "truncated"),
        (bytes(&format!("HTTP/1.1 200 OK\r\n\r\n{}", half.trim_end())), "truncated"),
        (bytes("HTTP/1.1 2"), "truncated"),
        (bytes("\x00\x00\x00\x04\x01\x02\r\n\r\n"), "http"),
        // Without MetricsType all pages are empty; and something else that has the port.
        (bytes("HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n"), "no_rows"),
        (bytes("HTTP/1.1 200 OK\r\n\r\n<html>\nno such thing\n</html>\n"), "bad_rows"),
    ];
    all_at_once(faults, |(answer, reason)| {
        let slurmctld = Slurmctld::new(Answer::Pages("native-25.11"));
        let exporter = slurmctld.cluster(&format!("{SOURCES}\n{EVERY_SECOND}")).serve();
        exporter.until(|page| page.contains(JOBS_UP) && page.contains(PENDING));
        slurmctld.now(answer);
        let failing =
            format!("edctl_slurm_poll_failing{{source=\"jobs\",reason=\"{reason}\"}} 1\n");
        let page = exporter.until(|page| page.contains(&failing));
        // The last good answer stays.
        assert!(page.contains(PENDING), "{page}");
        slurmctld.now(Answer::Pages("native-25.11"));
        exporter.until(|page| page.contains(JOBS_UP) && page.contains(PENDING));
    });
}

#[test]
fn a_slurmctld_that_comes_later_is_found() {
    let listener = TcpListener::bind("127.0.0.3:0").unwrap();
    let slurmctld = Slurmctld {
        host: listener.local_addr().unwrap().to_string(),
        answer: Arc::new(Mutex::new(Answer::Silence)),
        asked: Arc::default(),
    };
    drop(listener);
    let exporter = slurmctld.cluster(&format!("{SOURCES}\n{EVERY_SECOND}")).serve();
    exporter.until(|page| {
        page.contains("edctl_slurm_poll_failing{source=\"nodes\",reason=\"connect\"} 1\n")
    });
    let listener = TcpListener::bind(&slurmctld.host).unwrap();
    let _slurmctld = Slurmctld::at(listener, Answer::Pages("native-26.05-rare"));
    exporter.until(|page| page.contains(JOBS_UP) && page.contains(UP));
}

#[test]
fn what_locks_slurmctld_is_asked_seldom_unless_configured() {
    let slurmctld = Slurmctld::new(Answer::Pages("native-25.11"));
    let exporter = slurmctld.cluster(&format!("{SOURCES}\ninterval_secs = 1")).serve();
    let page = exporter.until(|page| page.contains("edctl_slurm_polls_total{source=\"diag\"} 3\n"));
    for source in ["nodes", "jobs"] {
        let once = format!("edctl_slurm_polls_total{{source=\"{source}\"}} 1\n");
        assert!(page.contains(&once), "{page}");
    }
}

#[test]
fn slurmctld_is_asked_where_there_are_no_commands() {
    let slurmctld = Slurmctld::new(Answer::Pages("native-25.11"));
    let cluster = slurmctld.cluster("");
    let socket = cluster.path("none").display().to_string();
    let url = format!("http://{}", slurmctld.host);
    cluster
        .configure(&format!("{SOURCES}\nslurmrestd_socket = \"{socket}\"\nnative_url = \"{url}\""));
    for backend in ["cli", "native"] {
        let page = cluster.once();
        for source in ["diag", "nodes", "jobs"] {
            let told =
                format!("edctl_slurm_source_info{{source=\"{source}\",backend=\"{backend}\"");
            assert!(page.contains(&told), "{told}\n{page}");
        }
        for command in ["sinfo", "squeue", "sdiag"] {
            let _gone = fs::remove_file(cluster.path(command));
        }
    }
}
