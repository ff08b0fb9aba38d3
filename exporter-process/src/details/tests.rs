use std::fs;
use std::time::Instant;

use super::*;
use crate::comm::Comm;
use crate::config::Limits;
use crate::groups::Groups;
use crate::groups::tests::stat;

const SINCE_NS: u64 = 1_000_000;

/// A proc of our own making, its groups and their details.
struct Test {
    proc: tempfile::TempDir,
    groups: Groups,
    members: Vec<Member>,
    details: Details,
}

impl Test {
    fn new(limits: DetailLimits) -> Self {
        Self {
            proc: tempfile::tempdir().unwrap(),
            groups: Groups::new(Limits::default()),
            members: Vec::new(),
            details: Details::new(limits, SINCE_NS),
        }
    }

    fn begin(&mut self) {
        self.groups.begin(Instant::now());
        self.members.clear();
    }

    fn process(&mut self, pid: u32, group: &str, start_ns: u64, io: &str) {
        let dir = self.proc.path().join(pid.to_string());
        fs::create_dir_all(dir.join("fd")).unwrap();
        for fd in ["0", "1", "2"] {
            fs::write(dir.join("fd").join(fd), "").unwrap();
        }
        let status =
            "VmSwap:\t 4 kB\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t3\n";
        fs::write(dir.join("status"), status).unwrap();
        fs::write(dir.join("limits"), "Max open files  30  30  files\n").unwrap();
        fs::write(dir.join("wchan"), "do_wait").unwrap();
        fs::write(dir.join("io"), io).unwrap();
        let group = self.groups.id_of(group);
        self.groups.see(group, &stat(pid, "x", 2000, 1));
        self.members.push(Member {
            pid,
            start_ticks: start_ns,
            start_ns,
            threads: 1,
            resident_bytes: 0,
            has_memory: true,
            group,
        });
    }

    /// Gives the last process one more thread.
    fn thread(&mut self, id: u32, status: &str) {
        let member = self.members.last_mut().unwrap();
        member.threads += 1;
        let dir = self.proc.path().join(format!("{}/task/{id}", member.pid));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("status"), status).unwrap();
    }

    fn read(&mut self, ended: &[(GroupId, Exit)]) {
        let mut proc = ProcFs::open(self.proc.path()).unwrap();
        self.details.choose(&self.groups.sorted());
        self.details.end(ended);
        self.details.read(&mut proc, &self.members);
    }

    fn detail(&mut self, group: &str) -> Option<&Detail> {
        let group = self.groups.id_of(group);
        self.details.of(group)
    }
}

fn io(read_bytes: u64, write_bytes: u64) -> String {
    format!("rchar: 1\nread_bytes: {read_bytes}\nwrite_bytes: {write_bytes}\n")
}

fn limits(max_processes: u64) -> DetailLimits {
    DetailLimits { max_processes, ..DetailLimits::default() }
}

#[test]
fn a_group_is_the_sum_of_its_processes() {
    let mut test = Test::new(limits(10));
    test.begin();
    test.process(1, "old", 5, &io(1000, 0));
    test.process(2, "new", 2 * SINCE_NS, &io(100, 10));
    test.process(3, "new", 2 * SINCE_NS, &io(200, 20));
    test.read(&[]);
    let detail = test.detail("new").unwrap();
    assert_eq!((detail.counted.read_bytes, detail.counted.write_bytes), (300, 30));
    assert_eq!(detail.counted.voluntary_switches, 14);
    assert_eq!(detail.now.swapped_bytes.value(), Some(8192));
    assert_eq!(detail.now.wchans["do_wait"], 2);
    // An old one counts from the first reading.
    assert_eq!(test.detail("old").unwrap().counted, Activity::default());

    test.begin();
    test.process(1, "old", 5, &io(1500, 5));
    test.process(2, "new", 2 * SINCE_NS, &io(150, 10));
    test.read(&[]);
    assert_eq!(test.detail("old").unwrap().counted.read_bytes, 500);
    assert_eq!(test.detail("new").unwrap().counted.read_bytes, 350);
}

