//! Who a job is, as labels.

use edctl_jobcgroup::JobName;

use super::store::{Job, Store};

/// Labels of one series.
pub(crate) type Labels<'a> = Vec<(&'static str, &'a str)>;

/// A job that the page can name.
pub(crate) struct Named<'a> {
    pub(crate) job: &'a Job,
    /// Its number as text.
    pub(crate) id: String,
    pub(crate) sluid: Option<&'a str>,
    /// The node, where several slurmd share the machine.
    pub(crate) node: Option<&'a str>,
}

impl Named<'_> {
    /// The labels of all its series.
    pub(crate) fn labels(&self) -> Labels<'_> {
        let mut labels = vec![("jobid", self.id.as_str())];
        labels.extend(self.node.map(|node| ("node", node)));
        labels
    }
}

/// The jobs whose number is known.
pub(crate) fn named(store: &Store) -> impl Iterator<Item = Named<'_>> {
    let several = store.slurmds().len() > 1;
    store.jobs.iter().filter_map(move |((node, name), job)| {
        let sluid = match name {
            JobName::Id(_) => None,
            JobName::Sluid(sluid) => Some(sluid.as_str()),
        };
        let node = node.as_deref().filter(|_| several);
        Some(Named { job, id: job.id?.to_string(), sluid, node })
    })
}
