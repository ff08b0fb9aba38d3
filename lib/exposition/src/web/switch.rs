//! Booleans as YAML 1.1 has them, which is what Go's reader of these files takes.

use std::str::FromStr;

/// True or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Switch(pub(super) bool);

impl FromStr for Switch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "y" | "Y" | "on" | "On" | "ON" => {
                Ok(Self(true))
            }
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "n" | "N" | "off" | "Off"
            | "OFF" => Ok(Self(false)),
            _ => Err(format!("expected true or false, not {text:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_and_off() {
        assert_eq!("true".parse(), Ok(Switch(true)));
        assert_eq!("off".parse(), Ok(Switch(false)));
        assert_eq!("2".parse::<Switch>().unwrap_err(), "expected true or false, not \"2\"");
    }
}
