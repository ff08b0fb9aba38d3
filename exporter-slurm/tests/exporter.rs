//! The whole exporter against scripts that stand in for sinfo and squeue.

#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

#[path = "exporter/cluster.rs"]
mod cluster;
#[path = "exporter/faults.rs"]
mod faults;
#[path = "exporter/native.rs"]
mod native;
#[path = "exporter/privacy.rs"]
mod privacy;
#[path = "exporter/profiles.rs"]
mod profiles;
#[path = "exporter/slurmrestd.rs"]
mod slurmrestd;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cluster::{Cluster, FIND_WORD, ONE_NODE, all_at_once, is_running, job_row, steady};
use edctl_slurm::commands;
use edctl_testkit::{Daemon, PATIENCE, assert_golden, put_program};

const UP: &str = "edctl_slurm_up{source=\"nodes\"} 1";
const DOWN: &str = "edctl_slurm_up{source=\"nodes\"} 0";
const IDLE: &str = "edctl_slurm_nodes{state=\"idle\"} 1\n";

/// What there is output of, a folder each in `tests/fixtures`.
const RECORDINGS: [&str; 14] = [
    "20.11",
    "20.11-rare",
    "20.11-silent",
    "22.05",
    "22.05-silent",
    "23.11",
    "24.11",
    "24.11-rare",
    "24.11-silent",
    "25.05",
    "25.11",
    "26.05",
    "26.05-silent",
    "hostile",
];
const PROFILES: [&str; 5] = ["edctl", "vpenso", "sckyzo", "rivosinc", "native"];

/// The file with the page that a profile makes of a recording.
fn golden(recording: &str, profile: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(recording).join(format!("page-{profile}.txt"))
}

#[test]
fn golden_pages() {
    for recording in RECORDINGS {
        let cluster = Cluster::recorded(recording);
        for profile in PROFILES {
            cluster.configure(&format!("profile = \"{profile}\""));
            assert_golden(golden(recording, profile), &steady(&cluster.once()));
        }
    }
}

/// Families of what each recorded cluster at work was given to do, and not of when it did it.
const OF_THE_WORK: [&str; 21] = [
    "account_jobs",
    "cpus",
    "feature_nodes",
    "gres",
    "gres_allocated",
    "job_cpus",
    "jobs",
    "licenses",
    "licenses_used",
    "memory_allocated_bytes",
    "memory_bytes",
    "node_reason_info",
    "nodes",
    "partition_jobs",
    "partition_nodes",
    "profile_jobs",
    "qos_jobs",
    "reason_jobs",
    "reservation_cores",
    "stage_jobs",
    "user_jobs",
];

/// The page of a recorded cluster under our own names.
fn page_of(recording: &str) -> String {
    fs::read_to_string(golden(recording, "edctl")).unwrap()
}

/// The series of [`OF_THE_WORK`].
fn of_the_work(page: &str) -> BTreeSet<&str> {
    let is_wanted = |line: &&str| {
        let name = line.strip_prefix("edctl_slurm_").and_then(|rest| rest.split(['{', ' ']).next());
        name.is_some_and(|name| OF_THE_WORK.contains(&name))
    };
    page.lines().filter(is_wanted).collect()
}

#[test]
fn the_same_work_is_the_same_at_each_release() {
    let oldest = page_of("20.11");
    let oldest = of_the_work(&oldest);
    for family in OF_THE_WORK {
        let begin = format!("edctl_slurm_{family}");
        assert!(oldest.iter().any(|line| line.starts_with(&begin)), "no {family}");
    }
    for recording in ["22.05", "24.11", "26.05"] {
        assert_eq!(of_the_work(&page_of(recording)), oldest, "{recording}");
    }
}

#[test]
fn a_scrape_chooses_a_profile_or_is_told_which_there_are() {
    let cluster = Cluster::new(ONE_NODE, "exit 0");
    let exporter = cluster.serve();
    exporter.until(|page| page.contains(UP) && page.contains(IDLE));
    let page = exporter.get("/metrics?profile=vpenso");
    assert!(page.contains("slurm_nodes_idle 1\n") && page.contains(UP), "{page}");
    assert!(!page.contains(IDLE), "{page}");
    let refusal = exporter.get("/metrics?profile=x");
    assert!(refusal.starts_with("HTTP/1.1 400"), "{refusal}");
    assert!(refusal.contains("edctl, vpenso, sckyzo, rivosinc, native"), "{refusal}");
}

