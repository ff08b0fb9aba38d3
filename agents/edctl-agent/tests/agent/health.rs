//! The verdict of a running agent, and the prolog that asks for it.

use std::fs;

use crate::node::{Agent, Node};
use edctl_hook::Ending;

/// A node whose inventory wants a directory mounted that is not, and a mount that is.
fn node(gate: &str) -> (Node, Agent) {
    let node = Node::new();
    let config = format!(
        "[health]\nperiod_secs = 1\nexpected_file = {:?}\ngate = {gate:?}\n[health.checks]\n\
         space = \"off\"\ntime_sync = \"off\"\nkernel_log = \"off\"\nblocked = \"off\"\n",
        node.dir().join("expected.toml")
    );
    fs::write(node.dir().join("agent.toml"), config).unwrap();
    expect(&node, "[[mount]]\npath = \"/no/such/mount\"\n");
    let agent = node.start();
    node.wait_until("the first round is done", |_| verdict(&agent)["verdict"].is_string());
    (node, agent)
}

fn expect(node: &Node, toml: &str) {
    fs::write(node.dir().join("expected.toml"), toml).unwrap();
}

fn verdict(agent: &Agent) -> serde_json::Value {
    let page = agent.page("/verdict");
    let body = page.split_once("\r\n\r\n").map_or(page.as_str(), |(_, body)| body);
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {page}"))
}

#[test]
fn a_prolog_is_refused_only_while_the_drainer_says_that_its_brake_is_off() {
    let (node, agent) = node("brake");
    assert_eq!(verdict(&agent)["verdict"], "unfit");
    assert_eq!(node.prolog(1), Ending::Well, "nobody spoke of the brake");
    agent.page("/verdict?brake=off");
    assert_eq!(node.prolog(2), Ending::Unfit);
    agent.page("/verdict?brake=nonsense");
    assert_eq!(node.prolog(3), Ending::Unfit);
    agent.page("/verdict?brake=on");
    assert_eq!(node.prolog(4), Ending::Well);
    let page = agent.metrics();
    assert!(page.contains("\nedctl_health_gate_refused_total 2\n"), "{page}");
    assert!(page.contains("\nedctl_health_verdict{verdict=\"unfit\"} 1\n"), "{page}");
    // Without an agent nothing is known, so the job starts.
    agent.kill();
    assert_eq!(node.prolog(5), Ending::Well);
}

#[test]
fn what_is_expected_may_change_and_the_gate_may_be_shut() {
    let (node, agent) = node("always");
    assert_eq!(node.prolog(1), Ending::Unfit);
    let output = node.ask_status(&[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("the check mounts fails: /no/such/mount is not mounted"), "{text}");

    expect(&node, "[[mount]]\npath = \"/proc\"\nfs_type = \"proc\"\n");
    agent.reload();
    node.wait_until("it is fit", |_| verdict(&agent)["verdict"] == "fit");
    assert_eq!(node.prolog(2), Ending::Well);

    // A mistake in what is expected changes nothing.
    expect(&node, "[[mont]]\n");
    agent.reload();
    node.wait_until("the mistake is told", |_| agent.log().contains("the old configuration stays"));
    assert!(agent.log().contains("unknown field `mont`"), "{}", agent.log());
    assert_eq!(verdict(&agent)["verdict"], "fit");
}
