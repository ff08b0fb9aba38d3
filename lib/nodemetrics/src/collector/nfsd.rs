//! `node_nfsd_*`: what the kernel's NFS server did, from /proc/net/rpc/nfsd.
//!
//! For what a kernel does not count, as the read ahead cache since Linux 5.4 and NFS 2 where it was
//! built without, node_exporter shows 0; here it is absent. A line of a newer kernel is passed over,
//! not an error.

use edctl_exposition::{Family, Page};

use crate::collector::rpc_stats::{Procedures, RpcStats};
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

pub(super) const ENTRY: Entry = Entry {
    name: "nfsd",
    preset: Preset::On,
    runs: Runs::HereIfAny,
    reads: "/proc/net/rpc/nfsd",
    families: &[
        FamilyDoc::counter("node_nfsd_reply_cache_hits_total", &[]),
        FamilyDoc::counter("node_nfsd_reply_cache_misses_total", &[]),
        FamilyDoc::counter("node_nfsd_reply_cache_nocache_total", &[]),
        FamilyDoc::counter("node_nfsd_file_handles_stale_total", &[]),
        FamilyDoc::counter("node_nfsd_disk_bytes_read_total", &[]),
        FamilyDoc::counter("node_nfsd_disk_bytes_written_total", &[]),
        FamilyDoc::gauge("node_nfsd_server_threads", &[]),
        FamilyDoc::gauge("node_nfsd_read_ahead_cache_size_blocks", &[]),
        FamilyDoc::counter("node_nfsd_read_ahead_cache_not_found_total", &[]),
        FamilyDoc::counter("node_nfsd_packets_total", &["proto"]),
        FamilyDoc::counter("node_nfsd_connections_total", &[]),
        FamilyDoc::counter("node_nfsd_server_rpcs_total", &[]),
        FamilyDoc::counter("node_nfsd_rpc_errors_total", &["error"]),
        FamilyDoc::counter("node_nfsd_requests_total", &["proto", "method"]),
    ],
    make: |host, _| Box::new(Nfsd::new(host)),
};

/// The version of NFS, its line, and its procedures; of NFS 4 its operations, by their numbers.
const VERSIONS: [(&str, &str, Procedures); 3] = [
    (
        "2",
        "proc2",
        "- GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link \
         SymLink MkDir RmDir ReadDir FsStat",
    ),
    (
        "3",
        "proc3",
        "- GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove \
         RmDir Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit",
    ),
    (
        "4",
        "proc4ops",
        "- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt \
         Locku Lookup LookupRoot Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read \
         ReadDir ReadLink Remove Rename Renew RestoreFH SaveFH SecInfo SetAttr SetClientID \
         SetClientIDConfirm Verify Write RelLockOwner",
    ),
];
/// Since Linux 6.6: attributes asked of a client that holds a write delegation.
const DELEGATION_LINE: &str = "wdeleg_getattr";
const DELEGATION_METHOD: &str = "WdelegGetattr";

pub(super) struct Nfsd {
    file: KernelFile,
}

impl Nfsd {
    pub(super) fn new(host: &Host) -> Self {
        Self { file: KernelFile::new(host.paths.procfs.join("net/rpc/nfsd")) }
    }
}

impl Collector for Nfsd {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        parse(self.file.read()?)?.into_iter().for_each(|family| page.add(family));
        Ok(())
    }
}

fn parse(text: Text<'_>) -> Result<Vec<Family>, CollectError> {
    let stats = RpcStats::parse(text)?;
    Ok([server(&stats), network(&stats), vec![requests(&stats)]].concat())
}

/// Its caches, files and threads.
fn server(stats: &RpcStats<'_>) -> Vec<Family> {
    let counter =
        |name, help, value: Option<u64>| Family::counter(name, help).with_known(&[], value);
    let gauge = |name, help, value: Option<u64>| Family::gauge(name, help).with_known(&[], value);
    let mut families = Vec::new();
    if let Some([hits, misses, uncached]) = stats.numbers("rc") {
        families.extend([
            counter("node_nfsd_reply_cache_hits_total", "Calls that came twice.", hits),
            counter("node_nfsd_reply_cache_misses_total", "Calls that were kept.", misses),
            counter(
                "node_nfsd_reply_cache_nocache_total",
                "Calls that need not be kept.",
                uncached,
            ),
        ]);
    }
    if let Some([stale]) = stats.numbers("fh") {
        let help = "File handles of files that are gone.";
        families.push(counter("node_nfsd_file_handles_stale_total", help, stale));
    }
    if let Some([read, written]) = stats.numbers("io") {
        families.extend([
            counter("node_nfsd_disk_bytes_read_total", "Bytes that clients read.", read),
            counter("node_nfsd_disk_bytes_written_total", "Bytes that clients wrote.", written),
        ]);
    }
    if let Some([threads]) = stats.numbers("th") {
        families.push(gauge("node_nfsd_server_threads", "The server's threads.", threads));
    }
    // Its size, ten numbers of how far ahead was found what was asked for, and what was not found.
    if let Some(cache) = stats.numbers::<12>("ra") {
        families.extend([
            gauge("node_nfsd_read_ahead_cache_size_blocks", "The cache's size.", cache[0]),
            counter("node_nfsd_read_ahead_cache_not_found_total", "Misses.", cache[11]),
        ]);
    }
    families
}

