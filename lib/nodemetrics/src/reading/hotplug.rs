//! Whether a device may have come or gone: the kernel numbers what it tells udev, about devices and about
//! modules alike (Documentation/ABI/testing/sysfs-kernel-uevent_seqnum).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use edctl_daemon::Paths;

use crate::reading::error::CollectError;
use crate::reading::kept::Kept;

/// There are drivers that tell nothing of what they make later; after so long all is looked at.
const TRUST: Duration = Duration::from_secs(60);

/// The kernel's count.
pub(crate) struct Hotplug {
    path: PathBuf,
    kept: Kept,
}

/// A moment, and how many events there had been; where the kernel does not say, it is like no other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Events {
    count: Option<u64>,
    at: Instant,
}

impl Hotplug {
    pub(crate) fn new(paths: &Paths) -> Self {
        Self { path: paths.sysfs.join("kernel/uevent_seqnum"), kept: Kept::new(1) }
    }

    pub(crate) fn now(&mut self) -> Events {
        Events { count: self.kept.number(&self.path).ok(), at: Instant::now() }
    }
}

impl Events {
    /// Whether there was no event between an earlier moment and this one, which is soon after.
    pub(crate) fn none_since(self, earlier: Events) -> bool {
        self.count.is_some() && self.count == earlier.count && self.at - earlier.at < TRUST
    }
}

/// What was found among devices, looked for again only when one may have come or gone.
pub(crate) struct Found<T> {
    hotplug: Hotplug,
    found: Option<(Events, T)>,
}

impl<T> Found<T> {
    pub(crate) fn new(paths: &Paths) -> Self {
        Self { hotplug: Hotplug::new(paths), found: None }
    }

    /// What was found last, or what `look` finds now.
    pub(crate) fn get(
        &mut self,
        look: impl FnOnce() -> Result<T, CollectError>,
    ) -> Result<&T, CollectError> {
        let now = self.hotplug.now();
        self.found.take_if(|(then, _)| !now.none_since(*then));
        match &mut self.found {
            Some((_, found)) => Ok(found),
            none => Ok(&none.insert((now, look()?)).1),
        }
    }

    /// Has it looked for again.
    pub(crate) fn forget(&mut self) {
        self.found = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::sysfs::tests::{put, tree};

    #[test]
    fn what_is_the_same_is_so_for_a_while_and_what_is_not_said_is_not() {
        let dir = tree(&[]);
        let mut hotplug =
            Hotplug::new(&Paths { sysfs: dir.path().to_owned(), ..Default::default() });
        let unknown = hotplug.now();
        assert!(!hotplug.now().none_since(unknown));
        put(dir.path(), "kernel/uevent_seqnum", b"1208\n");
        let first = hotplug.now();
        assert!(hotplug.now().none_since(first) && !first.none_since(unknown));
        let later = Events { at: first.at + TRUST, ..first };
        assert!(!later.none_since(first));
        put(dir.path(), "kernel/uevent_seqnum", b"1209\n");
        assert!(!hotplug.now().none_since(first));
    }

    #[test]
    fn devices_are_looked_for_again_after_an_event_and_after_an_error() {
        let dir = tree(&[("kernel/uevent_seqnum", "7\n")]);
        let mut found = Found::new(&Paths { sysfs: dir.path().to_owned(), ..Default::default() });
        let absent = || Err(CollectError::Absent { path: dir.path().to_owned() });
        assert!(found.get(absent).is_err());
        assert_eq!(*found.get(|| Ok(1)).unwrap(), 1);
        assert_eq!(*found.get(|| Ok(2)).unwrap(), 1);
        put(dir.path(), "kernel/uevent_seqnum", b"8\n");
        assert_eq!(*found.get(|| Ok(3)).unwrap(), 3);
    }
}
