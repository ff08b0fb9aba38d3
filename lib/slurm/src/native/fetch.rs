//! Fetches one page of slurmctld's.

use std::time::Instant;

use crate::http::{Client, Endpoint, HttpError, Response};
use crate::lost::{LeftOut, Rejected, RowError};
use crate::rows::Lines;

/// Asks for the page at `path` and hands each of its lines to `on_line`, which takes it in and says what of it was
/// left out, or why it is no line.
/// A controller that stands by points to the first one, which is asked then: for the same page at the same
/// port, and nothing else. After an error, what `on_line` got counts for nothing.
///
/// # Errors
/// Says why there is no page. With PrivateData set the status is 401 instead of 200 up to Slurm 25.11, and
/// from 26.05 on unless slurm.conf's MetricsParameters has `ignore_private_data`.
pub fn fetch(
    client: &Client,
    path: &str,
    on_line: impl FnMut(&str) -> Result<LeftOut, RowError>,
) -> Result<Rejected, HttpError> {
    let begun = Instant::now();
    let mut response = client.get(path, "text/plain", begun)?;
    if response.status == 303
        && let Some(endpoint) = first_controller(&client.endpoint, path, &response)
    {
        response = Client { endpoint, ..client.clone() }.get(path, "text/plain", begun)?;
    }
    let Response { status, mut body, .. } = response;
    if status != 200 {
        return Err(HttpError::Status { asked: body.asked().to_owned(), status });
    }
    let mut lines = Lines::new(None, on_line);
    while let Some(chunk) = body.more()? {
        lines.push(&chunk);
    }
    Ok(lines.finish())
}

fn first_controller(asked: &Endpoint, path: &str, response: &Response) -> Option<Endpoint> {
    let first = Endpoint::of_url(response.location.as_deref()?.strip_suffix(path)?)?;
    match (asked, &first) {
        (Endpoint::Host(asked), Endpoint::Host(host)) if port(asked) == port(host) => Some(first),
        _ => None,
    }
}

fn port(host: &str) -> Option<&str> {
    host.rsplit_once(':').map(|(_, port)| port)
}
