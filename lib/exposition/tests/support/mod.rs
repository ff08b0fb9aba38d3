//! A certificate authority, a server with a web configuration, and clients.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use edctl_exposition::{About, Collect, Collecting, Family, Page, SelfMetrics, Server, WebConfig};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::SupportedProtocolVersion;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

pub(crate) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Signs for servers and for clients.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Puts a new certificate and key for `localhost` into the folder, by renaming.
    pub(crate) fn issue_server(&self, folder: &Path) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        put(&folder.join("cert.pem"), &certificate.pem());
        put(&folder.join("key.pem"), &key.serialize_pem());
    }

    pub(crate) fn issue_client(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::Rfc822Name(name.try_into().unwrap())];
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        (vec![certificate.der().clone()], key)
    }

    /// A client that trusts this authority.
    pub(crate) fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        identity: Option<Identity>,
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        Arc::new(match identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
            None => builder.with_no_client_auth(),
        })
    }
}

fn put(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, file).unwrap();
}

struct One;

impl Collect for One {
    fn collect(&mut self, page: &mut Page) {
        page.add(Family::gauge("one", "One.").with(&[], 1u64));
    }
}

/// Serves until the process ends as this file in `folder` wants it.
pub(crate) fn serve(folder: &Path, web_config: &str) -> SocketAddr {
    let file = folder.join("web.yml");
    put(&file, web_config);
    let web = WebConfig::read(&file).unwrap();
    let server =
        Server::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap().with_web_config(Some(web));
    let address = server.addresses()[0];
    let about = About { component: "test", about: "A test.", version: "1.2.3" };
    let metrics = Arc::new(SelfMetrics::new(about));
    let collecting = Collecting::start(One, Arc::clone(&metrics)).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(server.serve(collecting, metrics, std::future::pending())).unwrap();
    });
    address
}

pub(crate) type TlsClient = StreamOwned<ClientConnection, TcpStream>;

/// Connects; the handshake is made by the first read or write.
pub(crate) fn connect(address: SocketAddr, config: &Arc<ClientConfig>) -> TlsClient {
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    StreamOwned::new(connection, TcpStream::connect(address).unwrap())
}

/// The whole answer to a request without a body, on a connection of its own.
pub(crate) fn get(
    mut stream: impl Read + Write,
    path: &str,
    headers: &str,
) -> std::io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes())?;
    std::io::read_to_string(stream)
}
