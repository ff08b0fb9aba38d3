//! The table `[jobs]`.

use std::time::Duration;

use edctl_daemon::Invalid;
use edctl_exposition::DEFAULT_SERIES_LIMIT;
use serde::Deserialize;

/// Series of a job in its largest family.
const MOST_SERIES: usize = 4;

/// How jobs are sampled and shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The families that are served; none switches the jobs off.
    pub(crate) profiles: Vec<Profile>,
    /// How often all jobs are read, in seconds. What ends in between is read when it ends.
    pub(crate) sample_interval_secs: f64,
    /// How long a job stays on the page after its end.
    pub(crate) keep_ended_secs: u64,
    /// Most jobs that are kept; an ended one makes room for a new one.
    pub(crate) max: usize,
}

/// Names and labels of the families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// Ours, `edctl_job_*`.
    Edctl,
    /// Those that jobstats asks Prometheus for, `cgroup_*`.
    Jobstats,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profiles: vec![Profile::Edctl],
            sample_interval_secs: 1.0,
            keep_ended_secs: 300,
            max: 2000,
        }
    }
}

impl Settings {
    pub(crate) fn sample_interval(&self) -> Duration {
        Duration::from_secs_f64(self.sample_interval_secs)
    }

    pub(crate) fn keep_ended(&self) -> Duration {
        Duration::from_secs(self.keep_ended_secs)
    }

    pub(crate) fn has(&self, profile: Profile) -> bool {
        self.profiles.contains(&profile)
    }

    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        let interval = self.sample_interval_secs;
        if !(0.05..=3600.0).contains(&interval) {
            let message = format!("expected 0.05 to 3600, not {interval}");
            return Err(Invalid::new("jobs.sample_interval_secs", message));
        }
        let most = DEFAULT_SERIES_LIMIT / MOST_SERIES;
        if !(1..=most).contains(&self.max) {
            let message = format!("expected 1 to {most}, not {}", self.max);
            return Err(Invalid::new("jobs.max", message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_the_bounds_hold() {
        for (interval, max, valid) in [
            (1.0, 2000, true),
            (0.05, 1, true),
            (3600.0, 2500, true),
            (0.0, 1, false),
            (f64::NAN, 1, false),
            (f64::INFINITY, 1, false),
            (1.0, 0, false),
            (1.0, 2501, false),
        ] {
            let settings = Settings { sample_interval_secs: interval, max, ..Settings::default() };
            assert_eq!(settings.validate().is_ok(), valid, "{interval} {max}");
        }
    }
}
