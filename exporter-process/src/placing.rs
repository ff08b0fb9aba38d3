//! From a process to its group: fetches the facts that the rules ask for, and no others.

use std::collections::{HashMap, HashSet};

use crate::comm::Comm;
use crate::details::files::parse_status;
use crate::exits::Exit;
use crate::groups::{GroupId, Groups};
use crate::ledger::Ledger;
use crate::left_out::LeftOut;
use crate::naming::{Facts, Namer, Needs};
use crate::procfs::ProcFs;
use crate::slow::{Answer, Question, SlowReader};
use crate::stat::Stat;

/// Names of which the last group is remembered, for processes that are gone before they are met.
const MAX_REMEMBERED: usize = 10_000;

/// Where the facts come from.
pub(crate) struct Sources<'a> {
    pub(crate) proc: &'a mut ProcFs,
    pub(crate) slow: &'a mut SlowReader,
    /// When the system was booted, in seconds since the epoch.
    pub(crate) boot_time_secs: Option<u64>,
    pub(crate) ticks_per_second: u64,
    pub(crate) left_out: &'a mut LeftOut,
}

impl Sources<'_> {
    fn read_uid(&mut self, pid: u32) -> Option<u32> {
        let status = parse_status(self.proc.read(pid, "status").ok()?);
        self.left_out.add("status", u64::from(status.uid.is_err()));
        status.uid.ok().flatten()
    }
}

/// The rules, and what they said lately.
pub(crate) struct Placing {
    namer: Namer,
    /// Processes whose `cmdline` was not to be had in time: they are named again.
    waiting: HashSet<u32>,
    /// The group of the last process of a name whose facts were known.
    lately: HashMap<Comm, GroupId>,
}

impl Placing {
    pub(crate) fn new(namer: Namer) -> Self {
        Self { namer, waiting: HashSet::new(), lately: HashMap::new() }
    }

    /// Whether the process must be named again, though it is known.
    pub(crate) fn is_waiting(&self, pid: u32) -> bool {
        self.waiting.contains(&pid)
    }

    /// Forgets who waits, because all of them are met in each scan.
    pub(crate) fn begin(&mut self) {
        self.waiting.clear();
    }

    /// The group of a process that is there.
    pub(crate) fn place(
        &mut self,
        stat: &Stat,
        sources: &mut Sources<'_>,
        ledger: &Ledger,
        groups: &mut Groups,
    ) -> Option<GroupId> {
        let needs = self.namer.needs();
        let exe = if needs.exe { sources.proc.read_exe(stat.pid) } else { None };
        let cmdline = if needs.cmdline { self.read_cmdline(stat, sources.slow) } else { None };
        let uid = if needs.user { sources.read_uid(stat.pid) } else { None };
        let cgroups = if needs.cgroup {
            sources.proc.read(stat.pid, "cgroup").ok().map(<[u8]>::to_vec)
        } else {
            None
        };
        let start_secs = sources.boot_time_secs.zip(stat.start_ticks).map(|(boot, start)| {
            boot as f64 + start as f64 / sources.ticks_per_second.max(1) as f64
        });
        let name = self.namer.name(&Facts {
            pid: stat.pid,
            comm: stat.comm.bytes(),
            start_secs,
            exe: exe.as_deref(),
            cmdline: cmdline.as_deref(),
            uid,
            cgroups: cgroups.as_deref(),
        });
        let group = name.map(|name| groups.id_of(&name));
        if let Some(group) = group {
            if self.lately.len() >= MAX_REMEMBERED {
                self.lately.clear();
            }
            self.lately.insert(stat.comm, group);
        }
        group.or_else(|| self.inherited(stat.parent?, ledger))
    }

    /// The group of a process that came and went: by what is known of it, else by what its namesakes
    /// are in, else by its parent.
    pub(crate) fn place_exit(
        &self,
        exit: &Exit,
        ledger: &Ledger,
        groups: &mut Groups,
    ) -> Option<GroupId> {
        let Needs { exe, cmdline, cgroup, user: _ } = self.namer.needs();
        let namesake = self.lately.get(&exit.comm).filter(|group| groups.has(**group));
        if let Some(namesake) = namesake.filter(|_| exe || cmdline || cgroup) {
            return Some(*namesake);
        }
        let facts = Facts {
            pid: exit.pid,
            comm: exit.comm.bytes(),
            start_secs: None,
            exe: None,
            cmdline: None,
            uid: Some(exit.uid),
            cgroups: None,
        };
        let name = self.namer.name(&facts);
        name.map(|name| groups.id_of(&name)).or_else(|| self.inherited(exit.parent, ledger))
    }

    /// The parent's group, for a process that no rule takes.
    pub(crate) fn inherited(&self, parent: u32, ledger: &Ledger) -> Option<GroupId> {
        self.namer.children_inherit().then(|| ledger.group_of_pid(parent)).flatten()
    }

    fn read_cmdline(&mut self, stat: &Stat, slow: &mut SlowReader) -> Option<Vec<u8>> {
        let (pid, start_ticks) = (stat.pid, stat.start_ticks.unwrap_or_default());
        match slow.read(Question { pid, start_ticks, file: "cmdline" }) {
            Answer::Content(content) => Some(content),
            Answer::Unreadable => None,
            Answer::Waiting => {
                self.waiting.insert(pid);
                None
            }
        }
    }
}
