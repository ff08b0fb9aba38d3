//! What a connection is told that is not served, and who is told of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::guests::Client;
use crate::selfmetrics::SelfMetrics;

/// What a client that speaks plain HTTP is told, as by servers written in Go.
pub(crate) const PLAIN_HTTP: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
/// What a client is told that finds no place.
pub(crate) const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 30\r\nRetry-After: 1\r\nConnection: close\r\n\r\n\
    too many requests at one time\n";
/// The same for one that has begun a handshake: the alert `internal_error` (RFC 8446, 6.2).
pub(crate) const NO_TLS: &[u8] = b"\x15\x03\x03\x00\x02\x02\x50";
/// How much of the request is read, and how long its client may take: were it left unread, the answer
/// would be lost with the connection.
const REST_BYTES: usize = 16 * 1024;
const REST_TIMEOUT: Duration = Duration::from_secs(1);
/// How often at most a line is logged.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Answers and hangs up.
pub(crate) async fn refuse(mut stream: TcpStream, answer: &[u8]) {
    let told = async {
        stream.write_all(answer).await?;
        stream.shutdown().await?;
        let (mut rest, mut buffer) = (REST_BYTES, [0; 512]);
        while rest > 0 {
            match stream.read(&mut buffer).await? {
                0 => break,
                read => rest = rest.saturating_sub(read),
            }
        }
        std::io::Result::Ok(())
    };
    let _gone = tokio::time::timeout(REST_TIMEOUT, told).await;
}

/// Counts the connections that found no place.
pub(crate) struct Refusals {
    metrics: Arc<SelfMetrics>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    written: Option<Instant>,
    since: u64,
}

impl Refusals {
    pub(crate) fn new(metrics: Arc<SelfMetrics>) -> Self {
        Self { metrics, log: Mutex::default() }
    }

    pub(crate) fn count(&self, client: Client) {
        self.metrics.count_shed("refused");
        if let Some(refused) = self.due(Instant::now()) {
            tracing::warn!(refused, last = %client, "too many connections at one time");
        }
    }

    /// How many were refused since the last line, where another is due.
    fn due(&self, now: Instant) -> Option<u64> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.since += 1;
        if log.written.is_some_and(|written| now.duration_since(written) < LOG_EVERY) {
            return None;
        }
        log.written = Some(now);
        Some(std::mem::take(&mut log.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::About;

    #[test]
    fn a_line_is_written_at_once_and_then_each_minute() {
        let about = About { component: "test", about: "A test.", version: "0" };
        let refusals = Refusals::new(Arc::new(SelfMetrics::new(about)));
        let start = Instant::now();
        let due =
            [0, 1, 59, 60, 61, 200].map(|secs| refusals.due(start + Duration::from_secs(secs)));
        assert_eq!(due, [Some(1), None, None, Some(3), None, Some(2)]);
    }

    #[test]
    fn the_length_of_the_answer_is_the_one_that_it_says() {
        let text = String::from_utf8(TOO_MANY.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{text}");
    }
}
