//! /proc/PID/mountinfo: what is mounted where.

use std::collections::HashMap;

use super::CollectError;
use super::kernel_file::Text;

/// One mount as this namespace sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) device: String,
    pub(super) mount_point: String,
    pub(super) fs_type: String,
    pub(super) major: String,
    pub(super) minor: String,
    pub(super) read_only: bool,
}

/// The mounts in the file's order; of several on one place only the last, which hides the others.
pub(super) fn parse(text: Text<'_>) -> Result<Vec<Mount>, CollectError> {
    let mut mounts: Vec<Option<Mount>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (number, line) in text.lines() {
        let mount = parse_line(line).ok_or_else(|| text.wrong(number, "expected a mount"))?;
        if let Some(hidden) = places.insert(mount.mount_point.clone(), mounts.len()) {
            mounts[hidden] = None;
        }
        mounts.push(Some(mount));
    }
    if mounts.is_empty() {
        return Err(text.wrong(1, "expected at least one mount"));
    }
    Ok(mounts.into_iter().flatten().collect())
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn parse_line(line: &str) -> Option<Mount> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ');
    let (major, minor) = place.nth(2)?.split_once(':')?;
    let mount_point = unescape(place.nth(1)?)?;
    let options = place.next()?;
    let mut kind = kind.split(' ');
    let fs_type = kind.next()?;
    let device = unescape(kind.next()?)?;
    let super_options = kind.next()?;
    let read_only = |options: &str| options.split(',').any(|option| option == "ro");
    Some(Mount {
        device,
        mount_point,
        fs_type: fs_type.to_owned(),
        major: major.to_owned(),
        minor: minor.to_owned(),
        read_only: read_only(options) || read_only(super_options),
    })
}

/// The kernel writes blanks and backslashes as `\040` and so on.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
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
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let mount = parse_line(
            "36 35 98:0 /mnt1 /with\\040blank rw,noatime master:1 shared:2 - ext3 /dev/root ro,x=y",
        )
        .unwrap();
        assert_eq!(mount.mount_point, "/with blank");
        assert_eq!((mount.major.as_str(), mount.minor.as_str()), ("98", "0"));
        assert_eq!((mount.device.as_str(), mount.fs_type.as_str()), ("/dev/root", "ext3"));
        assert!(mount.read_only);
        let no_tags = parse_line("1 1 0:1 / / rw - tmpfs none rw,errors=ro-remount").unwrap();
        assert!(!no_tags.read_only);
        for garbage in
            ["", "1 2 3", "1 1 0:1 / / rw", "1 1 x / / rw - a b c", "1 1 0:1 / /\\9 rw - a b c"]
        {
            assert_eq!(parse_line(garbage), None, "{garbage}");
        }
    }
}
