//! /proc/PID/mountinfo: what is mounted where.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

/// One mount as this namespace sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The kernel's numbers of this mount and of the one that it is mounted in.
    id: String,
    parent: String,
    pub(crate) device: String,
    pub(crate) mount_point: String,
    /// The same in the bytes that it has on this node, which may be in another encoding.
    pub(crate) path: PathBuf,
    pub(crate) fs_type: String,
    pub(crate) major: String,
    pub(crate) minor: String,
    pub(crate) read_only: bool,
    /// The mount's options and those of its file system, in their order.
    options: Vec<String>,
}

/// What is mounted somewhere, for who compares it with what should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountPoint {
    /// Where.
    pub path: String,
    /// The file system's type.
    pub fs_type: String,
    /// The device or the server's directory.
    pub source: String,
    /// The mount's options and those of its file system; `rw` stands here only where both have it.
    pub options: Vec<String>,
}

/// What this process sees mounted, without what is hidden by something else.
///
/// # Errors
/// Names the file and why it cannot be read.
pub fn mount_points(procfs: &Path) -> io::Result<Vec<MountPoint>> {
    let mut file = KernelFile::new(procfs.join("self/mountinfo"));
    let mounts =
        file.read().and_then(parse).map_err(|error| io::Error::other(error.to_string()))?;
    let point = |mount: Mount| {
        let Mount { mount_point: path, fs_type, device: source, read_only, mut options, .. } =
            mount;
        if read_only {
            options.retain(|option| option != "rw");
        }
        MountPoint { path, fs_type, source, options }
    };
    Ok(mounts.into_iter().map(point).collect())
}

/// The mounts in the file's order; of several on one place only that which hides the others.
pub(crate) fn parse(text: Text<'_>) -> Result<Vec<Mount>, CollectError> {
    Ok(without_hidden(text.byte_rows("expected a mount", parse_line)?))
}

fn without_hidden(mounts: Vec<Mount>) -> Vec<Mount> {
    let mut seen = vec![false; mounts.len()];
    seen_on_their_places(&mounts).into_values().for_each(|index| seen[index] = true);
    mounts.into_iter().zip(seen).filter_map(|(mount, is_seen)| is_seen.then_some(mount)).collect()
}

/// By place, which mount is seen there: the last, unless it came by propagation below what its parent has
/// mounted above it.
fn seen_on_their_places(mounts: &[Mount]) -> HashMap<&str, usize> {
    let children: HashSet<(&str, &str)> = mounts
        .iter()
        // The first of all mounts is its own parent.
        .filter(|mount| mount.id != mount.parent)
        .map(|mount| (mount.parent.as_str(), mount.mount_point.as_str()))
        .collect();
    let is_covered = |mount: &Mount| {
        above(&mount.mount_point).any(|place| children.contains(&(mount.parent.as_str(), place)))
    };
    let mut seen = HashMap::new();
    for (index, mount) in mounts.iter().enumerate() {
        let place = mount.mount_point.as_str();
        let keeps = |&other: &usize| is_covered(mount) && !is_covered(&mounts[other]);
        if !seen.get(place).is_some_and(keeps) {
            seen.insert(place, index);
        }
    }
    seen
}

