//! What the collector netstat can be told.

use edctl_daemon::Invalid;
use serde::Deserialize;

use crate::options::filter::check_regex;

/// The table `[collector.netstat]`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NetstatOptions {
    /// Which fields are shown, such as `Tcp_InSegs`, as a regular expression; the default is
    /// node_exporter's.
    pub(crate) fields: String,
}

impl Default for NetstatOptions {
    fn default() -> Self {
        let fields = concat!(
            "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|",
            "Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|",
            "TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|",
            "RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|",
            "SndbufErrors))$",
        );
        Self { fields: fields.to_owned() }
    }
}

impl NetstatOptions {
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        check_regex("collector.netstat.fields", &self.fields)
    }
}
