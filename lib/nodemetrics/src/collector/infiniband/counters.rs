//! The counters of a port: the file that holds each, and the family that shows it.

/// Linux counts data in words of four bytes, one per lane.
const WORD_BYTES: u64 = 4;

/// One counter of a port.
pub(super) struct Counter {
    /// Under the port's directory.
    pub(super) file: &'static str,
    /// What its number is multiplied with.
    pub(super) unit: u64,
    /// The family's name, without what all of them begin and end with.
    pub(super) name: &'static str,
}

const fn count(file: &'static str, name: &'static str) -> Counter {
    Counter { file, unit: 1, name }
}

const fn words(file: &'static str, name: &'static str) -> Counter {
    Counter { file, unit: WORD_BYTES, name }
}

/// All that node_exporter has names for: InfiniBand's own, those of Linux before 4.5, and some of the
/// drivers' own.
pub(super) const COUNTERS: [Counter; 59] = [
    count("counters/VL15_dropped", "vl15_dropped"),
    count("counters/excessive_buffer_overrun_errors", "excessive_buffer_overrun_errors"),
    count("counters/link_downed", "link_downed"),
    count("counters/link_error_recovery", "link_error_recovery"),
    count("counters/local_link_integrity_errors", "local_link_integrity_errors"),
    count("counters/multicast_rcv_packets", "multicast_packets_received"),
    count("counters/multicast_xmit_packets", "multicast_packets_transmitted"),
    count("counters/port_rcv_constraint_errors", "port_constraint_errors_received"),
    words("counters/port_rcv_data", "port_data_received_bytes"),
    count("counters/port_rcv_discards", "port_discards_received"),
    count("counters/port_rcv_errors", "port_errors_received"),
    count("counters/port_rcv_packets", "port_packets_received"),
    count("counters/port_rcv_remote_physical_errors", "port_receive_remote_physical_errors"),
    count("counters/port_rcv_switch_relay_errors", "port_receive_switch_relay_errors"),
    count("counters/port_xmit_constraint_errors", "port_constraint_errors_transmitted"),
    words("counters/port_xmit_data", "port_data_transmitted_bytes"),
    count("counters/port_xmit_discards", "port_discards_transmitted"),
    count("counters/port_xmit_packets", "port_packets_transmitted"),
    count("counters/port_xmit_wait", "port_transmit_wait"),
    count("counters/symbol_error", "symbol_error"),
    count("counters/unicast_rcv_packets", "unicast_packets_received"),
    count("counters/unicast_xmit_packets", "unicast_packets_transmitted"),
    count("counters_ext/port_multicast_rcv_packets", "legacy_multicast_packets_received"),
    count("counters_ext/port_multicast_xmit_packets", "legacy_multicast_packets_transmitted"),
    words("counters_ext/port_rcv_data_64", "legacy_data_received_bytes"),
    count("counters_ext/port_rcv_packets_64", "legacy_packets_received"),
    count("counters_ext/port_unicast_rcv_packets", "legacy_unicast_packets_received"),
    count("counters_ext/port_unicast_xmit_packets", "legacy_unicast_packets_transmitted"),
    words("counters_ext/port_xmit_data_64", "legacy_data_transmitted_bytes"),
    count("counters_ext/port_xmit_packets_64", "legacy_packets_transmitted"),
    count("hw_counters/duplicate_request", "duplicate_requests_packets"),
    count("hw_counters/implied_nak_seq_err", "implied_nak_seq_errors"),
    count("hw_counters/local_ack_timeout_err", "local_ack_timeout_errors"),
    count("hw_counters/np_cnp_sent", "np_cnp_packets_sent"),
    count("hw_counters/np_ecn_marked_roce_packets", "np_ecn_marked_roce_packets_received"),
    count("hw_counters/out_of_buffer", "out_of_buffer_drops"),
    count("hw_counters/out_of_sequence", "out_of_sequence_packets_received"),
    count("hw_counters/packet_seq_err", "packet_sequence_errors"),
    count("hw_counters/req_cqe_error", "req_cqes_errors"),
    count("hw_counters/req_cqe_flush_error", "req_cqes_flush_errors"),
    count("hw_counters/req_remote_access_errors", "req_remote_access_errors"),
    count("hw_counters/req_remote_invalid_request", "req_remote_invalid_request_errors"),
    count("hw_counters/resp_cqe_error", "resp_cqes_errors"),
    count("hw_counters/resp_cqe_flush_error", "resp_cqes_flush_errors"),
    count("hw_counters/resp_local_length_error", "resp_local_length_errors"),
    count("hw_counters/resp_remote_access_errors", "resp_remote_access_errors"),
    count("hw_counters/rnr_nak_retry_err", "rnr_nak_retry_packets_received"),
    count("hw_counters/roce_adp_retrans", "roce_adp_retransmits"),
    count("hw_counters/roce_adp_retrans_to", "roce_adp_retransmits_timeout"),
    count("hw_counters/roce_slow_restart", "roce_slow_restart_used"),
    count("hw_counters/roce_slow_restart_cnps", "roce_slow_restart_cnps"),
    count("hw_counters/roce_slow_restart_trans", "roce_slow_restart"),
    count("hw_counters/rp_cnp_handled", "rp_cnp_packets_handled"),
    count("hw_counters/rp_cnp_ignored", "rp_cnp_ignored_packets_received"),
    count("hw_counters/rx_atomic_requests", "rx_atomic_requests"),
    count("hw_counters/rx_dct_connect", "rx_dct_connect_requests"),
    count("hw_counters/rx_icrc_encapsulated", "rx_icrc_encapsulated_errors"),
    count("hw_counters/rx_read_requests", "rx_read_requests"),
    count("hw_counters/rx_write_requests", "rx_write_requests"),
];