#[test]
fn nothing_is_run_that_is_not_in_the_registry() {
    let cluster = Cluster::recorded("22.05");
    let log = cluster.path("calls");
    let note = format!("printf '%s\\n' \"${{0##*/}} $*\" >>'{}'\n", log.display());
    for program in ["sinfo", "squeue", "sdiag", "scontrol", "sshare"] {
        let script = fs::read_to_string(cluster.path(program)).unwrap();
        put_program(&cluster.path(program), &script.replacen('\n', &format!("\n{note}"), 1));
    }
    cluster.once();
    let known: Vec<String> = commands::ALL
        .iter()
        .map(|command| format!("{} {}", command.program, command.args.join(" ")))
        .collect();
    let calls = fs::read_to_string(log).unwrap();
    // The version, and one for each source.
    assert!(calls.lines().count() >= 8, "{calls}");
    for call in calls.lines() {
        // squeue's rows have another mark in each call.
        let is_known = |known: &String| match known.split_once(commands::ROW_MARK) {
            Some((begin, end)) => call.starts_with(begin) && call.ends_with(end),
            None => call == known,
        };
        assert!(known.iter().any(is_known), "{call}");
    }
}

#[test]
fn faults_are_named_and_show_no_number() {
    for (sinfo, reason) in [
        ("echo 'slurm_load_node error: down' >&2; exit 1", "exit_status"),
        ("echo 'slurm_load_node: Access/permission denied' >&2; exit 1", "denied"),
        (
            "echo 'slurm_load_node: Unable to contact slurm controller (connect failure)' >&2; exit 1",
            "unreachable",
        ),
        (
            "echo 'w1|p|idle|idle|0/4/0/4|2000|0|N/A|N/A|1|(null)|gpu:0|(null)|Unknown|Unknown|none'; exit 1",
            "exit_status",
        ),
        (
            "echo 'w1|p|idle|idle|0/4/0/4|2000|0|N/A|N/A|1|(null)|gpu:0|(null)|Unknown|Unknown|none'; printf 'w2|p|id'",
            "truncated",
        ),
        ("echo usage: sinfo; echo 'a|b'", "bad_rows"),
        ("exit 0", "no_rows"),
        ("exec /bin/cat /dev/zero", "too_large"),
        ("exec /bin/sleep 600", "timeout"),
    ] {
        let cluster = Cluster::new(sinfo, &job_row("7", "RUNNING"));
        // Only the command that hangs must meet its deadline, however busy the machine is.
        let deadline_secs = if reason == "timeout" { 3 } else { 60 };
        cluster.configure(&format!("deadline_secs = {deadline_secs}\nmax_output_mib = 1"));
        let page = cluster.once();
        assert!(page.contains(DOWN), "{sinfo}\n{page}");
        let errors =
            format!("edctl_slurm_poll_errors_total{{source=\"nodes\",reason=\"{reason}\"}} 1\n");
        assert!(page.contains(&errors), "{sinfo}\n{page}");
        assert!(!page.contains("edctl_slurm_nodes{"), "{sinfo}\n{page}");
        // The other source does not suffer.
        assert!(page.contains("edctl_slurm_jobs{state=\"running\"} 1\n"), "{sinfo}\n{page}");
    }
}

