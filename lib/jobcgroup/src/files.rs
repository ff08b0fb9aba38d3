//! The files of one group, and what was wrong with them.

use std::fs;
use std::io;

use rustix::io::Errno;

use crate::fault::Faults;
use crate::group::{Group, is_gone};
use crate::parse::{Malformed, keyed};

/// The files of one group.
pub(crate) struct Files<'a> {
    pub(crate) group: &'a Group,
    pub(crate) faults: &'a mut Faults,
}

impl Files<'_> {
    /// A file's content; `None` where it is not there, or not any more.
    pub(crate) fn text(&mut self, controller: &str, name: &'static str) -> Option<Vec<u8>> {
        let error = match fs::read(self.group.file(controller, name)?) {
            Ok(text) => return Some(text),
            Err(error) => error,
        };
        // Pressure files are there, and not supported, where the kernel was booted without them.
        let is_absent = error.raw_os_error() == Some(Errno::OPNOTSUPP.raw_os_error());
        if !is_absent && !is_gone(&error) {
            self.faults.add(name, reason(&error));
        }
        None
    }

    /// What a parser made of a file; `None` and a fault where it made nothing of it.
    pub(crate) fn sound<T>(
        &mut self,
        name: &'static str,
        parsed: Result<T, Malformed>,
    ) -> Option<T> {
        parsed.inspect_err(|Malformed| self.faults.add(name, "parse")).ok()
    }

    /// The number behind a key of a file whose content this is.
    pub(crate) fn keyed(&mut self, name: &'static str, text: &[u8], key: &str) -> Option<u64> {
        self.sound(name, keyed(text, key)).flatten()
    }

    /// A file that is one number.
    pub(crate) fn read<T>(
        &mut self,
        controller: &str,
        name: &'static str,
        parse: fn(&[u8]) -> Result<T, Malformed>,
    ) -> Option<T> {
        let text = self.text(controller, name)?;
        self.sound(name, parse(&text))
    }
}

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "denied",
        _ => "io",
    }
}
