//! What systemd is asked.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::dbus::{Answer, Call, Connection, Value};
use crate::reading::error::CollectError;

const SYSTEMD: &str = "org.freedesktop.systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const PATH: &str = "/org/freedesktop/systemd1";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// How the bus says that there is no systemd.
const NOBODY: [&str; 2] =
    ["org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"];

/// A unit that systemd knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) is_loaded: bool,
    /// Such as `active`.
    pub(super) state: String,
    /// Where it is asked.
    path: String,
}

impl Unit {
    /// Of a row of `ListUnits`.
    fn of(row: &Value) -> Option<Self> {
        let text = |place: usize| row.many()?.get(place)?.text().map(str::to_owned);
        Some(Self {
            name: text(0)?,
            is_loaded: text(2)? == "loaded",
            state: text(3)?,
            path: text(6)?,
        })
    }

    /// What kind of unit it is: the end of its name.
    pub(super) fn kind(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }
}

/// systemd at the other end of a bus.
pub(super) struct Manager {
    connection: Connection,
    deadline: Instant,
    socket: PathBuf,
}

impl Manager {
    pub(super) fn new(connection: Connection, deadline: Instant, socket: &Path) -> Self {
        Self { connection, deadline, socket: socket.to_owned() }
    }

    pub(super) fn into_connection(self) -> Connection {
        self.connection
    }

    /// All units, in the order of their names.
    pub(super) fn units(&mut self) -> Result<Vec<Unit>, CollectError> {
        let call = Call {
            destination: SYSTEMD,
            path: PATH,
            interface: MANAGER,
            member: "ListUnits",
            arguments: &[],
        };
        let values = match self.ask(&call)? {
            Answer::Values(values) => values,
            Answer::Refused(error) if NOBODY.contains(&&*error) => {
                return Err(CollectError::Absent { path: self.socket.clone() });
            }
            Answer::Refused(error) => return Err(self.wrong(io::Error::other(error))),
        };
        let rows = values.first().and_then(Value::many);
        let units: Option<Vec<Unit>> = rows.and_then(|rows| rows.iter().map(Unit::of).collect());
        let odd = || self.wrong(io::Error::new(io::ErrorKind::InvalidData, "units of an odd form"));
        let mut units = units.ok_or_else(odd)?;
        units.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(units)
    }

    /// A property of systemd itself.
    pub(super) fn own(&mut self, name: &str) -> Result<Option<Value>, CollectError> {
        self.property(PATH, MANAGER, name)
    }

    /// A property of a unit, under an interface such as `Service`; none where the unit has gone, or this
    /// systemd is too old to have it.
    pub(super) fn of_unit(
        &mut self,
        unit: &Unit,
        interface: &str,
        name: &str,
    ) -> Result<Option<Value>, CollectError> {
        self.property(&unit.path, &format!("{SYSTEMD}.{interface}"), name)
    }

    fn property(
        &mut self,
        path: &str,
        interface: &str,
        name: &str,
    ) -> Result<Option<Value>, CollectError> {
        let arguments = [interface, name];
        let call = Call {
            destination: SYSTEMD,
            path,
            interface: PROPERTIES,
            member: "Get",
            arguments: &arguments,
        };
        match self.ask(&call)? {
            Answer::Values(values) => Ok(values.into_iter().next()),
            Answer::Refused(_) => Ok(None),
        }
    }

    fn ask(&mut self, call: &Call<'_>) -> Result<Answer, CollectError> {
        self.connection.ask(call, self.deadline).map_err(|error| self.wrong(error))
    }

    fn wrong(&self, error: io::Error) -> CollectError {
        CollectError::io(&self.socket, error)
    }
}