#[test]
fn open_files_are_counted_and_compared_with_their_limit() {
    let proc = tempfile::tempdir().unwrap();
    let mut detail = Detail::default();
    let limit = |limit| -> Result<_, ReadError> { Ok(limit) };
    detail.now.add_open_files(3, limit(Some(30)));
    detail.now.add_open_files(2, limit(Some(10)));
    detail.now.add_open_files(100, limit(None));
    assert_eq!(detail.now.open_files.value(), Some(105));
    assert_eq!(detail.now.worst_open_files_ratio(), Some(0.2));
    detail.now.add_open_files(1, Err(ReadError::Malformed));
    assert_eq!(detail.now.open_files.value(), Some(106));
    assert_eq!(detail.now.worst_open_files_ratio(), None);
    let mut own = ProcFs::open(std::path::Path::new("/proc")).unwrap();
    let before = own.count_open_files(std::process::id()).unwrap();
    let _open = fs::File::open(proc.path()).unwrap();
    assert!(before > 0 && own.count_open_files(std::process::id()).unwrap() > 0);
}

#[test]
fn a_sum_that_lacks_a_process_is_absent_and_the_process_is_counted() {
    let mut test = Test::new(limits(10));
    test.begin();
    test.process(1, "sh", 2 * SINCE_NS, &io(100, 10));
    test.process(2, "sh", 2 * SINCE_NS, "garbage");
    test.read(&[]);
    let detail = test.detail("sh").unwrap();
    assert!(detail.now.lacks.read_bytes && detail.now.lacks.write_bytes);
    assert!(!detail.now.lacks.voluntary_switches);
    assert_eq!(detail.now.swapped_bytes.value(), Some(8192));
    assert_eq!(test.details.unreadable().collect::<Vec<_>>(), [("io", 1)]);

    // One that is gone spoils nothing.
    test.begin();
    test.process(1, "sh", 2 * SINCE_NS, &io(100, 10));
    test.process(3, "sh", 2 * SINCE_NS, &io(5, 5));
    fs::remove_dir_all(test.proc.path().join("3")).unwrap();
    test.read(&[]);
    assert_eq!(test.detail("sh").unwrap().counted.read_bytes, 100);
    assert_eq!(test.detail("sh").unwrap().now.lacks, Activity::default());
}

#[test]
fn context_switches_are_of_all_threads_or_absent() {
    let switches = |test: &mut Test, group: &str| {
        let detail = test.detail(group).unwrap();
        (!detail.now.lacks.voluntary_switches).then_some(detail.counted.voluntary_switches)
    };
    let mut test = Test::new(limits(10));
    test.begin();
    test.process(1, "pool", 2 * SINCE_NS, &io(1, 1));
    test.thread(8, "voluntary_ctxt_switches:\t100\nnonvoluntary_ctxt_switches:\t3\n");
    test.process(2, "odd", 2 * SINCE_NS, &io(1, 1));
    test.thread(9, "garbage");
    test.process(3, "vast", 2 * SINCE_NS, &io(1, 1));
    test.members.last_mut().unwrap().threads = MAX_THREADS;
    test.read(&[]);
    assert_eq!(switches(&mut test, "pool"), Some(107));
    assert_eq!(switches(&mut test, "odd"), None);
    assert_eq!(switches(&mut test, "vast"), None);
    assert_eq!(test.details.unreadable().collect::<Vec<_>>(), [("status", 1)]);
}

#[test]
fn too_many_processes_leave_their_group_out_and_the_asked_come_first() {
    let asked = DetailLimits { groups: vec!["asked".to_owned()], ..limits(3) };
    let mut test = Test::new(asked);
    test.begin();
    for pid in 1..=4 {
        test.process(pid, "many", 5, &io(1, 1));
    }
    test.process(5, "asked", 5, &io(1, 1));
    test.process(6, "few", 5, &io(1, 1));
    test.read(&[]);
    assert!(test.detail("asked").is_some() && test.detail("few").is_some());
    assert!(test.detail("many").is_none());
    assert_eq!(test.details.skipped_groups(), 1);
    assert_eq!(test.details.known.len(), 2);
}

#[test]
fn ended_processes_complete_what_was_read_of_them() {
    let mut test = Test::new(limits(10));
    test.begin();
    test.process(1, "sh", 2 * SINCE_NS, &io(100, 10));
    test.read(&[]);
    let group = test.groups.id_of("sh");
    let end = |pid, start_ns, read_bytes| {
        let activity = Activity { read_bytes, ..Activity::default() };
        let comm = Comm::new(b"sh");
        let used = crate::usage::Usage::default();
        (group, Exit { pid, parent: 9, uid: 0, comm, start_ns, used, activity })
    };
    test.begin();
    // The one that was read, one that nobody met, and an old one of which nothing is known.
    test.read(&[end(1, 2 * SINCE_NS, 130), end(2, 2 * SINCE_NS, 7), end(3, 5, 99_999)]);
    assert_eq!(test.detail("sh").unwrap().counted.read_bytes, 137);
}
