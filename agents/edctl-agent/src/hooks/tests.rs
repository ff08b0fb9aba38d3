//! Record and writer with a disk that hangs, refuses and wakes as the test tells it to.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use edctl_hookmsg::Hook;

use super::record::{Record, Word};
use super::writer::{Opened, Writer};
use crate::node::{Disk, NodeState, Source, Store, StoreError, tests::event};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// For what must not come.
const MOMENT: Duration = Duration::from_millis(50);

/// The real files, behind a door that the test shuts.
struct Door {
    store: Store,
    asked: Sender<()>,
    way: Arc<Mutex<Way>>,
}

#[derive(Default)]
struct Way {
    /// Where the writer waits while the disk hangs.
    hanging: Option<Receiver<()>>,
    is_refusing: bool,
}

impl Door {
    fn pass(&self) -> Result<(), StoreError> {
        self.asked.send(()).unwrap();
        let hanging = self.way.lock().unwrap().hanging.take();
        if let Some(hanging) = hanging {
            // Until the other end is dropped.
            let _woken = hanging.recv();
        }
        if self.way.lock().unwrap().is_refusing { Err(StoreError::refusal()) } else { Ok(()) }
    }
}

impl Disk for Door {
    fn append(&mut self, lines: &[u8]) -> Result<(), StoreError> {
        self.pass().and_then(|()| self.store.append(lines))
    }

    fn is_long(&self) -> bool {
        self.store.is_long()
    }

    fn fold(&mut self, state: &NodeState) -> Result<(), StoreError> {
        self.pass().and_then(|()| self.store.fold(state))
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.pass().and_then(|()| self.store.sync())
    }
}

/// A record with its writer, on files of its own.
struct Node {
    dir: tempfile::TempDir,
    record: Arc<Record>,
    writer: Option<Writer>,
    asked: Receiver<()>,
    way: Arc<Mutex<Way>>,
}

impl Node {
    /// Whose disk answers the opening after `opens` is dropped.
    fn opening(opens: Receiver<()>, patience: Duration) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let record = Arc::new(Record::new("boot".to_owned()));
        let (told, asked) = channel();
        let way = Arc::new(Mutex::new(Way::default()));
        let for_door = Arc::clone(&way);
        let open = move || -> Opened {
            let _opens = opens.recv();
            let (store, state) = Store::open(&path, "boot").map_err(|e| e.to_string())?;
            Ok((Box::new(Door { store, asked: told.clone(), way: Arc::clone(&for_door) }), state))
        };
        let writer = Writer::start(Arc::clone(&record), open, patience).unwrap();
        Self { dir, record, writer: Some(writer), asked, way }
    }

    fn new() -> Self {
        let (_, opens) = channel();
        Self::opening(opens, PATIENCE)
    }

    /// Lets the disk's next answer wait until what this hands back is dropped.
    fn hang(&self) -> Sender<()> {
        let (wakes, hanging) = channel();
        self.way.lock().unwrap().hanging = Some(hanging);
        wakes
    }

    fn refuse(&self, is_refusing: bool) {
        self.way.lock().unwrap().is_refusing = is_refusing;
    }

    fn prolog(&self, job_id: u32) -> Option<Word> {
        self.record.take(&event(Hook::Prolog, job_id, u64::from(job_id)), Source::Socket)
    }

    fn jobs(&self) -> Vec<u32> {
        self.record.lock().state().jobs().map(|job| job.job_id).collect()
    }

    fn unwritten(&self) -> usize {
        self.record.lock().unwritten()
    }

    fn taken(&self) -> u64 {
        self.record.lock().counts().map(|(_, count)| count).sum()
    }

    /// What an agent would find that starts now.
    fn kept(&self) -> Vec<u32> {
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(self.dir.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        let (_, state) = Store::open(copy.path(), "boot").unwrap();
        state.jobs().map(|job| job.job_id).collect()
    }
}

fn wait_until(is_so: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "it never came");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_word_comes_when_the_event_is_in_the_files() {
    let node = Node::new();
    assert_eq!(node.prolog(1).unwrap().blocking_recv(), Ok(true));
    assert_eq!((node.kept(), node.unwritten()), (vec![1], 0));
}

