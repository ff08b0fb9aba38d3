//! Which collectors run: by the table, the configuration, the flags, and one scrape's query.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, Command, error::Error};
use edctl_daemon::Invalid;
use edctl_exposition::{BadQuery, Query};
use serde::Deserialize;

use crate::collector::table::COLLECTORS;
use crate::frame::entry::{Entry, Preset};
use crate::frame::lacking::{LACKING, Lacking};

/// The table `[collectors]`: a collector's name and whether it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Choice(pub(crate) BTreeMap<String, bool>);

impl Choice {
    pub(crate) fn is_on(&self, entry: &Entry) -> bool {
        self.0.get(entry.name).copied().unwrap_or(entry.preset == Preset::On)
    }

    /// Asks for a collector by one of its flags, which does not switch on what is switched off.
    pub fn ask_for(&mut self, collector: &str) {
        self.0.entry(collector.to_owned()).or_insert(true);
    }

    /// The collectors of node_exporter's that are on, and that the agent does not have.
    pub fn lacking(&self) -> impl Iterator<Item = &'static Lacking> {
        LACKING.iter().filter(|lacking| self.0.get(lacking.name) == Some(&true))
    }

    /// # Errors
    /// Names a collector that neither the agent nor node_exporter has, and those of the agent.
    pub fn validate(&self) -> Result<(), Invalid> {
        match self.0.keys().find(|name| !exists(name) && Lacking::find(name).is_none()) {
            None => Ok(()),
            Some(name) => {
                let known: Vec<&str> = COLLECTORS.iter().map(|entry| entry.name).collect();
                let message = format!("no such collector; there are {}", known.join(", "));
                Err(Invalid::new(format!("collectors.{name}"), message))
            }
        }
    }
}

fn exists(name: &str) -> bool {
    COLLECTORS.iter().any(|entry| entry.name == name)
}

/// A test for the collectors that a query asks for, of those that are on.
pub(crate) fn of_query<'a>(
    query: &'a Query,
    on: &[&str],
) -> Result<impl Fn(&str) -> bool + 'a, BadQuery> {
    let collect: Vec<&str> = query.all("collect[]").collect();
    let exclude: Vec<&str> = query.all("exclude[]").collect();
    if !collect.is_empty() && !exclude.is_empty() {
        return Err(BadQuery("collect[] and exclude[] cannot be used together".to_owned()));
    }
    for name in collect.iter().chain(&exclude) {
        if let Some(lacking) = Lacking::find(name) {
            return Err(BadQuery(lacking.to_string()));
        }
        if !exists(name) {
            return Err(BadQuery(format!("no such collector: {name:?}")));
        }
        if !on.contains(name) {
            return Err(BadQuery(format!(
                "the collector {name} is off; collectors.{name} = true switches it on"
            )));
        }
    }
    Ok(
        move |name: &str| {
            if collect.is_empty() { !exclude.contains(&name) } else { collect.contains(&name) }
        },
    )
}

/// `--collector.NAME`, `--no-collector.NAME` and `--collector.disable-defaults`, as node_exporter
/// has them.
#[derive(Debug, Clone, Default)]
pub struct ChoiceFlags {
    chosen: BTreeMap<String, bool>,
    disable_defaults: bool,
}

const DISABLE_DEFAULTS: &str = "collector.disable-defaults";
const NO_DISABLE_DEFAULTS: &str = "no-collector.disable-defaults";

impl ChoiceFlags {
    /// Puts the flags over the configuration.
    pub fn apply(&self, choice: &mut Choice) {
        if self.disable_defaults {
            let preset = COLLECTORS.iter().filter(|entry| entry.preset == Preset::On);
            for entry in preset {
                choice.0.entry(entry.name.to_owned()).or_insert(false);
            }
        }
        choice.0.extend(self.chosen.iter().map(|(name, on)| (name.clone(), *on)));
    }
}

impl clap::FromArgMatches for ChoiceFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.disable_defaults |= matches.get_flag(DISABLE_DEFAULTS);
        let lacking = LACKING.iter().map(|lacking| lacking.name);
        for name in COLLECTORS.iter().map(|entry| entry.name).chain(lacking) {
            for (prefix, on) in [("collector.", true), ("no-collector.", false)] {
                if matches.get_flag(&format!("{prefix}{name}")) {
                    self.chosen.insert(name.to_owned(), on);
                }
            }
        }
        Ok(())
    }
}

