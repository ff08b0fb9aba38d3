//! The tables `[collector.NAME]`: what single collectors can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use super::filesystem::Excludes;
use super::{
    arp, bcache, cpu, diskstats, ethtool, hwmon, infiniband, interrupts, netclass, netdev, netstat,
    powersupplyclass, qdisc, rapl, slabinfo, stat, sysctl, systemd, tapestats, textfile, vmstat,
};

/// The options of all collectors that have any.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    pub(crate) arp: arp::ArpOptions,
    pub(crate) bcache: bcache::BcacheOptions,
    pub(crate) cpu: cpu::CpuOptions,
    pub(crate) diskstats: diskstats::DiskstatsOptions,
    pub(crate) ethtool: ethtool::EthtoolOptions,
    pub(crate) filesystem: Excludes,
    pub(crate) hwmon: hwmon::Shown,
    pub(crate) infiniband: infiniband::InfinibandOptions,
    pub(crate) interrupts: interrupts::InterruptsOptions,
    pub(crate) netclass: netclass::NetclassOptions,
    pub(crate) netdev: netdev::NetdevOptions,
    pub(crate) netstat: netstat::NetstatOptions,
    pub(crate) powersupplyclass: powersupplyclass::Ignored,
    pub(crate) qdisc: qdisc::QdiscOptions,
    pub(crate) rapl: rapl::Zones,
    pub(crate) slabinfo: slabinfo::SlabinfoOptions,
    pub(crate) stat: stat::StatOptions,
    pub(crate) sysctl: sysctl::SysctlOptions,
    pub(crate) systemd: systemd::SystemdOptions,
    pub(crate) tapestats: tapestats::TapestatsOptions,
    pub(crate) textfile: textfile::TextfileOptions,
    pub(crate) vmstat: vmstat::VmstatOptions,
}

impl Options {
    /// # Errors
    /// Names a value that cannot work.
    pub fn validate(&self) -> Result<(), Invalid> {
        self.arp.validate()?;
        self.cpu.validate()?;
        self.diskstats.validate()?;
        self.ethtool.validate()?;
        self.filesystem.validate()?;
        self.hwmon.validate()?;
        self.infiniband.validate()?;
        self.interrupts.validate()?;
        self.netclass.validate()?;
        self.netdev.validate()?;
        self.netstat.validate()?;
        self.powersupplyclass.validate()?;
        self.qdisc.validate()?;
        self.slabinfo.validate()?;
        self.sysctl.validate()?;
        self.systemd.validate()?;
        self.tapestats.validate()?;
        self.vmstat.validate()
    }
}
