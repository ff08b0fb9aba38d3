//! A process as the rules see it: what its facts imply, worked out when a rule first asks.

use std::cell::OnceCell;

use super::cgroup::Placement;
use super::eda;
use super::facts::Facts;
use super::users::Users;

/// One process under the rules' eyes.
pub(super) struct Process<'a> {
    pub(super) facts: &'a Facts<'a>,
    users: &'a Users,
    command_line: OnceCell<Option<Vec<u8>>>,
    placement: OnceCell<Option<Placement<'a>>>,
}

impl<'a> Process<'a> {
    pub(super) fn new(facts: &'a Facts<'a>, users: &'a Users) -> Self {
        Self { facts, users, command_line: OnceCell::new(), placement: OnceCell::new() }
    }

    /// The arguments with a space between two; empty for a process that has none (a zombie).
    pub(super) fn command_line(&self) -> Option<&[u8]> {
        let join = || {
            let arguments = without_last_nuls(self.facts.cmdline?);
            Some(arguments.iter().map(|b| if *b == 0 { b' ' } else { *b }).collect())
        };
        self.command_line.get_or_init(join).as_deref()
    }

    /// `argv[0]`, the name by which the process was started; `None` also where it has no arguments.
    pub(super) fn first_argument(&self) -> Option<&'a [u8]> {
        let cmdline = self.facts.cmdline.filter(|cmdline| !cmdline.is_empty())?;
        without_last_nuls(cmdline).split(|b| *b == 0).next()
    }

    /// `argv[0]`; for a process without arguments its name.
    pub(super) fn exe_full(&self) -> Option<&'a [u8]> {
        self.facts.cmdline?;
        Some(self.first_argument().unwrap_or(self.facts.comm))
    }

    /// The last part of `argv[0]`'s path; for a process without arguments its name.
    pub(super) fn exe_base(&self) -> Option<&'a [u8]> {
        self.facts.cmdline?;
        Some(self.first_argument().map_or(self.facts.comm, base))
    }

    pub(super) fn user_name(&self) -> Option<String> {
        self.facts.uid.map(|uid| self.users.name(uid))
    }

    pub(super) fn placement(&self) -> Option<&Placement<'a>> {
        self.placement.get_or_init(|| self.facts.cgroups.map(Placement::of)).as_ref()
    }

    pub(super) fn tool(&self) -> Option<&'static str> {
        eda::tool(self.facts.comm, self.facts.exe)
    }
}

/// The last part of a path, as Go's `filepath.Base` gives it.
pub(super) fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|b| *b != b'/').map_or(0, |last| last + 1);
    match path[..end].rsplit(|b| *b == b'/').next() {
        Some(part) if !part.is_empty() => part,
        _ => b"/",
    }
}

fn without_last_nuls(cmdline: &[u8]) -> &[u8] {
    let end = cmdline.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    &cmdline[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(cmdline: Option<&[u8]>) -> Facts<'_> {
        Facts {
            pid: 7,
            comm: b"sh",
            start_secs: None,
            exe: None,
            cmdline,
            uid: None,
            cgroups: None,
        }
    }

    #[test]
    fn a_base_is_what_go_says() {
        for (path, expected) in [
            ("", "."),
            ("/", "/"),
            ("///", "/"),
            ("sh", "sh"),
            ("/bin/sh", "sh"),
            ("dir/sh//", "sh"),
            ("./sh", "sh"),
            ("-bash", "-bash"),
            ("nginx: worker process", "nginx: worker process"),
            ("sshd: root@pts/0", "0"),
        ] {
            assert_eq!(base(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }

    #[test]
    fn the_command_line_and_its_first_argument() {
        let users = Users::default();
        for (cmdline, line, full, base) in [
            (&b"/bin/sh\0-c\0a b\0"[..], &b"/bin/sh -c a b"[..], &b"/bin/sh"[..], &b"sh"[..]),
            (b"sh\0\0x\0\0\0", b"sh  x", b"sh", b"sh"),
            (b"no nul", b"no nul", b"no nul", b"no nul"),
            (b"", b"", b"sh", b"sh"),
            (b"\0", b"", b"", b"."),
            (b"\xff\n\0", b"\xff\n", b"\xff\n", b"\xff\n"),
        ] {
            let facts = facts(Some(cmdline));
            let process = Process::new(&facts, &users);
            assert_eq!(process.command_line(), Some(line));
            assert_eq!(process.exe_full(), Some(full));
            assert_eq!(process.exe_base(), Some(base));
        }
    }

    #[test]
    fn what_is_unknown_stays_unknown() {
        let (facts, users) = (facts(None), Users::default());
        let process = Process::new(&facts, &users);
        assert_eq!((process.command_line(), process.exe_full()), (None, None));
        assert_eq!(process.first_argument(), None);
        assert_eq!((process.exe_base(), process.user_name()), (None, None));
        assert!(process.placement().is_none());
    }
}
