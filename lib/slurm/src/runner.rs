//! Runs Slurm's commands hermetically: by absolute path, without a shell, with an environment of
//! our own, with a deadline and a cap on the output, and with nothing left behind.

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, PipeReader, Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::MemfdFlags;

use crate::commands::{Command, ROW_MARK};
use crate::error::RunError;
use crate::follow::{self, Limits};

/// Where Debian and most sites have Slurm's commands.
pub const DEFAULT_BIN_DIR: &str = "/usr/bin";

/// The whole environment of a command, but for `SLURM_CONF` and what [`Invocation::env`] adds.
///
/// Times become seconds since the epoch, array expressions are never shortened, and nothing of
/// the caller's own environment (such as `SQUEUE_FORMAT` or `SBATCH_PARTITION`) changes an answer.
const ENVIRONMENT: &[(&str, &str)] =
    &[("LC_ALL", "C"), ("TZ", "UTC"), ("SLURM_TIME_FORMAT", "%s"), ("SLURM_BITSTR_LEN", "0")];

/// What a command printed when it ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its standard output, whole.
    pub stdout: Vec<u8>,
    /// The beginning of its standard error: warnings.
    pub stderr: String,
}

/// Runs the registry's commands from one directory.
///
/// ```no_run
/// use edctl_slurm::{Runner, Invocation, commands};
///
/// // `sbatch` gets no variable of ours but these; `--export` chooses which of them the job sees.
/// let submit = Invocation::new(&commands::SUBMIT)
///     .arg("--export=TRACEPARENT")
///     .env("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
///     .current_dir("/home/designer/eda-flows")
///     .stdin("#!/bin/sh\nexec make sim\n");
/// let job = Runner::default().run(&submit)?;
/// # Ok::<(), edctl_slurm::RunError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Runner {
    bin_dir: PathBuf,
    slurm_conf: Option<OsString>,
}

impl Default for Runner {
    fn default() -> Self {
        Self::new(DEFAULT_BIN_DIR)
    }
}

impl Runner {
    /// A runner of the commands in `bin_dir`. `SLURM_CONF` of our own environment is passed on,
    /// because a site may keep its configuration elsewhere.
    pub fn new(bin_dir: impl Into<PathBuf>) -> Self {
        Self { bin_dir: bin_dir.into(), slurm_conf: std::env::var_os("SLURM_CONF") }
    }

    /// The absolute path of a command's program.
    pub fn path(&self, command: &Command) -> PathBuf {
        self.bin_dir.join(command.program)
    }

    /// Runs a command to its end and hands out what it printed.
    pub fn run(&self, invocation: &Invocation) -> Result<Output, RunError> {
        let mut stdout = Vec::new();
        let stderr = self.stream(invocation, &mut |chunk| stdout.extend_from_slice(chunk))?;
        Ok(Output { stdout, stderr })
    }

    /// Runs a command and hands its output to `sink` as it comes, so that a dump of any size needs
    /// little memory. Returns its stderr. After an error, what `sink` got counts for nothing.
    pub fn stream(
        &self,
        invocation: &Invocation,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<String, RunError> {
        let program = self.path(invocation.command);
        let child = self
            .prepare(&program, invocation)
            .and_then(|mut command| command.spawn())
            .map_err(|source| RunError::Start { program: program.clone(), source })?;
        let cancel = invocation.cancel.as_deref();
        follow::follow(child, program, invocation.limits, cancel, sink)
    }

    fn prepare(&self, program: &Path, invocation: &Invocation) -> io::Result<process::Command> {
        let mut command = process::Command::new(program);
        command
            .args(invocation.fixed_args())
            .args(&invocation.args)
            .env_clear()
            .envs(ENVIRONMENT.iter().copied())
            .stdin(match &invocation.stdin {
                Some(bytes) => Stdio::from(file_of(bytes)?),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(slurm_conf) = &self.slurm_conf {
            command.env("SLURM_CONF", slurm_conf);
        }
        if let Some(dir) = &invocation.current_dir {
            command.current_dir(dir);
        }
        command.envs(invocation.env.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }
}

/// A nameless file that holds `bytes`: a child can read it without us feeding a pipe.
fn file_of(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(rustix::fs::memfd_create("stdin", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

/// A word that nobody can foresee, from the seed that the standard library draws for its maps.
fn random_word() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// One call of a registered command, with what varies from call to call.
#[derive(Debug, Clone)]
pub struct Invocation {
    command: &'static Command,
    row_mark: Option<String>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
    current_dir: Option<PathBuf>,
    limits: Limits,
    cancel: Option<Arc<PipeReader>>,
}

impl Invocation {
    /// A call with the fixed arguments alone, a deadline of 10 s and at most 256 MiB of output.
    pub fn new(command: &'static Command) -> Self {
        Self {
            command,
            row_mark: command.has_row_mark().then(random_word),
            args: Vec::new(),
            env: Vec::new(),
            stdin: None,
            current_dir: None,
            limits: Limits { deadline: Duration::from_secs(10), stdout_bytes: 256 << 20 },
            cancel: None,
        }
    }

    /// The word that stands for [`commands::ROW_MARK`](crate::commands::ROW_MARK) in this call.
    pub(crate) fn row_mark(&self) -> Option<&str> {
        self.row_mark.as_deref()
    }

    fn fixed_args(&self) -> impl Iterator<Item = String> + '_ {
        self.command.args.iter().map(|arg| match &self.row_mark {
            Some(word) => arg.replacen(ROW_MARK, &format!("|{word}|"), 1),
            None => (*arg).to_owned(),
        })
    }

    /// Adds an argument. Nothing is interpreted: no shell sees it.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds a variable to the command's otherwise empty environment.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Gives the command something to read, such as `sbatch` its script; else stdin is empty.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Starts the command in `dir`, which `sbatch` makes the job's working directory.
    #[must_use]
    pub fn current_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.current_dir = Some(dir.into());
        self
    }

    /// Kills the command's process group when it has run this long.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// Kills the command's process group when it has printed more than this.
    #[must_use]
    pub fn max_stdout_bytes(mut self, bytes: usize) -> Self {
        self.limits.stdout_bytes = bytes;
        self
    }

    /// Kills the command's process group when the other end of this pipe closes, so that a thread
    /// that stops need not wait for a command that hangs.
    #[must_use]
    pub fn cancel_on_close(mut self, pipe: Arc<PipeReader>) -> Self {
        self.cancel = Some(pipe);
        self
    }
}
