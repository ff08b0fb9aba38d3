//! `--web.config.file`, from the command line to a refused request; what the file can say is tested
//! in lib/exposition.

#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::fs;
use std::process::{Command, Output};

use edctl_testkit::Daemon;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_edctl-exporter-slurm");
const ALICE: &str = "basic_auth_users:\n  alice: \
                     $2y$04$W1c9T8bq5Z0uX3kM7rJ2eOe4hP6yN5vB1sD8gF0aL9iK3mC7xQ2tS\n";

/// A folder with a web configuration file and a configuration that names it.
struct Site(TempDir);

impl Site {
    fn new(web_config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let web = dir.path().join("web.yml");
        fs::write(&web, web_config).unwrap();
        let text = format!(
            "[web]\nlisten_address = [\"127.0.0.1:0\"]\nconfig_file = {web:?}\n\
             [log]\nformat = \"text\"\n[slurm]\nbin_dir = \"/nowhere\"\n"
        );
        fs::write(dir.path().join("exporter.toml"), text).unwrap();
        Self(dir)
    }

    fn program(&self) -> Command {
        let mut program = Command::new(BINARY);
        program.arg("--config").arg(self.0.path().join("exporter.toml"));
        program
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.program().args(arguments).output().unwrap()
    }
}

/// The status line of an answer to a request without credentials.
fn status(program: &mut Command) -> String {
    let answer = Daemon::start(program).get("/healthz");
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_flag_wins_over_the_configuration_and_an_empty_name_is_none() {
    let site = Site::new(ALICE);
    assert_eq!(status(&mut site.program()), "HTTP/1.1 401 Unauthorized");
    let other = site.0.path().join("other.yml");
    fs::write(&other, "# for everybody\n").unwrap();
    let mut program = site.program();
    assert_eq!(status(program.arg("--web.config.file").arg(other)), "HTTP/1.1 200 OK");

    fs::create_dir(site.0.path().join("exporter.d")).unwrap();
    let none = "[web]\nconfig_file = \"\"\n";
    fs::write(site.0.path().join("exporter.d/none.toml"), none).unwrap();
    assert_eq!(status(&mut site.program()), "HTTP/1.1 200 OK");
}

#[test]
fn a_bad_file_stops_the_start_and_not_a_single_page() {
    let site = Site::new("tls_server_config:\n  cert_file: no.pem\n");
    for arguments in [&["--check-config"][..], &[]] {
        let output = site.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("web.yml:2: tls_server_config.cert_file: "), "{error}");
        assert!(error.contains("no.pem cannot be read: No such file"), "{error}");
    }
    assert!(site.run(&["--once"]).status.success());
    assert!(Site::new(ALICE).run(&["--check-config"]).status.success());
}

#[test]
fn a_slow_password_is_told_of_at_the_start_and_when_asked() {
    let site = Site::new(&ALICE.replace("$04$", "$18$"));
    let checked = site.run(&["--check-config"]);
    let told = String::from_utf8(checked.stderr).unwrap();
    assert!(checked.status.success(), "{told}");
    assert!(told.contains("web.yml:2: basic_auth_users.alice: its hash has cost 18, "), "{told}");
    let told = &Daemon::start(&mut site.program()).beginning;
    assert!(told.contains("cost 18"), "{told}");
}
