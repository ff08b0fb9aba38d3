//! The flags that give a collector's options, under node_exporter's names, so that its command line
//! starts the agent too.

mod table;

use clap::{Arg, ArgAction, ArgMatches, Command, error::Error};

use crate::frame::choice::Choice;
use crate::frame::flags::table::{FLAGS, Field, Flag, Takes};
use crate::frame::lacking::Lacking;
use crate::options::Options;

/// The flags that were given, with their values.
#[derive(Clone, Default)]
pub struct OptionFlags {
    given: Vec<(&'static Flag, Vec<String>)>,
}

impl OptionFlags {
    /// Puts the flags over the configuration: the options, and the collectors that the agent does not
    /// have, which are asked for by their options.
    pub fn apply(&self, options: &mut Options, choice: &mut Choice) {
        let lacking = self.given.iter().filter_map(|(flag, values)| flag.lacking(values));
        lacking.for_each(|lacking| choice.ask_for(lacking.name));
        // What is emptied first may have a flag of its own.
        for (flag, _) in &self.given {
            if let Takes::Instead(_, other) = &flag.takes {
                (other.of)(options).clear();
            }
        }
        for (flag, values) in &self.given {
            let last = || values.last().cloned().unwrap_or_default();
            match &flag.takes {
                Takes::Text(option) | Takes::Instead(option, _) => *(option.of)(options) = last(),
                Takes::List(option) => (option.of)(options).clone_from(values),
                Takes::Switch(option) => *(option.of)(options) = last() == ON,
                Takes::Idle(_) | Takes::IdleSwitch(_) | Takes::Only(..) | Takes::Never(_) => {}
            }
        }
    }
}

impl OptionFlags {
    /// What was asked for and cannot be had, and why.
    pub fn without_effect(&self) -> Vec<String> {
        let told = |(flag, values): &(&Flag, Vec<String>)| {
            let why = flag.without_effect(values)?;
            Some(format!("--{} has no effect here: {why}", flag.name))
        };
        self.given.iter().filter_map(told).collect()
    }
}

/// A switch's value, if it is on.
const ON: &str = "on";
const OFF: &str = "off";

impl Flag {
    fn is_switch(&self) -> bool {
        matches!(self.takes, Takes::Switch(_) | Takes::IdleSwitch(_) | Takes::Never(_))
    }

    fn off(&self) -> String {
        format!("no-{}", self.name)
    }

    /// One flag, or a switch's two.
    fn arguments(&self) -> Vec<Arg> {
        let argument = |name: String| Arg::new(name.clone()).long(name).help_heading(HEADING);
        let on = argument(self.name.to_owned()).help(self.help()).hide(self.is_of_no_use());
        if self.is_switch() {
            let on = on.action(ArgAction::SetTrue);
            let off = argument(self.off()).action(ArgAction::SetTrue).hide(true);
            return vec![on, off.overrides_with(self.name)];
        }
        // A regular expression may begin with anything, and kingpin takes the last of several.
        vec![on.action(ArgAction::Append).allow_hyphen_values(true).value_name(self.value_name())]
    }

    fn value_name(&self) -> &'static str {
        match &self.takes {
            Takes::Text(_) | Takes::Instead(..) => "REGEX",
            _ if self.name.ends_with("directory") => "DIR",
            _ => "VALUE",
        }
    }

    fn help(&self) -> String {
        match &self.takes {
            Takes::Idle(why) | Takes::IdleSwitch(why) | Takes::Never(why) => {
                format!("Without effect: {why}")
            }
            Takes::Only(value, why) => format!("Always {value}: {why}"),
            Takes::List(Field { key, of }) => {
                let default = of(&mut Options::default()).join(" ");
                format!("As {key} in the configuration file; may be repeated{}", shown(&default))
            }
            Takes::Text(Field { key, of }) | Takes::Instead(Field { key, of }, _) => {
                let default = of(&mut Options::default()).clone();
                format!("As {key} in the configuration file{}", shown(&default))
            }
            Takes::Switch(Field { key, of }) => {
                let default = if *of(&mut Options::default()) { ON } else { OFF };
                format!("As {key} in the configuration file{}", shown(default))
            }
        }
    }

    fn is_of_no_use(&self) -> bool {
        !matches!(
            self.takes,
            Takes::Text(_) | Takes::Instead(..) | Takes::List(_) | Takes::Switch(_)
        )
    }

    /// The values that were given; none where it was not.
    fn values(&self, matches: &ArgMatches) -> Option<Vec<String>> {
        if !self.is_switch() {
            return Some(matches.get_many::<String>(self.name)?.cloned().collect());
        }
        match (matches.get_flag(self.name), matches.get_flag(&self.off())) {
            (true, _) => Some(vec![ON.to_owned()]),
            (_, true) => Some(vec![OFF.to_owned()]),
            _ => None,
        }
    }

