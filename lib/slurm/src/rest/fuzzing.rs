//! What `fuzz/` tries of slurmrestd's answers, without a slurmrestd; there only with `--cfg fuzzing`.

use super::answer::{self, Elements};
use super::bounds::Bounded;
use super::mended::Mended;
use super::{diag, jobs, licenses, nodes, reservations, shares};
use crate::diag::Diag;
use crate::lost::Rejected;

/// One answer, to each question in turn.
pub fn answer(text: &[u8]) {
    let each = |job: Option<jobs::Job>| {
        let _read = job.map(|job| job.row().is_err());
    };
    let _refused = answer::read(Bounded::new(Mended::new(text)), "jobs", Elements::new(each));
    let each = |node: Option<nodes::Node>| {
        let _refused = node.map(|node| node.rows(|row| assert_ne!(row.partition, Ok(Some("")))));
    };
    let _refused = answer::read(Bounded::new(Mended::new(text)), "nodes", Elements::new(each));
    let each = |license: Option<licenses::License>| {
        let _refused = license.map(|license| license.row().is_err());
    };
    let _refused = answer::read(Bounded::new(Mended::new(text)), "licenses", Elements::new(each));
    let each = |reservation: Option<reservations::Reservation>| {
        let _refused = reservation.map(|reservation| reservation.row(7, |_| {}));
    };
    let _refused =
        answer::read(Bounded::new(Mended::new(text)), "reservations", Elements::new(each));
    let each = |share: Option<shares::Share>| {
        let _refused = share.map(|share| share.row().is_err());
    };
    let _refused = answer::read(Bounded::new(Mended::new(text)), shares::KEY, shares::Shares(each));
    let (mut diag, mut rejected) = (Diag::default(), Rejected::default());
    let content = diag::Statistics { diag: &mut diag, rejected: &mut rejected };
    let _refused = answer::read(Bounded::new(Mended::new(text)), diag::KEY, content);
    let _error = answer::first_error(text);
}
