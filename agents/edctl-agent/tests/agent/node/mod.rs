//! A node of our own: an agent on a socket, a state directory and a free port, and the hook's own code.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use edctl_hook::{Ending, World};
use tempfile::TempDir;

/// A start takes milliseconds; a busy machine may take longer, but not for ever.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Node {
    dir: TempDir,
    state: PathBuf,
    socket: PathBuf,
}

impl Node {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { state: dir.path().into(), socket: dir.path().join("agent.sock"), dir }
    }

    /// A node without the directories that the agent works in.
    pub(crate) fn bare() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("var/lib/edctl/agent");
        Self { state, socket: dir.path().join("run/edctl/agent.sock"), dir }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.socket.clone()
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.state.join("spool")
    }

    /// Makes the spool as the package does before the agent's first start.
    pub(crate) fn make_spool(&self) {
        fs::create_dir(self.spool()).unwrap();
    }

    /// The names of the files in the spool, in order.
    pub(crate) fn spooled(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.spool())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The agent's command, not yet started.
    pub(crate) fn agent(&self) -> Command {
        let mut agent = Command::new(env!("CARGO_BIN_EXE_edctl-agent"));
        let config = self.dir().join("agent.toml");
        let config = if config.exists() { config } else { "/dev/null".into() };
        agent
            .arg("--config")
            .arg(config)
            .args(["--web.listen-address", "127.0.0.1:0"])
            .args(["--log.format", "text", "--hooks.socket"])
            .arg(self.socket())
            .arg("--state.directory")
            .arg(self.state())
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null());
        agent
    }

    /// A running agent that serves its socket and its page.
    pub(crate) fn start(&self) -> Agent {
        let log = self.dir().join("agent.log");
        let stderr = fs::File::create(&log).unwrap();
        let child = self.agent().stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let mut agent = Agent { child, log };
        let start = Instant::now();
        while agent.address().is_none() {
            assert!(agent.child.try_wait().unwrap().is_none(), "it ended: {}", agent.log());
            assert!(start.elapsed() < PATIENCE, "it does not start: {}", agent.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        agent
    }

    /// Waits for what the agent does in its own time.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the hook does when slurmd runs it; hands back what it printed.
    pub(crate) fn hook(&self, context: &str, job_id: u32) -> String {
        self.hook_asking(&self.socket(), context, job_id)
    }

    /// What the hook does when the agent does not answer it.
    pub(crate) fn spooling_hook(&self, context: &str, job_id: u32) -> String {
        self.hook_asking(&self.dir().join("nobody.sock"), context, job_id)
    }

    fn hook_asking(&self, socket: &Path, context: &str, job_id: u32) -> String {
        self.call_hook(socket, context, job_id).1
    }

    /// What slurmd is told by a prolog's exit code.
    pub(crate) fn prolog(&self, job_id: u32) -> Ending {
        self.call_hook(&self.socket(), "prolog_slurmd", job_id).0
    }

    fn call_hook(&self, socket: &Path, context: &str, job_id: u32) -> (Ending, String) {
        let comment =
            "edctl/1 run=R stage=sim tp=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let variable = |name: &str| match name {
            "SLURM_SCRIPT_CONTEXT" => Some(context.into()),
            "SLURMD_NODENAME" => Some("w1".into()),
            "SLURM_JOB_ID" => Some(job_id.to_string().into()),
            "SLURM_JOB_UID" => Some("2000".into()),
            "SLURM_JOB_USER" => Some("designer".into()),
            "SLURM_JOB_PARTITION" => Some("latency".into()),
            "SLURM_JOB_COMMENT" => Some(comment.into()),
            _ => None,
        };
        // The default budget is for real; here a busy machine must not decide.
        let mut words: Vec<OsString> = vec!["--budget-ms".into(), "5000".into()];
        words.extend(["--socket".into(), socket.into(), "--spool".into(), self.spool().into()]);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut world = World { variable: &variable, out: &mut out, err: &mut err };
        let ending = edctl_hook::call(words.into_iter(), &mut world);
        let complaint = String::from_utf8(err).unwrap();
        assert!(!complaint.contains("lost"), "{complaint}");
        (ending, String::from_utf8(out).unwrap())
    }

    pub(crate) fn ask_status(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_edctl-agent"))
            .args(["status", "--socket"])
            .arg(self.socket())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// The agent's program.
    pub(crate) fn command(&self) -> Command {
        Command::new(env!("CARGO_BIN_EXE_edctl-agent"))
    }

    /// What a subcommand does that ends with the socket's path.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command().args(words).arg(self.socket()).output().unwrap()
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        let output = self.ask_status(&["-o", "json"]);
        // The machine that the test runs on need not be fit.
        assert!(matches!(output.status.code(), Some(0..=2)), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The jobs on the node.
    pub(crate) fn running(&self) -> Vec<u64> {
        let status = self.status();
        let jobs = status["jobs"].as_array().unwrap();
        jobs.iter().map(|job| job["job_id"].as_u64().unwrap()).collect()
    }

    /// The hooks that the agent knows of, the oldest first, and how it came to know.
    pub(crate) fn hooks_seen(&self) -> Vec<String> {
        let status = self.status();
        let hooks = status["hooks"].as_array().unwrap().iter().rev();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        hooks.map(|past| format!("{}/{}", text(&past["hook"]), text(&past["source"]))).collect()
    }
}

/// A running agent; dropping it kills it.
pub(crate) struct Agent {
    child: Child,
    log: PathBuf,
}

impl Agent {
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Where it serves its page, once it does.
    fn address(&self) -> Option<String> {
        let log = self.log();
        let (_, rest) = log.split_once("serving address=")?;
        rest.split_once(' ').map(|(address, _)| address.to_owned())
    }

    pub(crate) fn metrics(&self) -> String {
        self.page("/metrics")
    }

    pub(crate) fn page(&self, path: &str) -> String {
        edctl_testkit::get(self.address().unwrap().parse().unwrap(), path)
    }

    /// Has it read its configuration again.
    pub(crate) fn reload(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }

    /// Ends it as systemd does, and waits for it.
    pub(crate) fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success(), "{}", self.log());
    }

    /// Kills it without a chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
