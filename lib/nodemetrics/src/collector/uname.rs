//! `node_uname_info`: what the kernel calls itself and the node.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::{Host, Uname};
use crate::reading::error::CollectError;

pub(super) const ENTRY: Entry = Entry {
    name: "uname",
    preset: Preset::On,
    runs: Runs::Here,
    reads: "uname(2)",
    families: &[FamilyDoc::gauge(
        "node_uname_info",
        &["sysname", "release", "version", "machine", "nodename", "domainname"],
    )],
    make: |host, _| Box::new(UnameInfo::new(host)),
};

pub(super) struct UnameInfo {
    read: fn() -> Uname,
}

impl UnameInfo {
    pub(super) fn new(host: &Host) -> Self {
        Self { read: host.uname }
    }
}

impl Collector for UnameInfo {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let uname = (self.read)();
        let labels = [
            ("sysname", uname.sysname.as_str()),
            ("release", &uname.release),
            ("version", &uname.version),
            ("machine", &uname.machine),
            ("nodename", &uname.nodename),
            ("domainname", &uname.domainname),
        ];
        let family = Family::gauge("node_uname_info", "What uname(2) says of the kernel and node.");
        page.add(family.with(&labels, 1u64));
        Ok(())
    }
}
