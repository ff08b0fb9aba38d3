//! /proc/self/mountstats: what each NFS mount has done, in some forty lines.

use super::super::CollectError;
use super::super::kernel_file::Text;
use super::super::mounts::unescape;

/// Numbers of a mount's line `events:`; newer kernels may have more.
pub(super) const EVENTS: usize = 27;
/// Numbers of its line `bytes:`.
pub(super) const BYTES: usize = 8;
/// Numbers of a line `xprt:` of TCP, the protocol of which most is known.
pub(super) const TRANSPORT: usize = 13;
/// Numbers of an operation that are shown.
pub(super) const OPERATION: usize = 8;

/// An NFS mount.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mount {
    pub(super) export: String,
    pub(super) mount_point: String,
    pub(super) age_secs: Option<u64>,
    pub(super) bytes: Option<[u64; BYTES]>,
    pub(super) events: Vec<u64>,
    pub(super) transports: Vec<Transport>,
    pub(super) operations: Vec<(String, [u64; OPERATION])>,
}

/// One of a mount's ways to its server.
#[derive(Debug, PartialEq)]
pub(super) struct Transport {
    pub(super) protocol: String,
    /// In the order of TCP's; nothing where the protocol or the kernel has none.
    pub(super) numbers: [Option<u64>; TRANSPORT],
}

/// The NFS mounts that tell of themselves, in the file's order.
pub(super) fn parse(text: Text<'_>) -> Result<Vec<Mount>, CollectError> {
    let mut mounts: Vec<Mount> = Vec::new();
    let mut is_nfs = false;
    let mut is_operation = false;
    for (number, line) in text.lines() {
        let wrong = || text.wrong(number, "expected a mount or what it has done");
        if line.starts_with("device ") {
            let mount = parse_device(line);
            is_nfs = mount.is_some();
            is_operation = false;
            mounts.extend(mount);
            continue;
        }
        let Some(mount) = mounts.last_mut().filter(|_| is_nfs) else { continue };
        let line = line.trim();
        if is_operation && !line.is_empty() {
            mount.operations.push(parse_operation(line).ok_or_else(wrong)?);
        } else if line == "per-op statistics" {
            is_operation = true;
        } else if let Some((key, rest)) = line.split_once(':') {
            mount.take(key, rest).ok_or_else(wrong)?;
        }
    }
    Ok(mounts)
}

/// `device filer:/home mounted on /home with fstype nfs4 statvers=1.1`; nothing of another kind.
fn parse_device(line: &str) -> Option<Mount> {
    let (device, rest) = line.strip_prefix("device ")?.split_once(" mounted on ")?;
    let (mount_point, kind) = rest.split_once(" with fstype ")?;
    let (fs_type, version) = kind.split_once(' ')?;
    let is_nfs = matches!(fs_type, "nfs" | "nfs4") && version.starts_with("statvers=1.");
    let (export, mount_point) = (unescape(device)?, unescape(mount_point)?);
    is_nfs.then(|| Mount { export, mount_point, ..Mount::default() })
}

impl Mount {
    /// Nothing where the line is not as it should be; what is not shown is passed over.
    fn take(&mut self, key: &str, rest: &str) -> Option<()> {
        match key {
            "age" => self.age_secs = Some(rest.trim().parse().ok()?),
            "bytes" => self.bytes = Some(numbers(rest)?.try_into().ok()?),
            "events" => self.events = numbers(rest)?,
            "xprt" => self.transports.push(parse_transport(rest)?),
            _ => {}
        }
        Some(())
    }
}

/// `tcp 832 1 1 0 11 6428 6428 0 12154 0 24 26 5726`; the last three came with version 1.1. UDP has no
/// connections, and what RDMA has beyond the tenth is its own.
fn parse_transport(rest: &str) -> Option<Transport> {
    let (protocol, rest) = rest.trim().split_once(' ')?;
    let found = numbers(rest)?;
    let place = |index: usize| match (protocol, index) {
        ("tcp", _) | ("udp", 0 | 1) | ("rdma", ..10) => found.get(index),
        ("udp", 5..) => found.get(index - 3),
        _ => None,
    };
    let shortest = if protocol == "udp" { 7 } else { 10 };
    let is_whole = found.len() >= shortest;
    let numbers = std::array::from_fn(|index| place(index).copied());
    is_whole.then(|| Transport { protocol: protocol.to_owned(), numbers })
}

