//! The beginning of a connection that is to be encrypted.

use std::io::ErrorKind;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::refusal::{PLAIN_HTTP, refuse};

/// The encrypted stream, if the client gets that far before it is `too_late`.
pub(crate) async fn handshake(
    stream: TcpStream,
    tls: TlsAcceptor,
    too_late: impl Future<Output = ()>,
) -> Option<TlsStream<TcpStream>> {
    let begun = tokio::select! {
        begun = begin(stream, tls) => begun,
        () = too_late => Err(ErrorKind::TimedOut.into()),
    };
    begun.unwrap_or_else(|error| {
        tracing::debug!(%error, "no TLS connection");
        None
    })
}

async fn begin(
    stream: TcpStream,
    tls: TlsAcceptor,
) -> std::io::Result<Option<TlsStream<TcpStream>>> {
    if speaks_http(&stream).await? {
        refuse(stream, PLAIN_HTTP).await;
        return Ok(None);
    }
    tls.accept(stream).await.map(Some)
}

/// HTTP begins with a method; TLS begins with the byte 22.
async fn speaks_http(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    Ok(first[0].is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::ServerConfig;
    use rustls::crypto::ring::default_provider;
    use rustls::server::ResolvesServerCertUsingSni;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn without_certificates() -> TlsAcceptor {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        Arc::new(config).into()
    }

    #[test]
    fn who_is_silent_or_stops_half_way_is_given_up() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            for sent in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
                let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
                client.write_all(sent).await.unwrap();
                let (stream, _) = listener.accept().await.unwrap();
                assert!(handshake(stream, without_certificates(), async {}).await.is_none());
                // The connection is closed and not only left alone.
                let _reset = client.read_to_end(&mut Vec::new()).await;
            }
        });
    }
}
