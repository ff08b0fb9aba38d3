//! The node's metrics: one file per collector, and the table that names them all.

mod apart;
mod choice;
mod cpu_list;
mod cpu_table;
mod entry;
mod error;
mod filter;
mod flags;
mod hotplug;
mod human_number;
mod kept;
mod kernel_file;
mod lacking;
mod left_out;
mod links;
mod number;
mod options;
mod report;
mod running;
mod sysfs;

mod arp;
mod bcache;
mod bcachefs;
mod bonding;
mod btrfs;
mod buddyinfo;
mod cgroups;
mod conntrack;
mod cpu;
mod cpu_vulnerabilities;
mod cpufreq;
mod diskstats;
mod dmi;
mod dmmultipath;
mod drbd;
mod drm;
mod edac;
mod entropy;
mod ethtool;
mod fibrechannel;
mod filefd;
mod filesystem;
mod hugepages;
mod hwmon;
mod infiniband;
mod interrupts;
mod ipvs;
mod kernel_hung;
mod ksmd;
mod lnstat;
mod loadavg;
mod logind;
mod mdadm;
mod meminfo;
mod meminfo_numa;
mod mounts;
mod mountstats;
mod netclass;
mod netdev;
mod netstat;
mod network_route;
mod nfs;
mod nfsd;
mod nvme;
mod nvmesubsystem;
mod os;
mod pcidevice;
mod pcie_aer;
mod powersupplyclass;
mod pressure;
mod processes;
mod qdisc;
mod rapl;
mod rpc_stats;
mod schedstat;
mod selinux;
mod slabinfo;
mod sockstat;
mod softirqs;
mod softnet;
mod stat;
mod statfs;
mod swap;
mod sysctl;
mod systemd;
mod tapestats;
mod tcpstat;
mod textfile;
mod thermal_zone;
mod time;
mod timex;
mod udp_queues;
mod uname;
mod vmstat;
mod watchdog;
mod xfrm;
mod xfs;
mod zfs;
mod zoneinfo;

use std::time::Instant;

use edctl_exposition::{BadQuery, Page, Query};

pub use self::choice::{Choice, ChoiceFlags};
pub(crate) use self::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
pub(crate) use self::error::CollectError;
pub use self::error::State;
pub use self::flags::OptionFlags;
pub(crate) use self::lacking::LACKING;
pub use self::options::Options;
pub use self::report::Report;
pub(crate) use self::statfs::Capacity;

use self::hotplug::Hotplug;
use self::running::Running;
use crate::host::Host;

/// Every collector, in the order of their names.
pub(crate) const COLLECTORS: &[&Entry] = &[
    &arp::ENTRY,
    &bcache::ENTRY,
    &bcachefs::ENTRY,
    &bonding::ENTRY,
    &btrfs::ENTRY,
    &buddyinfo::ENTRY,
    &cgroups::ENTRY,
    &conntrack::ENTRY,
    &cpu::ENTRY,
    &cpu_vulnerabilities::ENTRY,
    &cpufreq::ENTRY,
    &diskstats::ENTRY,
    &dmi::ENTRY,
    &dmmultipath::ENTRY,
    &drbd::ENTRY,
    &drm::ENTRY,
    &edac::ENTRY,
    &entropy::ENTRY,
    &ethtool::ENTRY,
    &fibrechannel::ENTRY,
    &filefd::ENTRY,
    &filesystem::ENTRY,
    &hugepages::ENTRY,
    &hwmon::ENTRY,
    &infiniband::ENTRY,
    &interrupts::ENTRY,
    &ipvs::ENTRY,
    &kernel_hung::ENTRY,
    &ksmd::ENTRY,
    &lnstat::ENTRY,
    &loadavg::ENTRY,
    &logind::ENTRY,
    &mdadm::ENTRY,
    &meminfo::ENTRY,
    &meminfo_numa::ENTRY,
    &mountstats::ENTRY,
    &netclass::ENTRY,
    &netdev::ENTRY,
    &netstat::ENTRY,
    &network_route::ENTRY,
    &nfs::ENTRY,
    &nfsd::ENTRY,
    &nvme::ENTRY,
    &nvmesubsystem::ENTRY,
    &os::ENTRY,
    &pcidevice::ENTRY,
    &pcie_aer::ENTRY,
    &powersupplyclass::ENTRY,
    &pressure::ENTRY,
    &processes::ENTRY,
    &qdisc::ENTRY,
    &rapl::ENTRY,
    &schedstat::ENTRY,
    &selinux::ENTRY,
    &slabinfo::ENTRY,
    &sockstat::ENTRY,
    &softirqs::ENTRY,
    &softnet::ENTRY,
    &stat::ENTRY,
    &swap::ENTRY,
    &sysctl::ENTRY,
    &systemd::ENTRY,
    &tapestats::ENTRY,
    &tcpstat::ENTRY,
    &textfile::ENTRY,
    &thermal_zone::ENTRY,
    &time::ENTRY,
    &timex::ENTRY,
    &udp_queues::ENTRY,
    &uname::ENTRY,
    &vmstat::ENTRY,
    &watchdog::ENTRY,
    &xfrm::ENTRY,
    &xfs::ENTRY,
    &zfs::ENTRY,
    &zoneinfo::ENTRY,
];

/// The collectors that are on.
pub struct Collectors {
    running: Vec<Running>,
    hotplug: Hotplug,
}

impl Collectors {
    /// Those that `choice` has on, over `host`.
    pub fn new(host: &Host, choice: &Choice, options: &Options) -> Self {
        let is_on = |entry: &&&'static Entry| choice.is_on(entry);
        let start = |entry: &&'static Entry| Running::start(entry, host, options);
        let running = COLLECTORS.iter().filter(is_on).map(start).collect();
        Self { running, hotplug: Hotplug::new(&host.paths) }
    }

    /// Runs all of them.
    pub fn collect(&mut self, page: &mut Page) -> Vec<Report> {
        self.collect_some(page, |_| true)
    }

    /// Runs those that the query asks for: `collect[]` names those that run, `exclude[]` those that
    /// do not, as node_exporter has it.
    pub fn collect_part(
        &mut self,
        query: &Query,
        page: &mut Page,
    ) -> Result<Vec<Report>, BadQuery> {
        let on: Vec<&str> = self.running.iter().map(|running| running.entry.name).collect();
        let wanted = choice::of_query(query, &on)?;
        Ok(self.collect_some(page, |name| wanted(name)))
    }

    /// Those that may block begin first and have until the end of all others, and a moment; the
    /// others run one after the other: parallel reads of /proc cost more, not less.
    fn collect_some(&mut self, page: &mut Page, wanted: impl Fn(&str) -> bool) -> Vec<Report> {
        let events = self.hotplug.now();
        let chosen = self.running.iter_mut().filter(|running| wanted(running.entry.name));
        let (mut last, mut others): (Vec<_>, Vec<_>) =
            chosen.partition(|running| running.entry.runs == Runs::Last);
        others.iter_mut().for_each(|running| running.begin(events));
        let mut reports: Vec<Report> =
            others.iter_mut().filter_map(|running| running.run_here(events, page)).collect();
        let until = Instant::now() + apart::PATIENCE;
        reports.extend(others.iter_mut().filter_map(|running| running.end(until, page)));
        reports.extend(last.iter_mut().filter_map(|running| running.run_here(events, page)));
        reports.sort_by_key(|report| report.name);
        report::expose(&reports, page);
        reports
    }
}

#[cfg(test)]
mod odd_values;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod tests;
