//! What is known of one device.

/// In `IFF_...` of a device.
pub(super) const IS_UP: i64 = 1;

/// The attributes that are numbers: the file, and what the family is called that shows it.
pub(super) const NUMBERS: [(&str, &str); 16] = [
    ("addr_assign_type", "address_assign_type"),
    ("carrier", "carrier"),
    ("carrier_changes", "carrier_changes_total"),
    ("carrier_up_count", "carrier_up_changes_total"),
    ("carrier_down_count", "carrier_down_changes_total"),
    ("dev_id", "device_id"),
    ("dormant", "dormant"),
    ("flags", "flags"),
    ("ifindex", "iface_id"),
    ("iflink", "iface_link"),
    ("link_mode", "iface_link_mode"),
    ("mtu", "mtu_bytes"),
    ("name_assign_type", "name_assign_type"),
    ("netdev_group", "net_dev_group"),
    ("type", "protocol_type"),
    ("tx_queue_len", "transmit_queue_length"),
];

/// The states of a device's operation, in the order of `IF_OPER_...`.
pub(super) const OPERATION_STATES: [&str; 7] =
    ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"];

/// A device as sysfs has it; what it does not have is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Device {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) broadcast: String,
    pub(super) duplex: String,
    pub(super) operstate: String,
    pub(super) ifalias: String,
    /// In Mbit/s.
    pub(super) speed: Option<i64>,
    /// In the order of [`NUMBERS`].
    pub(super) numbers: [Option<i64>; NUMBERS.len()],
}

impl Device {
    /// The number that this attribute is.
    pub(super) fn number(&self, file: &str) -> Option<i64> {
        NUMBERS.iter().zip(self.numbers).find(|((name, _), _)| *name == file)?.1
    }

    /// Gives the attribute this number.
    pub(super) fn set(&mut self, file: &str, number: Option<i64>) {
        if let Some(place) = NUMBERS.iter().position(|(name, _)| *name == file) {
            self.numbers[place] = number;
        }
    }
}

/// A number as sysfs writes it: decimal, or hex behind `0x`.
pub(super) fn parse(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
            i64::from_str_radix(hex, 16).ok()
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_forms() {
        for (text, number) in [
            ("0x1003", Some(4099)),
            ("-1", Some(-1)),
            ("0x", None),
            ("0x+1", None),
            ("", None),
            ("1 2", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse(text), number, "{text}");
        }
    }
}
