//! `node_nfs_*`: what the NFS client asked of servers, from /proc/net/rpc/nfs.
//!
//! For what a kernel does not count, as NFS 2 where it was built without, node_exporter shows 0;
//! here it is absent. A line of a newer kernel is passed over, not an error.

use edctl_exposition::{Family, Page};

use crate::collector::rpc_stats::{Procedures, RpcStats};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

pub(super) const ENTRY: Entry = Entry {
    name: "nfs",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/proc/net/rpc/nfs",
    families: &[
        FamilyDoc::counter("node_nfs_packets_total", &["protocol"]),
        FamilyDoc::counter("node_nfs_connections_total", &[]),
        FamilyDoc::counter("node_nfs_rpcs_total", &[]),
        FamilyDoc::counter("node_nfs_rpc_retransmissions_total", &[]),
        FamilyDoc::counter("node_nfs_rpc_authentication_refreshes_total", &[]),
        FamilyDoc::counter("node_nfs_requests_total", &["proto", "method"]),
    ],
    make: |host, _| Box::new(Nfs::new(host)),
};

/// The version of NFS, its line, and its procedures.
const VERSIONS: [(&str, &str, Procedures); 3] = [
    (
        "2",
        "proc2",
        "Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename \
         Link SymLink MkDir RmDir ReadDir FsStat",
    ),
    (
        "3",
        "proc3",
        "Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod \
         Remove RmDir Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit",
    ),
    (
        "4",
        "proc4",
        "Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo \
         Renew SetClientID SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot \
         Remove Rename Link Symlink Create Pathconf StatFs ReadLink ReadDir ServerCaps \
         DelegReturn GetACL SetACL FsLocations ReleaseLockowner Secinfo FsidPresent ExchangeID \
         CreateSession DestroySession Sequence GetLeaseTime ReclaimComplete GetDeviceInfo \
         LayoutGet LayoutCommit LayoutReturn SecinfoNoName TestStateID FreeStateID GetDeviceList \
         BindConnToSession DestroyClientID Seek Allocate DeAllocate LayoutStats Clone",
    ),
];

pub(super) struct Nfs {
    file: KernelFile,
}

impl Nfs {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("net/rpc/nfs")) }
    }
}

impl Collector for Nfs {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        parse(self.file.read()?)?.into_iter().for_each(|family| page.add(family));
        Ok(())
    }
}

fn parse(text: Text<'_>) -> Result<Vec<Family>, CollectError> {
    let stats = RpcStats::parse(text)?;
    let mut families = Vec::new();
    if let Some([_all, udp, tcp, connections]) = stats.numbers("net") {
        families.extend([
            Family::counter("node_nfs_packets_total", "Packets of the NFS client.")
                .with_known(&[("protocol", "udp")], udp)
                .with_known(&[("protocol", "tcp")], tcp),
            Family::counter("node_nfs_connections_total", "TCP connections of the NFS client.")
                .with_known(&[], connections),
        ]);
    }
    if let Some(numbers) = stats.numbers::<3>("rpc") {
        let names = [
            ("node_nfs_rpcs_total", "Calls that the NFS client made."),
            ("node_nfs_rpc_retransmissions_total", "Calls that it had to send again."),
            (
                "node_nfs_rpc_authentication_refreshes_total",
                "Times that its credentials were renewed.",
            ),
        ];
        let family = |((name, help), number)| Family::counter(name, help).with_known(&[], number);
        families.extend(names.into_iter().zip(numbers).map(family));
    }
    let mut requests =
        Family::counter("node_nfs_requests_total", "Calls by NFS version and procedure.");
    for (version, line, procedures) in VERSIONS {
        for (method, calls) in stats.calls(line, procedures) {
            requests.push_known(&[("proto", version), ("method", method)], calls);
        }
    }
    families.push(requests);
    Ok(families)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{put, shown_with, tree};

    const OLD: &str = "net 18628 0 18628 6\nrpc 4329785 3 4338291\n\
        proc2 18 2 69 0 0 4410 0 0 0 0 0 0 0 0 0 0 0 99 2\n\
        proc3 22 0 4084749 29200 94754 32580 186 47747 7981 8639 0 6356 0 6962 0 7958 0 0 241 4 4 2 39\n\
        proc4 3 98 51 54\n";

    #[test]
    fn what_each_kernel_counts() {
        let dir = tree(&[("net/rpc/nfs", OLD)]);
        let (text, _) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        for line in [
            "node_nfs_packets_total{protocol=\"tcp\"} 18628",
            "node_nfs_connections_total 6",
            "node_nfs_rpcs_total 4329785",
            "node_nfs_rpc_retransmissions_total 3",
            "node_nfs_rpc_authentication_refreshes_total 4338291",
            "node_nfs_requests_total{proto=\"2\",method=\"FsStat\"} 2",
            "node_nfs_requests_total{proto=\"3\",method=\"Commit\"} 39",
            "node_nfs_requests_total{proto=\"4\",method=\"Write\"} 54",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
        }
        assert!(!text.contains("proto=\"4\",method=\"Commit\""));
        let new = format!("net 0 0 0 0\nrpc 0 0 0\nproc4 70{}\nnews 1\n", " 7".repeat(70));
        put(dir.path(), "net/rpc/nfs", new.as_bytes());
        let (text, _) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert!(!text.contains("proto=\"2\""));
        assert_eq!(text.matches("proto=\"4\"").count(), 59);
    }

    #[test]
    fn what_is_broken_is_not_shown() {
        let state = |files: &[(&str, &str)]| {
            shown_with(&ENTRY, tree(files).path(), &Options::default()).map(|_| ()).unwrap_err()
        };
        assert_eq!(state(&[]), State::Absent);
        assert_eq!(state(&[("net/rpc/nfs", "")]), State::Error);
        let bad = "net 1 2 3\nrpc 7 x -1\nproc3 22 0 40\nproc2 2 5 -6\n";
        let dir = tree(&[("net/rpc/nfs", bad)]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected =
            ["node_nfs_requests_total{proto=\"2\",method=\"Null\"} 5", "node_nfs_rpcs_total 7"];
        assert_eq!((lines.as_slice(), errors), (expected.as_slice(), 5));
    }
}
