//! No text that a command could print makes a parser panic, or is taken for what it is not.

use edctl_slurm::{
    ConfigReader, DiagReader, GresList, JobRow, JobState, LicenseRow, NodeRow, NodeState,
    ReservationRow, ShareRow, UserRow, node_names,
};
use proptest::prelude::*;

/// A field that Slurm prints somewhere, or pieces of one, or what breaks fields.
fn field() -> impl Strategy<Value = String> {
    let real = proptest::sample::select(vec![
        "7_[0-9:2%4]",
        "7+1",
        "7_3",
        "RUNNING",
        "mixed+drain",
        "idle*",
        "drained$",
        "latency,throughput",
        "1/2/3/6",
        "rack[1-2]node[08-11,15]",
        "1795548870",
        "-62135596800",
        "18446744073709551615",
        "4294967295",
        "gpu:a100:2(IDX:0,2),gpu:1g.5gb:3",
        "cpu=2,mem=62.50G,node=1,gres/gpu=1",
        "(null)",
        "N/A",
        "NONE",
        "Unknown",
        "0.5",
        "LicenseName=a Total=1 Used=1 Free=0 Reserved=0",
        "ReservationName=a StartTime=1 EndTime=2 NodeCnt=1 CoreCnt=1 PartitionName= Flags= State=ACTIVE",
        "REQUEST_NODE_INFO ( 2007) count:3 ave_time:1 total_time:9",
        "Remote Procedure Call statistics by user",
        "Server thread count: 3",
        "Last cycle when: x (9)",
        "PrivateData = jobs,users",
        "SlurmUser = slurm(64030)",
        "UserName=a(1) DefAccount=x DefWckey= AdminLevel=Operator",
        "",
        "ü",
    ])
    .prop_map(str::to_owned);
    let pieces = proptest::collection::vec(
        proptest::sample::select("0179_[]%+-:,/().=|\"' \t\u{0}aG*$ü".chars().collect::<Vec<_>>()),
        0..12,
    );
    prop_oneof![3 => real, 1 => pieces.prop_map(String::from_iter)]
}

proptest! {
    #[test]
    fn no_row_makes_a_parser_panic(parts in proptest::collection::vec(field(), 0..16)) {
        let row = parts.join("|");
        if let Ok(job) = JobRow::parse(&row) {
            prop_assert!(job.partitions().all(|partition| !partition.is_empty()));
            prop_assert!(job.jobs != Ok(0));
        }
        if let Ok(node) = NodeRow::parse(&row) {
            prop_assert!(!node.node.is_empty() && node.partition != Ok(Some("")));
        }
        if let Ok(share) = ShareRow::parse(&row) {
            prop_assert!(share.effective_usage.is_ok_and(f64::is_finite) || share.left_out.total() > 0);
        }
        let _refused = (LicenseRow::parse(&row), ReservationRow::parse(&row), GresList::parse(&row).check());
        let _refused = (NodeState::read(&row), JobState::parse(&row), UserRow::parse(&row));
        for part in &parts {
            let names = node_names(part).unwrap_or_default();
            prop_assert!(names.iter().all(|name| !name.contains(['[', ']'])));
        }
    }

    #[test]
    fn no_line_makes_sdiags_reader_panic(lines in proptest::collection::vec(field(), 0..20)) {
        let mut reader = DiagReader::default();
        let taken = lines.iter().filter(|line| reader.line(line).is_ok()).count();
        let diag = reader.finish().unwrap_or_default();
        let kept = diag.figures.len() + diag.rpcs_by_type.len() + diag.rpcs_by_user.len();
        prop_assert!(kept <= taken);
    }

    #[test]
    fn no_line_makes_the_reader_of_the_configuration_panic(
        lines in proptest::collection::vec(field(), 0..20),
    ) {
        let mut reader = ConfigReader::default();
        for line in &lines {
            let _left_out = reader.line(line);
        }
        if let Some(data) = reader.finish() {
            prop_assert!(data.kinds.iter().all(|kind| !kind.is_empty()));
        }
    }
}
