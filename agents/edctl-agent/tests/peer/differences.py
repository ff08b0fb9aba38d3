"""Where edctl-agent is allowed to differ from node_exporter, and why.

The patterns are regular expressions for whole series, `name{label="value", ...}`.
"""

# Values that are an exporter's own.
OWN = {
    r"node_exporter_build_info\{.*": "each tells of itself",
    r"node_scrape_collector_duration_seconds\{.*": "each tells of its own time",
    r'node_scrape_collector_success\{collector="(edac|thermal_zone)"\}':
        "1 there without any such directory",
}

# What only we show.
ONLY_HERE = {
    r"node_vmstat_balloon_\w+\{\}": "tells a guest that its host takes memory back",
    r"node_memory_\w+\{\}": "every field of the kernel's, theirs are those of a list",
}

# What only they show, as 0 or -1, for what is not there.
ONLY_THERE = {
    r"node_filesystem_purgeable_bytes\{.*": "macOS's",
    r"node_pcidevice_(max|current)_link_\w+\{.*": "a device without a link",
    r"node_pcidevice_(sriov|numa)_\w+\{.*": "a device without it",
}

# Gauges that change from one reading to the next, often for the reading: 1 % is near enough.
JITTERING = {
    r"node_filefd_allocated\{\}": "whoever reads it holds a file open",
}

# What we do not have yet and should: collectors of node_exporter's that run by default or that public
# dashboards ask for, and families of collectors that we have. What has come must leave this list.
MISSING = {
    "bcache": "not written yet",
    "bcachefs": "not written yet",
    "bonding": "not written yet",
    "btrfs": "not written yet",
    "cpufreq": "not written yet",
    "dmmultipath": "not written yet",
    "fibrechannel": "not written yet",
    "infiniband": "not written yet",
    "interrupts": "off by default, not written yet",
    "ipvs": "not written yet",
    "mdadm": "not written yet",
    "nfs": "not written yet",
    "nfsd": "not written yet",
    "nvme": "not written yet",
    "os": "not written yet",
    "processes": "off by default, not written yet",
    "selinux": "not written yet",
    "systemd": "off by default but in Debian's; it would need D-Bus",
    "tapestats": "not written yet",
    "tcpstat": "off by default, not written yet",
    "textfile": "not written yet",
    "time": "not written yet",
    "timex": "not written yet",
    "xfs": "not written yet",
    "zfs": "not written yet",
    "node_cpu_core_throttles_total": "not written yet",
    "node_cpu_isolated": "not written yet",
    "node_cpu_online": "not written yet",
    "node_cpu_package_throttles_total": "not written yet",
    "node_disk_ata_rotation_rate_rpm": "not written yet",
    "node_disk_ata_write_cache": "not written yet",
    "node_disk_ata_write_cache_enabled": "not written yet",
    "node_disk_device_mapper_info": "not written yet",
    "node_disk_filesystem_info": "not written yet",
    "node_disk_info": "not written yet",
}

# What Debian's node_exporter, 1.5, has otherwise than 1.12, which we follow.
DEBIANS = {
    r"node_filesystem_mount_info\{.*": "came with 1.8",
    r'node_filesystem_\w+\{.*mountpoint="/(mnt|media|run)/.*': "Debian's leaves these places out",
}
