//! Processes that wait in the kernel and cannot be killed, and those that nobody waits for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use edctl_health::Class;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "blocked",
    about: "processes in state D in each of five looks in a row, and zombies, from /proc/*/stat",
    codes: &[
        Code {
            code: "blocked",
            means: "a process has waited in the kernel for five looks",
            clear: "look at /proc/PID/stack and its file server; the class is infra",
        },
        Code {
            code: "zombies",
            means: "more than 100 processes have ended and nobody waits for them",
            clear: "find their parent: ps -o ppid,stat",
        },
    ],
    compares: false,
    fails_after: 1,
    heals_after: 1,
    make: |ground| Box::new(Blocked::new(ground)),
};

const LOOKS: u32 = 5;
const MANY_ZOMBIES: usize = 100;

struct Blocked {
    procfs: PathBuf,
    /// How many looks in a row a process was seen waiting, by its number and its start.
    seen: HashMap<(u32, u64), u32>,
}

impl Blocked {
    fn new(ground: &Ground) -> Self {
        Self { procfs: ground.paths.procfs.clone(), seen: HashMap::new() }
    }
}

impl Check for Blocked {
    fn look(&mut self) -> Finding {
        let processes = match processes(&self.procfs) {
            Ok(processes) => processes,
            Err(error) => return Finding::unknown(error),
        };
        let zombies = processes.iter().filter(|process| process.state == 'Z').count();
        let before = std::mem::take(&mut self.seen);
        let mut longest: Option<(&Process, u32)> = None;
        for process in processes.iter().filter(|process| process.state == 'D') {
            let key = (process.pid, process.start);
            let looks = before.get(&key).copied().unwrap_or(0) + 1;
            self.seen.insert(key, looks);
            if longest.is_none_or(|(_, most)| looks > most) {
                longest = Some((process, looks));
            }
        }
        match longest {
            Some((process, looks)) if looks >= LOOKS => {
                let Process { pid, command, .. } = process;
                let said = format!("{command} (pid {pid}) has waited for {looks} looks");
                Finding::warn("blocked", said).of(Class::Infra)
            }
            _ if zombies > MANY_ZOMBIES => Finding::warn("zombies", format!("{zombies} zombies")),
            _ => Finding::pass("no process is stuck"),
        }
    }
}

struct Process {
    pid: u32,
    start: u64,
    state: char,
    command: String,
}

fn processes(procfs: &Path) -> std::io::Result<Vec<Process>> {
    let is_process = |path: &PathBuf| reading::name(path).bytes().all(|byte| byte.is_ascii_digit());
    let read = |path: PathBuf| reading::text(&path.join("stat")).ok().flatten();
    let found = reading::list(procfs)?.into_iter().filter(is_process).filter_map(read);
    Ok(found.filter_map(|stat| parse(&stat)).collect())
}

/// `42 (a name) D 1 ...`; the name may hold anything, and the start is the 22nd field.
fn parse(stat: &str) -> Option<Process> {
    let (head, rest) = (stat.split_once('(')?, stat.rsplit_once(')')?);
    let mut fields = rest.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let start = fields.nth(18)?.parse().ok()?;
    let command = rest.0.split_once('(')?.1.to_owned();
    Some(Process { pid: head.0.trim().parse().ok()?, start, state, command })
}
