//! Certificates for the doors: loaded, watched, exchanged without dropping a connection.
//!
//! A certificate of a public authority (`acme`) lies beside the own one and goes before it; what shows that authority that a name
//! is ours is chosen here by ALPN.

use super::acme::Answers;
use super::authority;
use crate::base::{Error, Result, TimeMs, crypto};
use crate::model::certificate::{CertificateFacts, CertificateSource};
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
    /// What is answered to a public authority that looks whether a name is ours.
    pub answers: Arc<Answers>,
    source: Source,
    watcher: Mutex<Option<RecommendedWatcher>>,
}

/// ALPN names that the one port answers to.
pub const ALPN_HTTP: &[u8] = b"http/1.1";
pub const ALPN_IMAP: &[u8] = b"imap";
/// A public authority's, which comes for its answer and goes (RFC 8737 §4).
pub const ALPN_ACME: &[u8] = b"acme-tls/1";

/// Where certificates are loaded from.
enum Source {
    /// Named at the start.
    Given(CertificateFiles),
    Own {
        files: CertificateFiles,
        /// Chain and key in one file, so that there is never one without the other; not there while no public authority has
        /// given one.
        public: PathBuf,
        /// The own authority's certificate, PEM.
        authority_pem: Vec<u8>,
    },
}

#[derive(Debug)]
struct Current {
    loaded: RwLock<Loaded>,
    answers: Arc<Answers>,
}

#[derive(Debug)]
struct Loaded {
    key: Arc<CertifiedKey>,
    facts: CertificateFacts,
    source: CertificateSource,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Nobody else offers that, and they offer nothing else (RFC 8737 §3).
        let mut offered = hello.alpn().into_iter().flatten();
        if offered.next() == Some(ALPN_ACME) && offered.next().is_none() {
            return self.answers.by_name(hello.server_name()?);
        }
        Some(self.read().key.clone())
    }
}

impl Current {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Loaded> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// Errors: Invalid, when what is there is no certificate and key.
    fn load(&self) -> Result<Loaded> {
        match self {
            Source::Given(files) => load(files, CertificateSource::Files),
            Source::Own { public, .. } if public.exists() => {
                let files = CertificateFiles {
                    certificate: public.clone(),
                    key: public.clone(),
                };
                load(&files, CertificateSource::Public)
            }
            Source::Own { files, .. } => load(files, CertificateSource::Own),
        }
    }

    fn files(&self) -> &CertificateFiles {
        match self {
            Source::Given(files) | Source::Own { files, .. } => files,
        }
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
        let source = match given {
            Some(files) => Source::Given(files),
            None => {
                let own = authority::prepare(layout, names, now_ms)?;
                Source::Own {
                    authority_pem: std::fs::read(&own.authority)?,
                    files: CertificateFiles {
                        certificate: own.certificate,
                        key: own.key,
                    },
                    public: public_file(layout),
                }
            }
        };
        let loaded = match (source.load(), &source) {
            // Better the own one than none: who administrates can sign in and see what is wrong.
            (Err(e), Source::Own { files, .. }) => {
                tracing::error!(error = ?e, "the certificate of the public authority cannot be used");
                load(files, CertificateSource::Own)?
            }
            (loaded, _) => loaded?,
        };
        let answers = Arc::new(Answers::default());
        let current = Arc::new(Current {
            loaded: RwLock::new(loaded),
            answers: answers.clone(),
        });
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
            one_port: config(&[ALPN_HTTP, ALPN_IMAP, ALPN_ACME])?,
            single: config(&[])?,
            current,
            answers,
            source,
            watcher: Mutex::new(None),
        }))
    }

    /// What others have to trust so that they trust us, as PEM; None: our certificate is somebody else's.
    pub fn authority_pem(&self) -> Option<&[u8]> {
        match (&self.source, self.current.read().source) {
            (Source::Own { authority_pem, .. }, CertificateSource::Own) => Some(authority_pem),
            _ => None,
        }
    }

    /// What the certificate in use says, and whose it is.
    pub fn facts(&self) -> (CertificateFacts, CertificateSource) {
        let current = self.current.read();
        (current.facts.clone(), current.source)
    }

    /// Whether the certificate in use is for this name (RFC 9525 §6.3).
    pub fn is_for(&self, name: &str) -> bool {
        is_among(&self.current.read().facts.names, name)
    }

    /// Loads the files again. What is open stays open; what cannot be loaded leaves the old ones in use.
    pub fn reload(&self) -> Result<()> {
        let fresh = self.source.load()?;
        // Something else has changed in the folder.
        if fresh.key.cert == self.current.read().key.cert {
            return Ok(());
        }
        tracing::info!(names = ?fresh.facts.names, issuer = fresh.facts.issuer, "certificate loaded");
        *self
            .current
            .loaded
            .write()
            .unwrap_or_else(PoisonError::into_inner) = fresh;
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
        let files = self.source.files();
        for file in [&files.certificate, &files.key] {
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

/// Where a certificate of a public authority lies, with its key.
pub fn public_file(layout: &Layout) -> PathBuf {
    layout.tls().join("public.pem")
}

/// Whether one of `names`, as certificates have them, is this name (RFC 9525 §6.3).
pub fn is_among(names: &[String], name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let rest = name.split_once('.').map(|(_, rest)| rest);
    names.iter().any(|n| match n.strip_prefix("*.") {
        Some(parent) => rest == Some(parent),
        None => *n == name,
    })
}

/// Names of hosts (RFC 5280 §4.2.1.6), issuer, times. None: no certificate.
pub fn facts_of(certificate: &CertificateDer<'_>) -> Option<CertificateFacts> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let alternatives = parsed.subject_alternative_name().ok().flatten();
    let names = alternatives.iter().flat_map(|a| &a.value.general_names);
    let issuer = parsed.issuer();
    let named = issuer.iter_organization().chain(issuer.iter_common_name());
    let ms = |t: x509_parser::time::ASN1Time| -> TimeMs { t.timestamp() * 1000 };
    Some(CertificateFacts {
        names: names
            .filter_map(|n| match n {
                GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
                _ => None,
            })
            .collect(),
        issuer: named
            .filter_map(|part| part.as_str().ok())
            .collect::<Vec<_>>()
            .join(", "),
        not_before_ms: ms(parsed.validity().not_before),
        not_after_ms: ms(parsed.validity().not_after),
    })
}

/// A chain and its key that belong together. Errors: what is wrong with them.
pub fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> std::result::Result<CertifiedKey, rustls::Error> {
    let key = crypto::provider().key_provider.load_private_key(key)?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match()?;
    Ok(certified)
}

fn load(files: &CertificateFiles, source: CertificateSource) -> Result<Loaded> {
    let bad = |path: &Path, why: String| Error::invalid(format!("{} cannot be used: {why}", path.display()));
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|e| bad(&files.certificate, e.to_string()))?;
    let none = || bad(&files.certificate, "there is no certificate in it".into());
    let facts = facts_of(chain.first().ok_or_else(none)?).ok_or_else(none)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| bad(&files.key, e.to_string()))?;
    let key = certified(chain, key)
        .map_err(|e| bad(&files.certificate, format!("it and its key cannot be used: {e}")))?;
    Ok(Loaded {
        facts,
        source,
        key: Arc::new(key),
    })
}
