//! What the exporter says and does while Slurm's commands fail, each in its own way.

use super::*;

const SOURCES: [&str; 7] =
    ["access", "diag", "nodes", "jobs", "licenses", "reservations", "shares"];
const RUNNING: &str = "edctl_slurm_jobs{state=\"running\"} 1\n";
/// Prints the row of another job that runs.
const HALF_OF_IT: &str = "echo \"8|$word|RUNNING|p|1|node=1|100|130|190|ada|soc|normal|None|\"";

/// How a command can fail.
struct Fault {
    /// The label `reason`.
    reason: &'static str,
    /// What squeue does; nothing where there is no squeue.
    squeue: Option<String>,
}

fn fault(reason: &'static str, squeue: &str) -> Fault {
    Fault { reason, squeue: Some(squeue.to_owned()) }
}

/// `MARK` is a word that only the processes of one exporter's commands have among their arguments.
fn faults() -> Vec<Fault> {
    vec![
        fault("timeout", "exec /bin/sh -c 'while :; do /bin/sleep 1; done' MARK"),
        fault("timeout", "/bin/sh -c 'while :; do /bin/sleep 1; done' MARK & wait"),
        fault("bad_rows", "/usr/bin/head -c 100000 /dev/urandom; echo"),
        fault("too_large", "exec /usr/bin/yes MARK"),
        fault("too_large", "/usr/bin/yes MARK & wait"),
        fault("exit_status", &format!("{HALF_OF_IT}; exit 1")),
        fault("exit_status", "kill -9 $$"),
        fault("truncated", &format!("{HALF_OF_IT}; printf \"9|$word|RUN\"")),
        Fault { reason: "start", squeue: None },
    ]
}

#[test]
fn a_squeue_that_fails_is_named_harms_no_other_source_and_heals() {
    all_at_once(faults(), |Fault { reason, squeue }| {
        let cluster = Cluster::new(ONE_NODE, &job_row("7", "RUNNING"));
        // Only a command that hangs may meet its deadline, however busy the machine is.
        cluster.configure(
            "interval_secs = 1\ndeadline_secs = 5\nmax_output_mib = 1\nmax_age_secs = 600",
        );
        let mark = cluster.dir.path().display().to_string();
        let exporter = cluster.serve();
        exporter.until(|page| up(page, "jobs") && up(page, "nodes") && page.contains(RUNNING));
        match &squeue {
            Some(body) => {
                let body = body.replace("MARK", &mark);
                cluster.command("squeue", &format!("{FIND_WORD}\n{body}"));
            }
            None => fs::remove_file(cluster.path("squeue")).unwrap(),
        }
        let failing = failing("jobs", reason);
        let page = exporter.until(|page| page.contains(&failing));
        assert!(page.contains("edctl_slurm_up{source=\"jobs\"} 0\n"), "{squeue:?}\n{page}");
        // Neither half an answer nor none replaces the last good one.
        assert!(page.contains(RUNNING), "{squeue:?}\n{page}");
        // The others are asked all the while, and their answers are good.
        let polls = polls_of(&page, "nodes");
        exporter.until(|page| {
            page.contains(&failing) && up(page, "nodes") && polls_of(page, "nodes") > polls
        });
        cluster.squeue(&job_row("7", "RUNNING"));
        exporter.until(|page| up(page, "jobs"));
        assert_none_is_left(&mark);
    });
}

#[test]
fn any_source_can_fail_alone() {
    let cluster = Cluster::recorded("22.05");
    let scontrol = fs::read_to_string(cluster.path("scontrol")).unwrap();
    let hurt = |what: &str| {
        scontrol.replacen("case", &format!("[ \"$3$2\" = {what} ] && exit 1; case"), 1)
    };
    for source in SOURCES {
        let (program, script) = match source {
            "diag" => ("sdiag", "#!/bin/sh\nexit 1\n".to_owned()),
            "nodes" => ("sinfo", "#!/bin/sh\nexit 1\n".to_owned()),
            "jobs" => ("squeue", "#!/bin/sh\nexit 1\n".to_owned()),
            "access" => ("scontrol", hurt("config")),
            "licenses" => ("scontrol", hurt("licenseshow")),
            "reservations" => ("scontrol", hurt("reservationshow")),
            _ => ("sshare", "#!/bin/sh\nexit 1\n".to_owned()),
        };
        let sound = fs::read_to_string(cluster.path(program)).unwrap();
        put_program(&cluster.path(program), &script);
        let page = cluster.once();
        put_program(&cluster.path(program), &sound);
        let sources_up: Vec<_> = SOURCES.into_iter().filter(|one| up(&page, one)).collect();
        let others: Vec<_> = SOURCES.into_iter().filter(|one| *one != source).collect();
        assert_eq!(sources_up, others, "{page}");
        assert!(page.contains(&failing(source, "exit_status")), "{source}\n{page}");
        assert_eq!(page.matches("\nedctl_slurm_poll_failing{").count(), 1, "{source}\n{page}");
    }
}

