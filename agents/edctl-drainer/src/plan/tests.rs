//! The plan for clusters of all kinds; a row of sinfo makes a node.

use std::collections::BTreeMap;

use edctl_health::{CheckState, Class, Fitness, Outcome, VERSION, Verdict};
use proptest::prelude::*;

use super::*;

const US: &str = "slurm";
const LIMITS: Limits = Limits { partition: 0.25, cause: 0.1 };

fn cluster(nodes: &[(&str, &str, &str, &str, &str)]) -> Cluster {
    let mut cluster = Cluster::default();
    for (name, partition, state, user, reason) in nodes {
        let row = format!("{name}|{partition}|{state}|{name}|{user}|{reason}");
        cluster.take(&row).unwrap();
    }
    cluster
}

pub(crate) fn verdict(checks: &[(&str, Outcome, Class)]) -> Verdict {
    let checks: Vec<CheckState> = checks
        .iter()
        .map(|(name, state, class)| CheckState {
            name: (*name).to_owned(),
            class: *class,
            state: *state,
            outcome: *state,
            code: "broken".into(),
            detail: "it is".into(),
            since_usec: 1,
            shadow: false,
        })
        .collect();
    Verdict {
        v: VERSION,
        node: "w1".into(),
        version: "0".into(),
        boot_id: "b".into(),
        machine: String::new(),
        verdict: Fitness::of(&checks),
        since_usec: 1,
        time_usec: 2,
        age_secs: 0.5,
        period_secs: 30,
        refused_usec: None,
        checks,
    }
}

fn sick() -> Answer {
    Ok(verdict(&[("space", Outcome::Fail, Class::Node)]))
}

fn fit() -> Answer {
    Ok(verdict(&[("space", Outcome::Pass, Class::Node)]))
}

fn wish_of(state: &str, user: &str, reason: &str, answer: Answer) -> Wish {
    // Three others keep the brake off.
    let other = |name| (name, "p", "idle", "root", "none");
    let cluster =
        cluster(&[("w1", "p", state, user, reason), other("w2"), other("w3"), other("w4")]);
    let answers = BTreeMap::from([("w1".to_owned(), answer)]);
    plan(&cluster, &answers, US, LIMITS).wishes.remove("w1").unwrap()
}

const REASON: &str = "edctl:node:space:broken it is";

fn drain() -> Wish {
    Wish::Drain { reason: REASON.to_owned() }
}

fn is_left(wish: &Wish) -> bool {
    matches!(wish, Wish::Leave { .. })
}

#[test]
fn a_sick_node_is_drained_and_a_healed_one_resumed() {
    assert_eq!(wish_of("idle", "root", "none", sick()), drain());
    assert_eq!(wish_of("mixed", "root", "none", sick()), drain());
    assert_eq!(wish_of("idle", "slurm", "Not responding", sick()), drain());
    assert!(is_left(&wish_of("idle+drain", US, REASON, sick())));
    assert_eq!(wish_of("idle+drain", US, REASON, fit()), Wish::Resume);
    let other = "edctl:node:nic:down eth0 is down";
    assert_eq!(wish_of("idle+drain", US, other, sick()), drain(), "the cause is another now");
}

#[test]
fn an_administrators_word_stands() {
    for reason in ["disk swap, ada", "edctl: ada", "edctl:node:space", "Prolog error", "NHC: x"] {
        assert!(is_left(&wish_of("idle+drain", "ada", reason, sick())), "{reason}");
        assert!(is_left(&wish_of("idle+drain", "ada", reason, fit())), "{reason}");
        assert!(is_left(&wish_of("idle", "ada", reason, sick())), "{reason}");
        // Also where somebody used our user, or our mark.
        assert!(is_left(&wish_of("idle+drain", US, reason, fit())), "{reason}");
    }
    assert!(is_left(&wish_of("idle+drain", "ada", REASON, fit())), "she wrote our words");
}

#[test]
fn a_drain_that_slurm_made_of_a_refused_prolog_is_ours() {
    let refused = |answer: Answer| answer.map(|v| Verdict { refused_usec: Some(7), ..v });
    let wish = |answer| wish_of("idle+drain", "slurm", "Prolog error", answer);
    assert_eq!(wish(refused(sick())), drain());
    assert_eq!(wish(refused(fit())), Wish::Resume);
    assert!(is_left(&wish(fit())), "a prolog of somebody else's failed");
    let two_hours_later = refused(fit()).map(|v| Verdict { time_usec: 7_200_000_000, ..v });
    assert!(is_left(&wish(two_hours_later)), "another prolog has failed since");
}

