//! What the bits of a link's modes mean, linux/ethtool.h.

/// Of a link that can agree with its neighbour, and on what.
pub(super) const AUTONEGOTIATION: u32 = 1 << 6;
pub(super) const PAUSE: u32 = 1 << 13;
pub(super) const ASYMMETRIC_PAUSE: u32 = 1 << 14;

/// The kinds of ports.
const PORTS: [(u32, &str); 6] =
    [(7, "TP"), (8, "AUI"), (9, "MII"), (10, "FIBRE"), (11, "BNC"), (16, "Backplane")];

/// A way in which a link can run.
pub(super) struct Mode {
    bit: u32,
    pub(super) mbits: u32,
    pub(super) duplex: &'static str,
    /// What stands behind the speed, as in `1000baseT`.
    pub(super) medium: &'static str,
}

const fn half(bit: u32, mbits: u32, medium: &'static str) -> Mode {
    Mode { bit, mbits, duplex: "half", medium }
}

const fn full(bit: u32, mbits: u32, medium: &'static str) -> Mode {
    Mode { bit, mbits, duplex: "full", medium }
}

/// Of the 32 bits that the old form has; faster links' are beyond them.
const MODES: [Mode; 22] = [
    half(0, 10, "T"),
    full(1, 10, "T"),
    half(2, 100, "T"),
    full(3, 100, "T"),
    half(4, 1000, "T"),
    full(5, 1000, "T"),
    full(12, 10_000, "T"),
    full(17, 1000, "KX"),
    full(18, 10_000, "KX4"),
    full(19, 10_000, "KR"),
    full(20, 10_000, "R_FEC"),
    full(21, 20_000, "MLD2"),
    full(22, 20_000, "KR2"),
    full(23, 40_000, "KR4"),
    full(24, 40_000, "CR4"),
    full(25, 40_000, "SR4"),
    full(26, 40_000, "LR4"),
    full(27, 56_000, "KR4"),
    full(28, 56_000, "CR4"),
    full(29, 56_000, "SR4"),
    full(30, 56_000, "LR4"),
    full(31, 25_000, "CR"),
];

/// The modes that are among these bits.
pub(super) fn modes(bits: u32) -> impl Iterator<Item = &'static Mode> {
    MODES.iter().filter(move |mode| bits & (1 << mode.bit) != 0)
}

/// The ports that are among these bits.
pub(super) fn ports(bits: u32) -> impl Iterator<Item = &'static str> {
    PORTS.iter().filter(move |(bit, _)| bits & (1 << bit) != 0).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_what_they_mean() {
        let named = |bits| -> Vec<String> {
            modes(bits).map(|m| format!("{}base{}/{}", m.mbits, m.medium, m.duplex)).collect()
        };
        assert_eq!(named(0x8000_0021), ["10baseT/half", "1000baseT/full", "25000baseCR/full"]);
        assert_eq!(named(u32::MAX).len(), MODES.len());
        assert_eq!(ports(1 << 7 | 1 << 10).collect::<Vec<_>>(), ["TP", "FIBRE"]);
        let others =
            PORTS.iter().fold(AUTONEGOTIATION | PAUSE | ASYMMETRIC_PAUSE, |b, p| b | 1 << p.0);
        assert_eq!(modes(others).count(), 0);
        // 2500baseX, which node_exporter does not show either.
        assert_eq!(modes(1 << 15).count(), 0);
    }
}
