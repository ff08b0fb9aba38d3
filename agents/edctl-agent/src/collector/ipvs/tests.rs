use proptest::prelude::*;

use super::super::sysfs::tests::{shown_with, tree};
use super::super::{Options, State};
use super::*;

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
    assert!(shown(TOTALS, "").is_ok());
    assert_eq!(shown("", BACKENDS), Err(State::Error));
    assert_eq!(shown("\n\n1 2 3 4\n", BACKENDS), Err(State::Error));
    for bad in [
        "-> C0A85216:0CEA Tunnel 1 2 3\n",
        "TCP C0A80016:0CEA wlc\n-> C0A85216:0CEA Tunnel 1 2\n",
        "TCP C0A80016:0CEA wlc\n-> C0A85216:0CEA Tunnel 1 2 -3\n",
        "TCP C0A8:0CEA wlc\n",
        "TCP\n",
    ] {
        assert_eq!(shown(TOTALS, bad), Err(State::Error), "{bad}");
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
