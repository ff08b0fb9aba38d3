//! One collector of edctl-agent, named by EDCTL_FUZZ_COLLECTOR, over the tree EDCTL_FUZZ_TREE. With
//! EDCTL_FUZZ_SEEDS it writes its seeds there and ends.
#![no_main]

use std::cell::RefCell;
use std::path::Path;

use edctl_agent::fuzzing::Subject;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static SUBJECT: RefCell<Subject> = RefCell::new(Subject::new(
        &variable("EDCTL_FUZZ_COLLECTOR").expect("EDCTL_FUZZ_COLLECTOR names a collector"),
        Path::new(&variable("EDCTL_FUZZ_TREE").expect("EDCTL_FUZZ_TREE is a copy of a tree")),
    ));
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn write_seeds(place: &str) {
    SUBJECT.with_borrow(|subject| {
        for (index, seed) in subject.seeds().enumerate() {
            std::fs::write(Path::new(place).join(format!("seed-{index}")), seed)
                .expect("a directory for the seeds");
        }
    });
}

fuzz_target!(
    init: {
        if let Some(place) = variable("EDCTL_FUZZ_SEEDS") {
            write_seeds(&place);
            std::process::exit(0);
        }
    },
    |input: &[u8]| SUBJECT.with_borrow_mut(|subject| subject.try_input(input))
);
