//! Passwords as the file has them: hashed by bcrypt.

use std::fmt;
use std::str::FromStr;

use bcrypt::HashParts;

/// bcrypt's own bounds are 4 and 31. A hash of cost 18, which exporter-toolkit's example has, takes a
/// quarter of a minute; with more no scrape would ever be in time.
const COSTS: std::ops::RangeInclusive<u32> = 4..=18;
/// The highest cost that keeps no scrape waiting: a quarter of a second.
const QUICK_COST: u32 = 12;
/// How long a hash of cost 10 takes on one core of a present server; each step of the cost doubles it.
const SECS_AT_10: f64 = 0.06;
/// Salt and hash of no password that anybody knows.
const NOBODYS: &str = "W1c9T8bq5Z0uX3kM7rJ2eOe4hP6yN5vB1sD8gF0aL9iK3mC7xQ2tS";

/// A password's hash. It is not shown, not even in errors.
#[derive(Clone)]
pub(super) struct Hash {
    text: String,
    cost: u32,
}

impl Hash {
    /// Whether it is this password's. Takes as long for every password: some 70 ms at cost 10, and
    /// twice as long for each cost more.
    pub(super) fn is_of(&self, password: &[u8]) -> bool {
        bcrypt::verify(password, &self.text).unwrap_or(false)
    }

    /// Whether it takes so long that others must not wait for it.
    pub(super) fn is_slow(&self) -> bool {
        self.cost > QUICK_COST
    }

    /// The warning about a slow hash.
    pub(super) fn slowness(&self) -> Option<String> {
        self.is_slow().then(|| {
            format!(
                "its hash has cost {}, which takes some {:.1} s to check; the first scrape may come too \
                 late. Better is a cost of at most {QUICK_COST}: htpasswd -nBC 10",
                self.cost,
                secs(self.cost)
            )
        })
    }

    /// A hash for users that do not exist, so that they are refused as slowly as the slowest of those
    /// that do and have a quick one.
    pub(super) fn of_nobody<'a>(users: impl Iterator<Item = &'a Self>) -> Self {
        let cost = users.map(|hash| hash.cost).max().unwrap_or(*COSTS.start()).min(QUICK_COST);
        Self { text: format!("$2b${cost:02}${NOBODYS}"), cost }
    }
}

fn secs(cost: u32) -> f64 {
    SECS_AT_10 * 2_f64.powi(cost as i32 - 10)
}

impl FromStr for Hash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = |why: &str| format!("expected a bcrypt hash such as htpasswd -nB makes: {why}");
        if !["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            return Err(bad("it begins with none of $2a$, $2b$, $2y$"));
        }
        let parts: HashParts = text.parse().map_err(|error| bad(&format!("{error}")))?;
        let cost = parts.get_cost();
        if !COSTS.contains(&cost) {
            let (least, most) = (COSTS.start(), COSTS.end());
            return Err(bad(&format!(
                "its cost is {cost}, which is not from {least} to {most}; one of cost {most} takes some \
                 {:.0} s to check, one of 10 {SECS_AT_10:.2} s: htpasswd -nBC 10",
                secs(*most)
            )));
        }
        Ok(Self { text: text.to_owned(), cost })
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(password: &str, prefix: &str) -> Hash {
        let hash = bcrypt::hash(password, 4).unwrap();
        hash.replacen("$2b$", prefix, 1).parse().unwrap()
    }

    #[test]
    fn the_right_password_and_no_other() {
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            let hash = hash("s3cret", prefix);
            assert!(hash.is_of(b"s3cret"), "{prefix}");
            assert!(!hash.is_of(b"secret") && !hash.is_of(b""), "{prefix}");
        }
        assert_eq!(format!("{:?}", hash("s3cret", "$2y$")), "Hash");
    }

    #[test]
    fn nobody_is_as_slow_as_the_slowest() {
        let slow = bcrypt::hash("x", 5).unwrap().parse().unwrap();
        let nobody = Hash::of_nobody([hash("x", "$2y$"), slow].iter());
        assert_eq!(nobody.text.parse::<Hash>().unwrap().cost, 5);
        assert!(!nobody.is_of(b"x"));
        let toolkits = good_of_cost(18);
        assert_eq!(Hash::of_nobody([toolkits].iter()).cost, 12);
    }

    #[test]
    fn what_is_slow_is_told_of() {
        assert_eq!(good_of_cost(12).slowness(), None);
        for (cost, takes) in [(13, "some 0.5 s"), (18, "some 15.4 s")] {
            let told = good_of_cost(cost).slowness().unwrap();
            assert!(told.contains(&format!("cost {cost}, which takes {takes} ")), "{told}");
        }
    }

    fn good_of_cost(cost: u32) -> Hash {
        format!("$2y${cost:02}${NOBODYS}").parse().unwrap()
    }

    #[test]
    fn what_is_no_hash_is_refused_and_not_repeated() {
        let good = bcrypt::hash("x", 4).unwrap();
        for (text, why) in [
            ("s3cret".to_owned(), "it begins with none of $2a$, $2b$, $2y$"),
            ("$1$abcdefgh$".to_owned(), "it begins with none of"),
            (good.replacen("$2b$", "$2x$", 1), "it begins with none of"),
            (good[..59].to_owned(), "Invalid hash: "),
            (good.replacen("$04$", "$31$", 1), "its cost is 31, which is not from 4 to 18"),
            (good.replacen("$04$", "$03$", 1), "its cost is 3, which is not from 4 to 18"),
        ] {
            let error = text.parse::<Hash>().unwrap_err();
            assert!(error.contains(why) && !error.contains(&text), "{text}: {error}");
        }
    }
}
