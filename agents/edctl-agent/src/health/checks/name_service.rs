//! The name service: the inventory's users are known, and soon.

use std::time::{Duration, Instant};

use edctl_daemon::{Apart, Lost};
use edctl_health::Class;
use nix::unistd::User;

use crate::health::check::{Check, Code, Entry, Finding, Ground};

pub(super) const ENTRY: Entry = Entry {
    name: "name_service",
    about: "whether the inventory's users resolve, and how soon (files, sssd, LDAP: whatever nsswitch.conf names)",
    codes: &[
        Code {
            code: "unknown_user",
            means: "a user of the cluster does not exist here",
            clear: "look at nsswitch.conf and sssd; run the playbook",
        },
        Code {
            code: "hangs",
            means: "the name service does not answer",
            clear: "look at sssd and its server",
        },
        Code {
            code: "slow",
            means: "a look-up took more than a second",
            clear: "look at sssd and its server",
        },
    ],
    compares: true,
    fails_after: 2,
    heals_after: 2,
    make: |ground| Box::new(NameService::new(ground)),
};

const PATIENCE: Duration = Duration::from_secs(2);
const SLOW: Duration = Duration::from_secs(1);

type Found = Result<Vec<String>, nix::Error>;

struct NameService {
    /// Absent where nobody is expected.
    looking: Option<Apart<Found>>,
}

impl NameService {
    fn new(ground: &Ground) -> Self {
        let users = ground.expected.users.clone();
        let start = || Apart::start("names", move || missing(&users));
        Self { looking: (!ground.expected.users.is_empty()).then(start) }
    }
}

/// Which of them nobody knows.
fn missing(users: &[String]) -> Found {
    let mut missing = Vec::new();
    for user in users {
        if User::from_name(user)?.is_none() {
            missing.push(user.clone());
        }
    }
    Ok(missing)
}

impl Check for NameService {
    fn look(&mut self) -> Finding {
        let Some(looking) = &mut self.looking else {
            return Finding::not_applicable("the inventory names no user");
        };
        looking.begin();
        let (found, took) = looking.end(Instant::now() + PATIENCE);
        match found {
            Err(lost @ Lost::Stuck { .. }) => {
                Finding::fail("hangs", lost.to_string()).of(Class::Infra)
            }
            Err(Lost::Ended) => Finding::unknown("its thread has ended"),
            Ok(Err(error)) => Finding::unknown(error),
            Ok(Ok(missing)) => match missing.first() {
                Some(user) => Finding::fail("unknown_user", format!("{user} is not known")),
                None if took > SLOW => {
                    Finding::warn("slow", format!("it took {:.1} s", took.as_secs_f64()))
                }
                None => Finding::pass("all users are known"),
            },
        }
    }
}