#[test]
fn a_value_that_cannot_be_read_is_counted_and_what_stands_beside_it_is_shown() {
    let rows = [
        job_row("7", "RUNNING"),
        job_row("7", "RUN|NING"),
        job_row("8", "RUNNING").replace("|1|node", "||node"),
        job_row("9", "ODD"),
        job_row("10", "PENDING").replace("|p|", "|p,|"),
        job_row("11", "RUNNING").replace("ROW|", ""),
    ];
    let page = Cluster::new(ONE_NODE, &rows.join("\n")).once();
    for line in [
        "edctl_slurm_jobs{state=\"running\"} 2\n",
        "edctl_slurm_jobs{state=\"other\"} 1\n",
        "edctl_slurm_job_cpus{state=\"pending\"} 1\n",
        "edctl_slurm_partition_jobs{partition=\"p\",state=\"pending\"} 1\n",
        "edctl_slurm_rows_rejected_total{source=\"jobs\",reason=\"fields\"} 1\n",
        "edctl_slurm_rows_rejected_total{source=\"jobs\",reason=\"stray\"} 1\n",
        "edctl_slurm_rows_rejected_total{source=\"jobs\",reason=\"number\"} 0\n",
        "edctl_collect_errors_total{source=\"jobs\",reason=\"number\"} 1\n",
        "edctl_collect_errors_total{source=\"jobs\",reason=\"name\"} 1\n",
        "edctl_slurm_up{source=\"jobs\"} 1\n",
    ] {
        assert!(page.contains(line), "{line}{page}");
    }
    // A sum without the part of one job would be taken for the whole.
    assert!(!page.contains("edctl_slurm_job_cpus{state=\"running\"}"), "{page}");
}

#[test]
fn text_that_is_not_utf8_costs_nothing_but_its_bytes() {
    let drained = "n2|main|idle+drain|drained|0/0/8/8|16000|0|15000|0.01|1|(null)|(null)|(null)|\
                   1795699539|root|L\\374fter defekt";
    let gpus = "n3|main|mixed|mixed|4/4/0/8|16000|0|15000|0.01|1|gpu:(null):3(S:0-1)|\
                gpu:(null):1(IDX:0)|(null)|Unknown|Unknown|none";
    let job = "11|ROW|RUNNING|main|1|cpu=1,mem=1G,node=1,gres/gpu:a100=2|100|130|190|b\\366b|soc|\
               normal|None|f\\374r dich";
    let cluster = Cluster::new(
        &format!("{ONE_NODE}; printf '{drained}\\n{gpus}\\n'"),
        &format!("printf '{job}\\n'"),
    );
    let page = cluster.once();
    for line in [
        "edctl_slurm_nodes{state=\"drained\"} 1\n",
        "edctl_slurm_nodes{state=\"mixed\"} 1\n",
        "edctl_slurm_cpus{state=\"other\"} 8\n",
        "edctl_slurm_gres{gres=\"gpu\",type=\"\"} 3\n",
        "edctl_slurm_gres_allocated{gres=\"gpu\",type=\"\"} 1\n",
        "user=\"root\",reason=\"L\u{fffd}fter defekt\"} 1\n",
        "edctl_slurm_jobs{state=\"running\"} 1\n",
        "edctl_slurm_user_jobs{user=\"b\u{fffd}b\",state=\"running\"} 1\n",
    ] {
        assert!(page.contains(line), "{line}{page}");
    }
    assert!(!page.contains("edctl_collect_errors_total{"), "{page}");
}

#[test]
fn gpus_of_types_alone_are_summed_up() {
    let job = |id: &str, user: &str, gpus: &str| {
        job_row(id, "RUNNING")
            .replace("node=1", &format!("node=1,{gpus}"))
            .replace("|ada|", &format!("|{user}|"))
    };
    let rows = [
        job("10", "ann", "gres/gpu:a100=2"),
        job("11", "bob", "gres/gpu:a100=1"),
        job("12", "eve", "gres/gpu=4,gres/gpu:a100=4"),
    ];
    let cluster = Cluster::new(ONE_NODE, &rows.join("\n"));
    cluster.configure("profile = \"sckyzo\"");
    let page = cluster.once();
    for line in [
        "slurm_user_gpus_running{user=\"ann\"} 2\n",
        "slurm_account_gpus_running{account=\"soc\"} 7\n",
    ] {
        assert!(page.contains(line), "{line}{page}");
    }
    cluster.configure("profile = \"native\"");
    assert!(cluster.once().contains("slurm_jobs_gpus_alloc 7\n"));
}

