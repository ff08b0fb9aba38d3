//! One odd value in a file of a job's groups costs its own series.

use super::*;
use crate::service::odd_tests::{Shown, Tree};

/// A node of cgroup v1 with a job of one step.
fn v1() -> Node {
    let node = Node::new();
    let job = "slurm/uid_2000/job_7";
    for dir in ["slurm", job, &format!("{job}/step_0")] {
        node.write(
            &format!("cgroup/cpu,cpuacct/{dir}"),
            &[
                ("cpuacct.usage", "9000000000\n"),
                ("cpuacct.stat", "user 75\nsystem 25\n"),
                ("cpu.stat", "nr_periods 9\nnr_throttled 3\nthrottled_time 1500000000\n"),
            ],
        );
        node.write(
            &format!("cgroup/memory/{dir}"),
            &[
                ("memory.use_hierarchy", "1\n"),
                ("memory.usage_in_bytes", "1000\n"),
                ("memory.max_usage_in_bytes", "2000\n"),
                ("memory.limit_in_bytes", "4096\n"),
                ("memory.stat", "rss 7\ntotal_cache 300\ntotal_rss 600\ntotal_shmem 50\n"),
                ("memory.failcnt", "5\n"),
                ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
            ],
        );
        node.write(&format!("cgroup/cpuset/{dir}"), &[("cpuset.cpus", "0-3\n")]);
        node.write(
            &format!("cgroup/blkio/{dir}"),
            &[
                (
                    "blkio.throttle.io_service_bytes_recursive",
                    "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\n8:16 Read 5\n8:16 Write 6\nTotal 41\n",
                ),
                ("blkio.throttle.io_serviced_recursive", "8:0 Read 1\n8:0 Write 2\nTotal 3\n"),
            ],
        );
        node.write(
            &format!("cgroup/pids/{dir}"),
            &[("pids.current", "5\n"), ("pids.max", "100\n")],
        );
    }
    node
}

/// Changes each value in the files of these directories.
fn check_odd_values(node: Node, dirs: &[&str]) -> usize {
    let node = std::cell::RefCell::new(node);
    let root = node.borrow().root.path().to_owned();
    let show = |change: &dyn Fn()| {
        change();
        let mut node = node.borrow_mut();
        (node.store, node.reader, node.passes) = (Store::default(), Reader::default(), 0);
        node.sample();
        let faults = node.store.take_faults().total();
        Shown::new(&node.page(), faults)
    };
    let tree = Tree { root: &root, show: &show };
    let mut changes = 0;
    for dir in dirs {
        for entry in fs::read_dir(root.join("cgroup").join(dir)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                let file = entry.path().strip_prefix(&root).unwrap().to_owned();
                changes += tree.check(file.to_str().unwrap());
            }
        }
    }
    changes
}

#[test]
fn an_odd_value_costs_its_own_series() {
    let scope = "system.slice/slurmstepd.scope";
    let changes = check_odd_values(v2(), &[scope, &format!("{scope}/job_7")]);
    assert!(changes > 150, "{changes}");
    let job = "slurm/uid_2000/job_7";
    let mut dirs = Vec::new();
    for controller in ["cpu,cpuacct", "memory", "cpuset", "blkio", "pids"] {
        for group in ["slurm", job, &format!("{job}/step_0")] {
            dirs.push(format!("{controller}/{group}"));
        }
    }
    let dirs: Vec<&str> = dirs.iter().map(String::as_str).collect();
    let changes = check_odd_values(v1(), &dirs);
    assert!(changes > 200, "{changes}");
}
