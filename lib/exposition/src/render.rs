//! A page as text: OpenMetrics 1.0 by prometheus-client, and the text format 0.0.4, which the crate does
//! not write. Histograms and summaries stand behind the others: the crate knows no summaries, and takes
//! a histogram only with counts that are whole.

use std::fmt::{self, Write};
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::family::{Family, Kind, Label, Value};
use crate::format::{Format, escape_help};
use crate::lines;
use crate::page::Page;

/// Room for a node's page without growing.
const PAGE_BYTES: usize = 96 * 1024;

/// Renders the page. The families come in the order of their names.
///
/// # Errors
/// Only if the encoder refuses, which it does for no family that [`Page`] can hold.
pub fn render(page: &Arc<Page>, format: Format) -> Result<String, fmt::Error> {
    let mut out = String::with_capacity(PAGE_BYTES);
    match format {
        Format::OpenMetrics => {
            let mut registry = Registry::default();
            registry.register_collector(Box::new(Families(Arc::clone(page))));
            text::encode_registry(&mut out, &registry)?;
        }
        Format::Text => {
            for family in page.families().filter(|family| !family.kind.has_parts()) {
                lines::write(family, format, &mut out)?;
            }
        }
    }
    for family in page.families().filter(|family| family.kind.has_parts()) {
        lines::write(family, format, &mut out)?;
    }
    if format == Format::OpenMetrics {
        out.write_str("# EOF\n")?;
    }
    Ok(out)
}

/// The registry wants to own what it shows; a large page is not to be there twice.
#[derive(Debug)]
struct Families(Arc<Page>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let is_plain = |family: &&Family| !family.kind.has_parts() && !family.samples.is_empty();
        for family in self.0.families().filter(is_plain) {
            let metric = encoder.encode_descriptor(
                openmetrics_name(family),
                &escape_help(&family.help),
                None,
                metric_type(openmetrics_kind(family)),
            )?;
            encode_samples(family, metric)?;
        }
        Ok(())
    }
}

/// A sample's labels as the crate takes them.
#[derive(Debug)]
struct Labels<'a>(&'a [Label]);

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        let mut labels = self.0.iter();
        labels.try_for_each(|(name, value)| {
            (name.as_ref(), value.as_str()).encode(encoder.encode_label())
        })
    }
}

/// OpenMetrics names a counter without `_total` and its samples with it.
fn openmetrics_name(family: &Family) -> &str {
    match openmetrics_kind(family) {
        Kind::Counter => family.name.strip_suffix("_total").unwrap_or(&family.name),
        _ => &family.name,
    }
}

/// A counter whose name lacks `_total` (process-exporter has such) is no counter to OpenMetrics: it
/// would get another name there than in the text format, and dashboards would not find it.
fn openmetrics_kind(family: &Family) -> Kind {
    match family.kind {
        Kind::Counter if !family.name.ends_with("_total") => Kind::Unknown,
        kind => kind,
    }
}

fn metric_type(kind: Kind) -> MetricType {
    match kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram | Kind::Summary | Kind::Unknown => MetricType::Unknown,
    }
}

fn encode_samples(family: &Family, mut metric: MetricEncoder<'_>) -> Result<(), fmt::Error> {
    let kind = openmetrics_kind(family);
    for sample in &family.samples {
        if sample.labels.is_empty() {
            encode_value(kind, &mut metric, sample.value)?;
        } else {
            let labels = Labels(&sample.labels);
            let mut labelled = metric.encode_family(&labels)?;
            encode_value(kind, &mut labelled, sample.value)?;
        }
    }
    Ok(())
}

fn encode_value(
    kind: Kind,
    metric: &mut MetricEncoder<'_>,
    value: Value,
) -> Result<(), fmt::Error> {
    match (kind, value) {
        (Kind::Counter, Value::F64(v)) => metric.encode_counter(&v, none()),
        (Kind::Counter, Value::U64(v)) => metric.encode_counter(&v, none()),
        (Kind::Counter, Value::I64(v)) => metric.encode_counter(&(v as f64), none()),
        (_, Value::F64(v)) => metric.encode_gauge(&v),
        (_, Value::U64(v)) => metric.encode_gauge(&v),
        (_, Value::I64(v)) => metric.encode_gauge(&v),
    }
}

type NoExemplar<'a> =
    Option<&'a prometheus_client::metrics::exemplar::Exemplar<Vec<(String, String)>, f64>>;

