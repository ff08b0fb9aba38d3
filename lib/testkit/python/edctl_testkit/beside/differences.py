"""Where edctl-agent is allowed to differ from node_exporter, and why.

The patterns are regular expressions for whole series, `name{label="value", ...}`.
"""

# Values that are an exporter's own.
OWN = {
    r"node_exporter_build_info\{.*": "each tells of itself",
    r"node_scrape_collector_duration_seconds\{.*": "each tells of its own time",
    r'node_scrape_collector_success\{collector="(bcache|btrfs|cpufreq|dmmultipath|drm|edac|thermal_zone|xfs)"\}': "1 there without any such directory or device",
    r'node_scrape_collector_success\{collector="(cpu_vulnerabilities|lnstat|meminfo_numa)"\}': "1 there without any such directory",
    r'node_processes_state\{state="R"\}': "theirs counts itself, ours sleeps but for one thread",
    r"node_infiniband_lifespan_seconds\{.*": "theirs cuts a part of a second off",
    r"node_bcache_btree_read_average_duration_seconds\{.*": "theirs takes microseconds for nanoseconds",
    r"node_bcache_(dirty_(data|target)_bytes|writeback_(change|rate|rate_proportional_term))\{.*": "theirs reads 1.5 as 1 and 5 of 10.24",
    r"node_drbd_network_received_bytes_total\{.*": "theirs takes the kernel's KiB for bytes",
    r'node_nvme_namespace_(capacity|size)_bytes\{device="nvme1".*': "theirs takes the kernel's sectors for the namespace's blocks",
    r'node_filesystem_readonly\{.*mountpoint="/run/host/(incoming|os-release)"\}': "in a container two mounts lie there, and theirs tells of the one that it has asked first",
}

# What only we show.
ONLY_HERE = {
    r"node_btrfs_device_errors_total\{.*": "theirs asks by ioctl, as root",
    r"node_cpu_online\{.*": "theirs says so only where the first CPU can be taken offline",
    r"node_ksmd_general_profit_bytes\{\}": "what merging pages saves",
    r"node_vmstat_balloon_\w+\{\}": "tells a guest that its host takes memory back",
    r'node_nvme_namespace_\w+\{.*device="nvme0".*': "a namespace that controllers share",
    r"node_xfrm_(in_state_dir_error|out_state_dir_error|in_iptfs_error|out_no_queue_space)_packets_total\{\}": "counters of newer kernels",
    r"node_memory_\w+\{\}": "every field of the kernel's, theirs are those of a list",
}

# What only they show, as 0 or -1, for what is not there.
ONLY_THERE = {
    r"node_nfsd?_requests_total\{.*": "a version, or a method of newer kernels, that this one does not count",
    r"node_btrfs_(commits_total|commit_seconds_total|(last|max)_commit_seconds)\{.*": "what older kernels do not count",
    r"node_softnet_backlog_len\{.*": "what older kernels do not count",
    r"node_systemd_timer_last_trigger_seconds\{.*": "a timer that has not run yet",
    r'node_mountstats_nfs_transport_(connect_total|idle_time_seconds)\{.*protocol="udp".*': "UDP has no connections",
    r"node_dmmultipath_device_paths(_active|_failed)?\{.*": "a device whose paths the kernel does not list",
    r"node_drm_\w+\{.*": "what a card does not say",
    r"node_filesystem_purgeable_bytes\{.*": "macOS's",
    r"node_md_disks_required\{.*": "an array that does not run",
    r"node_pcidevice_(max|current)_link_\w+\{.*": "a device without a link",
    r"node_pcidevice_(sriov|numa)_\w+\{.*": "a device without it",
}

# Gauges that change by being read: 1 %, or 2, is near enough.
JITTERING = {
    r"node_processes_(threads_)?state\{.*": "whoever reads it runs meanwhile",
    r"node_filefd_allocated\{\}": "whoever reads it holds a file open",
}

# What Debian's node_exporter, 1.5, has otherwise than 1.12, which we follow.
DEBIANS = {
    r'node_disk_\w+\{device="zram.*': "now left out by default",
    r"node_filesystem_mount_info\{.*": "came with 1.8",
    r'node_filesystem_\w+\{.*mountpoint="/(mnt|media|run)/.*': "Debian's leaves these places out",
    r"node_netstat_TcpExt_TCP(OFOQueue|RcvQDrop)\{\}": "came with 1.6",
    r"node_network_info\{.*": "without the label adminstate",
    r'node_network_(receive|transmit)_\w+_total\{device="lo"\}': "Debian's leaves it out",
    r"node_network_receive_nohandler_total\{.*": "came with 1.6",
    r"node_softnet_(backlog_len|cpu_collision_total|flow_limit_count_total|received_rps_total)\{.*": "came later",
}