fn network(stats: &RpcStats<'_>) -> Vec<Family> {
    let mut families = Vec::new();
    if let Some([_all, udp, tcp, connections]) = stats.numbers("net") {
        families.extend([
            Family::counter("node_nfsd_packets_total", "Packets of the NFS server.")
                .with_known(&[("proto", "udp")], udp)
                .with_known(&[("proto", "tcp")], tcp),
            Family::counter("node_nfsd_connections_total", "TCP connections of the NFS server.")
                .with_known(&[], connections),
        ]);
    }
    if let Some([calls, _bad, format, authentication, client]) = stats.numbers("rpc") {
        families.extend([
            Family::counter("node_nfsd_server_rpcs_total", "Calls that came.")
                .with_known(&[], calls),
            Family::counter("node_nfsd_rpc_errors_total", "Calls that were refused, by reason.")
                .with_known(&[("error", "fmt")], format)
                .with_known(&[("error", "auth")], authentication)
                .with_known(&[("error", "cInt")], client),
        ]);
    }
    families
}

fn requests(stats: &RpcStats<'_>) -> Family {
    let mut family =
        Family::counter("node_nfsd_requests_total", "Calls by NFS version and procedure.");
    for (version, line, procedures) in VERSIONS {
        for (method, calls) in stats.calls(line, procedures) {
            family.push_known(&[("proto", version), ("method", method)], calls);
        }
    }
    if let Some([calls]) = stats.numbers(DELEGATION_LINE) {
        family.push_known(&[("proto", "4"), ("method", DELEGATION_METHOD)], calls);
    }
    family
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{put, shown_with, tree};

    const OLD: &str = "rc 0 6 18622\nfh 1 0 0 0 0\nio 157286400 72\nth 8 0 0.000 0.000 0.000\n\
        ra 32 0 0 0 0 0 0 0 0 0 0 9\nnet 18628 0 18628 6\nrpc 18628 3 1 1 1\n\
        proc2 18 2 69 0 0 4410 0 0 0 0 0 0 0 0 0 0 0 99 2\n\
        proc3 22 2 112 0 2719 111 0 0 0 0 0 0 0 0 0 0 0 27 216 0 2 1 0\n\
        proc4 2 2 10853\n\
        proc4ops 40 0 0 0 1098 2 0 0 0 0 8179 5896 0 0 0 0 5900 0 0 2 0 2 0 9609 0 2 150 1272 0 0 0 1236 0 0 0 0 3 3 0 0 4\n";

    #[test]
    fn what_each_kernel_counts() {
        let dir = tree(&[("net/rpc/nfsd", OLD)]);
        let (text, _) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        for line in [
            "node_nfsd_reply_cache_nocache_total 18622",
            "node_nfsd_file_handles_stale_total 1",
            "node_nfsd_disk_bytes_read_total 157286400",
            "node_nfsd_server_threads 8",
            "node_nfsd_read_ahead_cache_not_found_total 9",
            "node_nfsd_packets_total{proto=\"tcp\"} 18628",
            "node_nfsd_rpc_errors_total{error=\"cInt\"} 1",
            "node_nfsd_requests_total{proto=\"3\",method=\"ReadDirPlus\"} 216",
            "node_nfsd_requests_total{proto=\"4\",method=\"Access\"} 1098",
            "node_nfsd_requests_total{proto=\"4\",method=\"RelLockOwner\"} 4",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
        }
        assert!(!text.contains("\"Null\"") && !text.contains("WdelegGetattr"));
        let new = "rc 1 2 3\nfh 0 0 0 0 0\nio 1 2\nth 16 0\nnet 1 0 1 1\nrpc 1 0 0 0 0\nnews 7\nwdeleg_getattr 5\n";
        put(dir.path(), "net/rpc/nfsd", new.as_bytes());
        let (text, _) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert!(text.contains("{proto=\"4\",method=\"WdelegGetattr\"} 5\n"), "{text}");
        assert!(!text.contains("read_ahead") && !text.contains("proto=\"2\""));
    }

    #[test]
    fn what_is_broken_is_not_shown() {
        let state = |files: &[(&str, &str)]| {
            shown_with(&ENTRY, tree(files).path(), &Options::default()).map(|_| ()).unwrap_err()
        };
        assert_eq!(state(&[]), State::Absent);
        assert_eq!(state(&[("net/rpc/nfsd", "")]), State::Error);
        let bad = "rc 1 2\nth x\nra 32 0 0\nrpc 1 0 0 0\nproc4ops 40 0 0\nio -1 72\n";
        let dir = tree(&[("net/rpc/nfsd", bad)]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            (lines.as_slice(), errors),
            (["node_nfsd_disk_bytes_written_total 72"].as_slice(), 6)
        );
    }
}