#[test]
fn what_has_never_been_has_no_time() {
    let sdiag = "printf '%s\\n' 'Server thread count: 3' 'Data since Thu Jan 01 00:00:00 1970 (0)' \
                 'Job states ts:  Thu Jan 01 00:00:00 1970 (0)' 'Jobs pending: 0' 'Backfilling stats' \
                 ' Total cycles: 0' ' Last cycle when: Thu Jan 01 00:00:00 1970 (0)' ' Last cycle: 0' \
                 ' Max cycle: 0' ' Last depth cycle: 0' ' Last queue length: 0'";
    let drained = ONE_NODE.replace("|Unknown|Unknown|none", "|0|root|broken");
    let cluster = Cluster::new(&drained, "exit 0");
    cluster.command("sdiag", sdiag);
    for profile in PROFILES {
        cluster.configure(&format!("profile = \"{profile}\""));
        let page = cluster.once();
        for line in page.lines().filter(|line| !line.starts_with('#') && line.ends_with(" 0")) {
            let is_count = ["_total", "threads", "poll", "edctl_slurm_jobs{", "edctl_slurm_nodes"];
            let is_of_time =
                ["timestamp", "last", "when", "since", "_ts ", "_start ", "max", "mean"];
            let is_odd = is_of_time.iter().any(|word| line.contains(word))
                && !is_count.iter().any(|word| line.contains(word))
                && !line.contains("alloc")
                && !line.contains("_nodes");
            assert!(!is_odd, "{profile}: {line}");
        }
        assert!(!page.contains("backfill_last_cycle_timestamp_seconds 0"), "{page}");
        assert!(!page.contains("edctl_collect_errors_total{"), "{page}");
    }
}

#[test]
fn what_cannot_be_read_is_logged_once_of_each_kind() {
    let rows = [job_row("7", "RUNNING"), job_row("8", "RUNNING").replace("|1|node", "|-1|node")];
    let cluster = Cluster::new(ONE_NODE, &rows.join("\n"));
    cluster.configure("[slurm.source_interval_secs]\njobs = 1");
    let exporter = cluster.serve();
    exporter.until_it_logs("a value of a row cannot be read and is left out");
    let counted = |page: &str| {
        let series = "edctl_collect_errors_total{source=\"jobs\",reason=\"number\"} ";
        let line = page.lines().find_map(|line| line.strip_prefix(series));
        line.map_or(0, |count| count.parse().unwrap())
    };
    exporter.until(|page| counted(page) >= 3);
    let again = exporter.log.try_iter().find(|line| line.contains("cannot be read"));
    assert_eq!(again, None);
}

#[test]
fn a_cluster_without_jobs_is_healthy() {
    let page = Cluster::new(ONE_NODE, "exit 0").once();
    assert!(page.contains("edctl_slurm_up{source=\"jobs\"} 1\n"), "{page}");
    assert!(page.contains("edctl_slurm_jobs{state=\"running\"} 0\n"), "{page}");
}

#[test]
fn data_outlives_a_failure_leaves_at_its_age_and_comes_back() {
    let cluster = Cluster::new(ONE_NODE, "exit 0");
    cluster.configure("interval_secs = 1\nmax_age_secs = 8");
    let exporter = cluster.serve();
    exporter.until(|page| page.contains(UP) && page.contains(IDLE));
    assert!(exporter.get("/readyz").starts_with("HTTP/1.1 200"));

    cluster.sinfo("exit 1");
    exporter.until(|page| page.contains(DOWN) && page.contains(IDLE));
    exporter.until(|page| page.contains(DOWN) && !page.contains("edctl_slurm_nodes{"));
    assert!(exporter.get("/readyz").starts_with("HTTP/1.1 503"));

    cluster.sinfo(ONE_NODE);
    exporter.until(|page| page.contains(UP) && page.contains(IDLE));
}

