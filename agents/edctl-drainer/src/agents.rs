//! The nodes' agents: one page from each, so many at a time, over TLS and with a password where they want it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use edctl_fault::Fault;
use edctl_health::MAX_VERDICT_BYTES;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

use crate::answer::{self, Answer, NoVerdict};
use crate::config::Agents as Settings;

/// Names are looked up by so many threads at a time; addresses need none.
const MOST_RESOLVERS: usize = 16;

/// How the agents are asked.
pub(crate) struct Agents {
    runtime: Runtime,
    asker: Arc<Asker>,
    parallel: usize,
}

struct Asker {
    address: String,
    tls: Option<TlsConnector>,
    authorization: Option<String>,
    timeout: Duration,
}

/// What an agent is told of the brake with the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// Its prologs may refuse jobs.
    BrakeOff,
    /// They may not.
    BrakeOn,
}

/// One question.
pub(crate) struct Question {
    pub(crate) node: String,
    pub(crate) address: String,
    pub(crate) word: Word,
}

/// Why the agents cannot be asked.
#[derive(Debug, thiserror::Error)]
enum SetupError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: no certificate can be read from it", path.display())]
    Certificate { path: PathBuf },
}

impl Agents {
    /// # Errors
    /// Names the file of certificates or of the password that cannot be used.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Fault> {
        let tls = settings.ca_file.as_ref().map(tls).transpose()?;
        let authorization = settings.username.as_ref().map(|username| {
            let password = match &settings.password_file {
                Some(path) => std::fs::read_to_string(path)
                    .map_err(|source| SetupError::Read { path: path.clone(), source })?,
                None => String::new(),
            };
            let pair = format!("{username}:{}", password.trim_end_matches('\n'));
            Ok::<_, SetupError>(format!("Basic {}", BASE64_STANDARD.encode(pair)))
        });
        let asker = Asker {
            address: settings.address.clone(),
            tls,
            authorization: authorization.transpose()?,
            timeout: Duration::from_secs(settings.timeout_secs),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(MOST_RESOLVERS)
            .build()?;
        Ok(Self { runtime, asker: Arc::new(asker), parallel: settings.parallel })
    }

    /// Asks all of them.
    pub(crate) fn ask(&self, questions: Vec<Question>) -> BTreeMap<String, Answer> {
        let seats = Arc::new(Semaphore::new(self.parallel));
        self.runtime.block_on(async {
            let tasks: Vec<_> = questions
                .into_iter()
                .map(|question| {
                    let (asker, seats) = (Arc::clone(&self.asker), Arc::clone(&seats));
                    let node = question.node.clone();
                    let task = tokio::spawn(async move {
                        let _seat = seats.acquire_owned().await;
                        asker.ask(&question).await
                    });
                    (node, task)
                })
                .collect();
            let mut answers = BTreeMap::new();
            for (node, task) in tasks {
                let answer = task.await;
                let lost =
                    |error: tokio::task::JoinError| Err(NoVerdict::Unreachable(error.to_string()));
                answers.insert(node, answer.unwrap_or_else(lost));
            }
            answers
        })
    }
}

fn tls(path: &PathBuf) -> Result<TlsConnector, SetupError> {
    let bytes =
        std::fs::read(path).map_err(|source| SetupError::Read { path: path.clone(), source })?;
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok);
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(SetupError::Certificate { path: path.clone() });
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Asker {
    async fn ask(&self, question: &Question) -> Answer {
        let Question { node, address, word } = question;
        let address = self.address.replace("{node}", node).replace("{address}", address);
        match tokio::time::timeout(self.timeout, self.exchange(&address, *word)).await {
            Ok(Ok(body)) => answer::read(&body),
            Ok(Err(error)) => Err(NoVerdict::Unreachable(error.to_string())),
            Err(_) => Err(NoVerdict::Unreachable(format!("no answer within {:?}", self.timeout))),
        }
    }

    async fn exchange(&self, address: &str, word: Word) -> Result<Bytes, Fault> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => self.talk(stream, address, word).await,
            Some(tls) => {
                let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
                let name = ServerName::try_from(host.to_owned())?;
                self.talk(tls.connect(name, stream).await?, address, word).await
            }
        }
    }

    async fn talk(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: &str,
        word: Word,
    ) -> Result<Bytes, Fault> {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let path = match word {
            Word::BrakeOff => "/verdict?brake=off",
            Word::BrakeOn => "/verdict?brake=on",
        };
        let mut request = Request::get(path).header(HOST, address);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        if response.status() != StatusCode::OK {
            return Err(format!("it answers with the status {}", response.status()).into());
        }
        let body = Limited::new(response.into_body(), MAX_VERDICT_BYTES).collect().await?;
        connection.abort();
        Ok(body.to_bytes())
    }
}
