//! Each check's fault on a tree of files: it fires, it is silent on a healthy node, and it heals.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use edctl_daemon::Paths;
use edctl_health::{Class, Outcome};

use super::CHECKS;
use crate::health::check::{Check, Finding, Ground};
use crate::health::config::HealthConfig;
use crate::health::expected::Expected;
use crate::health::round::Round;

/// A node made of files.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(path, content)| tree.put(path, content));
        tree
    }

    fn put(&self, path: &str, content: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn remove(&self, path: &str) {
        let path = self.0.path().join(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    /// The check of this name, on a node that should be as this TOML says.
    fn check(&self, name: &str, expected: &str) -> Box<dyn Check> {
        let expected: Expected = toml::from_str(expected).unwrap();
        let ground = Ground { paths: paths(self.0.path()), expected: Arc::new(expected) };
        let entry = CHECKS.iter().find(|entry| entry.name == name).unwrap();
        (entry.make)(&ground)
    }
}

fn paths(root: &Path) -> Paths {
    Paths {
        procfs: root.join("proc"),
        sysfs: root.join("sys"),
        rootfs: root.join("root"),
        cgroupfs: root.join("cgroup"),
        ..Paths::default()
    }
}

/// What counts of a finding: how bad, whose, and which code, which the table has to name.
fn said(name: &str, finding: &Finding) -> (Outcome, Class, &'static str) {
    let entry = CHECKS.iter().find(|entry| entry.name == name).unwrap();
    let is_known = entry.codes.iter().any(|code| code.code == finding.code);
    assert!(is_known || finding.code.is_empty(), "{name} names no code {}", finding.code);
    (finding.outcome, finding.class, finding.code)
}

/// A fault of one check: what the inventory says, a healthy node, the change that breaks it, and what is seen.
struct Fault {
    check: &'static str,
    expected: &'static str,
    healthy: &'static [(&'static str, &'static str)],
    /// A file's new content, or none where it goes.
    breaks: (&'static str, Option<&'static str>),
    seen: (Outcome, Class, &'static str),
}

use Class::{Infra, Node, User};
use Outcome::{Fail, Warn};

const MOUNTINFO: &str = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
                         40 22 0:40 / /home rw,nosuid - nfs4 ctl:/srv/home rw,vers=4.2\n";
const HOME: &str = "[[mount]]\npath = \"/home\"\nfs_type = \"nfs4\"\nsource = \"ctl:/srv/home\"";
const AER: [(&str, &str); 3] = [
    ("sys/bus/pci/devices/0000:00:1c.0/aer_dev_fatal", "Undefined 0\nTOTAL_ERR_FATAL 0\n"),
    ("sys/bus/pci/devices/0000:00:1c.0/aer_dev_nonfatal", "DLP 0\nTOTAL_ERR_NONFATAL 3\n"),
    ("sys/bus/pci/devices/0000:00:1c.0/aer_dev_correctable", "RxErr 4\nTOTAL_ERR_COR 4\n"),
];
const KMSG_OK: &str = "6,1,1000,-;Linux version 6.1.0\n SUBSYSTEM=x\n6,2,2000,-;systemd[1]: up\n";
const NIC: &[(&str, &str)] = &[
    ("sys/class/net/eth0/operstate", "up\n"),
    ("sys/class/net/eth0/carrier", "1\n"),
    ("sys/class/net/eth0/speed", "25000\n"),
    ("sys/class/net/eth0/statistics/rx_errors", "7\n"),
    ("sys/class/net/eth0/statistics/tx_errors", "0\n"),
];
const ETH0: &str = "[[nic]]\nname = \"eth0\"\nmin_speed_mbps = 10000";
const IB: &[(&str, &str)] = &[
    ("sys/class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n"),
    ("sys/class/infiniband/mlx5_0/ports/1/rate", "100 Gb/sec (4X EDR)\n"),
];
const MLX: &str = "[[infiniband]]\ndevice = \"mlx5_0\"\nmin_rate_gbps = 100";
const DPKG: &str = "Package: slurmd\nStatus: install ok installed\nVersion: 22.05.8-4\n\n\
                    Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n";

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    Fault { check: "mounts", expected: HOME, healthy: &[("proc/self/mountinfo", MOUNTINFO), ("root/home/x", "")],
        breaks: ("proc/self/mountinfo", Some("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")), seen: (Fail, Node, "missing") },
    Fault { check: "mounts", expected: HOME, healthy: &[("proc/self/mountinfo", MOUNTINFO), ("root/home/x", "")],
        breaks: ("proc/self/mountinfo", Some("40 22 0:40 / /home ro - nfs4 ctl:/srv/home rw\n")), seen: (Fail, Node, "options") },
    Fault { check: "mounts", expected: HOME, healthy: &[("proc/self/mountinfo", MOUNTINFO), ("root/home/x", "")],
        breaks: ("proc/self/mountinfo", Some("40 22 0:40 / /home rw - tmpfs tmpfs rw\n")), seen: (Fail, Node, "source") },
    Fault { check: "mounts", expected: HOME, healthy: &[("proc/self/mountinfo", MOUNTINFO), ("root/home/x", "")],
        breaks: ("root/home", None), seen: (Fail, Infra, "error") },
    Fault { check: "space", expected: "[[space]]\npath = \"/scratch\"\nmin_free_ratio = 0.0", healthy: &[("root/scratch/x", "")],
        breaks: ("root/scratch", None), seen: (Fail, Node, "missing") },
    Fault { check: "memory", expected: "memory_bytes = 16000000000", healthy: &[("proc/meminfo", "MemTotal:       16384000 kB\nMemFree: 1 kB\n")],
        breaks: ("proc/meminfo", Some("MemTotal:       8192000 kB\n")), seen: (Fail, Node, "short") },
    Fault { check: "cpus", expected: "cpus = 6", healthy: &[("sys/devices/system/cpu/online", "0-3,6-7\n")],
        breaks: ("sys/devices/system/cpu/online", Some("0-3\n")), seen: (Fail, Node, "count") },
    Fault { check: "edac", expected: "", healthy: &[("sys/devices/system/edac/mc/mc0/ue_count", "0\n"), ("sys/devices/system/edac/mc/mc0/ce_count", "12\n")],
        breaks: ("sys/devices/system/edac/mc/mc0/ue_count", Some("1\n")), seen: (Fail, Node, "uncorrectable") },
    Fault { check: "edac", expected: "", healthy: &[("sys/devices/system/edac/mc/mc0/ue_count", "0\n"), ("sys/devices/system/edac/mc/mc0/ce_count", "12\n")],
        breaks: ("sys/devices/system/edac/mc/mc0/ce_count", Some("5000\n")), seen: (Warn, Node, "correctable") },
    Fault { check: "pcie_aer", expected: "", healthy: &AER,
        breaks: (AER[0].0, Some("Undefined 1\nTOTAL_ERR_FATAL 1\n")), seen: (Fail, Node, "fatal") },
    Fault { check: "pcie_aer", expected: "", healthy: &AER,
        breaks: (AER[1].0, Some("DLP 1\nTOTAL_ERR_NONFATAL 4\n")), seen: (Warn, Node, "nonfatal") },
    Fault { check: "pcie_aer", expected: "", healthy: &AER,
        breaks: (AER[2].0, Some("RxErr 904\nTOTAL_ERR_COR 904\n")), seen: (Warn, Node, "correctable") },
    Fault { check: "pci", expected: "[[pci]]\nvendor = \"0x10de\"\ncount = 1",
        healthy: &[("sys/bus/pci/devices/a/vendor", "0x10de\n"), ("sys/bus/pci/devices/a/device", "0x20b0\n"), ("sys/bus/pci/devices/b/vendor", "0x8086\n")],
        breaks: ("sys/bus/pci/devices/a", None), seen: (Fail, Node, "missing") },
    Fault { check: "nic", expected: ETH0, healthy: NIC, breaks: ("sys/class/net/eth0/operstate", Some("down\n")), seen: (Fail, Node, "down") },
    Fault { check: "nic", expected: ETH0, healthy: NIC, breaks: ("sys/class/net/eth0/speed", Some("1000\n")), seen: (Fail, Node, "slow") },
    Fault { check: "nic", expected: ETH0, healthy: NIC, breaks: ("sys/class/net/eth0", None), seen: (Fail, Node, "missing") },
    Fault { check: "nic", expected: ETH0, healthy: NIC, breaks: ("sys/class/net/eth0/statistics/rx_errors", Some("1007\n")), seen: (Warn, Node, "errors") },
    Fault { check: "infiniband", expected: MLX, healthy: IB, breaks: (IB[0].0, Some("1: DOWN\n")), seen: (Fail, Node, "down") },
    Fault { check: "infiniband", expected: MLX, healthy: IB, breaks: (IB[1].0, Some("25 Gb/sec (1X EDR)\n")), seen: (Fail, Node, "slow") },
    Fault { check: "infiniband", expected: MLX, healthy: IB, breaks: ("sys/class/infiniband/mlx5_0", None), seen: (Fail, Node, "missing") },
    Fault { check: "machine_id", expected: "", healthy: &[("root/etc/machine-id", "0123456789abcdef0123456789abcdef\n")],
        breaks: ("root/etc/machine-id", Some("uninitialized\n")), seen: (Warn, Node, "missing") },
    Fault { check: "packages", expected: "[[package]]\nname = \"slurmd\"\nversion = \"22.05.8-4\"", healthy: &[("root/var/lib/dpkg/status", DPKG)],
        breaks: ("root/var/lib/dpkg/status", Some("Package: slurmd\nStatus: install ok installed\nVersion: 21.08\n")), seen: (Warn, Node, "version") },
    Fault { check: "packages", expected: "[[package]]\nname = \"slurmd\"", healthy: &[("root/var/lib/dpkg/status", DPKG)],
        breaks: ("root/var/lib/dpkg/status", Some("Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n")), seen: (Fail, Node, "missing") },
    Fault { check: "slurm_cgroup", expected: "cgroup_controllers = [\"cpu\", \"memory\"]", healthy: &[("cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")],
        breaks: ("cgroup/cgroup.controllers", Some("cpuset cpu io pids\n")), seen: (Fail, Node, "controller") },
    Fault { check: "slurm_cgroup", expected: "cgroup_controllers = [\"memory\"]", healthy: &[("cgroup/memory/tasks", "")],
        breaks: ("cgroup/memory", None), seen: (Fail, Node, "controller") },
    Fault { check: "steal", expected: "", healthy: &[("proc/stat", "cpu  100 0 100 800 0 0 0 0 0 0\n")],
        breaks: ("proc/stat", Some("cpu  200 0 100 1600 0 0 0 1000 0 0\n")), seen: (Warn, Infra, "high") },
    Fault { check: "kernel_log", expected: "", healthy: &[("root/dev/kmsg", KMSG_OK), ("proc/uptime", "100.00 90.00\n")],
        breaks: ("root/dev/kmsg", Some("4,3,3000000,-;EXT4-fs (sda1): Remounting filesystem read-only\n")), seen: (Fail, Node, "filesystem") },
    Fault { check: "kernel_log", expected: "", healthy: &[("root/dev/kmsg", KMSG_OK), ("proc/uptime", "100.00 90.00\n")],
        breaks: ("root/dev/kmsg", Some("4,3,3000000,-;NVRM: Xid (PCI:0000:3b:00): 43, pid=1, Ch 0\n")), seen: (Warn, User, "gpu_job") },
    Fault { check: "blocked", expected: "", healthy: &[("proc/7/stat", "7 (a (b) c) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0\n")],
        breaks: ("proc/7/stat", Some("7 (a (b) c) D 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0\n")), seen: (Warn, Infra, "blocked") },
];

#[test]
fn each_fault_is_seen_and_seen_no_more_when_it_is_gone() {
    for fault in FAULTS {
        let tree = Tree::new(fault.healthy);
        let path = fault.breaks.0;
        let before = fault.healthy.iter().filter(|(other, _)| other.starts_with(path));
        let before: Vec<_> = before.collect();
        let mut check = tree.check(fault.check, fault.expected);
        for _ in 0..2 {
            let finding = check.look();
            let is_well = matches!(finding.outcome, Outcome::Pass)
                || (fault.check == "steal" && finding.outcome == Outcome::Unknown);
            assert!(is_well, "{} on a healthy node: {finding:?}", fault.check);
        }
        match fault.breaks.1 {
            Some(content) if path.ends_with("kmsg") => {
                tree.put(path, &[KMSG_OK, content].concat());
            }
            Some(content) => tree.put(path, content),
            None => tree.remove(path),
        }
        // A process is stuck only after some looks.
        let looks = if fault.check == "blocked" { 5 } else { 1 };
        let finding = (0..looks).map(|_| check.look()).last().unwrap();
        assert_eq!(said(fault.check, &finding), fault.seen, "{}: {finding:?}", fault.check);

        before.iter().for_each(|(path, content)| tree.put(path, content));
        if path.ends_with("kmsg") {
            // What was logged stays logged; it ages, or counts until the next boot.
            continue;
        }
        if fault.check == "steal" {
            tree.put(path, "cpu  300 0 200 2600 0 0 0 1000 0 0\n");
        }
        check.look();
        let finding = check.look();
        let is_well = finding.outcome <= Outcome::Unknown;
        assert!(is_well, "{} after the fault: {finding:?}", fault.check);
    }
}

#[test]
fn a_file_is_known_by_its_digest() {
    let tree = Tree::new(&[("root/etc/slurm/slurm.conf", "NodeName=w1\n")]);
    let digest = std::process::Command::new("sha256sum")
        .arg(tree.0.path().join("root/etc/slurm/slurm.conf"))
        .output()
        .unwrap();
    let digest = String::from_utf8(digest.stdout).unwrap();
    let digest = digest.split(' ').next().unwrap();
    let expected = format!("[[file]]\npath = \"/etc/slurm/slurm.conf\"\nsha256 = \"{digest}\"");
    let mut check = tree.check("files", &expected);
    assert_eq!(said("files", &check.look()), (Outcome::Pass, Node, ""));
    tree.put("root/etc/slurm/slurm.conf", "NodeName=w2\n");
    assert_eq!(said("files", &check.look()), (Warn, Node, "differs"));
    tree.remove("root/etc/slurm/slurm.conf");
    assert_eq!(said("files", &check.look()), (Fail, Node, "missing"));
    tree.put("root/etc/slurm/slurm.conf", "NodeName=w1\n");
    assert_eq!(check.look().outcome, Outcome::Pass);
}

#[test]
fn what_was_logged_ages_and_what_breaks_a_node_stays_until_the_next_boot() {
    let lockup = "2,9,50000000,-;watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [x:1]\n";
    let tree = Tree::new(&[("root/dev/kmsg", lockup), ("proc/uptime", "60.00 50.00\n")]);
    let mut check = tree.check("kernel_log", "");
    assert_eq!(said("kernel_log", &check.look()), (Fail, Node, "soft_lockup"));
    tree.put("proc/uptime", "3700.00 50.00\n");
    assert_eq!(check.look().outcome, Outcome::Pass);

    let kills: String = (0..5)
        .map(|n| format!("3,{n},{}000000,-;Out of memory: Killed process {n} (vvp)\n", 100 + n))
        .collect();
    let broken = "3,20,1000000,-;EXT4-fs error (device sda1): ext4_lookup:1575\n";
    tree.put("root/dev/kmsg", &kills);
    tree.put("proc/uptime", "110.00 1.00\n");
    let mut check = tree.check("kernel_log", "");
    assert_eq!(said("kernel_log", &check.look()), (Fail, Node, "oom_storm"));
    tree.put("root/dev/kmsg", &[&*kills, broken].concat());
    tree.put("proc/uptime", "900000.00 1.00\n");
    assert_eq!(said("kernel_log", &check.look()), (Fail, Node, "filesystem"));
}

#[test]
fn munge_is_asked_and_its_silence_is_no_word() {
    let script = |body: &str| format!("#!/bin/sh\n{body}\n");
    let tree = Tree::new(&[]);
    let install = |program: &str, body: &str| {
        use std::os::unix::fs::PermissionsExt;
        let path = format!("root/usr/bin/{program}");
        tree.put(&path, &script(body));
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(tree.0.path().join(path), mode).unwrap();
    };
    let mut check = tree.check("munge", "munge = true");
    assert_eq!(check.look().outcome, Outcome::Unknown, "there is no munge");
    install("munge", "echo MUNGE:abc:");
    install("unmunge", "read credential; test \"$credential\" = MUNGE:abc:");
    assert_eq!(said("munge", &check.look()), (Outcome::Pass, Node, ""));
    install("munge", "echo 'Unable to access \"/run/munge/munge.socket.2\"' >&2; exit 6");
    let finding = check.look();
    assert_eq!(said("munge", &finding), (Fail, Node, "failed"));
    assert!(finding.detail.starts_with("Unable to access '/run"), "{finding:?}");
    install("munge", "exec sleep 60");
    assert_eq!(said("munge", &check.look()), (Fail, Node, "hangs"));
    install("munge", "echo MUNGE:abc:");
    assert_eq!(check.look().outcome, Outcome::Pass);
    assert_eq!(tree.check("munge", "").look().outcome, Outcome::NotApplicable);
}

#[test]
fn users_are_known_or_not() {
    let tree = Tree::new(&[]);
    let look = |users: &str| tree.check("name_service", users).look();
    assert_eq!(look("users = [\"root\"]").outcome, Outcome::Pass);
    let finding = look("users = [\"root\", \"no-such-user\"]");
    assert_eq!(said("name_service", &finding), (Fail, Node, "unknown_user"));
    assert_eq!(look("").outcome, Outcome::NotApplicable);
}

#[test]
fn a_users_process_outside_of_jobs_is_a_stray() {
    // The directory's owner is the process's, here as in /proc: whoever runs this test.
    let me = rustix::process::getuid().as_raw();
    let expected = format!("strays_from_uid = {me}");
    let job = "0::/system.slice/slurmstepd.scope/job_42/step_0/user/task_0\n";
    let tree = Tree::new(&[("proc/7/cgroup", job), ("proc/7/comm", "vvp\n")]);
    let mut check = tree.check("strays", &expected);
    assert_eq!(check.look().outcome, Outcome::Pass);
    tree.put("proc/7/cgroup", "5:memory:/slurm_w1/uid_2000/job_9/step_batch\n0::/\n");
    assert_eq!(check.look().outcome, Outcome::Pass);
    tree.put("proc/7/cgroup", "0::/user.slice/user-2000.slice/session-1.scope\n");
    let finding = check.look();
    assert_eq!(said("strays", &finding), (Warn, User, "process"));
    assert_eq!(finding.detail, "vvp (pid 7) is in no job");
    tree.remove("proc/7");
    assert_eq!(check.look().outcome, Outcome::Pass);
    assert_eq!(tree.check("strays", "").look().outcome, Outcome::NotApplicable);
}

#[test]
fn the_table_is_in_order_and_explains_itself() {
    let names: Vec<&str> = CHECKS.iter().map(|entry| entry.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for entry in &CHECKS {
        assert!(!entry.codes.is_empty() && !entry.about.is_empty(), "{}", entry.name);
        assert!(entry.fails_after > 0 && entry.heals_after > 0, "{}", entry.name);
    }
    let text =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/adding-a-check.md"))
            .unwrap();
    let missing = names.iter().find(|name| !text.contains(&format!("| `{name}` |")));
    assert_eq!(missing, None, "docs/adding-a-check.md lists all checks");
}

#[test]
fn a_week_of_recorded_healthy_nodes_fails_nothing() {
    const ROUNDS_OF_A_WEEK: u64 = 7 * 24 * 60 / 5;
    let fixtures =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../lib/nodemetrics/tests/fixtures"));
    // The server of the fixtures is not healthy: its memory has lost something.
    for node in ["arm64", "efa", "node", "vm"] {
        let root: PathBuf = fixtures.join(node);
        assert!(root.join("proc").is_dir(), "{}", root.display());
        let place = Paths {
            procfs: root.join("proc"),
            sysfs: root.join("sys"),
            rootfs: root,
            ..Paths::default()
        };
        // These ask the machine that the test runs on.
        let off = ["munge", "name_service", "space", "time_sync"];
        let config: HealthConfig = {
            let mut config =
                HealthConfig { expected_file: "/nowhere".into(), ..HealthConfig::default() };
            let is_off = |name: &&str| ((*name).to_owned(), crate::health::config::CheckMode::Off);
            config.checks = off.iter().map(is_off).collect();
            config
        };
        let mut round = Round::new(&config, &place).unwrap();
        for _ in 0..ROUNDS_OF_A_WEEK {
            let stands = round.look(|_| true);
            let failing = stands.iter().find(|stand| stand.state.state == Outcome::Fail);
            assert!(failing.is_none(), "{node}: {failing:?}");
        }
    }
}
