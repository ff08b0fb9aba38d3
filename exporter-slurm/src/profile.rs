//! Under whose names the snapshot is shown.

use edctl_exposition::{BadQuery, Query};
use serde::Deserialize;

/// A vocabulary, by the word in the configuration and in `/metrics?profile=`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// Our own names.
    #[default]
    Edctl,
    /// Those of vpenso/prometheus-slurm-exporter, and of Grafana's dashboard 4323.
    Vpenso,
}

impl Profile {
    /// What a query asks for, or `preset` where it asks for nothing.
    ///
    /// # Errors
    /// Names a parameter or a profile that does not exist, and those that do.
    pub(crate) fn of_query(query: &Query, preset: Self) -> Result<Self, BadQuery> {
        if query.names().any(|name| name != "profile") {
            return Err(BadQuery("there is no parameter but profile".to_owned()));
        }
        let mut names = query.all("profile");
        let profile = match names.next() {
            None => return Ok(preset),
            Some("edctl") => Self::Edctl,
            Some("vpenso") => Self::Vpenso,
            Some(name) => {
                let message = format!("no such profile: {name:?}; there are edctl, vpenso");
                return Err(BadQuery(message));
            }
        };
        match names.next() {
            None => Ok(profile),
            Some(_) => Err(BadQuery("expected one profile".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_wins_over_the_configuration_or_is_refused() {
        let of = |text| Profile::of_query(&Query::parse(text), Profile::Vpenso);
        assert_eq!(of(""), Ok(Profile::Vpenso));
        assert_eq!(of("profile=edctl"), Ok(Profile::Edctl));
        for text in ["profile=", "profile=x", "names=edctl", "profile=edctl&profile=vpenso"] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
