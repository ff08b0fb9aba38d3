use proptest::prelude::*;

use super::*;
use crate::options::Options;
use crate::reading::error::State;
use crate::reading::sysfs::tests::{shown, shown_with, tree};

#[test]
fn values() {
    for (text, state) in
        [("4: ACTIVE", Some(4)), ("1: DOWN", Some(1)), ("ACTIVE", None), ("x: y", None)]
    {
        assert_eq!(parse_state(text), state, "{text}");
    }
    for (text, rate) in [
        ("100 Gb/sec (4X EDR)", Some(12_500_000_000)),
        ("2.5 Gb/sec (1X SDR)", Some(312_500_000)),
        ("0 Gb/sec", Some(0)),
        ("100", None),
        ("NaN Gb/sec", None),
        ("-1 Gb/sec", None),
    ] {
        assert_eq!(parse_rate(text), rate, "{text}");
    }
    for (text, counter) in [
        ("18446744073709551615", Some(Some(u64::MAX))),
        ("N/A (no PMA)", Some(None)),
        ("18446744073709551616", None),
        ("-1", None),
        ("", None),
    ] {
        assert_eq!(parse_counter(text, 1), counter, "{text}");
    }
    assert_eq!(parse_counter("18446744073709551615", 4), None);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,100}") {
        let _ = (parse_state(&text), parse_rate(&text), parse_counter(&text, 4));
    }
}

#[test]
fn a_mellanox_an_efa_and_a_broken_one() {
    let dir = tree(&[
        ("class/infiniband/mlx5_0/board_id", "MT_0000000222\n"),
        ("class/infiniband/mlx5_0/fw_ver", "20.31.1014\n"),
        ("class/infiniband/mlx5_0/hca_type", "MT4123\n"),
        ("class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n"),
        ("class/infiniband/mlx5_0/ports/1/phys_state", "5: LinkUp\n"),
        ("class/infiniband/mlx5_0/ports/1/rate", "200 Gb/sec (4X HDR)\n"),
        ("class/infiniband/mlx5_0/ports/1/counters/port_rcv_data", "25\n"),
        ("class/infiniband/mlx5_0/ports/1/counters/port_xmit_wait", "N/A (no PMA)\n"),
        ("class/infiniband/mlx5_0/ports/1/hw_counters/out_of_buffer", "7\n"),
        ("class/infiniband/mlx5_0/ports/1/hw_counters/lifespan", "10\n"),
        ("class/infiniband/mlx5_0/ports/1/hw_counters/rx_new", "1\n"),
        ("class/infiniband/mlx5_0/ports/1/hw_counters/active_qps", "3\n"),
        ("class/infiniband/rdmap0s6/fw_ver", "0.0.0.0\n"),
        ("class/infiniband/rdmap0s6/hw_counters/submitted_cmds", "31\n"),
        ("class/infiniband/rdmap0s6/ports/1/state", "4: ACTIVE\n"),
        ("class/infiniband/rdmap0s6/ports/1/hw_counters/rx_bytes", "99\n"),
        ("class/infiniband/zz0/ports/1/state", "garbage\n"),
        ("class/infiniband/zz0/ports/1/counters/link_downed", "garbage\n"),
    ]);
    let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
    assert_eq!(errors, 2, "{text}");
    let series: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        series,
        [
            r#"edctl_node_infiniband_hw_counter_total{device="mlx5_0",port="1",counter="rx_new"} 1"#,
            r#"edctl_node_infiniband_hw_counter_total{device="rdmap0s6",counter="submitted_cmds"} 31"#,
            r#"edctl_node_infiniband_hw_counter_total{device="rdmap0s6",port="1",counter="rx_bytes"} 99"#,
            r#"node_infiniband_info{device="mlx5_0",board_id="MT_0000000222",firmware_version="20.31.1014",hca_type="MT4123"} 1"#,
            r#"node_infiniband_info{device="rdmap0s6",board_id="",firmware_version="0.0.0.0",hca_type=""} 1"#,
            r#"node_infiniband_info{device="zz0",board_id="",firmware_version="",hca_type=""} 1"#,
            r#"node_infiniband_lifespan_seconds{device="mlx5_0",port="1"} 0.01"#,
            r#"node_infiniband_out_of_buffer_drops_total{device="mlx5_0",port="1"} 7"#,
            r#"node_infiniband_physical_state_id{device="mlx5_0",port="1"} 5"#,
            r#"node_infiniband_port_data_received_bytes_total{device="mlx5_0",port="1"} 100"#,
            r#"node_infiniband_rate_bytes_per_second{device="mlx5_0",port="1"} 25000000000"#,
            r#"node_infiniband_state_id{device="mlx5_0",port="1"} 4"#,
            r#"node_infiniband_state_id{device="rdmap0s6",port="1"} 4"#,
        ]
    );
    assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
}
