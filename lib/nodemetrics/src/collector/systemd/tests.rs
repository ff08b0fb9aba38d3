//! The collector before a systemd that a test makes up.

use crate::options::systemd::SystemdOptions;
use edctl_exposition::{Format, render};

use super::*;
use crate::dbus::tests::{Answers, bus};
use crate::reading::error::State;

fn collector(socket: PathBuf, options: SystemdOptions) -> Systemd {
    Systemd { socket, connection: None, filter: options.filter(), options }
}

fn shown(answers: Answers, options: SystemdOptions) -> Result<String, State> {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(bus(dir.path(), answers), options);
    let mut page = Page::default();
    // The second time over the same connection.
    for _ in 0..2 {
        page = Page::default();
        collector.collect(&mut page).map_err(|error| error.state())?;
    }
    page.finish();
    for family in page.families().filter(|family| !family.samples.is_empty()) {
        assert!(ENTRY.families.iter().any(|doc| doc.is_of(family)), "{family:?}");
    }
    let text = render(&std::sync::Arc::new(page), Format::Text).unwrap();
    let series = text.lines().filter(|line| !line.starts_with('#') && !line.ends_with(" 0"));
    Ok(series.map(|line| line.replace("node_systemd_", "") + "\n").collect())
}

/// A text at its place.
fn put_text(body: &mut Vec<u8>, text: &str) {
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend((text.len() as u32).to_le_bytes());
    body.extend(text.bytes());
    body.push(0);
}

fn text(value: &str) -> Result<(&'static str, Vec<u8>), &'static str> {
    let mut body = b"\x01s\0\0".to_vec();
    put_text(&mut body, value);
    Ok(("v", body))
}

fn u32(value: u32) -> Result<(&'static str, Vec<u8>), &'static str> {
    Ok(("v", [b"\x01u\0\0", &value.to_le_bytes()[..]].concat()))
}

fn u64(value: u64) -> Result<(&'static str, Vec<u8>), &'static str> {
    Ok(("v", [b"\x01t\0\0\0\0\0\0", &value.to_le_bytes()[..]].concat()))
}

fn units(rows: &[[&str; 3]]) -> Result<(&'static str, Vec<u8>), &'static str> {
    let mut body = vec![0; 8];
    for [name, load, active] in rows {
        body.resize(body.len().next_multiple_of(8), 0);
        for column in [name, "A unit.", load, active, "sub", "", "/org/freedesktop/systemd1/unit/x"]
        {
            put_text(&mut body, column);
        }
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(0u32.to_le_bytes());
        put_text(&mut body, "");
        put_text(&mut body, "/");
    }
    let length = (body.len() - 8) as u32;
    body[..4].copy_from_slice(&length.to_le_bytes());
    Ok(("a(ssssssouso)", body))
}

fn systemd(member: &str, words: &[String]) -> Result<(&'static str, Vec<u8>), &'static str> {
    if member == "ListUnits" {
        return units(&[
            ["ssh.service", "loaded", "active"],
            ["gone.service", "not-found", "inactive"],
            ["apt.timer", "loaded", "active"],
            ["dbus.socket", "loaded", "failed"],
            ["boot.mount", "loaded", "active"],
        ]);
    }
    match words[1].as_str() {
        "Version" => text("252.38-1~deb12u1"),
        "Virtualization" => text(""),
        "SystemState" => text("running"),
        "Type" => text("notify"),
        "NRestarts" => u32(3),
        "NAccepted" => u32(11),
        "NConnections" => u32(2),
        "LastTriggerUSec" => u64(1_700_000_000_500_000),
        "ActiveEnterTimestamp" => u64(1_600_000_000_000_000),
        "TasksCurrent" => u64(9),
        "TasksMax" => u64(u64::MAX),
        _ => Err("org.freedesktop.DBus.Error.UnknownProperty"),
    }
}

#[test]
fn states_and_numbers_of_units() {
    let expected = r#"socket_accepted_connections_total{name="dbus.socket"} 11
socket_current_connections{name="dbus.socket"} 2
system_running 1
timer_last_trigger_seconds{name="apt.timer"} 1700000000.5
unit_state{name="apt.timer",state="active",type=""} 1
unit_state{name="dbus.socket",state="failed",type=""} 1
unit_state{name="ssh.service",state="active",type="notify"} 1
units{state="active"} 3
units{state="failed"} 1
units{state="inactive"} 1
version{version="252.38-1~deb12u1"} 252.38
virtualization_info{virtualization_type="none"} 1
"#;
    assert_eq!(shown(systemd, SystemdOptions::default()).unwrap(), expected);
}

#[test]
fn what_is_asked_for_beside_that() {
    let options = SystemdOptions {
        unit_include: "(ssh|boot).*".to_owned(),
        unit_exclude: String::new(),
        enable_task_metrics: true,
        enable_restarts_metrics: true,
        enable_start_time_metrics: true,
    };
    let text = shown(systemd, options).unwrap();
    let units: Vec<&str> = text.lines().filter(|line| line.contains("name=")).collect();
    let expected = [
        r#"service_restart_total{name="ssh.service"} 3"#,
        r#"unit_start_time_seconds{name="boot.mount"} 1600000000.0"#,
        r#"unit_start_time_seconds{name="ssh.service"} 1600000000.0"#,
        r#"unit_state{name="boot.mount",state="active",type="notify"} 1"#,
        r#"unit_state{name="ssh.service",state="active",type="notify"} 1"#,
        r#"unit_tasks_current{name="ssh.service"} 9"#,
    ];
    assert_eq!(units, expected);
}

#[test]
fn a_node_without_systemd_and_one_with_an_odd_one() {
    let nobody: Answers = |_, _| Err("org.freedesktop.DBus.Error.ServiceUnknown");
    let denied: Answers = |_, _| Err("org.freedesktop.DBus.Error.AccessDenied");
    let odd: Answers = |_, _| u32(1);
    let default = SystemdOptions::default;
    assert_eq!(shown(nobody, default()), Err(State::Absent));
    assert_eq!(shown(denied, default()), Err(State::Error));
    assert_eq!(shown(odd, default()), Err(State::Error));
    let mut collector = collector("/nowhere/bus".into(), default());
    assert_eq!(collector.collect(&mut Page::default()).unwrap_err().state(), State::Absent);
    assert!(SystemdOptions { unit_include: "(".to_owned(), ..default() }.validate().is_err());
}
