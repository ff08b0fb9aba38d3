//! Families line by line: all of them in the text format 0.0.4, and in OpenMetrics those that its crate
//! does not write.

use std::borrow::Cow;
use std::fmt::{self, Write};

use memchr::memchr3;

use crate::family::{Family, Kind, Sample, Value};
use crate::format::{Format, escape_help};

/// The labels whose values are numbers: a bucket's bound and a quantile.
const NUMBERS: [&str; 2] = ["le", "quantile"];

/// Writes one family with its comments, if it has any series.
pub(crate) fn write(family: &Family, format: Format, out: &mut String) -> fmt::Result {
    if family.samples.is_empty() {
        return Ok(());
    }
    let name = &family.name;
    let kind = match family.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
        Kind::Summary => "summary",
        Kind::Unknown => "untyped",
    };
    let help = escape_help(&family.help);
    out.extend(["# HELP ", name, " ", &help, "\n# TYPE ", name, " ", kind, "\n"]);
    for sample in &family.samples {
        out.extend([name.as_ref(), sample.part]);
        write_labels(sample, format, out);
        match sample.value {
            Value::F64(value) if value.is_infinite() => {
                writeln!(out, " {}Inf", if value > 0.0 { '+' } else { '-' })?;
            }
            Value::F64(value) => writeln!(out, " {value:?}")?,
            Value::U64(value) => out.extend([" ", itoa::Buffer::new().format(value), "\n"]),
            Value::I64(value) => out.extend([" ", itoa::Buffer::new().format(value), "\n"]),
        }
    }
    Ok(())
}

fn write_labels(sample: &Sample, format: Format, out: &mut String) {
    for (index, (name, value)) in sample.labels.iter().enumerate() {
        out.push(if index == 0 { '{' } else { ',' });
        let value = escape_value(value);
        let fraction = if needs_fraction(name, &value, format) { ".0" } else { "" };
        out.extend([name.as_ref(), "=\"", &value, fraction, "\""]);
    }
    if !sample.labels.is_empty() {
        out.push('}');
    }
}

fn escape_value(value: &str) -> Cow<'_, str> {
    if memchr3(b'\\', b'"', b'\n', value.as_bytes()).is_some() {
        value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n").into()
    } else {
        value.into()
    }
}

/// What the text format writes as `1` is `1.0` in OpenMetrics.
fn needs_fraction(name: &str, value: &str, format: Format) -> bool {
    format == Format::OpenMetrics
        && NUMBERS.contains(&name)
        && value.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{Family, Format, Kind, Page, render};

    fn labels(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn page() -> Arc<Page> {
        let mut page = Page::default();
        let mut wait = Family::new("wait_seconds", "Wait\\\nin seconds.", Kind::Histogram);
        wait.push_named("_bucket", &labels(&[("queue", "a\"\\"), ("le", "1")]), 2.0);
        wait.push_named("_bucket", &labels(&[("queue", "a\"\\"), ("le", "+Inf")]), 3u64);
        wait.push_named("_sum", &labels(&[("queue", "a\"\\")]), f64::INFINITY);
        wait.push_named("_count", &labels(&[("queue", "a\"\\")]), 3u64);
        page.add(wait);
        let mut size = Family::new("size_bytes", "Size.", Kind::Summary);
        size.push_named("", &labels(&[("quantile", "0.5")]), f64::NAN);
        size.push_named("", &labels(&[("quantile", "1")]), -1e300);
        size.push_named("_sum", &[], 1.5);
        size.push_named("_count", &[], 2i64);
        page.add(size);
        page.add(Family::gauge("up", "Up.").with(&[], 1u64));
        page.add(Family::new("empty", "Empty.", Kind::Summary));
        page.finish();
        Arc::new(page)
    }

    const TEXT: &str = r#"# HELP up Up.
# TYPE up gauge
up 1
# HELP size_bytes Size.
# TYPE size_bytes summary
size_bytes{quantile="0.5"} NaN
size_bytes{quantile="1"} -1e300
size_bytes_sum 1.5
size_bytes_count 2
# HELP wait_seconds Wait\\\nin seconds.
# TYPE wait_seconds histogram
wait_seconds_bucket{queue="a\"\\",le="1"} 2.0
wait_seconds_bucket{queue="a\"\\",le="+Inf"} 3
wait_seconds_sum{queue="a\"\\"} +Inf
wait_seconds_count{queue="a\"\\"} 3
"#;

    #[test]
    fn both_formats() {
        assert_eq!(render(&page(), Format::Text).unwrap(), TEXT);
        let openmetrics = TEXT.replace("=\"1\"", "=\"1.0\"") + "# EOF\n";
        assert_eq!(render(&page(), Format::OpenMetrics).unwrap(), openmetrics);
    }
}
