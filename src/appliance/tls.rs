//! Certificates for the doors: loaded, watched, exchanged without dropping a connection.
//!
//! ACME will put its certificates beside the own ones; its challenge certificate is chosen here by ALPN.

use super::authority;
use crate::base::{Error, Result, crypto};
use crate::store::layout::Layout;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use x509_parser::extensions::GeneralName;

/// A certificate chain and its key, as PEM files.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// The certificates of the box and the configurations of its doors.
pub struct Tls {
    current: Arc<Current>,
    /// For the one port: ALPN decides between the protocols.
    pub one_port: Arc<ServerConfig>,
    /// For ports of a single protocol.
    pub single: Arc<ServerConfig>,
    files: CertificateFiles,
    /// The own authority's certificate, PEM, where ours is signed by it.
    authority_pem: Option<Vec<u8>>,
    watcher: Mutex<Option<RecommendedWatcher>>,
}

/// ALPN names that the one port answers to.
pub const ALPN_HTTP: &[u8] = b"http/1.1";
pub const ALPN_IMAP: &[u8] = b"imap";

#[derive(Debug)]
struct Current(RwLock<Loaded>);

#[derive(Debug)]
struct Loaded {
    key: Arc<CertifiedKey>,
    /// That the certificate is for, in small letters; some with `*` in the place of their first label.
    names: Vec<String>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.read().key.clone())
    }
}

impl Current {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Loaded> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tls {
    /// With the given files, or with the own authority's certificate for `names`.
    /// Errors: Invalid when given files are no certificate and key.
    pub fn prepare(
        layout: &Layout,
        given: Option<CertificateFiles>,
        names: &[String],
        now_ms: i64,
    ) -> Result<Arc<Tls>> {
        let (files, authority_pem) = match given {
            Some(files) => (files, None),
            None => {
                let own = authority::prepare(layout, names, now_ms)?;
                let files = CertificateFiles {
                    certificate: own.certificate,
                    key: own.key,
                };
                (files, Some(std::fs::read(&own.authority)?))
            }
        };
        let current = Arc::new(Current(RwLock::new(load(&files)?)));
        let config = |alpn: &[&[u8]]| -> Result<Arc<ServerConfig>> {
            let mut config = ServerConfig::builder_with_provider(crypto::provider())
                .with_safe_default_protocol_versions()
                .map_err(|e| Error::internal("TLS cannot be set up").caused_by(e))?
                .with_no_client_auth()
                .with_cert_resolver(current.clone());
            config.alpn_protocols = alpn.iter().map(|a| a.to_vec()).collect();
            // One ticket is enough for clients that come back; two cost the handshake of every one that does not.
            config.send_tls13_tickets = 1;
            Ok(Arc::new(config))
        };
        Ok(Arc::new(Tls {
            one_port: config(&[ALPN_HTTP, ALPN_IMAP])?,
            single: config(&[])?,
            current,
            files,
            authority_pem,
            watcher: Mutex::new(None),
        }))
    }

    /// What others have to trust so that they trust us, as PEM; None: our certificate is somebody else's.
    pub fn authority_pem(&self) -> Option<&[u8]> {
        self.authority_pem.as_deref()
    }

    /// Whether the certificate in use is for this name (RFC 9525 §6.3).
    pub fn is_for(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let rest = name.split_once('.').map(|(_, rest)| rest);
        let current = self.current.read();
        current.names.iter().any(|n| match n.strip_prefix("*.") {
            Some(parent) => rest == Some(parent),
            None => *n == name,
        })
    }

    /// Loads the files again. What is open stays open; what cannot be loaded leaves the old ones in use.
    pub fn reload(&self) -> Result<()> {
        let fresh = load(&self.files)?;
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        tracing::info!(file = %self.files.certificate.display(), "certificate loaded");
        Ok(())
    }

    /// Reloads whenever the files change. Programs that renew certificates replace files or links in many
    /// ways, so the folders are watched and the content decides.
    pub fn watch(self: &Arc<Self>) -> Result<()> {
        let (send, receive) = std::sync::mpsc::channel();
        let failed =
            |e: notify::Error| Error::unavailable("the certificate files cannot be watched").caused_by(e);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|e| !e.kind.is_access()) {
                let _ = send.send(());
            }
        })
        .map_err(failed)?;
        for file in [&self.files.certificate, &self.files.key] {
            let folder = file
                .parent()
                .filter(|p| !p.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map_err(failed)?;
        }
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
        let weak = Arc::downgrade(self);
        std::thread::Builder::new()
            .name("certificates".into())
            .stack_size(256 << 10)
            .spawn(move || {
                while receive.recv().is_ok() {
                    // Certificate and key are two files: wait until the writer is done with both.
                    while receive.recv_timeout(Duration::from_millis(500)).is_ok() {}
                    let Some(tls) = weak.upgrade() else { return };
                    if let Err(e) = tls.reload() {
                        tracing::error!(error = ?e, "the changed certificate cannot be used; the old one stays");
                    }
                }
            })?;
        Ok(())
    }
}

/// Names of hosts in a certificate (RFC 5280 §4.2.1.6).
fn names_in(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else {
        return Vec::new();
    };
    let Ok(Some(alternatives)) = parsed.subject_alternative_name() else {
        return Vec::new();
    };
    let names = alternatives.value.general_names.iter().filter_map(|n| match n {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    names.collect()
}

fn load(files: &CertificateFiles) -> Result<Loaded> {
    let bad = |path: &Path, why: String| Error::invalid(format!("{} cannot be used: {why}", path.display()));
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|e| bad(&files.certificate, e.to_string()))?;
    if chain.is_empty() {
        return Err(bad(&files.certificate, "there is no certificate in it".into()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| bad(&files.key, e.to_string()))?;
    let key = crypto::provider()
        .key_provider
        .load_private_key(key)
        .map_err(|e| bad(&files.key, e.to_string()))?;
    let certified = CertifiedKey::new(chain, key);
    certified
        .keys_match()
        .map_err(|e| bad(&files.certificate, format!("it does not belong to the key: {e}")))?;
    Ok(Loaded {
        names: certified.cert.first().map(names_in).unwrap_or_default(),
        key: Arc::new(certified),
    })
}
