//! One scan of proc, from the list of processes to what each group is and has used.

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use edctl_daemon::Invalid;
use edctl_exposition::Page;

use crate::config::Config;
use crate::details::{Details, Member};
use crate::exits::Exits;
use crate::groups::{GroupId, Groups};
use crate::ledger::{Ledger, Since};
use crate::left_out::LeftOut;
use crate::naming::Namer;
use crate::page::{ExitCounts, Units};
use crate::placing::{Placing, Sources};
use crate::procfs::{ProcFs, ReadError};
use crate::slow::SlowReader;
use crate::smaps::Smaps;
use crate::stat::Stat;
use crate::threads::Threads;

/// Why processes cannot be scanned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    #[error("cannot open {}", root.display())]
    Open { root: PathBuf, source: io::Error },
    #[error(transparent)]
    Naming(#[from] Invalid),
}

/// All that is known of the node's processes.
pub(crate) struct Scanner {
    pub(crate) groups: Groups,
    pub(crate) details: Details,
    pub(crate) threads: Threads,
    pub(crate) smaps: Smaps,
    pub(crate) exits: Exits,
    pub(crate) exit_counts: ExitCounts,
    /// Processes that could not be read though they were there, since the start.
    pub(crate) unread_processes: u64,
    /// When the system was booted, in seconds since the epoch.
    pub(crate) boot_time_secs: Option<u64>,
    proc: ProcFs,
    slow: SlowReader,
    placing: Placing,
    ledger: Ledger,
    config: Config,
    units: Units,
    pids: Vec<u32>,
    newcomers: Vec<Stat>,
    members: Vec<Member>,
    left_out: LeftOut,
}

impl Scanner {
    pub(crate) fn new(
        config: Config,
        units: Units,
        since: Since,
        exits: Exits,
    ) -> Result<Self, ScanError> {
        let ticks = units.ticks_per_second;
        Ok(Self {
            groups: Groups::new(config.groups),
            details: Details::new(config.details.clone(), since.own_ns),
            threads: Threads::new(config.threads, since.own_ns, ticks),
            smaps: Smaps::default(),
            exits,
            exit_counts: ExitCounts::default(),
            unread_processes: 0,
            boot_time_secs: None,
            proc: open(&config)?,
            slow: SlowReader::new(&config.path.procfs),
            placing: Placing::new(compile(&config)?),
            ledger: Ledger::new(since, ticks),
            config,
            units,
            pids: Vec::new(),
            newcomers: Vec::new(),
            members: Vec::new(),
            left_out: LeftOut::default(),
        })
    }

    /// Another configuration from now on; counters stay.
    pub(crate) fn reload(&mut self, config: Config) -> Result<(), ScanError> {
        let (proc, namer) = (open(&config)?, compile(&config)?);
        self.proc = proc;
        self.slow = SlowReader::new(&config.path.procfs);
        self.placing = Placing::new(namer);
        self.ledger.forget_groups();
        self.groups.set_limits(config.groups);
        self.details.set_limits(config.details.clone());
        self.threads.set_limits(config.threads);
        self.config = config;
        Ok(())
    }

    /// Processes of which the kernel has not given a file yet.
    pub(crate) fn stuck_processes(&self) -> u64 {
        self.slow.stuck_processes() as u64
    }

    /// Scans once. What could not be read is told to the page.
    ///
    /// # Errors
    /// When the processes cannot even be listed; nothing has changed then.
    pub(crate) fn scan(&mut self, page: &mut Page) -> io::Result<()> {
        self.proc.list(&mut self.pids)?;
        let now = Instant::now();
        self.boot_time_secs = self.proc.read_boot_time_secs();
        self.groups.begin(now);
        self.ledger.begin();
        self.members.clear();
        self.read_stats(page);
        self.place_newcomers();
        self.settle();
        self.groups.end();
        self.read_more(now);
        for left_out in [
            &mut self.left_out,
            &mut self.details.left_out,
            &mut self.threads.left_out,
            &mut self.smaps.left_out,
        ] {
            left_out.tell(page);
        }
        Ok(())
    }