#[test]
fn a_disk_that_hangs_holds_up_the_word_alone() {
    let node = Node::new();
    let wakes = node.hang();
    let mut first = node.prolog(1).unwrap();
    node.asked.recv().unwrap();
    let mut second = node.prolog(2).unwrap();
    // A spooled copy of what a hook gave up waiting for.
    let mut copy = node.record.take(&event(Hook::Prolog, 2, 2), Source::Spool).unwrap();
    assert!(node.record.sync(MOMENT).is_err(), "so the copy stays in the spool");
    assert_eq!((node.jobs(), node.unwritten(), node.taken()), (vec![1, 2], 2, 2));
    assert!(node.record.lock().disk().stuck() >= MOMENT);
    for word in [&mut first, &mut second, &mut copy] {
        assert!(word.try_recv().is_err());
    }
    assert_eq!(node.kept(), [0; 0]);

    drop(wakes);
    for word in [first, second, copy] {
        assert_eq!(word.blocking_recv(), Ok(true));
    }
    node.record.sync(PATIENCE).unwrap();
    assert_eq!((node.kept(), node.unwritten(), node.taken()), (vec![1, 2], 0, 2));
    assert_eq!(node.record.lock().disk().stuck(), Duration::ZERO);
}

#[test]
fn what_the_disk_refused_comes_with_a_snapshot() {
    let node = Node::new();
    node.refuse(true);
    assert_eq!(node.prolog(1).unwrap().blocking_recv(), Ok(false));
    assert!(node.record.sync(PATIENCE).is_err());
    assert_eq!((node.jobs(), node.kept()), (vec![1], vec![]));
    assert!(node.record.lock().disk().errors >= 2);

    node.refuse(false);
    assert_eq!(node.prolog(2).unwrap().blocking_recv(), Ok(true));
    node.record.sync(PATIENCE).unwrap();
    assert_eq!(node.kept(), [1, 2]);
}

#[test]
fn too_much_for_the_memory_is_not_taken_and_not_counted() {
    let node = Node::new();
    let wakes = node.hang();
    let _first = node.prolog(1).unwrap();
    node.asked.recv().unwrap();
    let mut taken: u32 = 1;
    while node.prolog(taken + 1).is_some() {
        taken += 1;
        assert!(taken < 100_000, "nothing is full");
    }
    assert_eq!(node.taken(), u64::from(taken));
    assert!(!node.jobs().contains(&(taken + 1)));
    drop(wakes);
    wait_until(|| node.unwritten() == 0);
    assert!(node.prolog(taken + 1).is_some(), "as soon as there is room");
}

#[test]
fn what_came_before_the_state_was_loaded_stands_on_it() {
    let (opens, hanging) = channel();
    let node = Node::opening(hanging, MOMENT);
    {
        let (mut store, mut state) = Store::open(node.dir.path(), "boot").unwrap();
        for job_id in [1, 2] {
            state.apply(&event(Hook::Prolog, job_id, 1), Source::Socket, "boot");
        }
        store.fold(&state).unwrap();
    }
    let word = node.prolog(3).unwrap();
    let epilog = node.record.take(&event(Hook::Epilog, 1, 9), Source::Socket).unwrap();
    assert!(!node.record.lock().is_loaded());
    assert!(node.record.lock().disk().stuck() >= MOMENT);

    drop(opens);
    for word in [word, epilog] {
        assert_eq!(word.blocking_recv(), Ok(true));
    }
    assert!(node.record.lock().is_loaded());
    assert_eq!((node.jobs(), node.kept()), (vec![2, 3], vec![2, 3]));
}

#[test]
fn a_start_says_what_is_wrong_with_its_disk() {
    let record = Arc::new(Record::new("boot".to_owned()));
    let started = Writer::start(record, || Err("no such place".into()), PATIENCE);
    assert_eq!(started.err().map(|error| error.to_string()).as_deref(), Some("no such place"));
}

#[test]
fn the_end_waits_for_the_disk_but_not_for_ever() {
    let mut node = Node::new();
    let _word = node.prolog(1).unwrap();
    drop(node.writer.take());
    assert_eq!(node.kept(), [1]);

    let mut node = Node::new();
    let _never_wakes = node.hang();
    let _word = node.prolog(1).unwrap();
    let began = Instant::now();
    drop(node.writer.take());
    assert!(began.elapsed() < PATIENCE / 2);
}
