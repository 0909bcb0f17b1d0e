//! Connections to servers of others: names, addresses, certificates that are checked, patience.

use super::probe::Finding;
use super::resolver::Resolver;
use crate::base::stream::BoxStream;
use crate::base::{Error, Patience, Result, crypto};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const CONNECT: Duration = Duration::from_secs(20);

/// How others are reached.
pub struct Dialer {
    pub resolver: Resolver,
    extra_ca_pem: Option<Vec<u8>>,
    pub patience: Patience,
}

impl Dialer {
    /// `name_servers`: empty is those of the system. `extra_ca_pem`: PEM of authorities that are trusted beside the usual ones.
    pub fn new(name_servers: &[SocketAddr], extra_ca_pem: Option<Vec<u8>>, patience: Patience) -> Dialer {
        Dialer {
            resolver: Resolver::new(name_servers),
            extra_ca_pem,
            patience,
        }
    }

    /// A plain connection to the first address that answers.
    pub async fn connect_plain(&self, host: &str, port: u16) -> Result<TcpStream, Finding> {
        let mut last = format!("{host} has no address");
        for ip in self.resolver.addresses(host).await? {
            match tokio::time::timeout(CONNECT, TcpStream::connect((ip, port))).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(e)) => last = format!("no connection to {host} ({ip}:{port}): {e}"),
                Err(_) => last = format!("{host} ({ip}:{port}) does not answer"),
            }
        }
        Err(Finding::Connect(last))
    }

    /// Protects a connection; the certificate must be for `host` and from an authority that is trusted.
    pub async fn protect<S>(&self, host: &str, stream: S) -> Result<BoxStream, Finding>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        self.protect_by(host, stream, None).await
    }

    /// The same for a server whose own authority is known too. `ca_pem`: its certificate.
    pub async fn protect_by<S>(
        &self,
        host: &str,
        stream: S,
        ca_pem: Option<&str>,
    ) -> Result<BoxStream, Finding>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let failed = |why: String| Finding::Tls(format!("no safe connection to {host}: {why}"));
        let authorities = [self.extra_ca_pem.as_deref(), ca_pem.map(str::as_bytes)];
        let config = client_config(&authorities).map_err(|e| failed(e.to_string()))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|e| failed(e.to_string()))?;
        let connected = TlsConnector::from(config).connect(name, stream);
        match tokio::time::timeout(CONNECT, connected).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(e)) => Err(failed(e.to_string())),
            Err(_) => Err(failed("the handshake takes too long".into())),
        }
    }
}

/// `authorities`: PEM of those that are trusted besides the public ones.
fn client_config(authorities: &[Option<&[u8]>]) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let further = authorities.iter().copied().flatten();
    for certificate in further.flat_map(CertificateDer::pem_slice_iter) {
        let certificate = certificate
            .map_err(|e| Error::invalid("the further authority is no certificate").caused_by(e))?;
        roots
            .add(certificate)
            .map_err(|e| Error::invalid("the further authority cannot be used").caused_by(e))?;
    }
    let config = ClientConfig::builder_with_provider(crypto::provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::internal("TLS cannot be set up").caused_by(e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
