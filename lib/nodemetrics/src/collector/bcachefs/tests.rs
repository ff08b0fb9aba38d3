use super::*;
use crate::options::Options;
use crate::reading::error::State;
use crate::reading::sysfs::tests::{put, shown, shown_with, tree};

#[test]
fn a_file_system_of_one_device() {
    let dir = tree(&[]);
    for (file, content) in [
        ("btree_cache_size", "2.0M\n"),
        ("compression_stats", "type compressed uncompressed\nzstd: 1.0k 3.0k\n"),
        ("errors", "x_bad 2 1700000000\n"),
        ("counters/btree_node-read", "since mount: 1\nsince filesystem creation: 9\n"),
        ("counters/odd", "nothing\n"),
        ("btree_write_stats", " nr size\ninitial: 4 1.0k\n"),
        ("dev-0/label", "ssd.a\n"),
        ("dev-0/state", "rw\n"),
        ("dev-0/bucket_size", "1.0M\n"),
        ("dev-0/nbuckets", "many\n"),
        ("dev-0/io_done", "read:\njournal : 512\n"),
        ("dev-0/io_errors", "IO errors since filesystem creation\n  read: 1\n"),
    ] {
        put(dir.path(), &format!("fs/bcachefs/aa-bb/{file}"), content.as_bytes());
    }
    let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
    assert_eq!(errors, 2);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            r#"node_bcachefs_btree_cache_size_bytes{uuid="aa-bb"} 2097152"#,
            r#"node_bcachefs_btree_node_read_total{uuid="aa-bb"} 9"#,
            r#"node_bcachefs_btree_write_average_size_bytes{uuid="aa-bb",type="initial"} 1024"#,
            r#"node_bcachefs_btree_writes_total{uuid="aa-bb",type="initial"} 4"#,
            r#"node_bcachefs_compression_compressed_bytes{uuid="aa-bb",algorithm="zstd"} 1024"#,
            r#"node_bcachefs_compression_uncompressed_bytes{uuid="aa-bb",algorithm="zstd"} 3072"#,
            r#"node_bcachefs_device_bucket_size_bytes{uuid="aa-bb",device="0"} 1048576"#,
            r#"node_bcachefs_device_info{uuid="aa-bb",device="0",label="ssd.a",state="rw"} 1"#,
            r#"node_bcachefs_device_io_done_bytes_total{uuid="aa-bb",device="0",operation="read",data_type="journal"} 512"#,
            r#"node_bcachefs_device_io_errors_total{uuid="aa-bb",device="0",type="read"} 1"#,
            r#"node_bcachefs_errors_total{uuid="aa-bb",error_type="x_bad"} 2"#,
            r#"node_bcachefs_info{uuid="aa-bb"} 1"#,
        ]
    );
}

#[test]
fn none_is_mounted() {
    for files in [[].as_slice(), &[("fs/bcachefs/file", "")]] {
        assert_eq!(shown(&ENTRY, tree(files).path()), Err(State::Absent));
    }
}
