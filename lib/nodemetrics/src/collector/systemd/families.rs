//! What is shown of systemd's answers.

use std::collections::BTreeMap;

use edctl_exposition::{Family, Page, Value as Number};
use regex::Regex;

use crate::collector::systemd::manager::{Manager, Unit};
use crate::dbus::Value;
use crate::options::systemd::SystemdOptions;
use crate::reading::error::CollectError;

const STATES: [&str; 5] = ["active", "activating", "deactivating", "inactive", "failed"];

/// The families, of which those without a series are not shown.
pub(super) struct Families {
    version: Family,
    virtualization: Family,
    running: Family,
    units: Family,
    states: Family,
    restarts: Family,
    starts: Family,
    tasks: Family,
    most_tasks: Family,
    triggers: Family,
    accepted: Family,
    connections: Family,
    refused: Family,
}

impl Families {
    /// With the numbers of units by their states.
    pub(super) fn of_all(units: &[Unit]) -> Self {
        let mut counts: BTreeMap<&str, u64> = STATES.iter().map(|state| (*state, 0)).collect();
        for unit in units {
            *counts.entry(&unit.state).or_default() += 1;
        }
        let mut families = Self::empty();
        for (state, count) in counts {
            families.units.push(&[("state", state)], count);
        }
        families
    }

    fn empty() -> Self {
        let gauge = |name: &str, help| Family::gauge(format!("node_systemd_{name}"), help);
        let counter = |name: &str, help| Family::counter(format!("node_systemd_{name}"), help);
        Self {
            version: gauge("version", "The version of systemd."),
            virtualization: gauge("virtualization_info", "What systemd takes the node for; 1."),
            running: gauge("system_running", "Whether all that was to start has started."),
            units: gauge("units", "Units by their states."),
            states: gauge("unit_state", "1 for a unit's state."),
            restarts: counter("service_restart_total", "How often systemd restarted a service."),
            starts: gauge("unit_start_time_seconds", "Unix time at which a unit became active."),
            tasks: gauge("unit_tasks_current", "A service's processes and threads."),
            most_tasks: gauge("unit_tasks_max", "The most that it may have."),
            triggers: gauge("timer_last_trigger_seconds", "Unix time of a timer's last run."),
            accepted: counter("socket_accepted_connections_total", "Connections of a socket unit."),
            connections: gauge("socket_current_connections", "Those that are open."),
            refused: gauge("socket_refused_connections_total", "Those that were too many."),
        }
    }

    pub(super) fn push_node(&mut self, manager: &mut Manager) -> Result<(), CollectError> {
        if let Some(Value::Text(version)) = manager.own("Version")?
            && let Some(number) = version_number(&version)
        {
            self.version.push(&[("version", &version)], number);
        }
        if let Some(Value::Text(kind)) = manager.own("Virtualization")? {
            let kind = if kind.is_empty() { "none" } else { &kind };
            self.virtualization.push(&[("virtualization_type", kind)], 1u64);
        }
        if let Some(Value::Text(state)) = manager.own("SystemState")? {
            self.running.push(&[], state == "running");
        }
        Ok(())
    }

    pub(super) fn push_unit(
        &mut self,
        unit: &Unit,
        manager: &mut Manager,
        options: &SystemdOptions,
    ) -> Result<(), CollectError> {
        self.push_state(unit, manager)?;
        if options.enable_start_time_metrics && unit.state == "active" {
            let start = manager.of_unit(unit, "Unit", "ActiveEnterTimestamp")?;
            push(&mut self.starts, unit, start.as_ref().and_then(seconds));
        }
        match unit.kind() {
            "service" => self.push_service(unit, manager, options),
            "timer" => {
                let last = manager.of_unit(unit, "Timer", "LastTriggerUSec")?;
                push(&mut self.triggers, unit, last.as_ref().and_then(seconds));
                Ok(())
            }
            "socket" => self.push_socket(unit, manager),
            _ => Ok(()),
        }
    }

    fn push_state(&mut self, unit: &Unit, manager: &mut Manager) -> Result<(), CollectError> {
        let kind = match unit.kind() {
            "service" => manager.of_unit(unit, "Service", "Type")?,
            "mount" => manager.of_unit(unit, "Mount", "Type")?,
            _ => None,
        };
        let kind = kind.as_ref().and_then(Value::text).unwrap_or_default();
        for state in STATES {
            let labels = [("name", &*unit.name), ("state", state), ("type", kind)];
            self.states.push(&labels, unit.state == state);
        }
        Ok(())
    }

    fn push_service(
        &mut self,
        unit: &Unit,
        manager: &mut Manager,
        options: &SystemdOptions,
    ) -> Result<(), CollectError> {
        if options.enable_restarts_metrics {
            let restarts = manager.of_unit(unit, "Service", "NRestarts")?;
            push(&mut self.restarts, unit, restarts.as_ref().and_then(number));
        }
        if options.enable_task_metrics {
            let tasks = manager.of_unit(unit, "Service", "TasksCurrent")?;
            push(&mut self.tasks, unit, tasks.as_ref().and_then(number));
            let most = manager.of_unit(unit, "Service", "TasksMax")?;
            push(&mut self.most_tasks, unit, most.as_ref().and_then(number));
        }
        Ok(())
    }

    fn push_socket(&mut self, unit: &Unit, manager: &mut Manager) -> Result<(), CollectError> {
        for (family, property) in [
            (&mut self.accepted, "NAccepted"),
            (&mut self.connections, "NConnections"),
            (&mut self.refused, "NRefused"),
        ] {
            push(
                family,
                unit,
                manager.of_unit(unit, "Socket", property)?.as_ref().and_then(number),
            );
        }
        Ok(())
    }

    pub(super) fn add_to(self, page: &mut Page) {
        for family in [
            self.version,
            self.virtualization,
            self.running,
            self.units,
            self.states,
            self.restarts,
            self.starts,
            self.tasks,
            self.most_tasks,
            self.triggers,
            self.accepted,
            self.connections,
            self.refused,
        ] {
            page.add(family);
        }
    }
}

fn push(family: &mut Family, unit: &Unit, value: Option<Number>) {
    if let Some(value) = value {
        family.push(&[("name", &unit.name)], value);
    }
}

/// A number; systemd says the largest u64 where it is not set.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::U32(number) => Some((*number).into()),
        Value::U64(number) if *number != u64::MAX => Some((*number).into()),
        _ => None,
    }
}

/// A moment; systemd says 0, or the largest number, of what has not been.
fn seconds(value: &Value) -> Option<Number> {
    match value {
        Value::U64(usec) if !matches!(*usec, 0 | u64::MAX) => Some((*usec as f64 / 1e6).into()),
        _ => None,
    }
}

/// The number in `252.38-1~deb12u1`, as node_exporter finds it.
fn version_number(version: &str) -> Option<f64> {
    Regex::new(r"[0-9]{3,}(\.[0-9]+)?").ok()?.find(version)?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_distributions() {
        for (version, expected) in [
            ("252.38-1~deb12u1", Some(252.38)),
            ("v257", Some(257.0)),
            ("systemd 239 (239-82.el8)", Some(239.0)),
            ("25", None),
            ("", None),
        ] {
            assert_eq!(version_number(version), expected, "{version}");
        }
    }

    /// A timer that has not run yet has LastTriggerUSec 0 (org.freedesktop.systemd1(5)).
    #[test]
    fn what_has_not_been_has_no_moment() {
        assert!([0, u64::MAX].map(Value::U64).iter().all(|never| seconds(never).is_none()));
        assert!(seconds(&Value::U64(1_700_000_000_500_000)).is_some());
    }
}