#[test]
fn what_is_not_known_neither_drains_nor_resumes() {
    let unknown = || Ok(verdict(&[("space", Outcome::Unknown, Class::Node)]));
    for answer in [
        Err(NoVerdict::Unreachable(String::new())),
        Err(NoVerdict::Stale(900)),
        Err(NoVerdict::NotUnderstood(String::new())),
        unknown(),
    ] {
        assert!(is_left(&wish_of("idle", "root", "none", answer.clone())), "{answer:?}");
        assert!(is_left(&wish_of("idle+drain", US, REASON, answer.clone())), "{answer:?}");
    }
    for class in [Class::Infra, Class::User] {
        let answer = Ok(verdict(&[("mounts", Outcome::Fail, class)]));
        assert!(is_left(&wish_of("idle", "root", "none", answer)), "{class:?}");
    }
    assert!(is_left(&wish_of("idle+maint", "root", "none", sick())));
}

/// `count` nodes of a partition, the first of which are sick.
fn many(count: usize, sick_ones: usize) -> (Cluster, BTreeMap<String, Answer>) {
    let names: Vec<String> = (0..count).map(|n| format!("w{n:04}")).collect();
    let nodes: Vec<_> = names.iter().map(|name| (&**name, "p", "idle", "root", "none")).collect();
    let answer = |n: usize| if n < sick_ones { sick() } else { fit() };
    let answers = names.iter().enumerate().map(|(n, name)| (name.clone(), answer(n))).collect();
    (cluster(&nodes), answers)
}

fn drains(plan: &Plan) -> usize {
    plan.wishes.values().filter(|wish| matches!(wish, Wish::Drain { .. })).count()
}

#[test]
fn the_brake_is_on_where_too_many_would_go() {
    // Of two nodes both at once, of ten a quarter and more, of five thousand a tenth for one cause.
    for (count, sick_ones, drained) in
        [(2, 1, 1), (2, 2, 0), (10, 2, 2), (10, 3, 0), (5000, 500, 500), (5000, 501, 0)]
    {
        let (cluster, answers) = many(count, sick_ones);
        let plan = plan(&cluster, &answers, US, LIMITS);
        assert_eq!(drains(&plan), drained, "{sick_ones} of {count}");
        assert_eq!(plan.brakes == Brakes::default(), drained > 0);
    }
}

#[test]
fn what_is_drained_already_counts_and_stays() {
    let nodes = [
        ("w1", "p", "idle+drain", US, REASON),
        ("w2", "p", "idle", "root", "none"),
        ("w3", "q", "idle", "root", "none"),
    ];
    let cluster = cluster(&nodes);
    let answers: BTreeMap<String, Answer> =
        ["w1", "w2", "w3"].map(|name| (name.to_owned(), sick())).into();
    let plan = plan(&cluster, &answers, US, LIMITS);
    assert!(is_left(&plan.wishes["w1"]));
    assert!(matches!(plan.wishes["w2"], Wish::Hold { .. }), "{:?}", plan.wishes["w2"]);
    assert_eq!(plan.wishes["w3"], drain(), "another partition");
}

proptest! {
    #[test]
    fn no_more_than_the_brake_allows_is_ever_out(
        sick_ones in 0usize..60, drained in 0usize..60, limit in 0.0f64..1.0
    ) {
        let names: Vec<String> = (0..60).map(|n| format!("w{n}")).collect();
        let node = |(n, name)| {
            let (state, user, reason) = if n < drained { ("idle+drain", US, REASON) } else { ("idle", "root", "none") };
            (name, "p", state, user, reason)
        };
        let nodes: Vec<_> = names.iter().map(String::as_str).enumerate().map(node).collect();
        let answers = names.iter().enumerate()
            .map(|(n, name)| (name.clone(), if n >= 60 - sick_ones { sick() } else { fit() })).collect();
        let limits = Limits { partition: limit, cause: 1.0 };
        let plan = plan(&cluster(&nodes), &answers, US, limits);
        let most = ((60.0 * limit) as usize).max(1);
        prop_assert!(drains(&plan) <= most);
        // Whoever is healed comes back, brake or not.
        let healed = (0..drained).filter(|n| *n < 60 - sick_ones).count();
        let resumed = plan.wishes.values().filter(|wish| **wish == Wish::Resume).count();
        prop_assert_eq!(resumed, healed);
    }
}
