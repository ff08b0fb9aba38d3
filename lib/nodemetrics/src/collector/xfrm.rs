//! `node_xfrm_*`: what IPsec dropped and why, from /proc/net/xfrm_stat.
//!
//! The kernel's names make up the families', so that its new counters are shown too. node_exporter knows
//! 28 of them and shows as 0 those of them that the kernel does not have.

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};

pub(super) const ENTRY: Entry = Entry {
    name: "xfrm",
    preset: Preset::Off,
    runs: Runs::Here,
    reads: "/proc/net/xfrm_stat",
    families: &[FamilyDoc::counter("node_xfrm_<field>_packets_total", &[])],
    make: |host, _| {
        Box::new(Xfrm { file: KernelFile::new(host.paths.procfs.join("net/xfrm_stat")) })
    },
};

struct Xfrm {
    file: KernelFile,
}

impl Collector for Xfrm {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        for (field, packets) in parse(self.file.read()?)? {
            let help = format!("Packets that IPsec dropped, as Xfrm{field} counts them.");
            let name = format!("node_xfrm_{}_packets_total", snake(field));
            page.add(Family::counter(name, help).with_known(&[], packets));
        }
        Ok(())
    }
}

/// The fields without their `Xfrm`, each in a line such as `XfrmInNoStates 12`.
fn parse(text: Text<'_>) -> Result<Vec<(&str, Option<u64>)>, CollectError> {
    text.rows_below(0, "expected a counter and a number", |number, line| {
        let (name, packets) = line.split_once(char::is_whitespace)?;
        let field = name.strip_prefix("Xfrm").filter(|field| !field.is_empty())?;
        Some((field, text.number(number, Some(packets.trim()))))
    })
}

/// `InNoStates` is `in_no_states`.
fn snake(field: &str) -> String {
    let mut name = String::with_capacity(field.len() + 4);
    for (index, letter) in field.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    #[test]
    fn every_counter_of_the_kernels() {
        let content = "XfrmInError             \t0\nXfrmOutBundleGenError   \t31\n\
                       XfrmInStateDirError \t9223372036854775807\n";
        let dir = tree(&[("net/xfrm_stat", content)]);
        let page = shown(&ENTRY, dir.path()).unwrap();
        let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "node_xfrm_in_error_packets_total 0",
            "node_xfrm_in_state_dir_error_packets_total 9223372036854775807",
            "node_xfrm_out_bundle_gen_error_packets_total 31",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_odd_number_costs_no_other_and_an_odd_line_nothing() {
        let content = "XfrmInError -1\nodd\nXfrmA 1 2\nXfrmInNoStates 7\n\
                       XfrmOutError 18446744073709551615\n";
        let dir = tree(&[("net/xfrm_stat", content)]);
        let (page, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!((lines, errors), (vec!["node_xfrm_in_no_states_packets_total 7"], 4));
    }

    #[test]
    fn what_has_no_counter_is_an_error() {
        for bad in ["XfrmInError\n", "InError 1\n", "Xfrm 1\n", "\n"] {
            let dir = tree(&[("net/xfrm_stat", bad)]);
            assert_eq!(shown(&ENTRY, dir.path()), Err(State::Error), "{bad:?}");
        }
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
        assert_eq!(shown(&ENTRY, tree(&[("net/xfrm_stat", "")]).path()).unwrap(), "");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            for (field, _) in parse(Text::of(&content)).unwrap_or_default() {
                let _ = snake(field);
            }
        }
    }
}
