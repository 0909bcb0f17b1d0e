//! The order that is under way, with the key of its certificate: on the disk from before the order is made until the certificate
//! is. Whatever happens in between, the same order is gone on with; authorities count how many somebody makes.

use crate::base::{Error, Result, TimeMs};
use crate::model::certificate::{CertificateWish, Proof};
use crate::store::disk;
use crate::store::layout::Layout;
use rcgen::KeyPair;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::PathBuf;

/// Authorities forget an order after a week (RFC 8555 §7.1.3 leaves it to them).
pub const ORDER_LASTS_MS: TimeMs = 6 * 24 * 3600 * 1000;

#[derive(Serialize, Deserialize)]
pub struct KeptOrder {
    authority: String,
    names: Vec<String>,
    proof: Proof,
    /// Empty until the authority has said it.
    pub url: String,
    /// PEM.
    key: String,
    pub since_ms: TimeMs,
    /// What the authority may be asking for while the server starts again.
    #[serde(default)]
    pub answers: Vec<KeptAnswer>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct KeptAnswer {
    pub name: String,
    pub token: String,
    pub word: String,
}

impl KeptOrder {
    /// With a new key. Errors: Internal.
    pub fn new(wish: &CertificateWish, now_ms: TimeMs) -> Result<KeptOrder> {
        let key = KeyPair::generate()
            .map_err(|e| Error::internal("no key can be made for the certificate").caused_by(e))?;
        Ok(KeptOrder {
            authority: wish.authority.clone(),
            names: wish.names.clone(),
            proof: wish.proof,
            url: String::new(),
            key: key.serialize_pem(),
            since_ms: now_ms,
            answers: Vec::new(),
        })
    }

    /// The one for this wish, unless the authority has forgotten it by now; None too, when it cannot be read.
    pub fn read(layout: &Layout, wish: &CertificateWish, now_ms: TimeMs) -> Option<KeptOrder> {
        let kept: KeptOrder = serde_json::from_slice(&std::fs::read(file(layout)).ok()?).ok()?;
        let is_same =
            (&kept.authority, &kept.names, kept.proof) == (&wish.authority, &wish.names, wish.proof);
        let is_young = (kept.since_ms - now_ms).abs() < ORDER_LASTS_MS;
        (is_same && is_young && !kept.url.is_empty()).then_some(kept)
    }

    pub fn key(&self) -> Result<KeyPair> {
        KeyPair::from_pem(&self.key)
            .map_err(|e| Error::internal("the key that was made for the order cannot be read").caused_by(e))
    }

    pub fn write(&self, layout: &Layout) -> Result<()> {
        let text = serde_json::to_vec(self)
            .map_err(|e| Error::internal("the order cannot be written down").caused_by(e))?;
        disk::write_file(&file(layout), &text)
    }
}

/// Nothing is left of it, its key neither.
pub fn forget_order(layout: &Layout) {
    if let Err(e) = std::fs::remove_file(file(layout))
        && e.kind() != ErrorKind::NotFound
    {
        tracing::warn!(error = %e, "an order that is over stays on the disk");
    }
}

fn file(layout: &Layout) -> PathBuf {
    layout.tls().join("order.json")
}
