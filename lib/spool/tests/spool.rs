//! A spool on a real directory: durable, bounded, in order, and unimpressed by strangers' files.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use edctl_spool::{Depth, Limits, Name, Spool, SpoolError, Take};
use tempfile::TempDir;

fn name(time_usec: u64) -> Name {
    Name { time_usec, job_id: 42, kind: "prolog".into() }
}

fn spool(limits: Limits) -> (TempDir, Spool) {
    let dir = tempfile::tempdir().unwrap();
    let spool = Spool::open(dir.path(), limits).unwrap();
    (dir, spool)
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Replays everything and hands back what was seen, with `said` as the reader's word for each.
fn seen(spool: &Spool, said: Take) -> Vec<String> {
    let mut seen = Vec::new();
    let take = |_: &Name, record: &[u8]| {
        seen.push(String::from_utf8(record.to_vec()).unwrap());
        said
    };
    spool.replay(100, take, || Ok::<(), SpoolError>(())).unwrap();
    seen
}

#[test]
fn replays_in_order_once() {
    let (dir, spool) = spool(Limits::default());
    for time in [3, 1, 2] {
        spool.write(&name(time), format!("record {time}").as_bytes()).unwrap();
    }
    assert_eq!(spool.depth().unwrap(), Depth { records: 3, bytes: 24, ..Depth::default() });
    assert_eq!(seen(&spool, Take::Taken), ["record 1", "record 2", "record 3"]);
    assert_eq!(files(dir.path()), [""; 0]);
    assert_eq!(seen(&spool, Take::Taken), [""; 0]);
}

#[test]
fn a_taken_name_moves_on() {
    let (_dir, spool) = spool(Limits::default());
    assert_eq!(spool.write(&name(7), b"a").unwrap(), name(7));
    assert_eq!(spool.write(&name(7), b"b").unwrap(), name(8));
    assert_eq!(seen(&spool, Take::Taken), ["a", "b"]);
}

#[test]
fn a_record_is_private_and_whole() {
    let (dir, spool) = spool(Limits::default());
    let written = spool.write(&name(1), b"x").unwrap();
    let meta = fs::metadata(dir.path().join(written.to_string())).unwrap();
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
}

#[test]
fn keeps_records_until_the_reader_is_durable() {
    let (dir, spool) = spool(Limits::default());
    spool.write(&name(1), b"x").unwrap();
    let failed = spool.replay(100, |_, _| Take::Taken, || Err(SpoolError::TooLarge { bytes: 0 }));
    assert!(failed.is_err());
    assert_eq!(files(dir.path()), [name(1).to_string()]);
    assert_eq!(seen(&spool, Take::Later), ["x"]);
    assert_eq!(files(dir.path()), [name(1).to_string()]);
}

#[test]
fn takes_no_more_than_a_batch() {
    let (_dir, spool) = spool(Limits::default());
    for time in 1..=5 {
        spool.write(&name(time), b"x").unwrap();
    }
    let replayed = spool.replay(2, |_, _| Take::Taken, || Ok::<(), SpoolError>(())).unwrap();
    assert_eq!((replayed.taken, replayed.left), (2, 3));
}

#[test]
fn puts_corrupt_records_aside_and_keeps_few() {
    let (dir, spool) = spool(Limits { corrupt: 2, ..Limits::default() });
    for time in 1..=3 {
        spool.write(&name(time), b"?").unwrap();
    }
    assert_eq!(seen(&spool, Take::Corrupt).len(), 3);
    assert_eq!(files(dir.path()), [format!("{}.bad", name(2)), format!("{}.bad", name(3))]);
    assert_eq!(seen(&spool, Take::Taken), [""; 0]);
}

#[test]
fn refuses_more_than_its_limits() {
    let limits = Limits { records: 3, bytes: 20, record_bytes: 10, corrupt: 1 };
    let (dir, spool) = spool(limits);
    assert!(matches!(spool.write(&name(1), &[b'x'; 11]), Err(SpoolError::TooLarge { bytes: 11 })));
    spool.write(&name(1), &[b'x'; 10]).unwrap();
    spool.write(&name(2), &[b'x'; 10]).unwrap();
    assert!(matches!(spool.write(&name(3), b"x"), Err(SpoolError::Full { .. })));
    spool.remove(&name(1)).unwrap();
    spool.write(&name(3), b"x").unwrap();
    spool.write(&name(4), b"x").unwrap();
    assert!(matches!(spool.write(&name(5), b"x"), Err(SpoolError::Full { records: 3, .. })));
    assert_eq!(files(dir.path()).len(), 3);
}

#[test]
fn leaves_strangers_alone_and_sweeps_killed_writers() {
    let (dir, spool) = spool(Limits::default());
    let killed = format!("{}.tmp", name(1));
    for file in [killed.as_str(), "README", "notes.tmp"] {
        fs::write(dir.path().join(file), b"half").unwrap();
    }
    assert_eq!(seen(&spool, Take::Taken), [""; 0]);
    assert_eq!(spool.sweep(Duration::from_secs(60), SystemTime::now()).unwrap(), 0);
    let later = SystemTime::now() + Duration::from_secs(120);
    assert_eq!(spool.sweep(Duration::from_secs(60), later).unwrap(), 1);
    assert_eq!(files(dir.path()), ["README", "notes.tmp"]);
}

#[test]
fn never_follows_a_link() {
    let (dir, spool) = spool(Limits::default());
    let secret = dir.path().join("secret");
    fs::write(&secret, b"secret").unwrap();
    symlink(&secret, dir.path().join(name(1).to_string())).unwrap();
    symlink(&secret, dir.path().join(format!("{}.tmp", name(2)))).unwrap();
    assert_eq!(spool.write(&name(2), b"mine").unwrap(), name(3));
    assert_eq!(seen(&spool, Take::Taken), ["mine"], "the link is put aside, not read");
    assert_eq!(fs::read(&secret).unwrap(), b"secret");

    let link = dir.path().join("link");
    symlink(dir.path(), &link).unwrap();
    assert!(matches!(Spool::open(&link, Limits::default()), Err(SpoolError::Io { .. })));
}

#[test]
fn a_missing_directory_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none");
    assert!(matches!(Spool::open(&missing, Limits::default()), Err(SpoolError::Io { .. })));
}
