//! The parsers of the libraries.

use std::path::Path;

use edctl_nodemetrics::fuzzing::{Named, Parser};
use edctl_exposition::{Query, WebConfig, fuzzing};
use edctl_hookmsg::{Reply, Request};
use edctl_slurm::native::{
    JobsReader, NodeCpus, NodesReader, OwnerJobs, PartitionsReader, SchedulerReader,
};
use edctl_slurm::{
    ConfigReader, DiagReader, JobRow, LicenseRow, NodeRow, NodeState, ReservationRow, ShareRow,
    UserRow, node_names,
};
use edctl_tracectx::TraceParent;

pub const PARSERS: &[Named] = &[
    ("certificate", |_| Box::new(fuzzing::names)),
    ("hook-message", |_| Box::new(hook_message)),
    ("http-request", |_| Box::new(http_request)),
    ("slurm-native", |_| Box::new(slurm_native)),
    ("slurm-rest", |_| Box::new(slurm_rest)),
    ("slurm-rows", |_| Box::new(slurm_rows)),
    ("traceparent", |_| Box::new(traceparent)),
    ("web-config", web_config),
];

fn hook_message(input: &[u8]) {
    if let Ok(request) = Request::decode(input) {
        let _line = request.encode();
    }
    if let Ok(reply) = Reply::decode(input) {
        let _line = reply.encode();
    }
}

fn http_request(input: &[u8]) {
    let query = Query::parse(&String::from_utf8_lossy(input));
    let _collectors = query.all("collect[]").count();
    fuzzing::login(input);
}

fn slurm_native(input: &[u8]) {
    let mut nodes = NodesReader::default();
    let mut jobs = JobsReader::default();
    let mut partitions = PartitionsReader::default();
    let mut scheduler = SchedulerReader::default();
    for line in String::from_utf8_lossy(input).lines() {
        let _node = nodes.line(line);
        let _job = jobs.line(line);
        let _partition = partitions.line(line);
        let _figure = scheduler.line(line);
        let _owner = OwnerJobs::parse(line);
    }
    let nodes = nodes.finish().map_or(NodeCpus { total: None, allocated: None }, |nodes| nodes.cpus);
    let _cpus = jobs.finish().and_then(|jobs| jobs.running_cpus(&nodes));
    for partition in partitions.finish().unwrap_or_default().values() {
        let _cpus = (partition.node_cpus(), partition.jobs.running_cpus(&nodes));
    }
    let _figures = scheduler.finish();
}

/// Whatever slurmrestd answers to any question.
fn slurm_rest(input: &[u8]) {
    edctl_slurm::fuzzing::answer(input);
}

fn slurm_rows(input: &[u8]) {
    let mut diag = DiagReader::default();
    let mut config = ConfigReader::default();
    for line in String::from_utf8_lossy(input).lines() {
        let _job = JobRow::parse(line);
        let _node = NodeRow::parse(line);
        let _license = LicenseRow::parse(line);
        let _reservation = ReservationRow::parse(line);
        let _share = ShareRow::parse(line);
        let _names = node_names(line);
        let _user = UserRow::parse(line);
        let _understood = (diag.line(line), config.line(line));
        let (state, _) = NodeState::read(line);
        let _words = (state.condition(), state.flags().count());
    }
    let _figures = (diag.finish(), config.finish());
}

/// What is written of one that was read is the same again.
fn traceparent(input: &[u8]) {
    if let Ok(parent) = TraceParent::parse(&String::from_utf8_lossy(input)) {
        assert_eq!(TraceParent::parse(&parent.to_string()), Ok(parent));
    }
}

fn web_config(tree: &Path) -> Parser {
    let file = tree.join("web.yml");
    Box::new(move |input| {
        std::fs::write(&file, input).expect("a tree that may be written");
        let _shown = WebConfig::read(&file).err().map(|error| error.to_string());
    })
}