/// `READ: 911 911 0 145760 851221504 4 51207 51233`, and errors in newer kernels.
fn parse_operation(line: &str) -> Option<(String, [u64; OPERATION])> {
    let (name, rest) = line.split_once(':')?;
    Some((name.to_owned(), *numbers(rest)?.first_chunk()?))
}

fn numbers(text: &str) -> Option<Vec<u64>> {
    text.split_ascii_whitespace().map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in super::super) const FILE: &str = "\
device proc mounted on /proc with fstype proc
device filer:/vol/tools mounted on /opt/with\\040blank with fstype nfs4 statvers=1.1
\topts:\trw,vers=4.2,proto=tcp
\tage:\t86411
\tcaps:\tcaps=0xfffbc0bf,wtmult=512
\tsec:\tflavor=1,pseudoflavor=1
\tevents:\t101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127
\tbytes:\t5001 5002 5003 5004 5005 5006 5007 5008
\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)
\txprt:\ttcp 701 0 2 3 44 905 906 7 1008 9 60 611 712
\txprt:\ttcp 702 0 1 0 45 95 96 0 18 0 2 0 0
\tper-op statistics
\t        NULL: 1 1 0 44 24 0 1 2 0
\t        READ: 31 32 1 4100 70001 15 2300 2345 4

device tmpfs mounted on /tmp with fstype tmpfs
";

    fn one(lines: &str) -> Result<Mount, CollectError> {
        let content = format!("device a:/b mounted on /c with fstype nfs statvers=1.1\n{lines}\n");
        parse(Text::of(&content)).map(|mut mounts| mounts.remove(0))
    }

    #[test]
    fn a_mount_with_all_that_it_has_done() {
        let mounts = parse(Text::of(FILE)).unwrap();
        let [mount] = &mounts[..] else { panic!("{mounts:?}") };
        assert_eq!((&*mount.export, &*mount.mount_point), ("filer:/vol/tools", "/opt/with blank"));
        assert_eq!(mount.age_secs, Some(86_411));
        assert_eq!(mount.bytes.unwrap()[7], 5008);
        assert_eq!((mount.events.len(), mount.events[26]), (EVENTS, 127));
        assert_eq!(mount.transports.len(), 2);
        assert_eq!(mount.transports[0].numbers[12], Some(712));
        let read = ("READ".to_owned(), [31, 32, 1, 4100, 70_001, 15, 2300, 2345]);
        assert_eq!(mount.operations[1], read);
    }

    #[test]
    fn each_protocol_has_numbers_of_its_own() {
        let numbers = |line: &str| one(line).unwrap().transports.remove(0).numbers;
        let old = numbers("\txprt:\ttcp 1 2 3 4 5 6 7 8 9 10");
        assert_eq!((old[9], old[10]), (Some(10), None));
        let udp = numbers("\txprt:\tudp 1 2 3 4 5 6 7 8 9 10");
        assert_eq!(&udp[..6], [Some(1), Some(2), None, None, None, Some(3)]);
        assert_eq!(udp[12], Some(10));
        let rdma = numbers(&format!("\txprt:\trdma {}", "1 ".repeat(28)));
        assert_eq!((rdma[9], rdma[10]), (Some(1), None));
        assert_eq!(numbers("\txprt:\tlocal 1 2 3 4 5 6 7 8 9 10"), [None; TRANSPORT]);
    }

    #[test]
    fn what_is_not_as_it_should_be_is_an_error() {
        for bad in [
            "\tage:\tlong",
            "\tbytes:\t1 2 3",
            "\tbytes:\t1 2 3 4 5 6 7 -8",
            "\tevents:\tmany",
            "\txprt:\ttcp 1 2",
            "\txprt:\ttcp",
            "\tper-op statistics\n\tREAD: 1 2",
            "\tper-op statistics\n\tREAD",
        ] {
            assert!(one(bad).is_err(), "{bad:?}");
        }
        assert_eq!(one("\tsome: thing\nelse").unwrap().age_secs, None);
        for other in ["nfs statvers=2.0", "nfsd statvers=1.1", "nfs"] {
            let line = format!("device a:/b mounted on /c with fstype {other}\n\tage:\tlong\n");
            assert_eq!(parse(Text::of(&line)).unwrap(), []);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(\\t?(device|xprt:|age:|events:|per-op statistics)?.{0,40}\n){0,6}") {
            let _ = one(&content);
        }
    }
}
