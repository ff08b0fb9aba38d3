//! What is shown where `PrivateData` keeps from the exporter's user what belongs to others.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::cluster::BINARY;
use super::*;

const NOBODY: u32 = 65534;
const JOBS: &str = "edctl_slurm_jobs{";

/// A cluster where something is private.
struct Private {
    cluster: Cluster,
    /// Whom slurmctld sees: no root, to whom nothing is private.
    uid: u32,
}

impl Private {
    fn new(cluster: Cluster) -> Self {
        let own = rustix::process::getuid();
        if own.is_root() {
            // Where nobody can run it.
            let everybody = fs::Permissions::from_mode(0o755);
            fs::set_permissions(cluster.dir.path(), everybody).unwrap();
            fs::copy(BINARY, cluster.path("exporter")).unwrap();
            return Self { cluster, uid: NOBODY };
        }
        Self { cluster, uid: own.as_raw() }
    }

    fn configure(&self, kinds: &str, slurm_user: u32) {
        let lines = format!("PrivateData = {kinds}\nSlurmUser = slurm({slurm_user})\n");
        fs::write(self.cluster.path("config.txt"), lines).unwrap();
    }

    /// Gives its user a level in the accounts; the others there are those of a real cluster.
    fn set_level(&self, level: &str) {
        let users = include_str!("../fixtures/22.05/users.txt");
        let ours = format!("edctl-exporter-slurm({})", self.uid);
        let users = users
            .replace("edctl-exporter-slurm(995)", &ours)
            .replace("AdminLevel=Operator", &format!("AdminLevel={level}"));
        fs::write(self.cluster.path("users.new"), users).unwrap();
        fs::rename(self.cluster.path("users.new"), self.cluster.path("users.txt")).unwrap();
    }

    fn program(&self) -> Command {
        if self.uid != NOBODY {
            return self.cluster.program();
        }
        let mut program = Command::new(self.cluster.path("exporter"));
        program.arg("--config").arg(self.cluster.path("exporter.toml")).uid(NOBODY).gid(NOBODY);
        program
    }

    fn once(&self) -> String {
        let output = self.program().arg("--once").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The series of a family, without its name.
fn series<'a>(page: &'a str, family: &str) -> Vec<&'a str> {
    let name = format!("{family}{{");
    page.lines().filter_map(|line| line.strip_prefix(name.as_str())).collect()
}

#[test]
fn a_source_that_tells_only_part_is_left_out_and_said_to_be() {
    for (kinds, hidden) in [
        ("jobs", vec!["source=\"jobs\",kind=\"jobs\"} 1"]),
        ("nodes,partitions", vec!["source=\"nodes\",kind=\"nodes\"} 1"]),
        ("partitions", vec!["source=\"nodes\",kind=\"partitions\"} 1"]),
        (
            "reservations,usage",
            vec![
                "source=\"reservations\",kind=\"reservations\"} 1",
                "source=\"shares\",kind=\"usage\"} 1",
            ],
        ),
        ("accounts,events,users", vec![]),
        ("cloud", vec![]),
        ("none", vec![]),
    ] {
        let private = Private::new(Cluster::recorded("22.05"));
        private.configure(kinds, 1);
        private.set_level("Not Set");
        let page = private.once();
        assert_eq!(series(&page, "edctl_slurm_source_hidden"), hidden, "{kinds}\n{page}");
        let shown = |word: &str| kinds.split(',').any(|kind| kind == word && kind != "cloud");
        let told = series(&page, "edctl_slurm_private_data");
        assert!(told.iter().all(|line| shown(line.split('"').nth(1).unwrap())), "{kinds}\n{page}");
        for (source, family) in [
            ("nodes", "edctl_slurm_nodes{"),
            ("jobs", JOBS),
            ("licenses", "edctl_slurm_licenses{"),
            ("reservations", "edctl_slurm_reservation_info{"),
            ("shares", "edctl_slurm_account_shares_ratio{"),
        ] {
            let is_hidden = hidden.iter().any(|line| line.contains(&format!("\"{source}\"")));
            assert_eq!(page.contains(family), !is_hidden, "{kinds} {source}\n{page}");
            let up = format!("edctl_slurm_up{{source=\"{source}\"}} {}\n", u8::from(!is_hidden));
            assert!(page.contains(&up), "{kinds} {source}\n{page}");
        }
    }
}

#[test]
fn nothing_is_hidden_from_slurms_own_user_and_its_operators() {
    let private = Private::new(Cluster::recorded("22.05"));
    private.configure("jobs", private.uid);
    assert!(private.once().contains(JOBS), "{} is SlurmUser", private.uid);
    private.configure("jobs", private.uid + 1);
    for (level, is_shown) in
        [("Operator", true), ("Administrator", true), ("None", false), ("Not Set", false)]
    {
        private.set_level(level);
        let page = private.once();
        assert_eq!(page.contains(JOBS), is_shown, "{level}\n{page}");
        assert!(page.contains("edctl_slurm_private_data{kind=\"jobs\"} 1\n"), "{page}");
    }
    // As slurmctld answers one who is not in the accounts.
    fs::remove_file(private.cluster.path("users.txt")).unwrap();
    let page = private.once();
    assert!(
        !page.contains(JOBS) && page.contains("edctl_slurm_up{source=\"access\"} 1\n"),
        "{page}"
    );
}

#[test]
fn another_profile_hides_the_same() {
    let private = Private::new(Cluster::recorded("22.05"));
    private.configure("jobs", 1);
    private.set_level("None");
    private.cluster.configure("profile = \"vpenso\"");
    let page = private.once();
    assert!(page.contains("slurm_nodes_idle") && !page.contains("slurm_queue_"), "{page}");
    assert!(
        page.contains("edctl_slurm_source_hidden{source=\"jobs\",kind=\"jobs\"} 1\n"),
        "{page}"
    );
}

#[test]
fn what_slurmrestd_leaves_out_is_known_from_the_commands() {
    let private = Private::new(Cluster::recorded("22.05"));
    private.configure("jobs", 1);
    private.set_level("None");
    private.cluster.configure("backend = \"slurmrestd\"\nslurmrestd_socket = \"/nowhere\"");
    let page = private.once();
    let hidden = "edctl_slurm_source_hidden{source=\"jobs\",kind=\"jobs\"} 1\n";
    assert!(page.contains(hidden), "{page}");
}

#[test]
fn jobs_that_come_into_sight_are_no_new_jobs() {
    let private = Private::new(Cluster::recorded("22.05"));
    private.configure("jobs", 1);
    private.set_level("None");
    // As squeue does; that we are an operator now is seen later.
    let row = job_row("7", "RUNNING");
    private.cluster.squeue(&format!("/bin/grep -q Operator users.txt && {row}"));
    private.cluster.configure("interval_secs = 1");
    let exporter = Daemon::start(&mut private.program());
    exporter.until(|page| page.contains("edctl_slurm_source_hidden{source=\"jobs\""));
    assert!(exporter.get("/readyz").starts_with("HTTP/1.1 200"), "it says what it can");

    private.set_level("Operator");
    let page = exporter.until(|page| page.contains("edctl_slurm_jobs{state=\"running\"} 1\n"));
    assert!(!page.contains("edctl_slurm_source_hidden{"), "{page}");
    assert_eq!(series(&page, "edctl_slurm_job_transitions_total"), [""; 0], "{page}");
}