#[test]
fn a_page_does_not_wait_for_a_command_that_hangs() {
    let cluster = Cluster::new(ONE_NODE, &job_row("7", "RUNNING"));
    cluster.configure("interval_secs = 1\ndeadline_secs = 600\nmax_age_secs = 6");
    let exporter = cluster.serve();
    exporter.until(|page| up(page, "jobs") && page.contains(RUNNING));
    cluster.command("squeue", "echo $$ > new-pid; mv new-pid pid; exec /bin/sleep 600");
    let pid_file = cluster.path("pid");
    exporter.until(|_| pid_file.exists());

    let begin = Instant::now();
    for _ in 0..20 {
        exporter.get("/metrics");
    }
    let took = begin.elapsed();
    assert!(is_running(&pid_file), "the pages came while squeue hung");
    // Many times what they take, and a fraction of what squeue takes.
    assert!(took < Duration::from_secs(10), "20 pages took {took:?}");

    // What it had said leaves at its age, though the poll has not ended; what stays says how old it is.
    let page = exporter.until(|page| !page.contains("edctl_slurm_jobs{"));
    assert!(is_running(&pid_file));
    for line in
        ["edctl_slurm_up{source=\"jobs\"} 0\n", "edctl_slurm_snapshot_age_seconds{source=\"jobs\"}"]
    {
        assert!(page.contains(line), "{line}\n{page}");
    }
}

#[test]
fn half_a_gigabyte_of_output_takes_no_memory() {
    for squeue in [
        // Lines that are no rows, and a line without end.
        "/usr/bin/yes \"$(printf '%0500d' 0)\" | /usr/bin/head -c 500000000; echo",
        "/usr/bin/head -c 500000000 /dev/zero; echo",
    ] {
        let cluster = Cluster::new(ONE_NODE, "exit 0");
        cluster.configure("deadline_secs = 300\n[slurm.source_interval_secs]\njobs = 1");
        let exporter = cluster.serve();
        exporter.until(|page| up(page, "jobs"));
        cluster.command("squeue", squeue);
        let reason = failing("jobs", "bad_rows");
        exporter.until(|page| page.contains(&reason));
        let peak = peak_resident_bytes(exporter.child.id());
        assert!(peak < 64 << 20, "{squeue}: {peak} bytes");
    }
}

#[test]
fn a_child_that_outlives_its_command_is_killed_and_the_answer_stands() {
    let cluster = Cluster::new(ONE_NODE, "exit 0");
    let mark = cluster.dir.path().display().to_string();
    let row = job_row("7", "RUNNING");
    let lingers = "/bin/sh -c 'while :; do /bin/sleep 1; done'";
    cluster.squeue(&format!("{row}; {lingers} {mark} <&- >&- 2>&- & echo >forked"));
    cluster.configure("[slurm.source_interval_secs]\njobs = 1");
    let exporter = cluster.serve();
    exporter.until(|page| page.contains(RUNNING) && polls_of(page, "jobs") > 2);
    assert!(cluster.path("forked").exists());
    cluster.squeue(&row);
    let polls = polls_of(&exporter.get("/metrics"), "jobs");
    exporter.until(|page| polls_of(page, "jobs") > polls + 1);
    assert_none_is_left(&mark);
}

pub(crate) fn up(page: &str, source: &str) -> bool {
    page.contains(&format!("edctl_slurm_up{{source=\"{source}\"}} 1\n"))
}

pub(crate) fn failing(source: &str, reason: &str) -> String {
    format!("edctl_slurm_poll_failing{{source=\"{source}\",reason=\"{reason}\"}} 1\n")
}

fn polls_of(page: &str, source: &str) -> u64 {
    let series = format!("edctl_slurm_polls_total{{source=\"{source}\"}} ");
    let line = page.lines().find_map(|line| line.strip_prefix(&series)).unwrap();
    line.parse().unwrap()
}

/// The most memory that the process has had so far.
pub(crate) fn peak_resident_bytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Waits until no process has `mark` as an argument: a killed one is there for a moment still.
fn assert_none_is_left(mark: &str) {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let left = processes_with(mark);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "left behind: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn processes_with(mark: &str) -> Vec<String> {
    let arguments = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let arguments = fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&arguments).into_owned())
    });
    arguments.filter(|arguments| arguments.split('\0').any(|argument| argument == mark)).collect()
}
