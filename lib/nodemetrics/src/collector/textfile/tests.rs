//! Whole directories, on a page that has families of its own.

use crate::options::textfile::TextfileOptions;
use std::path::Path;
use std::sync::Arc;

use edctl_exposition::{Format, render};

use super::*;
use crate::reading::left_out::LeftOut;
use crate::reading::sysfs::tests::{put, tree};

/// The families that the files give to a page with an own one, and the errors.
fn shown(root: &Path, directories: &[&str]) -> (String, Vec<String>) {
    let directories =
        directories.iter().map(|dir| root.join(dir).to_string_lossy().into_owned()).collect();
    let mut collector = Textfile::new(&TextfileOptions { directories });
    let mut page = Page::default();
    page.add(Family::gauge("node_load1", "Load.").with(&[], 1u64));
    page.add(Family::counter("node_forks_total", "Forks.").with(&[], 1u64));
    let Gathered { faults, .. } = collector.gathered().unwrap();
    let mut faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
    let (outcome, left_out) = LeftOut::during(|| collector.collect(&mut page));
    outcome.unwrap();
    left_out.count(ENTRY.name, &mut page);
    page.finish();
    let mut counts: Vec<String> =
        page.errors().map(|(_, reason, times)| format!("{reason} {times}")).collect();
    counts.sort_unstable();
    faults.extend(counts);
    let text = render(&Arc::new(page), Format::Text).unwrap();
    let root = format!("{}/", root.display());
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.contains("node_textfile_mtime")).collect();
    (lines.join("\n").replace(&root, ""), faults.iter().map(|f| f.replace(&root, "")).collect())
}

