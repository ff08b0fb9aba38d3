//! What a collector is, which run, where they run, and how they fared.

pub(crate) mod choice;
pub(crate) mod entry;
pub(crate) mod flags;
pub(crate) mod lacking;
pub(crate) mod report;
pub(crate) mod running;