impl clap::Args for ChoiceFlags {
    fn augment_args(command: Command) -> Command {
        let flag = |name: &str| {
            let arg = Arg::new(name.to_owned()).long(name.to_owned());
            arg.action(ArgAction::SetTrue).help_heading("Collectors")
        };
        let defaults = flag(DISABLE_DEFAULTS)
            .help("Run only the collectors that the configuration or a flag switches on");
        let all = flag(NO_DISABLE_DEFAULTS).overrides_with(DISABLE_DEFAULTS).hide(true);
        let pair = |name: &str| {
            let (on, off) = (format!("collector.{name}"), format!("no-collector.{name}"));
            [flag(&on), flag(&off).overrides_with(on).hide(true)]
        };
        let command = COLLECTORS.iter().fold(command.arg(defaults).arg(all), |command, entry| {
            let preset = if entry.preset == Preset::On { "on" } else { "off" };
            let help = format!("Run the collector {} ({preset} by default)", entry.name);
            let [on, off] = pair(entry.name);
            command.args([on.help(help), off])
        });
        let lacking = LACKING.iter().flat_map(|lacking| pair(lacking.name));
        command.args(lacking.map(|flag| flag.hide(true)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn entry(name: &str) -> &'static Entry {
        COLLECTORS.iter().find(|entry| entry.name == name).unwrap()
    }

    fn flags(arguments: &[&str]) -> Result<ChoiceFlags, Error> {
        let command = ChoiceFlags::augment_args(Command::new("test").no_binary_name(true));
        ChoiceFlags::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    #[test]
    fn flags_win_over_the_configuration_and_the_configuration_over_the_table() {
        let mut choice = Choice([("cpu".to_owned(), false), ("uname".to_owned(), true)].into());
        assert!(!choice.is_on(entry("cpu")) && choice.is_on(entry("loadavg")));
        flags(&["--collector.cpu", "--no-collector.loadavg"]).unwrap().apply(&mut choice);
        assert!(choice.is_on(entry("cpu")) && !choice.is_on(entry("loadavg")));
        flags(&["--collector.disable-defaults"]).unwrap().apply(&mut choice);
        assert!(choice.is_on(entry("uname")) && !choice.is_on(entry("meminfo")));
        assert!(flags(&["--collector.gpu"]).is_err());
    }

    #[test]
    fn what_only_node_exporter_has_is_told_of_where_it_is_on() {
        let lacking = |choice: &Choice| -> Vec<&str> {
            choice.lacking().map(|lacking| lacking.name).collect()
        };
        let mut choice = Choice([("ntp".to_owned(), true), ("perf".to_owned(), false)].into());
        assert!(choice.validate().is_ok());
        assert_eq!(lacking(&choice), ["ntp"]);
        choice.ask_for("perf");
        choice.ask_for("runit");
        flags(&["--no-collector.ntp", "--collector.disable-defaults"]).unwrap().apply(&mut choice);
        assert_eq!(lacking(&choice), ["runit"]);
        flags(&["--no-collector.perf", "--collector.perf"]).unwrap().apply(&mut choice);
        assert_eq!(lacking(&choice), ["perf", "runit"]);
        assert_eq!(lacking(&Choice::default()), [] as [&str; 0]);
    }

    #[test]
    fn the_last_of_two_flags_wins() {
        let [off, on] = ["--no-collector.disable-defaults", "--collector.disable-defaults"];
        let is_on = |arguments: &[&str]| {
            let mut choice = Choice::default();
            flags(arguments).unwrap().apply(&mut choice);
            choice.is_on(entry("cpu"))
        };
        assert!(is_on(&[off]) && is_on(&[on, off]) && !is_on(&[off, on]));
    }

    #[test]
    fn a_collector_that_does_not_exist_is_named() {
        let choice = Choice([("gpu".to_owned(), true)].into());
        let error = choice.validate().unwrap_err().to_string();
        assert!(error.starts_with("collectors.gpu: no such collector; there are"), "{error}");
        assert!(Choice::default().validate().is_ok());
    }

    #[test]
    fn queries_choose_or_are_refused() {
        let on = ["cpu", "loadavg", "meminfo"];
        let wanted = |text: &str| -> Result<Vec<&str>, String> {
            let query = Query::parse(text);
            let wanted = of_query(&query, &on).map_err(|error| error.to_string())?;
            Ok(on.iter().copied().filter(|name| wanted(name)).collect())
        };
        assert_eq!(wanted("collect[]=cpu&collect[]=meminfo").unwrap(), ["cpu", "meminfo"]);
        assert_eq!(wanted("exclude[]=cpu").unwrap(), ["loadavg", "meminfo"]);
        assert_eq!(wanted("format=x").unwrap(), on);
        for (query, error) in [
            ("collect[]=gpu", "no such collector: \"gpu\""),
            ("exclude[]=gpu", "no such collector"),
            ("collect[]=ntp", "the collector ntp does not exist here; the collector timex"),
            ("collect[]=uname", "the collector uname is off"),
            ("collect[]=cpu&exclude[]=loadavg", "cannot be used together"),
        ] {
            let said = wanted(query).unwrap_err();
            assert!(said.contains(error), "{said}");
        }
    }
}
