//! One round: read the cluster, ask the agents, plan, act.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use edctl_fault::Chain;
use edctl_health::Verdict;
use edctl_slurm::Runner;

use crate::agents::{Agents, Question, Word};
use crate::answer::{Answer, NoVerdict};
use crate::brake::{Brakes, Limits};
use crate::cluster::{Cluster, Node};
use crate::config::{Config, Settings};
use crate::flags::Mode;
use crate::plan::{Plan, Wish, plan};
use crate::slurm::{NoCluster, Slurm, Update, updates};
use crate::view::{Done, NodeView, Round, VERSION};

/// A clock that differs by more than this is told of in the journal: MUNGE will soon refuse it.
const MUCH_SKEW_SECS: f64 = 30.0;

/// What all rounds share.
pub(crate) struct Rounds {
    settings: Settings,
    agents: Agents,
    slurm: Slurm,
    host: String,
    our_user: String,
    /// Of the last round: what the agents are told with the next question. Before there is one: that the brake is on.
    brakes: Option<Brakes>,
}

/// How this drainer knows its own reasons: by its user, as Slurm prints it.
pub(crate) fn our_user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let is_ours = |line: &&str| line.split(':').nth(2) == Some(&uid.to_string());
    let name = passwd.lines().find(is_ours).and_then(|line| line.split(':').next());
    name.map_or_else(|| uid.to_string(), str::to_owned)
}

fn own_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

impl Rounds {
    pub(crate) fn new(config: &Config, agents: Agents) -> Self {
        Self {
            settings: config.drainer.clone(),
            agents,
            slurm: Slurm::new(Runner::new(&config.slurm.bin_dir)),
            host: config.slurm.host.clone().unwrap_or_else(own_name),
            our_user: our_user(),
            brakes: None,
        }
    }

    fn limits(&self) -> Limits {
        Limits { partition: self.settings.brake_ratio, cause: self.settings.cause_ratio }
    }

    /// Goes through one round.
    pub(crate) fn go(&mut self) -> Round {
        let start = Instant::now();
        let mut round = self.read_and_act().unwrap_or_else(|error| {
            // Without the cluster nothing is known of brakes either.
            self.brakes = None;
            let error = Chain(&error).to_string();
            tracing::error!("{error}");
            Round { error: Some(error), ..self.empty() }
        });
        round.took_secs = start.elapsed().as_secs_f64();
        round
    }

