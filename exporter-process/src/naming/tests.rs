use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::config::Config;

const NOTHING: Facts<'static> = Facts {
    pid: 4711,
    comm: b"prog",
    start_secs: None,
    exe: None,
    cmdline: None,
    uid: None,
    cgroups: None,
};

/// A step of job 42.
const IN_JOB: Facts<'static> = Facts {
    cmdline: Some(b"/opt/bin/prog\0--seed=7\0"),
    uid: Some(0),
    cgroups: Some(b"0::/system.slice/slurmstepd.scope/job_42/step_0/user/task_0\n"),
    ..NOTHING
};

/// A service of the system.
const SERVICE: Facts<'static> = Facts {
    cmdline: Some(b"sshd: /usr/sbin/sshd -D\0"),
    comm: b"sshd",
    uid: Some(4_000_000_123),
    cgroups: Some(b"0::/system.slice/ssh.service\n"),
    ..NOTHING
};

fn config(toml: &str) -> Result<NamingConfig, String> {
    let config: Result<Config, _> = toml::from_str(toml);
    config.map(|config| config.naming).map_err(|error| error.to_string())
}

fn namer(toml: &str) -> Namer {
    Namer::compile(&config(toml).unwrap()).unwrap()
}

/// A namer of one rule, without the default.
fn rule(keys: &str) -> Namer {
    namer(&format!("[groups]\ndefault = false\n[[groups.rule]]\n{keys}"))
}

fn with_yaml(toml: &str, yaml: &str) -> Result<Namer, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.yaml");
    std::fs::write(&file, yaml).unwrap();
    let mut config = config(toml).unwrap();
    config.process_exporter_config = Some(file);
    let home = format!("{}/", dir.path().display());
    Namer::compile(&config).map_err(|error| error.to_string().replace(&home, ""))
}

#[test]
fn by_default_a_process_has_its_tools_or_its_own_name() {
    let namer = namer("");
    for (comm, expected) in [
        (&b"verilator_bin"[..], "verilator"),
        (b"Vpicorv32_wrapp", "verilator-model"),
        (b"cc1plus", "compiler"),
        (b"bash", "bash"),
        (b"a\nb\xff", "a\u{fffd}b\u{fffd}"),
        (b"", ""),
    ] {
        assert_eq!(namer.name(&Facts { comm, ..NOTHING }).unwrap(), expected);
    }
    assert_eq!(namer.needs(), Needs::default());
    assert!(namer.children_inherit());
}

