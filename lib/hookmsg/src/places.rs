//! Where the hook and the agent meet unless they are told otherwise.

/// The agent's socket.
pub const SOCKET: &str = "/run/edctl/agent.sock";
/// What the agent keeps over a restart.
pub const STATE_DIRECTORY: &str = "/var/lib/edctl/agent";
/// Where events wait for the agent.
pub const SPOOL: &str = "/var/lib/edctl/agent/spool";
/// Below this each job gets a directory of its own, where an administrator has made it: root's, mode 0711.
pub const SCRATCH: &str = "/scratch/edctl";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spool_is_in_the_agents_directory() {
        assert_eq!(SPOOL.strip_prefix(STATE_DIRECTORY), Some("/spool"));
    }
}