#[test]
fn a_slurmctld_that_stops_answering_and_goes_on_is_seen_both_times() {
    let cluster = Cluster::new(ONE_NODE, "exit 0");
    cluster.configure("interval_secs = 1\ndeadline_secs = 1\nmax_age_secs = 3600");
    let exporter = cluster.serve();
    exporter.until(|page| page.contains(UP) && page.contains(IDLE));

    // As after SIGSTOP: the command connects, asks and waits.
    cluster.sinfo("exec /bin/sleep 600");
    let failing = "edctl_slurm_poll_failing{source=\"nodes\",reason=\"timeout\"} 1\n";
    exporter.until(|page| page.contains(failing) && page.contains(DOWN) && page.contains(IDLE));

    cluster.sinfo(ONE_NODE);
    exporter.until(|page| page.contains(UP) && !page.contains(failing));
}

#[test]
fn scrapes_run_no_command_and_never_wait_for_one() {
    let cluster = Cluster::new(&format!("echo x >> polls; {ONE_NODE}"), "exit 0");
    cluster.configure("interval_secs = 3600\nmax_age_secs = 3600");
    let exporter = cluster.serve();
    exporter.until(|page| page.contains(UP));
    for _ in 0..20 {
        exporter.get("/metrics");
    }
    assert_eq!(fs::read_to_string(cluster.path("polls")).unwrap(), "x\n");
}

#[test]
fn a_reload_keeps_the_counters_and_a_bad_one_changes_nothing() {
    let cluster = Cluster::new(ONE_NODE, "exit 0");
    cluster.configure("interval_secs = 3600\nmax_age_secs = 3600");
    let exporter = cluster.serve();
    exporter.until(|page| page.contains("edctl_slurm_polls_total{source=\"nodes\"} 1\n"));

    cluster.configure("intervall_secs = 1");
    exporter.signal("HUP");
    exporter.until_it_logs("the old configuration stays");
    fs::create_dir(cluster.path("exporter.d")).unwrap();
    let elsewhere = "[web]\nlisten_address = [\"127.0.0.1:1\"]\n";
    fs::write(cluster.path("exporter.d/elsewhere.toml"), elsewhere).unwrap();
    cluster.configure("interval_secs = 1800\nmax_age_secs = 3600");
    exporter.signal("HUP");
    exporter.until_it_logs("web.listen_address, web.config_file and log.format need a restart");
    let page =
        exporter.until(|page| page.contains("edctl_slurm_polls_total{source=\"nodes\"} 2\n"));
    let latency = "edctl_slurm_poll_latency_seconds_count{source=\"nodes\"} 2\n";
    assert!(page.contains(latency), "{page}");
}

#[test]
fn counters_go_on_where_slurmctlds_begin_again() {
    let cluster = Cluster::new(ONE_NODE, "exit 0");
    let sdiag = |since: u32, submitted: u32, rpcs: u32| {
        format!(
            "printf '%s\\n' 'Data since  x ({since})' 'Server thread count: 70' \
             'Jobs submitted: {submitted}' 'Nonsense: 1' \
             'Remote Procedure Call statistics by user' \
             ' ada ( 1001) count:{rpcs} ave_time:1000 total_time:{rpcs}000'"
        )
    };
    cluster.configure("[slurm.source_interval_secs]\ndiag = 1");
    cluster.command("sdiag", &sdiag(100, 5, 40));
    let exporter = cluster.serve();
    let page = exporter.until(|page| page.contains("edctl_slurm_jobs_submitted_total 5\n"));
    for line in [
        "edctl_slurm_poll_slowdown 2\n",
        "edctl_slurm_user_rpc_seconds_total{user=\"ada\"} 0.04\n",
        "edctl_slurm_rows_rejected_total{source=\"diag\",reason=\"unknown\"} 1\n",
    ] {
        assert!(page.contains(line), "{line}{page}");
    }
    assert!(!page.contains("edctl_slurm_agents"), "{page}");

    cluster.command("sdiag", &sdiag(200, 7, 1));
    exporter.until(|page| {
        page.contains("edctl_slurm_jobs_submitted_total 12\n")
            && page.contains("edctl_slurm_user_rpcs_total{user=\"ada\"} 41\n")
    });
    exporter.signal("HUP");
    exporter.until_it_logs("configuration reloaded");
    assert!(exporter.get("/metrics").contains("edctl_slurm_jobs_submitted_total 12\n"));
}