#[test]
fn each_condition_holds_and_does_not() {
    for (condition, holds, fails) in [
        (r#"comm = ["x", "prog"]"#, IN_JOB, SERVICE),
        (r#"exe = ["prog"]"#, IN_JOB, SERVICE),
        (r#"exe = ["/opt/bin/prog"]"#, IN_JOB, Facts { cmdline: Some(b"prog\0"), ..IN_JOB }),
        (r#"cmdline = ["--seed=", "^/opt"]"#, IN_JOB, SERVICE),
        (
            r#"cmdline = ["--seed=", "^/usr"]"#,
            Facts { cmdline: Some(b"/usr\0--seed=1"), ..IN_JOB },
            IN_JOB,
        ),
        (r#"user = ["nobody-here", "root"]"#, IN_JOB, SERVICE),
        (r#"user = [4000000123]"#, SERVICE, IN_JOB),
        (r#"user = ["4000000123"]"#, SERVICE, IN_JOB),
        (r#"unit = ["cron*", "ssh*.service"]"#, SERVICE, IN_JOB),
        (r#"job = true"#, IN_JOB, SERVICE),
        (r#"job = false"#, SERVICE, IN_JOB),
        (
            r#"tool = ["yosys"]"#,
            Facts { comm: b"yosys-abc", ..NOTHING },
            Facts { comm: b"ld", ..NOTHING },
        ),
        (r#"tool = ["*"]"#, Facts { comm: b"ld", ..NOTHING }, SERVICE),
    ] {
        let namer = rule(&format!("name = \"it\"\n{condition}"));
        assert_eq!(namer.name(&holds).as_deref(), Some("it"), "{condition}");
        assert_eq!(namer.name(&fails), None, "{condition}");
        if !condition.starts_with("comm") {
            assert_eq!(namer.name(&NOTHING), None, "{condition} of nothing known");
        }
    }
}

#[test]
fn all_conditions_of_a_rule_must_hold() {
    let namer = rule(
        "name = \"{{.Job}}:{{.Matches.seed}}\"\njob = true\ncomm = [\"prog\"]\ncmdline = ['--seed=(?P<seed>\\d+)']",
    );
    assert_eq!(namer.name(&IN_JOB).unwrap(), "42:7");
    assert_eq!(namer.name(&Facts { comm: b"other", ..IN_JOB }), None);
    assert_eq!(namer.name(&Facts { cgroups: None, ..IN_JOB }), None);
    assert_eq!(namer.needs(), Needs { cmdline: true, cgroup: true, ..Needs::default() });
}

#[test]
fn a_rule_whose_name_says_nothing_leaves_the_process_to_the_next() {
    let namer = namer(
        "[[groups.rule]]\nname = 'unit:{{.Unit}}'\ncomm = ['sshd']\n\
         [[groups.rule]]\nname = 'pid:{{.PID}}'\ncomm = ['sshd']",
    );
    assert_eq!(namer.name(&SERVICE).unwrap(), "unit:ssh.service");
    let elsewhere = Facts { cgroups: Some(b"0::/\n"), ..SERVICE };
    assert_eq!(namer.name(&elsewhere).unwrap(), "pid:4711");
}

#[test]
fn needs_are_those_of_all_rules() {
    let none = Needs::default();
    for (keys, needs) in [
        ("name = 'x'\ncomm = ['a']", none),
        ("name = '{{.Username}}'\ncomm = ['a']", Needs { user: true, ..none }),
        ("name = 'x'\nexe = ['a']", Needs { cmdline: true, ..none }),
        ("name = 'x'\nuser = ['a']", Needs { user: true, ..none }),
        ("name = 'x'\nunit = ['a']", Needs { cgroup: true, ..none }),
        ("name = 'x'\ntool = ['yosys']", none),
        ("name = 'x'\ntool = ['yosys', 'verilator-model']", Needs { exe: true, ..none }),
        ("name = 'x'\ntool = ['*']", Needs { exe: true, ..none }),
    ] {
        assert_eq!(rule(keys).needs(), needs, "{keys}");
    }
}

#[test]
fn our_rules_come_first_then_the_file_then_the_default() {
    let yaml = "process_names: [{comm: [a, b], name: theirs}]";
    let ours = "[[groups.rule]]\nname = 'ours'\ncomm = ['a']";
    let name = |namer: &Namer, comm| namer.name(&Facts { comm, cmdline: Some(b""), ..NOTHING });
    let namer = with_yaml(ours, yaml).unwrap();
    assert_eq!(name(&namer, b"a").unwrap(), "ours");
    assert_eq!(name(&namer, b"b").unwrap(), "theirs");
    assert_eq!(name(&namer, b"yosys-abc"), None);

    let toml = format!("[groups]\ndefault = true\nchildren = false\n{ours}");
    let namer = with_yaml(&toml, yaml).unwrap();
    assert_eq!(name(&namer, b"yosys-abc").unwrap(), "yosys");
    assert!(!namer.children_inherit());
}

#[test]
fn a_bad_file_stops_the_start() {
    let key = "groups.process_exporter_config: ";
    let error = with_yaml("", "process_names:\n- cmdline: ['(']\n").unwrap_err();
    assert_eq!(
        error,
        format!(
            "{key}all.yaml:2: process_names[0].cmdline[0]: bad regular expression \"(\": unclosed group"
        )
    );
    let missing = "[groups]\nprocess_exporter_config = '/does/not/exist.yaml'";
    let error = Namer::compile(&config(missing).unwrap()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{key}/does/not/exist.yaml: cannot be read: ")), "{error}");
    assert!(!Path::new("/does/not/exist.yaml").exists());
}

#[test]
fn a_bad_rule_is_refused_where_it_stands() {
    for (rule, line, expected) in [
        ("comm = ['a']", 2, "missing field `name`"),
        ("name = 'x'", 2, "no condition, expected at least one of `comm`, `exe`, "),
        ("name = 'x'\ncom = ['a']", 4, "unknown field `com`, expected one of `name`, `comm`, "),
        ("name = '{{.Nope}}'\ncomm = ['a']", 3, "{{.Nope}} is not supported; a name is text "),
        ("name = 'x'\ncmdline = [\n'a',\n'(']", 6, "bad regular expression \"(\": unclosed group"),
        ("name = 'x'\ncomm = 'a'", 4, "invalid type: string \"a\", expected a sequence"),
        ("name = 'x'\nunit = ['a[1]']", 4, "bad pattern \"a[1]\": '[' is not supported"),
        (
            "name = 'x'\ntool = ['vivado']",
            4,
            "unknown tool \"vivado\", expected \"*\" or one of verilator, ",
        ),
        ("name = 'x'\nuser = [-1]", 4, "no user has the number -1"),
        (
            "name = 'x'\nuser = [true]",
            4,
            "invalid type: boolean `true`, expected a user's name or number",
        ),
        ("name = 'x'\njob = 42", 4, "invalid type: integer `42`, expected a boolean"),
        ("name = 3\njob = true", 3, "invalid type: integer `3`, expected a string"),
    ] {
        let error = config(&format!("[groups]\n[[groups.rule]]\n{rule}\n")).unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(error.starts_with(&format!("TOML parse error at line {line}, ")), "{error}");
    }
}

proptest! {
    #[test]
    fn no_process_makes_it_panic(
        comm in proptest::collection::vec(any::<u8>(), 0..20),
        cmdline in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
        exe in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..60)),
        cgroups in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..60)),
        start_secs in proptest::option::of(any::<f64>()),
    ) {
        let namer = rule(
            "name = '{{.ExeBase}}{{.ExeFull}}{{.StartTime}}{{.Cgroups}}{{.Matches}}{{.PID}}'\n\
             cmdline = ['(?P<x>.*)(.)?']",
        );
        let facts = Facts {
            pid: 1,
            comm: &comm,
            start_secs,
            exe: exe.as_deref(),
            cmdline: cmdline.as_deref(),
            uid: None,
            cgroups: cgroups.as_deref(),
        };
        if let Some(name) = namer.name(&facts) {
            prop_assert!(name.len() <= 256 && !name.chars().any(char::is_control));
        }
    }
}
