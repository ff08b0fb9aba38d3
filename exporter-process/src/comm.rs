//! A process's name as the kernel keeps it.

const BYTES: usize = 16;

/// At most 15 bytes, any but NUL; what a process is called when nothing else is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Comm([u8; BYTES]);

impl Comm {
    /// The name, cut to what the kernel keeps.
    pub(crate) fn new(name: &[u8]) -> Self {
        let mut comm = [0; BYTES];
        let length = name.len().min(BYTES - 1);
        comm[..length].copy_from_slice(&name[..length]);
        Self(comm)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(BYTES);
        &self.0[..end]
    }

    /// The name as a label shows it: two names that look the same there are one group, not two
    /// series of the same labels.
    pub(crate) fn printable(&self) -> String {
        String::from_utf8_lossy(self.bytes())
            .chars()
            .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_as_the_kernel_cuts_it() {
        assert_eq!(Comm::new(b"a-name-of-more-than-15").bytes(), b"a-name-of-more-");
        assert_eq!(Comm::new(b"\xff sh").bytes(), b"\xff sh");
        assert_eq!(Comm::new(b"").bytes(), b"");
    }
}
