//! From rows to counts: what one snapshot says, and what successive ones say together.

mod access;
mod adding;
mod carried;
mod diag;
mod history;
mod jobs;
mod licenses;
mod load;
mod node;
mod nodes;
mod overview;
mod queues;
mod reservations;
mod shares;
mod sum;
mod take_overview;
mod tally;

pub(crate) use access::Access;
pub(crate) use diag::{DiagCounters, DiagCounts, RpcTotal};
pub(crate) use history::{Comparison, JobHistory};
pub(crate) use jobs::{JobCounts, WantedNodes};
pub(crate) use licenses::License;
pub(crate) use load::{ByState, Load};
pub(crate) use node::{GresCount, Node};
pub(crate) use nodes::{FeatureSet, NodeCounts, NodeSums, NodeUse};
pub(crate) use overview::{JobOverview, NodeOverview, STEADY_STATES};
pub(crate) use queues::{Queue, QueueLoad};
pub(crate) use reservations::Reservation;
pub(crate) use shares::{AccountShare, Share, Shares};
pub(crate) use sum::Sum;
pub(crate) use tally::Tally;
