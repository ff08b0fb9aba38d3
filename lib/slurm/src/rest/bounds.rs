//! How long a string and how deep a structure may be: a JSON reader keeps both in memory, even those
//! that it skips.

use std::io::{self, Read};

/// Longest string, in bytes as it stands in the text.
const MAX_STRING_BYTES: usize = 1 << 20;

/// Deepest nesting. Slurm's answers have some ten levels.
const MAX_DEPTH: usize = 64;

/// A JSON text as it comes, as long as it keeps to the bounds.
pub(super) struct Bounded<R> {
    pub(super) source: R,
    bounds: Bounds,
}

impl<R> Bounded<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, bounds: Bounds::default() }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.bounds.follow(&buffer[..length]).map_err(io::Error::other)?;
        Ok(length)
    }
}

/// Follows a JSON text byte by byte, as far as strings and nesting need it.
#[derive(Debug, Default)]
struct Bounds {
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
    fn follow(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
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
