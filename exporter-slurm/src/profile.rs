//! Under whose names the snapshot is shown.

use clap::ValueEnum;
use edctl_exposition::{BadQuery, Query};

use crate::flags::Profile;

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
        let Some(name) = names.next() else { return Ok(preset) };
        if names.next().is_some() {
            return Err(BadQuery("expected one profile".to_owned()));
        }
        Self::from_str(name, false).map_err(|_| {
            BadQuery(format!("no such profile: {name:?}; there are {}", Self::words().join(", ")))
        })
    }

    fn words() -> Vec<String> {
        let words = Self::value_variants().iter().filter_map(Self::to_possible_value);
        words.map(|word| word.get_name().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_wins_over_the_configuration_or_is_refused() {
        let of = |text: &str| Profile::of_query(&Query::parse(text), Profile::Vpenso);
        assert_eq!(of(""), Ok(Profile::Vpenso));
        for (word, profile) in Profile::words().iter().zip(Profile::value_variants()) {
            assert_eq!(of(&format!("profile={word}")), Ok(*profile));
        }
        for text in ["profile=", "profile=x", "names=edctl", "profile=edctl&profile=vpenso"] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
