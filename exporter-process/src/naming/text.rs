//! Names as labels.

/// A group's name is cut to this; longer ones come from command lines.
const NAME_BYTES: usize = 256;

/// A name as a label shows it: invalid UTF-8 and line breaks are replaced, what is too long
/// is cut.
pub(super) fn printable(name: &[u8]) -> String {
    let mut printed = String::new();
    for c in String::from_utf8_lossy(name).chars() {
        let c = if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        if printed.len() + c.len_utf8() > NAME_BYTES {
            break;
        }
        printed.push(c);
    }
    printed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_printable_and_short() {
        for (name, expected) in [
            (&b"yosys"[..], "yosys"),
            (b"", ""),
            (b"a\nb\0c\x7f", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            (b"\xff\\\"", "\u{fffd}\\\""),
            ("ö €".as_bytes(), "ö €"),
        ] {
            assert_eq!(printable(name), expected);
        }
        assert_eq!(printable(&[b'x'; 300]).len(), 256);
        // 255 and not 257: no character is cut in two.
        assert_eq!(printable(format!("x{}", "ö".repeat(200)).as_bytes()).len(), 255);
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_fits(name in proptest::collection::vec(any::<u8>(), 0..600)) {
            let printed = printable(&name);
            prop_assert!(printed.len() <= NAME_BYTES && !printed.chars().any(char::is_control));
        }
    }
}
