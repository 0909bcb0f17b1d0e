//! What is answered while a public authority looks whether a name is ours: a word at a plain address (RFC 8555 §8.3), and a
//! certificate for its handshake (RFC 8737).

use super::kept::KeptAnswer;
use crate::base::{Error, Result, crypto};
use crate::model::certificate::Proof;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the word is asked for; the token follows.
pub const WORD_PATH: &str = "/.well-known/acme-challenge/";

#[derive(Debug, Default)]
pub struct Answers(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    words: HashMap<String, String>,
    certificates: HashMap<String, Arc<CertifiedKey>>,
}

/// Takes the answers away when the authority has looked.
pub struct Laid {
    answers: Arc<Answers>,
    tokens: Vec<String>,
    names: Vec<String>,
}

impl Answers {
    pub fn by_name(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.all().certificates.get(&name.to_ascii_lowercase()).cloned()
    }

    /// The word for a path; None: it is no such path, or nobody has asked for this one.
    pub fn word(&self, path: &str) -> Option<String> {
        self.all().words.get(path.strip_prefix(WORD_PATH)?).cloned()
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Laid {
    pub fn new(answers: &Arc<Answers>) -> Laid {
        Laid {
            answers: answers.clone(),
            tokens: Vec::new(),
            names: Vec::new(),
        }
    }

    /// As this proof has it.
    pub fn lay(&mut self, proof: Proof, answer: &KeptAnswer) -> Result<()> {
        match proof {
            Proof::Http => self.lay_word(&answer.token, &answer.word),
            Proof::TlsAlpn => self.lay_certificate(&answer.name, &Sha256::digest(answer.word.as_bytes()))?,
            Proof::Dns => {}
        }
        Ok(())
    }

    fn lay_word(&mut self, token: &str, word: &str) {
        self.answers.all().words.insert(token.to_owned(), word.to_owned());
        self.tokens.push(token.to_owned());
    }

    /// `digest`: SHA-256 of the word.
    fn lay_certificate(&mut self, name: &str, digest: &[u8]) -> Result<()> {
        let failed = |e: rcgen::Error| Error::internal("the answer cannot be made").caused_by(e);
        let name = name.to_ascii_lowercase();
        let mut params = CertificateParams::new(vec![name.clone()]).map_err(failed)?;
        params
            .custom_extensions
            .push(CustomExtension::new_acme_identifier(digest));
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.self_signed(&key).map_err(failed)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = crypto::provider().key_provider.load_private_key(key);
        let key = key.map_err(|e| Error::internal("the answer cannot be used").caused_by(e))?;
        // Not compared with its key: what compares them refuses the extension, which is critical and unknown to it.
        let certified = CertifiedKey::new(vec![certificate.der().clone()], key);
        self.answers
            .all()
            .certificates
            .insert(name.clone(), Arc::new(certified));
        self.names.push(name);
        Ok(())
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        let mut all = self.answers.all();
        for token in &self.tokens {
            all.words.remove(token);
        }
        for name in &self.names {
            all.certificates.remove(name);
        }
    }
}
