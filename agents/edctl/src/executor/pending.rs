//! Slurm's reasons for a job that waits, in words.

/// What a reason means for the user who waits.
pub(crate) fn in_words(reason: &str) -> String {
    let words = match reason {
        "" | "None" => "just submitted",
        "Resources" => "waiting for free CPUs or memory",
        "Priority" => "other jobs come first",
        "Dependency" => "waiting for another job",
        "BeginTime" => "waiting for its begin time, or requeued a moment ago",
        "JobHeldUser" => "held by its user: scontrol release lets it go",
        "JobHeldAdmin" => "held by an administrator",
        "PartitionDown" | "PartitionInactive" => "its partition is down",
        "PartitionTimeLimit" => "its time limit is above its partition's",
        "PartitionNodeLimit" => "it asks for more nodes than its partition has",
        "NodeDown" => "the nodes that it needs are not available",
        "Reservation" => "waiting for its reservation",
        "Licenses" => "waiting for a licence",
        // Slurm adds which: `ReqNodeNotAvail, UnavailableNodes:w1`.
        _ if reason.starts_with("ReqNodeNotAvail") => "the nodes that it needs are not available",
        _ if reason.contains("held") => "Slurm held it after a failed start: scontrol release",
        _ if reason.starts_with("Nodes required") => "the nodes that it needs are down or drained",
        _ if reason.starts_with("QOS") || reason.starts_with("Assoc") => {
            "a limit of its account or quality of service is reached"
        }
        _ => return format!("Slurm says: {reason}"),
    };
    format!("{words} ({})", if reason.is_empty() { "None" } else { reason })
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn known_reasons_have_words_and_unknown_ones_stay() {
        assert_eq!(in_words("Resources"), "waiting for free CPUs or memory (Resources)");
        assert!(in_words("QOSMaxCpuPerUserLimit").starts_with("a limit of its account"));
        let reserved = "ReqNodeNotAvail, May be reserved for other job";
        assert!(in_words(reserved).starts_with("the nodes that it needs are not available"));
        assert!(in_words("launch failed requeued held").starts_with("Slurm held it"));
        assert_eq!(in_words("NewReason"), "Slurm says: NewReason");
    }
}