/// `/a/b` and `/a` and `/` for `/a/b/c`.
fn above(place: &str) -> impl Iterator<Item = &str> {
    Path::new(place).ancestors().skip(1).filter_map(Path::to_str)
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn parse_line(line: &[u8]) -> Option<Mount> {
    let separator = line.windows(3).position(|bytes| bytes == b" - ")?;
    // The mount point may have any bytes, and all else is text.
    let path = unescape_bytes(line[..separator].split(|byte| *byte == b' ').nth(4)?)?;
    let line = String::from_utf8_lossy(line);
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ');
    let id = place.next()?.to_owned();
    let parent = place.next()?.to_owned();
    let (major, minor) = place.next()?.split_once(':')?;
    let mount_point = String::from_utf8_lossy(&path).into_owned();
    place.nth(1)?;
    let options = place.next()?;
    let mut kind = kind.split(' ');
    let fs_type = kind.next()?;
    let device = unescape(kind.next()?)?;
    let super_options = kind.next()?;
    let read_only = |options: &str| options.split(',').any(|option| option == "ro");
    Some(Mount {
        id,
        parent,
        device,
        mount_point,
        path: OsString::from_vec(path).into(),
        fs_type: fs_type.to_owned(),
        major: major.to_owned(),
        minor: minor.to_owned(),
        read_only: read_only(options) || read_only(super_options),
        options: options.split(',').chain(super_options.split(',')).map(str::to_owned).collect(),
    })
}

/// The kernel writes blanks and backslashes as `\040` and so on.
pub(crate) fn unescape(text: &str) -> Option<String> {
    unescape_bytes(text.as_bytes()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn unescape_bytes(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest = &tail[3..];
            }
            (b'\\', _) => return None,
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;
    use crate::reading::kernel_file::KernelFile;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn lines() {
        let mount = parse_line(
            b"36 35 98:0 /mnt1 /with\\040blank rw,noatime master:1 shared:2 - ext3 /dev/root ro,x=y",
        )
        .unwrap();
        assert_eq!(mount.mount_point, "/with blank");
        assert_eq!((mount.major.as_str(), mount.minor.as_str()), ("98", "0"));
        assert_eq!((mount.device.as_str(), mount.fs_type.as_str()), ("/dev/root", "ext3"));
        assert!(mount.read_only);
        let no_tags = parse_line(b"1 1 0:1 / / rw - tmpfs none rw,errors=ro-remount").unwrap();
        assert!(!no_tags.read_only);
        for garbage in
            ["", "1 2 3", "1 1 0:1 / / rw", "1 1 x / / rw - a b c", "1 1 0:1 / /\\9 rw - a b c"]
        {
            assert_eq!(parse_line(garbage.as_bytes()), None, "{garbage}");
        }
    }

    #[test]
    fn a_mount_point_of_other_bytes_hides_no_other() {
        let content = b"22 1 0:20 / / rw - ext4 /dev/root rw\n30 22 8:17 / /mnt/B\xfccher rw - vfat /dev/sdb1 rw\nodd\n";
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("mountinfo"), content).unwrap();
        let mut file = KernelFile::new(dir.path().join("mountinfo"));
        let (mounts, left_out) = LeftOut::during(|| parse(file.read().unwrap()).unwrap());
        let points: Vec<&str> = mounts.iter().map(|mount| mount.mount_point.as_str()).collect();
        assert_eq!(points, ["/", "/mnt/B\u{fffd}cher"]);
        assert_eq!(mounts[1].path, Path::new(OsStr::from_bytes(b"/mnt/B\xfccher")));
        assert!(left_out.why().unwrap().ends_with("mountinfo, line 3: expected a mount"));
    }

    fn seen_of(lines: &[&str]) -> Vec<String> {
        let mounts = lines.iter().map(|line| parse_line(line.as_bytes()).unwrap()).collect();
        without_hidden(mounts).into_iter().map(|mount| mount.device).collect()
    }

    #[test]
    fn the_last_on_a_place_is_seen() {
        let first = "2 1 0:2 / /mnt rw - tmpfs first rw";
        let root = "1 1 0:1 / / rw - rootfs root rw";
        assert_eq!(seen_of(&[root, first, "3 2 0:3 / /mnt rw - tmpfs last rw"]), ["root", "last"]);
        assert_eq!(
            seen_of(&[root, first, "3 1 0:3 / /opt rw - tmpfs b rw"]),
            ["root", "first", "b"]
        );
    }

    /// As systemd-nspawn makes them: what is mounted on the host comes into its /run again, below a mount.
    #[test]
    fn what_propagates_below_a_mount_is_hidden_though_it_is_the_last() {
        let lines = [
            "257 229 0:60 / / rw - overlay root rw",
            "258 257 0:46 / /run rw - tmpfs run rw",
            "259 258 0:47 / /run/host ro - tmpfs host rw",
            "261 259 0:44 /w1 /run/host/incoming ro - tmpfs seen rw",
            "263 258 0:44 /w1 /run/host/incoming rw - tmpfs hidden rw",
        ];
        assert_eq!(seen_of(&lines), ["root", "run", "host", "seen"]);
        let [root, run, host, seen, hidden] = lines;
        assert_eq!(seen_of(&[root, run, hidden, host, seen]), ["root", "run", "host", "seen"]);
    }
}
