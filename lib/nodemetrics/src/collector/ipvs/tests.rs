use proptest::prelude::*;

use super::*;
use crate::options::Options;
use crate::reading::error::State;
use crate::reading::sysfs::tests::{shown_with, tree};

const TOTALS: &str = concat!(
    "   Total Incoming Outgoing         Incoming         Outgoing\n",
    "   Conns  Packets  Packets            Bytes            Bytes\n",
    " 16AA370 E33656E5        0     51D8C8883AB3                0\n\n",
    " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n",
    "       4    1FB3C        0          1282A8F                0\n",
);

const BACKENDS: &str = concat!(
    "IP Virtual Server version 1.2.1 (size=4096)\n",
    "Prot LocalAddress:Port Scheduler Flags\n",
    "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n",
    "TCP  C0A80016:0CEA wlc\n",
    "  -> C0A85216:0CEA      Tunnel  100    248        2\n",
    "TCP  [fd00:0000:0000:0000:0000:0000:0000:0001]:0CEB rr\n",
    "  -> [fd00:0000:0000:0000:0000:0000:0000:0002]:0CEB Route 1 2 3\n",
    "SCTP C0A80016:0001 rr\n",
    "  -> C0A85216:0001 Masq 1 4 5\n",
    "FWM  10001000 wlc\n",
    "  -> C0A8321A:0CEA      Tunnel  0      0        1\n",
    "  -> C0A8321A:0CEA Tunnel 20 1 1\n",
);

fn shown(totals: &str, backends: &str) -> Result<String, State> {
    let dir = tree(&[("net/ip_vs_stats", totals), ("net/ip_vs", backends)]);
    shown_with(&ENTRY, dir.path(), &Options::default()).map(|(text, _)| text)
}

fn shown_with_errors(totals: &str, backends: &str) -> (String, u64) {
    let dir = tree(&[("net/ip_vs_stats", totals), ("net/ip_vs", backends)]);
    shown_with(&ENTRY, dir.path(), &Options::default()).unwrap()
}

#[test]
fn an_odd_number_costs_no_other_and_an_odd_line_nothing() {
    let whole = shown(TOTALS, BACKENDS).unwrap();
    let lost = |text: &str| {
        let lost = whole.lines().filter(|line| !text.lines().any(|shown| shown == *line));
        lost.filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    for (from, to, family) in [
        ("16AA370", "-16AA370", "node_ipvs_connections_total"),
        ("51D8C8883AB3", "FFFFFFFFFFFFFFB3", "node_ipvs_incoming_bytes_total"),
    ] {
        let (text, errors) = shown_with_errors(&TOTALS.replace(from, to), BACKENDS);
        let lost = lost(&text);
        assert!(lost.len() == 1 && lost[0].starts_with(family), "{lost:?}");
        assert_eq!(errors, 1);
    }
    // A sum lacks what one of two does not say.
    let (text, errors) = shown_with_errors(TOTALS, &BACKENDS.replace("20 1 1", "20 -1 1"));
    assert!(lost(&text)[0].starts_with("node_ipvs_backend_connections_active{"), "{text}");
    assert_eq!((lost(&text).len(), errors), (1, 1));
    let odd = "odd \u{fffd} -5 line\n  -> C0A85216";
    let backends = BACKENDS.replacen("  -> C0A85216", odd, 1);
    let totals = TOTALS.replacen("   Conns", "odd\n   Conns", 1).replacen(" 16AA", "odd\n 16AA", 1);
    let (text, errors) = shown_with_errors(&totals, &backends);
    assert_eq!((lost(&text), errors), (vec![], 1));
}

#[test]
fn services_of_all_kinds() {
    let text = shown(TOTALS, BACKENDS).unwrap();
    for line in [
        "node_ipvs_connections_total 23765872",
        "node_ipvs_incoming_bytes_total 89991519156915",
        r#"node_ipvs_backend_connections_active{local_address="192.168.0.22",local_port="3306",remote_address="192.168.82.22",remote_port="3306",proto="TCP",local_mark=""} 248"#,
        r#"node_ipvs_backend_connections_inactive{local_address="fd00::1",local_port="3307",remote_address="fd00::2",remote_port="3307",proto="TCP",local_mark=""} 3"#,
        r#"node_ipvs_backend_connections_active{local_address="192.168.0.22",local_port="1",remote_address="192.168.82.22",remote_port="1",proto="SCTP",local_mark=""} 4"#,
        r#"node_ipvs_backend_weight{local_address="",local_port="0",remote_address="192.168.50.26",remote_port="3306",proto="FWM",local_mark="10001000"} 20"#,
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
}

#[test]
fn what_is_broken_is_not_shown() {
    let count = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    let (totals, servers) = (5, 3 * 4);
    assert_eq!(count(&shown(TOTALS, BACKENDS).unwrap()), totals + servers);
    for bad in ["", "\n\n1 2 3 4\n", "Conns\n1 2 3 4\n"] {
        let (text, errors) = shown_with_errors(bad, BACKENDS);
        assert_eq!((count(&text), errors), (servers, 1), "{bad}");
    }
    for (bad, left_out) in [
        ("-> C0A85216:0CEA Tunnel 1 2 3\n", 1),
        ("TCP C0A80016:0CEA wlc\n-> C0A85216:0CEA Tunnel 1 2\n", 1),
        ("TCP C0A8:0CEA wlc\n-> C0A85216:0CEA Tunnel 1 2 3\n", 2),
        ("UDP\n", 1),
        ("UDP x0A80016:0CEA wlc\n-> C0A85216:0CEA Tunnel 1 2 3\n", 2),
    ] {
        let (text, errors) = shown_with_errors(TOTALS, &format!("{bad}{BACKENDS}"));
        assert_eq!((count(&text), errors), (totals + servers, left_out), "{bad}");
    }
    let none = tree(&[("net/other", "")]);
    assert_eq!(shown_with(&ENTRY, none.path(), &Options::default()), Err(State::Absent));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        content in ".{0,200}",
        backend in "(TCP|FWM|->)? [0-9A-F:\\[\\] ]{0,60}",
    ) {
        let _ = (parse_totals(Text::of(&content)), parse_backends(Text::of(&content)));
        let _ = parse_backends(Text::of(&backend));
    }
}
