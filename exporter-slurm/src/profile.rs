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
    /// Those of SckyzO/slurm_exporter.
    Sckyzo,
    /// Those of rivosinc/prometheus-slurm-exporter.
    Rivosinc,
    /// Those of slurmctld itself.
    Native,
}

impl Profile {
    const ALL: [Profile; 5] =
        [Profile::Edctl, Profile::Vpenso, Profile::Sckyzo, Profile::Rivosinc, Profile::Native];

    fn word(self) -> &'static str {
        match self {
            Self::Edctl => "edctl",
            Self::Vpenso => "vpenso",
            Self::Sckyzo => "sckyzo",
            Self::Rivosinc => "rivosinc",
            Self::Native => "native",
        }
    }

    /// What a query asks for, or `preset` where it asks for nothing.
    ///
    /// # Errors
    /// Names a parameter or a profile that does not exist, and those that do.
    pub(crate) fn of_query(query: &Query, preset: Self) -> Result<Self, BadQuery> {
        if query.names().any(|name| name != "profile") {
            return Err(BadQuery("there is no parameter but profile".to_owned()));
        }
        let mut names = query.all("profile");
        let Some(name) = names.next() else { return Ok(preset) };
        if names.next().is_some() {
            return Err(BadQuery("expected one profile".to_owned()));
        }
        Self::ALL.into_iter().find(|profile| profile.word() == name).ok_or_else(|| {
            let words = Self::ALL.map(Self::word).join(", ");
            BadQuery(format!("no such profile: {name:?}; there are {words}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_wins_over_the_configuration_or_is_refused() {
        let of = |text: &str| Profile::of_query(&Query::parse(text), Profile::Vpenso);
        assert_eq!(of(""), Ok(Profile::Vpenso));
        for profile in Profile::ALL {
            assert_eq!(of(&format!("profile={}", profile.word())), Ok(profile));
        }
        for text in ["profile=", "profile=x", "names=edctl", "profile=edctl&profile=vpenso"] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
