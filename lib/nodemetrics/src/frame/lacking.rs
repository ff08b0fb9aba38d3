//! node_exporter's collectors that the agent does not have.

/// One of them: a configuration may name it, but it does not run.
#[derive(Debug, Clone, Copy)]
pub struct Lacking {
    pub name: &'static str,
    /// What serves whoever wants it.
    pub instead: &'static str,
}

/// In the order of their names.
pub(crate) const LACKING: &[Lacking] = &[
    Lacking {
        name: "ntp",
        instead: "the collector timex tells whether the clock is synchronised and how far it is off",
    },
    Lacking { name: "perf", instead: BESIDE },
    Lacking {
        name: "runit",
        instead: "edctl-exporter-process shows the processes of the services",
    },
    Lacking {
        name: "supervisord",
        instead: "edctl-exporter-process shows the processes of the programs",
    },
    Lacking { name: "wifi", instead: BESIDE },
];

const BESIDE: &str =
    "a node_exporter beside the agent, with --collector.disable-defaults, can run it";

impl Lacking {
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        LACKING.iter().find(|lacking| lacking.name == name)
    }
}

impl std::fmt::Display for Lacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the collector {} does not exist here; {}", self.name, self.instead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::table::COLLECTORS;

    #[test]
    fn what_the_agent_has_is_not_lacking() {
        assert!(LACKING.is_sorted_by_key(|lacking| lacking.name));
        assert!(COLLECTORS.iter().all(|entry| Lacking::find(entry.name).is_none()));
    }
}