#[test]
fn what_becomes_of_jobs_is_counted_from_poll_to_poll() {
    let cluster = Cluster::new(ONE_NODE, &job_row("7", "PENDING"));
    cluster.configure("[slurm.source_interval_secs]\njobs = 1");
    let exporter = cluster.serve();
    exporter
        .until(|page| page.contains("edctl_slurm_stage_jobs{stage=\"sim\",state=\"pending\"} 1\n"));
    cluster.squeue(&job_row("7", "RUNNING"));
    exporter.until(|page| {
        page.contains("edctl_slurm_job_transitions_total{from=\"pending\",to=\"running\"} 1\n")
    });
    cluster.command("squeue", "exit 1");
    exporter.until(|page| page.contains("edctl_slurm_up{source=\"jobs\"} 0\n"));
    cluster.squeue(&job_row("7", "FAILED"));
    let page = exporter.until(|page| page.contains("edctl_slurm_jobs_ended_total{"));
    for line in [
        "edctl_slurm_jobs_ended_total{state=\"failed\",profile=\"latency\"} 1\n",
        "edctl_slurm_job_wait_seconds_sum{partition=\"p\",profile=\"latency\"} 30.0\n",
        "edctl_slurm_job_run_seconds_bucket{partition=\"p\",profile=\"latency\",le=\"10\"} 0\n",
        "edctl_slurm_job_run_seconds_bucket{partition=\"p\",profile=\"latency\",le=\"60\"} 1\n",
        "edctl_slurm_job_run_seconds_count{partition=\"p\",profile=\"latency\"} 1\n",
    ] {
        assert!(page.contains(line), "{line}{page}");
    }
}

#[test]
fn a_source_without_a_readable_row_fails_and_none_at_all_is_none() {
    let cluster = Cluster::new(ONE_NODE, "exit 0");
    let page = cluster.once();
    for source in ["licenses", "reservations", "shares"] {
        let up = format!("edctl_slurm_up{{source=\"{source}\"}} 1\n");
        assert!(page.contains(&up), "{up}{page}");
    }
    cluster.command("scontrol", "echo slurm_load: something else");
    cluster.command("sshare", "echo 'a|b'");
    let page = cluster.once();
    for source in ["licenses", "reservations", "shares"] {
        let failing =
            format!("edctl_slurm_poll_failing{{source=\"{source}\",reason=\"bad_rows\"}} 1\n");
        assert!(page.contains(&failing), "{failing}{page}");
    }
}

#[test]
fn only_the_sources_that_are_wanted_are_asked() {
    let cluster = Cluster::new(ONE_NODE, "exit 0");
    cluster.command("sshare", "echo >asked");
    cluster.configure("sources = [\"nodes\"]");
    let page = cluster.once();
    assert!(page.contains(UP) && !page.contains("source=\"shares\""), "{page}");
    assert!(!cluster.path("asked").exists());
}

#[test]
fn the_end_waits_for_no_command_and_leaves_none() {
    let cluster = Cluster::new(
        "echo $$ > sinfo.new-pid; mv sinfo.new-pid pid; exec /bin/sleep 600",
        "exit 0",
    );
    cluster.configure("deadline_secs = 600");
    let mut exporter = cluster.serve();
    let pid_file = cluster.path("pid");
    let until = Instant::now() + PATIENCE;
    while !pid_file.exists() {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(exporter.get("/healthz").starts_with("HTTP/1.1 200"));
    exporter.signal("TERM");
    assert!(exporter.child.wait().unwrap().success());
    let until = Instant::now() + PATIENCE;
    while is_running(&pid_file) {
        assert!(Instant::now() < until, "sinfo outlived the exporter");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_bad_configuration_stops_the_start() {
    let cluster = Cluster::new("exit 0", "exit 0");
    cluster.configure("interval_secs = 0");
    let output = cluster.program().arg("--check-config").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    let place =
        ":7:17: slurm.interval_secs: expected 1 to 3600, not 0\n  |\n7 | interval_secs = 0\n";
    assert!(error.contains(place), "{error}");
}