#[test]
fn good_files_are_shown_and_bad_ones_are_named() {
    let dir = tree(&[
        (
            "d/a.prom",
            "# HELP raid_state Of a drive.\n# TYPE raid_state gauge\nraid_state{drive=\"0\"} 1\n",
        ),
        ("d/b.prom", "backups 3\nraid_state{drive=\"1\"} 0\n"),
        ("d/c.prom", "good 1\nbad\n"),
        ("d/d.prom", "good_too 1 1712000000000\n"),
        ("d/e.prom", "backups{host=\"w2\"} 4\n"),
        ("d/f.txt", "ignored 1\n"),
    ]);
    std::fs::create_dir(dir.path().join("d/g.prom")).unwrap();
    let (page, errors) = shown(dir.path(), &["d", "gone"]);
    let expected = "# HELP backups Metric read from d/b.prom, d/e.prom\n\
                    # TYPE backups untyped\n\
                    backups 3\n\
                    backups{host=\"w2\"} 4\n\
                    # HELP good Metric read from d/c.prom\n\
                    # TYPE good untyped\n\
                    good 1\n\
                    # HELP node_forks_total Forks.\n\
                    # TYPE node_forks_total counter\n\
                    node_forks_total 1\n\
                    # HELP node_load1 Load.\n\
                    # TYPE node_load1 gauge\n\
                    node_load1 1\n\
                    # HELP node_textfile_scrape_error Whether something in the files, or a file, \
                    could not be shown.\n\
                    # TYPE node_textfile_scrape_error gauge\n\
                    node_textfile_scrape_error 1\n\
                    # HELP raid_state Of a drive.\n\
                    # TYPE raid_state gauge\n\
                    raid_state{drive=\"0\"} 1";
    assert_eq!(page, expected);
    let expected = [
        "d/b.prom, line 2: the family raid_state has another type in d/a.prom",
        "d/c.prom, line 2: expected a number, not \"\"",
        "d/d.prom, line 1: expected no time behind the value, not \"1712000000000\"",
        "d/g.prom: is no regular file",
        "gone: No such file or directory (os error 2)",
        "family 1",
        "io 2",
        "parse 2",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn no_file_takes_a_name_of_the_agents_or_of_another_file() {
    let dir = tree(&[
        ("d/a.prom", "node_load1 7\nnode_forks 2\nmine 1\n"),
        ("d/b.prom", "edctl_jobs 1\nprocess_open_fds 2\nnode_textfile_scrape_error 0\n"),
        (
            "d/c.prom",
            "# TYPE wait summary\nwait_sum 1\nwait_count 1\n# HELP mine Mine.\nmine{a=\"b\"} 2\n",
        ),
        ("d/d.prom", "# HELP mine Yours.\nmine{a=\"c\"} 2\nwait_sum 1\n"),
    ]);
    let (page, errors) = shown(dir.path(), &["d"]);
    for shown in ["node_load1 1", "node_forks_total 1", "mine 1", "mine{a=\"b\"} 2", "wait_sum 1"] {
        assert_eq!(page.lines().filter(|line| *line == shown).count(), 1, "{shown} in\n{page}");
    }
    let expected = [
        "d/b.prom, line 1: the family edctl_jobs is one of the agent's own",
        "d/b.prom, line 2: the family process_open_fds is one of the agent's own",
        "d/b.prom, line 3: the family node_textfile_scrape_error is one of the agent's own",
        "d/d.prom, line 1: the family mine has another help text in d/a.prom",
        "family 4",
        "name 3",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn times_are_shown_of_good_files_and_nothing_without_a_directory() {
    let dir = tree(&[("one/a.prom", "a 1\n"), ("two/b.prom", "b\n")]);
    let pattern = format!("{}/*", dir.path().display());
    let twice = vec![pattern, format!("{}/one", dir.path().display())];
    let mut collector = Textfile::new(&TextfileOptions { directories: twice });
    let mut page = Page::default();
    collector.collect(&mut page).unwrap();
    let times = &page.family("node_textfile_mtime_seconds").unwrap().samples;
    let file = dir.path().join("one/a.prom").display().to_string();
    let labels: Vec<&str> = times.iter().map(|sample| &*sample.labels[0].1).collect();
    assert_eq!(labels, [&file]);

    put(dir.path(), "two/b.prom", b"b 1\n");
    let mut page = Page::default();
    collector.collect(&mut page).unwrap();
    assert_eq!(page.family("node_textfile_mtime_seconds").unwrap().samples.len(), 2);

    let mut page = Page::default();
    Textfile::new(&TextfileOptions::default()).collect(&mut page).unwrap();
    let error = page.family("node_textfile_scrape_error").unwrap();
    assert_eq!(error.samples[0].value, edctl_exposition::Value::U64(0));
    assert!(page.family("node_textfile_mtime_seconds").is_none());
}

/// A file whose every line has something to say.
const GOOD: &str = "# TYPE disks gauge\ndisks{bay=\"a\"} 1\ndisks{bay=\"b\"} 2\n\
                    # TYPE waits histogram\nwaits_bucket{le=\"1\"} 1\nwaits_bucket{le=\"+Inf\"} 2\n\
                    waits_sum 3.5\nwaits_count 2\n{\"quoted.name\", \"a.b\"=\"c\"} 5\nlast 7\n";

#[test]
fn an_odd_line_costs_what_it_says_and_nothing_else() {
    let series = |content: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "d/a.prom", content);
        let (page, errors) = shown(dir.path(), &["d"]);
        let lines = page.lines().filter(|line| !line.starts_with(['#', 'n']));
        (lines.map(str::to_owned).collect::<Vec<String>>(), errors.len())
    };
    let (whole, errors) = series(GOOD.as_bytes());
    assert_eq!((whole.len(), errors), (8, 0));
    let lines: Vec<&str> = GOOD.lines().collect();
    let with = |at: usize, line: &[u8]| {
        let line_of = |(index, other): (usize, &&str)| match index == at {
            true => [line, b"\n"].concat(),
            false => format!("{other}\n").into_bytes(),
        };
        lines.iter().enumerate().flat_map(line_of).collect::<Vec<u8>>()
    };
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let (without, _) = series(&with(at, b""));
        let (sample, _) = line.rsplit_once(' ').unwrap();
        for odd in ["x", "0x7", "", "7 1712000000000", "1e999", "7,5"] {
            let (found, errors) = series(&with(at, format!("{sample} {odd}").as_bytes()));
            assert_eq!(found, without, "{line} with {odd}");
            assert!(errors > 0, "{line} with {odd}");
        }
        let (found, _) = series(&with(at, &[b"\xfc", line.as_bytes()].concat()));
        assert_eq!(found, without, "{line} after another byte");
    }
}
