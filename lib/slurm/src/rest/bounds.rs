//! How long a string and how deep a structure may be: a JSON reader keeps both in memory, even those
//! that it skips.

/// Longest string, in bytes as it stands in the text.
const MAX_STRING_BYTES: usize = 1 << 20;

/// Deepest nesting. Slurm's answers have some ten levels.
const MAX_DEPTH: usize = 64;

/// Follows a JSON text byte by byte, as far as strings and nesting need it.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    depth: usize,
    /// How long the string is that the text is in.
    string: Option<usize>,
    /// Whether the next byte of the string is escaped.
    is_escaped: bool,
}

impl Bounds {
    /// Takes in the text's next bytes.
    ///
    /// # Errors
    /// Says what goes beyond its bound.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        for byte in bytes {
            match &mut self.string {
                Some(_) if self.is_escaped => self.is_escaped = false,
                Some(_) if *byte == b'"' => self.string = None,
                Some(length) => {
                    *length += 1;
                    self.is_escaped = *byte == b'\\';
                    if *length > MAX_STRING_BYTES {
                        return Err("a string is too long");
                    }
                }
                None => match byte {
                    b'"' => self.string = Some(0),
                    b'[' | b'{' => {
                        self.depth += 1;
                        if self.depth > MAX_DEPTH {
                            return Err("it is nested too deeply");
                        }
                    }
                    b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                },
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_long_or_too_deep_is_refused() {
        let text = br#"{"a\"[[": ["]]", "\\", {"b": 1}]}"#;
        for cut in 0..text.len() {
            let mut bounds = Bounds::default();
            assert_eq!(bounds.follow(&text[..cut]), Ok(()));
            assert_eq!(bounds.follow(&text[cut..]), Ok(()));
            assert_eq!((bounds.depth, bounds.string), (0, None));
        }
        let deep = vec![b'['; MAX_DEPTH + 1];
        assert_eq!(Bounds::default().follow(&deep[1..]), Ok(()));
        assert!(Bounds::default().follow(&deep).is_err());
        let long = [b"\"".as_slice(), &vec![b'x'; MAX_STRING_BYTES + 1]].concat();
        assert_eq!(Bounds::default().follow(&long[1..]), Ok(()));
        assert!(Bounds::default().follow(&long).is_err());
    }
}
