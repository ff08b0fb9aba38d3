//! What EDCTL_FUZZ_TARGET names: a collector of the node, or another parser. Without a name it lists
//! all that there are, and ends.
//!
//! EDCTL_FUZZ_TREE is a copy of a tree that the target may change. A collector's seeds, which are that
//! tree's files, go to EDCTL_FUZZ_SEEDS.
#![no_main]

mod libraries;

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::exit;

use edctl_nodemetrics::fuzzing::{Files, Named, PARSERS, Parser, collectors};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static TARGET: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn place(name: &str) -> PathBuf {
    variable(name).unwrap_or_else(|| fail(&format!("{name} must name a directory"))).into()
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    exit(1)
}

fn parsers() -> impl Iterator<Item = &'static Named> {
    PARSERS.iter().chain(libraries::PARSERS)
}

fn list() {
    let mut names: Vec<&str> = collectors().chain(parsers().map(|(name, _)| *name)).collect();
    names.sort_unstable();
    names.iter().for_each(|name| println!("{name}"));
}

fn target(name: &str) -> Parser {
    let tree = place("EDCTL_FUZZ_TREE");
    if let Some((_, make)) = parsers().find(|(other, _)| *other == name) {
        return make(&tree);
    }
    if !collectors().any(|other| other == name) {
        fail(&format!("there is no {name}"));
    }
    let mut files = Files::new(name, &tree);
    let seeds = place("EDCTL_FUZZ_SEEDS");
    let mut count = 0;
    for seed in files.seeds() {
        std::fs::write(seeds.join(format!("seed-{count}")), seed).expect("a place for seeds");
        count += 1;
    }
    if count == 0 {
        fail(&format!("{name} reads no file of the tree: nothing of it would be tried"));
    }
    Box::new(move |input| files.try_input(input))
}

fuzz_target!(
    init: {
        match variable("EDCTL_FUZZ_TARGET") {
            Some(name) => TARGET.set(Some(target(&name))),
            None => {
                list();
                exit(0);
            }
        }
    },
    |input: &[u8]| TARGET.with_borrow_mut(|target| target.as_mut().expect("a target")(input))
);
