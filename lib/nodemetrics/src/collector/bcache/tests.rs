use super::*;
use crate::options::Options;
use crate::options::bcache::BcacheOptions;
use crate::reading::error::State;
use crate::reading::sysfs::tests::{put, shown, shown_with, tree};

const SET_DIR: &str = "fs/bcache/00ab-11";

fn set() -> tempfile::TempDir {
    let dir = tree(&[("fs/bcache/register", "")]);
    for (file, content) in [
        ("btree_cache_size", "1.5M\n"),
        ("tree_depth", "deep\n"),
        ("internal/btree_read_average_duration_us", "250\n"),
        ("internal/cache_read_races", "3\n"),
        ("bdev0/dirty_data", "2.0k\n"),
        ("bdev0/stats_total/cache_hits", "546\n"),
        (
            "bdev0/writeback_rate_debug",
            "rate:\t4.0k/sec\ndirty:\t2.0k\nintegral:\t-1.0k\nchange:\tx\n",
        ),
        ("cache0/written", "3.0G\n"),
        ("cache0/priority_stats", "Unused:\t\t95%\nClean:\t\t4%\nMetadata:\t1%\n"),
        ("cache_available_percent", "99\n"),
    ] {
        put(dir.path(), &format!("{SET_DIR}/{file}"), content.as_bytes());
    }
    dir
}

#[test]
fn a_set_its_disk_and_its_cache() {
    let dir = set();
    let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
    assert_eq!(errors, 2);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            r#"node_bcache_btree_cache_size_bytes{uuid="00ab-11"} 1572864"#,
            r#"node_bcache_btree_read_average_duration_seconds{uuid="00ab-11"} 0.00025"#,
            r#"node_bcache_cache_available_percent{uuid="00ab-11"} 99"#,
            r#"node_bcache_cache_hits_total{uuid="00ab-11",backing_device="bdev0"} 546"#,
            r#"node_bcache_cache_read_races_total{uuid="00ab-11"} 3"#,
            r#"node_bcache_dirty_data_bytes{uuid="00ab-11",backing_device="bdev0"} 2048"#,
            r#"node_bcache_writeback_rate{uuid="00ab-11",backing_device="bdev0"} 4096"#,
            r#"node_bcache_writeback_rate_integral_term{uuid="00ab-11",backing_device="bdev0"} -1024"#,
            r#"node_bcache_written_bytes_total{uuid="00ab-11",cache_device="cache0"} 3221225472"#,
        ]
    );
    assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
}

#[test]
fn priorities_where_they_are_asked_for() {
    let options = Options { bcache: BcacheOptions { priority_stats: true }, ..Options::default() };
    let (text, _) = shown_with(&ENTRY, set().path(), &options).unwrap();
    for line in [
        r#"node_bcache_priority_stats_unused_percent{uuid="00ab-11",cache_device="cache0"} 95"#,
        r#"node_bcache_priority_stats_metadata_percent{uuid="00ab-11",cache_device="cache0"} 1"#,
    ] {
        assert!(text.contains(line), "{text}");
    }
}