    fn read_stats(&mut self, page: &mut Page) {
        for pid in std::mem::take(&mut self.pids) {
            let stat = self.proc.read_stat(pid);
            self.left_out.add("stat", stat.as_ref().map_or(0, |stat| stat.left_out));
            match stat {
                Ok(stat) if stat.is_kernel_thread => {}
                Ok(stat) => match self.ledger.group_of(&stat) {
                    Some(group) if !self.placing.is_waiting(pid) => {
                        let inherited = || self.placing.inherited(stat.parent?, &self.ledger);
                        self.see(&stat, group.or_else(inherited));
                    }
                    _ => self.newcomers.push(stat),
                },
                Err(ReadError::Gone) => {}
                Err(error) => {
                    self.ledger.keep(pid);
                    self.unread_processes += 1;
                    page.error("stat", error.reason());
                }
            }
        }
    }

    /// Names those that are new, or have become another program.
    fn place_newcomers(&mut self) {
        let newcomers = std::mem::take(&mut self.newcomers);
        self.placing.begin();
        self.slow.begin(|question| self.ledger.has(question.pid));
        for stat in newcomers {
            let mut sources = Sources {
                proc: &mut self.proc,
                slow: &mut self.slow,
                boot_time_secs: self.boot_time_secs,
                ticks_per_second: self.units.ticks_per_second,
                left_out: &mut self.left_out,
            };
            let group = self.placing.place(&stat, &mut sources, &self.ledger, &mut self.groups);
            self.see(&stat, group);
        }
    }

    fn see(&mut self, stat: &Stat, group: Option<GroupId>) {
        self.ledger.see(stat, group, &mut self.groups);
        let Some(group) = group else { return };
        // 0 as long as it is not known: then a process is one that was there before.
        let start_ticks = self.ledger.start_ticks_of(stat.pid).unwrap_or_default();
        let resident_pages = stat.resident_pages.unwrap_or_default();
        let threads = stat.threads.unwrap_or_else(|| self.count_threads(stat.pid));
        self.members.push(Member {
            pid: stat.pid,
            start_ticks,
            start_ns: self.units.ns(start_ticks),
            threads,
            resident_bytes: resident_pages.saturating_mul(self.units.page_bytes),
            has_memory: stat.virtual_bytes != Some(0),
            group,
        });
    }

    fn count_threads(&mut self, pid: u32) -> u64 {
        let mut threads = Vec::new();
        // One that is gone has none, and one whose threads cannot be listed is read as if it had one.
        let listed = self.proc.list_threads(pid, &mut threads);
        listed.map_or(1, |()| threads.len() as u64)
    }

    fn settle(&mut self) {
        let taken = self.exits.take();
        self.left_out.add("exit_records", taken.left_out);
        self.exit_counts.processes += taken.exits.len() as u64;
        self.exit_counts.overruns += taken.overruns;
        self.exit_counts.dropped += taken.dropped;
        let name = |ledger: &Ledger, groups: &mut Groups, exit: &_| {
            self.placing.place_exit(exit, ledger, groups)
        };
        let ended = self.ledger.settle(&taken.exits, &mut self.groups, name);
        self.details.choose(&self.groups.sorted());
        self.details.end(&ended);
    }

    /// Reads what costs more than `stat`, of the groups that were chosen.
    fn read_more(&mut self, now: Instant) {
        let mut members = std::mem::take(&mut self.members);
        members.retain(|member| self.details.is_chosen(member.group));
        self.details.read(&mut self.proc, &members);
        self.threads.read(&mut self.proc, &members, |group| self.groups.has(group));
        self.smaps.read(&mut self.slow, &self.config.details, &members, now);
        self.members = members;
    }
}

fn open(config: &Config) -> Result<ProcFs, ScanError> {
    let root = &config.path.procfs;
    ProcFs::open(root).map_err(|source| ScanError::Open { root: root.clone(), source })
}

fn compile(config: &Config) -> Result<Namer, ScanError> {
    Ok(Namer::compile(&config.naming)?)
}
