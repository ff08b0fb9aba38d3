//! What a scan knows of a process, and what a set of rules asks the scan to find out.

/// Facts that cost a read beyond `stat`; the scan fetches only those that a rule needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Needs {
    pub(crate) exe: bool,
    pub(crate) cmdline: bool,
    pub(crate) user: bool,
    pub(crate) cgroup: bool,
}

impl Needs {
    /// What either of the two needs.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            exe: self.exe || other.exe,
            cmdline: self.cmdline || other.cmdline,
            user: self.user || other.user,
            cgroup: self.cgroup || other.cgroup,
        }
    }
}

/// What is known of a process. `None` is unknown (not readable, not read yet, or the process is
/// gone): a rule that needs it does not match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) pid: u32,
    /// The name in `stat`: at most 15 bytes, any but NUL.
    pub(crate) comm: &'a [u8],
    /// When it began, in seconds since the epoch.
    pub(crate) start_secs: Option<f64>,
    /// Where the link `exe` leads.
    pub(crate) exe: Option<&'a [u8]>,
    /// The file `cmdline` as it is: arguments that end in NUL.
    pub(crate) cmdline: Option<&'a [u8]>,
    /// The effective user.
    pub(crate) uid: Option<u32>,
    /// The file `cgroup` as it is.
    pub(crate) cgroups: Option<&'a [u8]>,
}
