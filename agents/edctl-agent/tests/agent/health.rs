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
fn slurmd_waits_for_a_node_that_is_not_ready_and_not_for_ever() {
    let (node, agent) = node("off");
    let wait = |seconds: &str| node.run(&["wait-ready", "--timeout", seconds, "--socket"]);
    let output = wait("1");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("not ready after 1 s: edctl:node:mounts:missing"), "{said}");
    expect(&node, "");
    agent.reload();
    assert!(wait("60").status.success());
    agent.kill();
    assert_eq!(wait("0").status.code(), Some(1));
}

#[test]
fn what_differs_from_the_inventory_is_shown() {
    let (node, _agent) = node("off");
    let diff = || {
        let config = node.dir().join("agent.toml");
        let output = node.command().args(["diff", "--config"]).arg(config).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = diff();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("mounts  fail   node   missing") && !said.contains("edac"), "{said}");
    expect(&node, "");
    assert_eq!(diff(), (Some(0), "the node is as the inventory names it\n".to_owned()));
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

    // Nothing is checked any more, and then it is again.
    expect(&node, "");
    let config = node.dir().join("agent.toml");
    let with = fs::read_to_string(&config).unwrap();
    fs::write(&config, with.replacen("[health]", "[health]\nenabled = false", 1)).unwrap();
    agent.reload();
    node.wait_until("nothing is checked", |_| verdict(&agent)["error"].is_string());
    assert_eq!(node.prolog(3), Ending::Well);
    fs::write(&config, with).unwrap();
    agent.reload();
    node.wait_until("it is checked again", |_| verdict(&agent)["verdict"].is_string());
}
