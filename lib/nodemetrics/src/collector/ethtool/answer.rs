//! What the kernel answers: the structures of linux/ethtool.h.

use edctl_netlink::u32_at;

use crate::reading::links::text;

const STRING_BYTES: usize = 32;

/// `struct ethtool_drvinfo`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Driver {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) firmware_version: String,
    pub(super) bus_info: String,
    pub(super) expansion_rom_version: String,
    /// How many statistics it has.
    pub(super) stats: u32,
}

/// `struct ethtool_cmd`: one bit for each mode of the link that the old form knows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) supported: u32,
    pub(super) advertised: u32,
    pub(super) autonegotiates: u8,
}

pub(super) fn parse_driver(bytes: &[u8]) -> Option<Driver> {
    let string = |at: usize| bytes.get(at..at + STRING_BYTES).map(text);
    Some(Driver {
        name: string(4)?,
        version: string(36)?,
        firmware_version: string(68)?,
        bus_info: string(100)?,
        expansion_rom_version: string(132)?,
        stats: u32_at(bytes, 180)?,
    })
}

pub(super) fn parse_settings(bytes: &[u8]) -> Option<Settings> {
    Some(Settings {
        supported: u32_at(bytes, 4)?,
        advertised: u32_at(bytes, 8)?,
        autonegotiates: *bytes.get(18)?,
    })
}

/// Both answers together; nothing where they are not of the same number of statistics, as when the
/// device got more queues between them.
pub(super) fn parse_stats(names: &[u8], values: &[u8]) -> Option<Vec<(String, u64)>> {
    let count = u32_at(names, 8)?;
    if u32_at(values, 4)? != count {
        return None;
    }
    let (names, _) = names.get(12..)?.as_chunks::<STRING_BYTES>();
    let (values, _) = values.get(8..)?.as_chunks();
    let is_whole = names.len() == values.len() && u32::try_from(names.len()) == Ok(count);
    let values = values.iter().map(|value| u64::from_ne_bytes(*value));
    is_whole.then(|| names.iter().map(|name| text(name)).zip(values).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn string(content: &str) -> Vec<u8> {
        let mut bytes = content.as_bytes().to_vec();
        bytes.resize(STRING_BYTES, 0);
        bytes
    }

    fn words(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
    }

    /// The kernel's answers for these statistics.
    fn stats(found: &[(&str, u64)]) -> (Vec<u8>, Vec<u8>) {
        let count = found.len() as u32;
        let names = found.iter().flat_map(|(name, _)| string(name));
        let values = found.iter().flat_map(|(_, value)| value.to_ne_bytes());
        (
            words(&[0x1b, 1, count]).into_iter().chain(names).collect(),
            words(&[0x1d, count]).into_iter().chain(values).collect(),
        )
    }

    #[test]
    fn a_driver_and_what_it_has() {
        let strings = ["mlx5_core", "6.8.0", "26.38.1002 (MT_0000000042)", "0000:c1:00.0", ""];
        let bytes =
            [words(&[3]), strings.map(string).concat(), vec![0; 12], words(&[4, 1187, 0, 512, 0])]
                .concat();
        assert_eq!(bytes.len(), 196);
        let driver = parse_driver(&bytes).unwrap();
        assert_eq!((&*driver.name, &*driver.bus_info), ("mlx5_core", "0000:c1:00.0"));
        assert_eq!((driver.stats, &*driver.expansion_rom_version), (1187, ""));
        for length in 0..184 {
            assert_eq!(parse_driver(&bytes[..length]), None, "{length}");
        }
        let full = [0xff; 196];
        assert_eq!(parse_driver(&full).unwrap().name.chars().count(), STRING_BYTES);
    }

    #[test]
    fn settings_of_a_link() {
        let mut bytes = words(&[1, 0x20ef, 0x20e0]);
        bytes.extend([0xe8, 3, 1, 0, 0, 0, 1]);
        let expected = Settings { supported: 0x20ef, advertised: 0x20e0, autonegotiates: 1 };
        assert_eq!(parse_settings(&bytes), Some(expected));
        for length in 0..bytes.len() {
            assert_eq!(parse_settings(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn statistics_with_their_names() {
        let found = [("rx_packets", 7), ("tx_timeout", u64::MAX)];
        let (names, values) = stats(&found);
        let expected = found.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(parse_stats(&names, &values).unwrap(), expected);
        for length in 0..names.len() {
            assert_eq!(parse_stats(&names[..length], &values), None, "{length}");
        }
        for length in 0..values.len() {
            assert_eq!(parse_stats(&names, &values[..length]), None, "{length}");
        }
        let (_, fewer) = stats(&found[..1]);
        assert_eq!(parse_stats(&names, &fewer), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(a in proptest::collection::vec(any::<u8>(), 0..250), b in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = (parse_driver(&a), parse_settings(&a), parse_stats(&a, &b));
        }
    }
}
