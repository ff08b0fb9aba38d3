//! From a driver's name for a statistic to a family's.

use std::collections::HashMap;

use regex::Regex;

/// The statistics of one device, by the names of their families; those whose names would be the same
/// are none of them shown, as nobody could tell which is meant.
pub(super) fn by_family(
    stats: Vec<(String, u64)>,
    shown: Option<&Regex>,
) -> HashMap<String, (String, u64)> {
    let mut found: HashMap<String, Option<(String, u64)>> = HashMap::new();
    for (name, value) in stats {
        let clean = sanitize(&name);
        if shown.is_some_and(|shown| shown.is_match(&clean)) {
            let stat = Some((clean.clone(), value));
            found.entry(family(&clean)).and_modify(|known| *known = None).or_insert(stat);
        }
    }
    found.into_iter().filter_map(|(family, stat)| Some((family, stat?))).collect()
}

/// What no metric's name can have becomes `_`, with the `_` around it.
fn sanitize(name: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut clean = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find(|letter| !is_word(letter)) {
        let (before, others) = rest.split_at(at);
        clean.push_str(before.trim_end_matches('_'));
        clean.push('_');
        rest = others.trim_start_matches(|letter| !is_word(letter)).trim_start_matches('_');
    }
    clean + rest
}

/// `node_ethtool_` and the name, in which `rx` and `tx` are words.
fn family(clean: &str) -> String {
    let lower = clean.to_ascii_lowercase();
    let mut words: Vec<&str> = lower.trim_start_matches('_').split('_').collect();
    // Of two that are the same in a row node_exporter replaces the first only.
    let mut replaced = "";
    for word in &mut words {
        let full = match *word {
            "rx" => "received",
            "tx" => "transmitted",
            _ => "",
        };
        if full.is_empty() || *word == replaced {
            replaced = "";
        } else {
            replaced = std::mem::replace(word, full);
        }
    }
    format!("node_ethtool_{}", words.join("_"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_drivers_become_families() {
        for (name, expected) in [
            ("rx_bytes", "node_ethtool_received_bytes"),
            ("port.tx_dropped", "node_ethtool_port_transmitted_dropped"),
            ("rx_queue_0_xdp_tx", "node_ethtool_received_queue_0_xdp_transmitted"),
            ("[3]: rx_ucast_packets", "node_ethtool_3_received_ucast_packets"),
            ("tx-0.bytes", "node_ethtool_transmitted_0_bytes"),
            ("Rx  _-_ Errors", "node_ethtool_received___errors"),
            ("max_txt", "node_ethtool_max_txt"),
            ("__rx", "node_ethtool_received"),
        ] {
            assert_eq!(family(&sanitize(name)), expected, "{name}");
        }
        assert_eq!(family("rx_rx_tx_tx"), "node_ethtool_received_rx_transmitted_tx");
        assert_eq!(family("tx_rx"), "node_ethtool_transmitted_received");
        assert_eq!(sanitize("a__b"), "a__b");
    }

    #[test]
    fn names_that_become_the_same_are_left_out() {
        let stat = |name: &str| (name.to_owned(), 1);
        let all = Regex::new(".*").unwrap();
        let stats = ["rx.a", "rx_a", "rx-a", "tx_a"].map(stat).to_vec();
        let found = by_family(stats.clone(), Some(&all));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["node_ethtool_transmitted_a"]);
        assert_eq!(by_family(stats, Some(&Regex::new("^none").unwrap())).len(), 0);
    }

    proptest! {
        #[test]
        fn every_name_becomes_one_that_may_be(name in ".{0,40}") {
            let family = family(&sanitize(&name));
            prop_assert!(family.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        }

        #[test]
        fn names_are_cleaned_as_node_exporter_does(name in "[a_. -]{0,12}") {
            let expression = Regex::new("_*[^0-9A-Za-z_]+_*").unwrap();
            prop_assert_eq!(sanitize(&name), expression.replace_all(&name, "_"));
        }

        #[test]
        fn what_is_replaced_is_what_node_exporter_replaces(name in "[rtx_]{0,12}") {
            let lower = name.trim_start_matches('_');
            let received = Regex::new("(^|_)rx(_|$)").unwrap().replace_all(lower, "${1}received${2}");
            let both = Regex::new("(^|_)tx(_|$)").unwrap();
            let expected = format!("node_ethtool_{}", both.replace_all(&received, "${1}transmitted${2}"));
            prop_assert_eq!(family(&name), expected);
        }
    }
}
