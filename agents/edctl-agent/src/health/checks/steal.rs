//! A VM's stolen time: what the host gave to others while this node had work.

use std::path::PathBuf;

use edctl_health::Class;

use super::reading;
use crate::health::check::{Check, Code, Entry, Finding};

pub(super) const ENTRY: Entry = Entry {
    name: "steal",
    about: "the share of its CPUs' time that the host took since the last look, from /proc/stat",
    codes: &[Code {
        code: "high",
        means: "the host took more than a tenth of the CPUs' time",
        clear: "move the VM, or give the host less to do",
    }],
    compares: false,
    fails_after: 3,
    heals_after: 3,
    make: |ground| Box::new(Steal { stat: ground.paths.procfs.join("stat"), before: None }),
};

const HIGH: f64 = 0.1;

struct Steal {
    stat: PathBuf,
    before: Option<Ticks>,
}

#[derive(Clone, Copy)]
struct Ticks {
    all: u64,
    stolen: u64,
}

impl Check for Steal {
    fn look(&mut self) -> Finding {
        let now = reading::text(&self.stat).ok().flatten().as_deref().and_then(ticks);
        let Some(now) = now else { return Finding::unknown("/proc/stat has no line of all CPUs") };
        let Some(before) = self.before.replace(now) else {
            return Finding::unknown("the first look has nothing to compare with");
        };
        let (all, stolen) =
            (now.all.saturating_sub(before.all), now.stolen.saturating_sub(before.stolen));
        if all == 0 {
            return Finding::unknown("no time has gone by");
        }
        let share = stolen as f64 / all as f64;
        let said = format!("{:.1} % of the CPUs' time", share * 100.0);
        if share > HIGH {
            Finding::warn("high", said).of(Class::Infra)
        } else {
            Finding::pass(said)
        }
    }
}

/// `cpu  user nice system idle iowait irq softirq steal guest guest_nice`; guests are in user and nice.
fn ticks(stat: &str) -> Option<Ticks> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let words: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    Some(Ticks { all: words.get(..8)?.iter().sum(), stolen: *words.get(7)? })
}
