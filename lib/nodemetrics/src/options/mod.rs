//! The tables `[collector.NAME]`: what single collectors can be told.

pub(crate) mod arp;
pub(crate) mod bcache;
pub(crate) mod cpu;
pub(crate) mod diskstats;
pub(crate) mod ethtool;
pub(crate) mod filesystem;
pub(crate) mod filter;
pub(crate) mod hwmon;
pub(crate) mod infiniband;
pub(crate) mod interrupts;
pub(crate) mod netclass;
pub(crate) mod netdev;
pub(crate) mod netstat;
pub(crate) mod powersupplyclass;
pub(crate) mod qdisc;
pub(crate) mod rapl;
pub(crate) mod slabinfo;
pub(crate) mod stat;
pub(crate) mod sysctl;
pub(crate) mod systemd;
pub(crate) mod tapestats;
pub(crate) mod textfile;
pub(crate) mod vmstat;

use edctl_daemon::Invalid;
use serde::Deserialize;

/// The options of all collectors that have any.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    pub(crate) arp: arp::ArpOptions,
    pub(crate) bcache: bcache::BcacheOptions,
    pub(crate) cpu: cpu::CpuOptions,
    pub(crate) diskstats: diskstats::DiskstatsOptions,
    pub(crate) ethtool: ethtool::EthtoolOptions,
    pub(crate) filesystem: filesystem::FilesystemOptions,
    pub(crate) hwmon: hwmon::HwmonOptions,
    pub(crate) infiniband: infiniband::InfinibandOptions,
    pub(crate) interrupts: interrupts::InterruptsOptions,
    pub(crate) netclass: netclass::NetclassOptions,
    pub(crate) netdev: netdev::NetdevOptions,
    pub(crate) netstat: netstat::NetstatOptions,
    pub(crate) powersupplyclass: powersupplyclass::PowersupplyclassOptions,
    pub(crate) qdisc: qdisc::QdiscOptions,
    pub(crate) rapl: rapl::RaplOptions,
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
