//! Signing what leaves us with the domain's key (RFC 6376).

use super::PostRoom;
use crate::base::{Error, Result};
use crate::model::EmailAddress;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use mail_auth::common::crypto::{RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::DkimSigner;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

/// What is signed: the fields that people see or that lead an answer somewhere (RFC 6376 §5.4.1).
const FIELDS: [&str; 14] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Unsubscribe",
];

impl PostRoom {
    /// The signature's header line for a message whose From is in a domain of ours; None for others.
    /// Errors: Internal when the domain's key cannot be used.
    pub async fn dkim_header(&self, from: &str, raw: &[u8]) -> Result<Option<String>> {
        let Ok(from) = EmailAddress::parse(from) else {
            return Ok(None);
        };
        let name = from.domain().to_owned();
        let domain = self.store.directory().peek(move |d| d.domain(&name)).await?;
        let Some((Some(selector), Some(key))) = domain.map(|d| (d.dkim_selector, d.dkim_key)) else {
            return Ok(None);
        };
        sign(from.domain(), &selector, &key, raw).map(Some)
    }
}

/// What the DNS is to say for a key (RFC 6376 §3.6.1). `key`: PKCS#8 PEM. Errors: Internal when it cannot be used.
pub fn public_record(domain: &str, key: &str) -> Result<String> {
    let bad = |why: String| Error::internal(format!("the DKIM key of {domain} cannot be used: {why}"));
    let key = RsaPrivateKey::from_pkcs8_pem(key).map_err(|e| bad(e.to_string()))?;
    let der = key
        .to_public_key()
        .to_public_key_der()
        .map_err(|e| bad(e.to_string()))?;
    Ok(format!("v=DKIM1; k=rsa; p={}", BASE64.encode(der.as_bytes())))
}

/// `key`: PKCS#8 PEM.
pub fn sign(domain: &str, selector: &str, key: &str, raw: &[u8]) -> Result<String> {
    let bad = |why: String| Error::internal(format!("the DKIM key of {domain} cannot be used: {why}"));
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|e| bad(e.to_string()))?;
    let key = RsaKey::<Sha256>::from_key_der(key).map_err(|e| bad(e.to_string()))?;
    let signature = DkimSigner::from_key(key)
        .domain(domain)
        .selector(selector)
        .headers(FIELDS)
        .sign(raw)
        .map_err(|e| bad(e.to_string()))?;
    Ok(signature.to_header())
}