fn none<'a>() -> NoExemplar<'a> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Arc<Page> {
        let mut page = Page::default();
        page.add(
            Family::counter("node_cpu_seconds_total", "Seconds per mode.")
                .with(&[("cpu", "0"), ("mode", "idle")], 1.5),
        );
        page.add(Family::counter("namedprocess_scrape_errors", "Errors.").with(&[], 3u64));
        page.add(Family::gauge("node_load1", "1m load average.").with(&[], 0.25));
        page.add(Family::unknown("node_netstat_Tcp_RetransSegs", "Statistic.").with(&[], 7u64));
        page.add(Family::gauge("empty", "Has no series."));
        page.finish();
        Arc::new(page)
    }

    #[test]
    fn openmetrics_page() {
        let text = render(&page(), Format::OpenMetrics).unwrap();
        assert_eq!(
            text,
            "# HELP namedprocess_scrape_errors Errors.\n\
             # TYPE namedprocess_scrape_errors unknown\n\
             namedprocess_scrape_errors 3\n\
             # HELP node_cpu_seconds Seconds per mode.\n\
             # TYPE node_cpu_seconds counter\n\
             node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 1.5\n\
             # HELP node_load1 1m load average.\n\
             # TYPE node_load1 gauge\n\
             node_load1 0.25\n\
             # HELP node_netstat_Tcp_RetransSegs Statistic.\n\
             # TYPE node_netstat_Tcp_RetransSegs unknown\n\
             node_netstat_Tcp_RetransSegs 7\n\
             # EOF\n"
        );
    }

    #[test]
    fn text_page() {
        let text = render(&page(), Format::Text).unwrap();
        assert_eq!(
            text,
            "# HELP namedprocess_scrape_errors Errors.\n\
             # TYPE namedprocess_scrape_errors counter\n\
             namedprocess_scrape_errors 3\n\
             # HELP node_cpu_seconds_total Seconds per mode.\n\
             # TYPE node_cpu_seconds_total counter\n\
             node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 1.5\n\
             # HELP node_load1 1m load average.\n\
             # TYPE node_load1 gauge\n\
             node_load1 0.25\n\
             # HELP node_netstat_Tcp_RetransSegs Statistic.\n\
             # TYPE node_netstat_Tcp_RetransSegs untyped\n\
             node_netstat_Tcp_RetransSegs 7\n"
        );
    }

    #[test]
    fn hostile_label_values_stay_inside_their_quotes() {
        let mut page = Page::default();
        let long = "ä".repeat(300);
        let hostile = "a\"} 1\nforged{x=\"\\";
        page.add(
            Family::gauge("jobs", "Jobs.")
                .with(&[("name", hostile)], 1u64)
                .with(&[("name", &long)], 2u64),
        );
        page.finish();
        let page = Arc::new(page);
        for format in [Format::Text, Format::OpenMetrics] {
            let text = render(&page, format).unwrap();
            let samples: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
            assert_eq!(samples.len(), 2, "{text}");
            assert_eq!(samples[0], "jobs{name=\"a\\\"} 1\u{fffd}forged{x=\\\"\\\\\"} 1");
            assert_eq!(samples[1], format!("jobs{{name=\"{}\"}} 2", "ä".repeat(128)));
        }
    }

    #[test]
    fn extreme_values_are_written_as_prometheus_parses_them() {
        let mut page = Page::default();
        page.add(Family::gauge("inf", "x").with(&[], f64::INFINITY));
        page.add(Family::gauge("max", "x").with(&[], u64::MAX));
        page.add(Family::counter("most_total", "x").with(&[], u64::MAX));
        page.add(Family::gauge("min", "x").with(&[], i64::MIN));
        page.add(Family::gauge("nan", "x").with(&[], f64::NAN));
        page.finish();
        let text = render(&Arc::new(page), Format::Text).unwrap();
        let samples: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "inf +Inf",
                "max 18446744073709551615",
                "min -9223372036854775808",
                "most_total 18446744073709551615",
                "nan NaN"
            ]
        );
    }

    #[test]
    fn accept_header_decides() {
        let cases = [
            (None, Format::Text),
            (Some("*/*"), Format::Text),
            (Some("text/plain;version=0.0.4"), Format::Text),
            (Some("application/openmetrics-text;version=1.0.0,*/*;q=0.1"), Format::OpenMetrics),
            (Some("text/plain;q=0.5, APPLICATION/openmetrics-text; q=0.5"), Format::OpenMetrics),
            // Prometheus 3 where its scrape_protocols put the text format first.
            (
                Some("text/plain;version=0.0.4;q=0.6,application/openmetrics-text;q=0.5"),
                Format::Text,
            ),
            (Some("application/openmetrics-text;q=soon"), Format::OpenMetrics),
            (Some("application/openmetrics-text;q=0"), Format::Text),
        ];
        for (accept, expected) in cases {
            assert_eq!(Format::negotiate(accept), expected, "{accept:?}");
        }
    }
}
