use super::*;
use crate::options::Options;
use crate::reading::error::State;
use crate::reading::sysfs::tests::{put, shown, shown_with, tree};

const ID: &str = "fs/btrfs/0a1b-22";

fn filesystem() -> tempfile::TempDir {
    let dir = tree(&[("fs/btrfs/features/raid1c34", "0")]);
    for (file, content) in [
        ("label", "scratch\n"),
        ("allocation/global_rsv_size", "4096\n"),
        ("allocation/data/bytes_reserved", "1\n"),
        ("allocation/data/raid1/total_bytes", "20\n"),
        ("allocation/data/raid1/used_bytes", "many\n"),
        ("commit_stats", "commits 3\nlast_commit_ms 1500\nnew_field 1\n"),
        ("devices/sdb/size", "2\n"),
        ("devinfo/1/error_stats", "write_errs 0\nread_errs 7\n"),
    ] {
        put(dir.path(), &format!("{ID}/{file}"), content.as_bytes());
    }
    dir
}

#[test]
fn a_file_system_of_one_device() {
    let (text, errors) = shown_with(&ENTRY, filesystem().path(), &Options::default()).unwrap();
    assert_eq!(errors, 1);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            r#"node_btrfs_allocation_ratio{uuid="0a1b-22",block_group_type="data",mode="raid1"} 2"#,
            r#"node_btrfs_commits_total{uuid="0a1b-22"} 3"#,
            r#"node_btrfs_device_errors_total{uuid="0a1b-22",device="sdb",devid="1",type="write"} 0"#,
            r#"node_btrfs_device_errors_total{uuid="0a1b-22",device="sdb",devid="1",type="read"} 7"#,
            r#"node_btrfs_device_size_bytes{uuid="0a1b-22",device="sdb"} 1024"#,
            r#"node_btrfs_global_rsv_size_bytes{uuid="0a1b-22"} 4096"#,
            r#"node_btrfs_info{uuid="0a1b-22",label="scratch"} 1"#,
            r#"node_btrfs_last_commit_seconds{uuid="0a1b-22"} 1.5"#,
            r#"node_btrfs_reserved_bytes{uuid="0a1b-22",block_group_type="data"} 1"#,
            r#"node_btrfs_size_bytes{uuid="0a1b-22",block_group_type="data",mode="raid1"} 20"#,
        ]
    );
}

#[test]
fn which_of_two_devices_has_errors_is_not_known() {
    let dir = filesystem();
    put(dir.path(), &format!("{ID}/metadata_uuid"), b"ff-1\n");
    put(dir.path(), &format!("{ID}/devices/sdc/size"), b"2\n");
    put(dir.path(), &format!("{ID}/devinfo/2/error_stats"), b"invalid\n");
    let text = shown(&ENTRY, dir.path()).unwrap();
    let line = "node_btrfs_device_errors_total{uuid=\"ff-1\",devid=\"1\",type=\"read\"} 7";
    assert!(text.contains(line), "{text}");
    assert!(!text.contains("devid=\"2\""), "{text}");
    assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
}

#[test]
fn ratios() {
    for (mode, devices, expected) in [
        ("raid0", 2, Some(1.0)),
        ("raid1c4", 4, Some(4.0)),
        ("raid5", 3, Some(1.5)),
        ("raid6", 4, Some(2.0)),
        ("raid6", 2, None),
        ("raid5", 0, None),
        ("bytes_used", 1, None),
    ] {
        assert_eq!(ratio(mode, devices), expected, "{mode} {devices}");
    }
}
