//! A collector that asks a kernel which answers with what is tried.

use edctl_daemon::Paths;

use crate::fuzzing::subject::{Parser, collector, page};

pub(super) fn asked(name: &'static str, paths: Paths) -> Parser {
    Box::new(move |input| {
        edctl_netlink::fuzzing::say(parts(input).collect());
        edctl_sys::fuzzing::say(parts(input).collect());
        let _page = page(&mut *collector(name, &paths));
    })
}

/// One answer after the other, each behind its length in two bytes.
fn parts(mut input: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    std::iter::from_fn(move || {
        let (length, rest) = input.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (part, others) = rest.split_at(length);
        input = others;
        Some(part.to_vec())
    })
}
