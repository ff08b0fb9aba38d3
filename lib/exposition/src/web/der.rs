//! As much of DER as it takes to walk through a certificate.

/// One value with its tag.
pub(super) struct Item<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
}

/// The values that stand one behind the other; `None` where the bytes are something else.
pub(super) fn items(mut bytes: &[u8]) -> Option<Vec<Item<'_>>> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let (item, rest) = item(bytes)?;
        items.push(item);
        bytes = rest;
    }
    Some(items)
}

fn item(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    if tag & 0x1f == 0x1f {
        // A tag of several bytes, of which certificates have none.
        return None;
    }
    let (length, rest) = length(rest)?;
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Item { tag, content }, rest))
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    if !(1..=4).contains(&digits.len()) {
        return None;
    }
    Some((digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_with_short_and_long_lengths() {
        let mut bytes = vec![0x04, 1, 7, 0x30, 0, 0x04, 0x81, 200];
        bytes.extend([9; 200]);
        let items = items(&bytes).unwrap();
        let items: Vec<_> = items.iter().map(|item| (item.tag, item.content.len())).collect();
        assert_eq!(items, [(4, 1), (0x30, 0), (4, 200)]);
    }

    #[test]
    fn what_is_cut_or_strange_is_nothing() {
        for bytes in [
            &[4][..],
            &[4, 2, 0],
            &[4, 0x80, 0, 0],
            &[4, 0x81],
            &[4, 0x85, 0, 0, 0, 0, 1, 0],
            &[0x1f, 1, 0],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff, 0],
        ] {
            assert!(items(bytes).is_none(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = items(&bytes);
        }
    }
}
