//! node_exporter's flags beside `--collector.NAME`, and what each of them is here.

use crate::options::Options;

/// A flag, under its name in node_exporter.
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
}

/// An option, and its key in the configuration file.
pub(crate) struct Field<T> {
    pub(crate) key: &'static str,
    pub(crate) of: fn(&mut Options) -> &mut T,
}

macro_rules! field {
    ($collector:ident.$option:ident) => {
        Field {
            key: concat!("collector.", stringify!($collector), ".", stringify!($option)),
            of: |options| &mut options.$collector.$option,
        }
    };
}

/// What a flag does.
pub(crate) enum Takes {
    /// Its value is an option's.
    Text(Field<String>),
    /// The same; and the second option, which has a default, is empty unless its own flag is given.
    Instead(Field<String>, Field<String>),
    /// May be given several times.
    List(Field<Vec<String>>),
    /// `--NAME` and `--no-NAME`.
    Switch(Field<bool>),
    /// A value that changes nothing here, and why.
    Idle(&'static str),
    /// A switch that changes nothing here, and why.
    IdleSwitch(&'static str),
    /// A value that cannot be had, but for this one, which is the default; and why. The log tells of another.
    Only(&'static str, &'static str),
    /// A switch that cannot be had, and why; off is what it is. The log tells where it is on.
    Never(&'static str),
}

use Takes::{Idle, IdleSwitch, Instead, List, Never, Only, Switch, Text};

const fn flag(name: &'static str, takes: Takes) -> Flag {
    Flag { name, takes }
}

const SAME_OVER_FILES: &str = "either way the values are the same";
/// The log names the collector.
const LACKING: &str = "the agent does not have this collector";

/// In the order of their names. A name that an older node_exporter has follows the one that it became.
pub(crate) const FLAGS: &[Flag] = &[
    flag("collector.arp.device-exclude", Text(field!(arp.device_exclude))),
    flag("collector.arp.device-include", Text(field!(arp.device_include))),
    flag("collector.arp.netlink", IdleSwitch(SAME_OVER_FILES)),
    flag("collector.bcache.priorityStats", Switch(field!(bcache.priority_stats))),
    flag("collector.cpu.guest", Switch(field!(cpu.guest))),
    flag("collector.cpu.info", Switch(field!(cpu.info))),
    flag("collector.cpu.info.bugs-include", Text(field!(cpu.info_bugs_include))),
    flag("collector.cpu.info.flags-include", Text(field!(cpu.info_flags_include))),
    flag("collector.diskstats.device-exclude", Text(field!(diskstats.device_exclude))),
    flag("collector.diskstats.ignored-devices", Text(field!(diskstats.device_exclude))),
    flag(
        "collector.diskstats.device-include",
        Instead(field!(diskstats.device_include), field!(diskstats.device_exclude)),
    ),
    flag("collector.ethtool.device-exclude", Text(field!(ethtool.device_exclude))),
    flag("collector.ethtool.device-include", Text(field!(ethtool.device_include))),
    flag("collector.ethtool.metrics-include", Text(field!(ethtool.metrics_include))),
    flag("collector.filesystem.fs-types-exclude", Text(field!(filesystem.fs_types_exclude))),
    flag("collector.filesystem.ignored-fs-types", Text(field!(filesystem.fs_types_exclude))),
    flag(
        "collector.filesystem.fs-types-include",
        Instead(field!(filesystem.fs_types_include), field!(filesystem.fs_types_exclude)),
    ),
    flag(
        "collector.filesystem.mount-points-exclude",
        Text(field!(filesystem.mount_points_exclude)),
    ),
    flag(
        "collector.filesystem.ignored-mount-points",
        Text(field!(filesystem.mount_points_exclude)),
    ),
    flag(
        "collector.filesystem.mount-points-include",
        Instead(field!(filesystem.mount_points_include), field!(filesystem.mount_points_exclude)),
    ),
    flag("collector.filesystem.mount-timeout", Idle("a mount has half a second to answer")),
    flag("collector.filesystem.stat-workers", Idle("each mount that is stuck has its own")),
    flag("collector.hwmon.chip-exclude", Text(field!(hwmon.chip_exclude))),
    flag("collector.hwmon.chip-include", Text(field!(hwmon.chip_include))),
    flag("collector.hwmon.sensor-exclude", Text(field!(hwmon.sensor_exclude))),
    flag("collector.hwmon.sensor-include", Text(field!(hwmon.sensor_include))),
    flag("collector.infiniband.device-exclude", Text(field!(infiniband.device_exclude))),
    flag("collector.infiniband.device-include", Text(field!(infiniband.device_include))),
    flag("collector.interrupts.include-zeros", Switch(field!(interrupts.include_zeros))),
    flag("collector.interrupts.name-exclude", Text(field!(interrupts.name_exclude))),
    flag("collector.interrupts.name-include", Text(field!(interrupts.name_include))),
    flag(
        "collector.ipvs.backend-labels",
        Only(
            "local_address,local_port,remote_address,remote_port,proto,local_mark",
            "a backend has all labels; sum over those that are too many",
        ),
    ),
    flag(
        "collector.netclass.ignore-invalid-speed",
        Never("a speed that is not known is below zero; compare node_network_speed_bytes with 0"),
    ),
    flag("collector.netclass.ignored-devices", Text(field!(netclass.ignored_devices))),
    flag("collector.netclass.netlink", IdleSwitch(SAME_OVER_FILES)),
    flag(
        "collector.netclass_rtnl.with-stats",
        Never("the collector netdev shows the same numbers"),
    ),
    flag(
        "collector.netdev.address-info",
        Never("addresses are not shown; node_network_info has the hardware's"),
    ),
    flag("collector.netdev.device-exclude", Text(field!(netdev.device_exclude))),
    flag("collector.netdev.device-blacklist", Text(field!(netdev.device_exclude))),
    flag("collector.netdev.device-include", Text(field!(netdev.device_include))),
    flag("collector.netdev.device-whitelist", Text(field!(netdev.device_include))),
    flag(
        "collector.netdev.enable-detailed-metrics",
        Never("only the names of the default are served, which dashboards ask for"),
    ),
    flag(
        "collector.netdev.label-ifalias",
        Never("node_network_info has the label ifalias; join with it"),
    ),
    flag("collector.netdev.netlink", IdleSwitch(SAME_OVER_FILES)),
    flag("collector.netstat.fields", Text(field!(netstat.fields))),
    flag("collector.ntp.ip-ttl", Idle(LACKING)),
    flag("collector.ntp.local-offset-tolerance", Idle(LACKING)),
    flag("collector.ntp.max-distance", Idle(LACKING)),
    flag("collector.ntp.protocol-version", Idle(LACKING)),
    flag("collector.ntp.server", Idle(LACKING)),
    flag("collector.ntp.server-is-local", IdleSwitch(LACKING)),
    flag("collector.ntp.server-port", Idle(LACKING)),
    flag("collector.pcidevice.idsfile", Idle("it is for names, which are not shown")),
    flag("collector.pcidevice.names", Never("only the numbers of vendors and devices are shown")),
    flag("collector.perf.cache-profilers", Idle(LACKING)),
    flag("collector.perf.cpus", Idle(LACKING)),
    flag("collector.perf.disable-cache-profilers", IdleSwitch(LACKING)),
    flag("collector.perf.disable-hardware-profilers", IdleSwitch(LACKING)),
    flag("collector.perf.disable-software-profilers", IdleSwitch(LACKING)),
    flag("collector.perf.hardware-profilers", Idle(LACKING)),
    flag("collector.perf.software-profilers", Idle(LACKING)),
    flag("collector.perf.tracepoint", Idle(LACKING)),
    flag("collector.powersupply.ignored-supplies", Text(field!(powersupplyclass.ignored_supplies))),
    flag("collector.qdisc.device-exclude", Text(field!(qdisc.device_exclude))),
    flag("collector.qdisk.device-exclude", Text(field!(qdisc.device_exclude))),
    flag("collector.qdisc.device-include", Text(field!(qdisc.device_include))),
    flag("collector.qdisk.device-include", Text(field!(qdisc.device_include))),
    flag("collector.qdisc.fixtures", Only("", "it is for node_exporter's own tests")),
    flag("collector.rapl.enable-zone-label", Switch(field!(rapl.zone_label))),
    flag("collector.runit.servicedir", Idle(LACKING)),
    flag("collector.slabinfo.slabs-exclude", Text(field!(slabinfo.slabs_exclude))),
    flag("collector.slabinfo.slabs-include", Text(field!(slabinfo.slabs_include))),
    flag("collector.stat.softirq", Switch(field!(stat.softirq))),
    flag("collector.supervisord.url", Idle(LACKING)),
    flag("collector.sysctl.include", List(field!(sysctl.include))),
    flag("collector.sysctl.include-info", List(field!(sysctl.include_info))),
    flag(
        "collector.systemd.enable-restarts-metrics",
        Switch(field!(systemd.enable_restarts_metrics)),
    ),
    flag(
        "collector.systemd.enable-start-time-metrics",
        Switch(field!(systemd.enable_start_time_metrics)),
    ),
    flag("collector.systemd.enable-task-metrics", Switch(field!(systemd.enable_task_metrics))),
    flag("collector.systemd.private", IdleSwitch("the system's bus says the same")),
    flag("collector.systemd.unit-exclude", Text(field!(systemd.unit_exclude))),
    flag("collector.systemd.unit-blacklist", Text(field!(systemd.unit_exclude))),
    flag("collector.systemd.unit-include", Text(field!(systemd.unit_include))),
    flag("collector.systemd.unit-whitelist", Text(field!(systemd.unit_include))),
    flag("collector.tapestats.ignored-devices", Text(field!(tapestats.ignored_devices))),
    flag("collector.textfile.directory", List(field!(textfile.directories))),
    flag("collector.vmstat.fields", Text(field!(vmstat.fields))),
    flag("collector.wifi.fixtures", Idle(LACKING)),
    flag("runtime.gomaxprocs", Idle("collectors take turns in any case")),
    flag("web.disable-exporter-metrics", IdleSwitch("the agent's own numbers are few")),
    flag("web.max-requests", Idle("scrapes at the same time share one collection")),
    flag(
        "web.systemd-socket",
        Never("the agent listens itself; name the socket's addresses with --web.listen-address"),
    ),
];
