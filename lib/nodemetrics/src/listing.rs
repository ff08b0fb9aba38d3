//! `edctl-agent collectors`: what the agent can collect.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use edctl_exposition::Kind;

use crate::collector::table::COLLECTORS;
use crate::frame::entry::{Entry, Preset};
use crate::frame::lacking::LACKING;

/// How the list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// For programs, with the families.
    Json,
    /// The tables of docs/metrics.md.
    Markdown,
}

/// What `edctl-agent collectors` can be told.
#[derive(Debug, Args)]
pub struct ListingFlags {
    /// How the list is printed
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

impl ListingFlags {
    /// Prints the table of collectors.
    pub fn run(&self) -> ExitCode {
        let listing = match self.output {
            Output::Text => render_text(),
            Output::Json => render_json(),
            Output::Markdown => render_markdown(),
        };
        match std::io::stdout().write_all(listing.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            // The reader has closed the pipe.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("edctl-agent: cannot print: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

fn render_text() -> String {
    let names = COLLECTORS.iter().map(|entry| entry.name);
    let width = names.map(str::len).max().unwrap_or(0);
    let collectors = COLLECTORS
        .iter()
        .map(|entry| format!("{:width$}  {:3}  {}\n", entry.name, preset(entry), entry.reads));
    let lacking = LACKING.iter().map(|lacking| {
        format!("{:width$}  {:3}  not here: {}\n", lacking.name, "", lacking.instead)
    });
    collectors.chain(lacking).collect()
}

fn render_json() -> String {
    let family = |doc: &crate::frame::entry::FamilyDoc| serde_json::json!({ "name": doc.name, "type": kind(doc.kind), "labels": doc.labels });
    let collectors: Vec<_> = COLLECTORS
        .iter()
        .map(|entry| {
            serde_json::json!({
                "name": entry.name,
                "default": entry.preset == Preset::On,
                "reads": entry.reads,
                "families": entry.families.iter().map(family).collect::<Vec<_>>(),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::from(collectors))
}

fn render_markdown() -> String {
    let mut text = String::from(
        "| collector | default | family | type | labels | source |\n|---|---|---|---|---|---|\n",
    );
    for entry in COLLECTORS {
        for doc in entry.families {
            let labels: Vec<String> = doc.labels.iter().map(|label| format!("`{label}`")).collect();
            text += &format!(
                "| {} | {} | `{}` | {} | {} | {} |\n",
                entry.name,
                preset(entry),
                doc.name,
                kind(doc.kind),
                labels.join(", "),
                entry.reads,
            );
        }
    }
    text
}

fn preset(entry: &Entry) -> &'static str {
    match entry.preset {
        Preset::On => "on",
        Preset::Off => "off",
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
        Kind::Summary => "summary",
        Kind::Unknown => "untyped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "<!-- collectors: generated from the table, UPDATE_GOLDEN=1 cargo test -p edctl-nodemetrics -->\n";
    const END: &str = "<!-- end of collectors -->\n";

    #[test]
    fn the_documentation_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        edctl_testkit::assert_golden(
            path,
            &[before, BEGIN, &render_markdown(), END, after].concat(),
        );
    }

    #[test]
    fn every_listing_names_every_collector() {
        for listing in [render_text(), render_json(), render_markdown()] {
            assert!(COLLECTORS.iter().all(|entry| listing.contains(entry.name)));
        }
        assert!(LACKING.iter().all(|lacking| render_text().contains(lacking.instead)));
    }
}