    fn empty(&self) -> Round {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Round {
            v: VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: self.settings.mode,
            time_usec: u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX),
            took_secs: 0.0,
            in_charge: None,
            error: None,
            brake_partitions: Vec::new(),
            brake_causes: Vec::new(),
            done: Vec::new(),
            copies: BTreeMap::new(),
            nodes: BTreeMap::new(),
        }
    }

    fn read_and_act(&mut self) -> Result<Round, NoCluster> {
        let (cluster, rejected) = self.slurm.nodes()?;
        if rejected.total() > 0 {
            tracing::warn!(rows = rejected.total(), "some of slurmctld's nodes are not understood");
        }
        let answers = self.ask(&cluster);
        let plan = plan(&cluster, &answers, &self.our_user, self.limits());
        let mut round = self.empty();
        round.brake_partitions = plan.brakes.partitions.iter().cloned().collect();
        round.brake_causes = plan.brakes.causes.iter().cloned().collect();
        self.tell_brakes(&plan.brakes);
        self.act(&plan, &answers, &mut round)?;
        round.copies = copies(&answers);
        round.nodes = cluster
            .nodes
            .iter()
            .zip(plan.wishes)
            .map(|((name, node), (_, wish))| (name.clone(), view(node, answers.get(name), wish)))
            .collect();
        for (name, node) in &round.nodes {
            if node.clock_skew_secs.is_some_and(|skew| skew.abs() > MUCH_SKEW_SECS) {
                tracing::warn!(node = name, "its clock differs by {:?} s", node.clock_skew_secs);
            }
        }
        self.brakes = Some(plan.brakes);
        Ok(round)
    }

    fn ask(&self, cluster: &Cluster) -> BTreeMap<String, Answer> {
        let word = |node: &Node| match &self.brakes {
            Some(brakes)
                if self.settings.mode == Mode::Act
                    && !brakes.hold_any(node.partitions.iter())
                    && brakes.causes.is_empty() =>
            {
                Word::BrakeOff
            }
            _ => Word::BrakeOn,
        };
        let (asked, not_asked): (Vec<_>, Vec<_>) =
            cluster.nodes.iter().partition(|(_, node)| node.is_reachable);
        let mut answers = self
            .agents
            .ask(asked.iter().map(|(name, node)| question(name, node, word(node))).collect());
        answers
            .extend(not_asked.iter().map(|(name, _)| ((*name).clone(), Err(NoVerdict::NotAsked))));
        answers
    }

    /// Does what the plan wants, where it still wants it after a second look: an administrator's word that came
    /// meanwhile stands.
    fn act(
        &self,
        first: &Plan,
        answers: &BTreeMap<String, Answer>,
        round: &mut Round,
    ) -> Result<(), NoCluster> {
        let is_work = |wish: &&Wish| matches!(wish, Wish::Drain { .. } | Wish::Resume);
        if !first.wishes.values().any(|wish| is_work(&wish)) || self.settings.mode == Mode::Shadow {
            return Ok(());
        }
        let in_charge = self.slurm.is_in_charge(&self.host).map_err(NoCluster::Run)?;
        round.in_charge = Some(in_charge);
        if !in_charge {
            return Ok(());
        }
        let (cluster, _) = self.slurm.nodes()?;
        let second = plan(&cluster, answers, &self.our_user, self.limits());
        let still_wanted =
            second.wishes.iter().filter(|(name, wish)| first.wishes.get(*name) == Some(*wish));
        for update in updates(still_wanted.map(|(name, wish)| (name.as_str(), wish))) {
            let what = describe(&update);
            tracing::warn!("{what}");
            let error = self.slurm.update(&update).err().map(|error| Chain(&error).to_string());
            if let Some(error) = &error {
                tracing::error!("{what}: {error}");
            }
            round.done.push(Done { what, error });
        }
        Ok(())
    }

    fn tell_brakes(&self, now: &Brakes) {
        let before = self.brakes.clone().unwrap_or_default();
        if *now == before {
            return;
        }
        for partition in now.partitions.difference(&before.partitions) {
            tracing::error!(
                partition,
                "the brake is on for the partition {partition}: nothing more is drained there"
            );
        }
        for cause in now.causes.difference(&before.causes) {
            tracing::error!(cause, "the brake is on for {cause}: nothing more is drained for it");
        }
        for word in before
            .partitions
            .difference(&now.partitions)
            .chain(before.causes.difference(&now.causes))
        {
            tracing::warn!("the brake is off again for {word}");
        }
    }
}

fn question(name: &str, node: &Node, word: Word) -> Question {
    Question { node: name.to_owned(), address: node.address.clone(), word }
}

fn describe(update: &Update) -> String {
    match update {
        Update::Drain { nodes, reason } => format!("drain {nodes}: {reason}"),
        Update::Resume { nodes } => format!("resume {nodes}"),
    }
}

fn view(node: &Node, answer: Option<&Answer>, wish: Wish) -> NodeView {
    let verdict = match answer {
        Some(Ok(verdict)) => verdict.verdict.as_str(),
        Some(Err(no_verdict)) => no_verdict.reason(),
        None => NoVerdict::NotAsked.reason(),
    };
    NodeView {
        state: node.state.to_owned(),
        reason: node.reason.as_ref().map(|reason| reason.text.clone()),
        reason_user: node.reason.as_ref().map(|reason| reason.user.clone()),
        verdict: verdict.to_owned(),
        clock_skew_secs: answer.and_then(|answer| answer.as_ref().ok()).map(skew),
        wish,
    }
}

/// When the checks ran, by the node's wall clock and by how long ago it says that was.
fn skew(verdict: &Verdict) -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    verdict.time_usec as f64 / 1e6 + verdict.age_secs - now
}

fn copies(answers: &BTreeMap<String, Answer>) -> BTreeMap<String, Vec<String>> {
    let mut by_machine: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, answer) in answers {
        if let Ok(verdict) = answer
            && !verdict.machine.is_empty()
        {
            by_machine.entry(verdict.machine.clone()).or_default().push(name.clone());
        }
    }
    by_machine.retain(|_, nodes| nodes.len() > 1);
    by_machine
}
