//! `node_systemd_*`: the states of units, asked of systemd over the system's D-Bus.
//!
//! node_exporter shows 0 as the start of what does not run, and 0 as the version where it is not known; here
//! both are absent.

mod families;
mod manager;

use crate::options::systemd::SystemdOptions;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use edctl_exposition::Page;

use self::families::Families;
use self::manager::{Manager, Unit};
use crate::dbus::Connection;
use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;

pub(super) const ENTRY: Entry = Entry {
    name: "systemd",
    preset: Preset::Off,
    runs: Runs::Apart,
    reads: "systemd over D-Bus",
    families: &[
        FamilyDoc::gauge("node_systemd_version", &["version"]),
        FamilyDoc::gauge("node_systemd_virtualization_info", &["virtualization_type"]),
        FamilyDoc::gauge("node_systemd_system_running", &[]),
        FamilyDoc::gauge("node_systemd_units", &["state"]),
        FamilyDoc::gauge("node_systemd_unit_state", &["name", "state", "type"]),
        FamilyDoc::counter("node_systemd_service_restart_total", &["name"]),
        FamilyDoc::gauge("node_systemd_unit_start_time_seconds", &["name"]),
        FamilyDoc::gauge("node_systemd_unit_tasks_current", &["name"]),
        FamilyDoc::gauge("node_systemd_unit_tasks_max", &["name"]),
        FamilyDoc::gauge("node_systemd_timer_last_trigger_seconds", &["name"]),
        FamilyDoc::counter("node_systemd_socket_accepted_connections_total", &["name"]),
        FamilyDoc::gauge("node_systemd_socket_current_connections", &["name"]),
        FamilyDoc::gauge("node_systemd_socket_refused_connections_total", &["name"]),
    ],
    make: |host, options| Box::new(Systemd::new(host, &options.systemd)),
};

/// All answers together may take so long.
const PATIENCE: Duration = Duration::from_secs(5);

struct Systemd {
    socket: PathBuf,
    connection: Option<Connection>,
    filter: Filter,
    options: SystemdOptions,
}

impl Systemd {
    fn new(host: &Host, options: &SystemdOptions) -> Self {
        Self {
            socket: host.paths.rootfs.join("run/dbus/system_bus_socket"),
            connection: None,
            filter: options.filter(),
            options: options.clone(),
        }
    }

    fn shows(&self, unit: &Unit) -> bool {
        unit.is_loaded && self.filter.shows(&unit.name)
    }

    fn families(&self, manager: &mut Manager) -> Result<Families, CollectError> {
        let units = manager.units()?;
        let mut families = Families::of_all(&units);
        families.push_node(manager)?;
        for unit in units.iter().filter(|unit| self.shows(unit)) {
            families.push_unit(unit, manager, &self.options)?;
        }
        Ok(families)
    }
}

impl Collector for Systemd {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let deadline = Instant::now() + PATIENCE;
        let kept = self.connection.take();
        let connection = kept.map_or_else(|| Connection::open(&self.socket, deadline), Ok);
        let connection =
            connection.map_err(|error| CollectError::io(&self.socket, error).or_denied())?;
        let mut manager = Manager::new(connection, deadline, &self.socket);
        let families = self.families(&mut manager)?;
        families.add_to(page);
        // One that has failed is in no state to be asked again.
        self.connection = Some(manager.into_connection());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