    /// Why these values cannot be had, where it matters.
    fn without_effect(&self, values: &[String]) -> Option<&'static str> {
        let is_asked = |allowed: &str| values.iter().any(|value| value != allowed);
        match self.takes {
            Takes::Only(value, why) if is_asked(value) => Some(why),
            Takes::Never(why) if is_asked(OFF) => Some(why),
            _ => None,
        }
    }

    /// The collector that these values ask something of, where the agent does not have it.
    fn lacking(&self, values: &[String]) -> Option<&'static Lacking> {
        let collector = self.name.strip_prefix("collector.")?.split('.').next()?;
        Lacking::find(collector).filter(|_| !self.is_switch() || values != [OFF])
    }
}

/// A default, behind a help text.
fn shown(default: &str) -> String {
    if default.is_empty() { String::new() } else { format!(" [default: {default}]") }
}

const HEADING: &str = "Collectors' options";

impl clap::FromArgMatches for OptionFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for flag in FLAGS {
            self.given.extend(flag.values(matches).map(|values| (flag, values)));
        }
        Ok(())
    }
}

impl clap::Args for OptionFlags {
    fn augment_args(command: Command) -> Command {
        command.args(FLAGS.iter().flat_map(Flag::arguments))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn flags(arguments: &[&str]) -> Result<OptionFlags, Error> {
        let command = OptionFlags::augment_args(Command::new("test").no_binary_name(true));
        OptionFlags::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    fn options(arguments: &[&str]) -> Result<Options, Error> {
        let mut options = Options::default();
        flags(arguments)?.apply(&mut options, &mut Choice::default());
        Ok(options)
    }

    #[test]
    fn values_and_switches_and_lists() {
        let options = options(&[
            "--collector.vmstat.fields=^pg",
            "--collector.netclass.ignored-devices",
            "-x",
            "--no-collector.cpu.guest",
            "--collector.cpu.info",
            "--collector.stat.softirq",
            "--no-collector.stat.softirq",
            "--collector.textfile.directory=/a",
            "--collector.textfile.directory=/b*",
            "--collector.filesystem.ignored-mount-points=^/old",
            "--web.max-requests=3",
            "--no-collector.netdev.enable-detailed-metrics",
        ])
        .unwrap();
        assert_eq!(options.vmstat.fields, "^pg");
        assert_eq!(options.netclass.ignored_devices, "-x");
        assert!(!options.cpu.guest && options.cpu.info && !options.stat.softirq);
        assert_eq!(options.textfile.directories, ["/a", "/b*"]);
        assert_eq!(options.filesystem.mount_points_exclude, "^/old");
    }

    #[test]
    fn what_is_included_is_not_excluded_by_default() {
        let include = "--collector.diskstats.device-include=^sda1$";
        assert_eq!(options(&[include]).unwrap().diskstats.device_exclude, "");
        let exclude = "--collector.diskstats.device-exclude=^sdb";
        let diskstats = options(&[include, exclude]).unwrap().diskstats;
        assert_eq!((&*diskstats.device_include, &*diskstats.device_exclude), ("^sda1$", "^sdb"));
    }

    #[test]
    fn what_cannot_be_had_is_told_with_its_reason() {
        for (flag, why) in [
            ("--collector.netdev.enable-detailed-metrics", "only the names of the default"),
            ("--collector.ipvs.backend-labels=proto", "sum over those that are too many"),
            ("--web.systemd-socket", "--web.listen-address"),
        ] {
            let told = flags(&[flag]).unwrap().without_effect().concat();
            let name = flag.split('=').next().unwrap();
            assert!(told.starts_with(&format!("{name} has no effect here: ")), "{told}");
            assert!(told.contains(why), "{told}");
        }
        for flag in
            ["--no-web.systemd-socket", "--collector.qdisc.fixtures=", "--web.max-requests=1"]
        {
            assert!(flags(&[flag]).unwrap().without_effect().is_empty(), "{flag}");
        }
    }

    #[test]
    fn an_option_of_a_collector_that_we_lack_asks_for_it() {
        let mut choice = Choice::default();
        let given = [
            "--collector.perf.cpus=0",
            "--no-collector.ntp.server-is-local",
            "--collector.cpu.info",
        ];
        flags(&given).unwrap().apply(&mut Options::default(), &mut choice);
        assert_eq!(choice.lacking().map(|lacking| lacking.name).collect::<Vec<_>>(), ["perf"]);
    }

    #[test]
    fn every_flag_is_there_once_and_changes_something_or_says_why_not() {
        let names: HashSet<&str> = FLAGS.iter().map(|flag| flag.name).collect();
        assert_eq!(names.len(), FLAGS.len());
        for flag in FLAGS.iter().filter(|flag| !flag.is_of_no_use()) {
            let on = format!("--{}{}", flag.name, if flag.is_switch() { "" } else { "=x" });
            let off = format!("--{}", flag.off());
            let is_changed = |flag: &str| {
                let options = options(&[flag]).map(|options| format!("{options:?}"));
                options.is_ok_and(|options| options != format!("{:?}", Options::default()))
            };
            assert!(is_changed(&on) || is_changed(&off), "{on} changes nothing");
        }
    }
}
