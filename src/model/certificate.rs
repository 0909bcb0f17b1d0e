//! A certificate from a public authority: what an administrator has asked for, and how far it has come.

use crate::base::TimeMs;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// How the authority is shown that a name is ours (RFC 8555 §8, RFC 8737).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// It asks for a file, plain, at port 80.
    Http,
    /// It shakes hands with port 443.
    TlsAlpn,
    /// It looks for a TXT record.
    Dns,
}

/// A name server that takes changes from whoever knows the key (RFC 2136, RFC 8945; HMAC-SHA256).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ZoneKey {
    pub server: SocketAddr,
    pub zone: String,
    pub key_name: String,
    /// In base64, as name servers write it; never shown again.
    #[serde(default)]
    pub secret: String,
}

/// The setting `certificate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateWish {
    /// Where the authority describes itself (RFC 8555 §7.1.1).
    pub authority: String,
    /// The first is what the box is called.
    pub names: Vec<String>,
    pub proof: Proof,
    /// Whom the authority may write to.
    #[serde(default)]
    pub contact: Option<String>,
    /// With the proof by DNS; without it somebody sets the records that are shown.
    #[serde(default)]
    pub zone_key: Option<ZoneKey>,
}

/// A TXT record that the authority is to find.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRecord {
    pub name: String,
    pub value: String,
}

/// An order whose records are waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenOrder {
    pub url: String,
    pub records: Vec<ProofRecord>,
    pub since_ms: TimeMs,
}

/// The setting `certificate-progress`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateProgress {
    /// Somebody wants a new one now.
    pub is_asked_for: bool,
    pub last_try_at_ms: Option<TimeMs>,
    /// Of the last try; none when it went well.
    pub last_error: Option<String>,
    /// In a row.
    pub failures: u32,
    /// Of the first of them.
    pub failing_since_ms: Option<TimeMs>,
    /// Not before, after a failure.
    pub next_try_at_ms: Option<TimeMs>,
    /// Nor before this, also when somebody asks: the authority has said so.
    pub put_off_until_ms: Option<TimeMs>,
    /// When the administrators have last heard of it by mail.
    pub told_at_ms: Option<TimeMs>,
    pub order: Option<OpenOrder>,
}

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// In small letters; some with `*` in the place of their first label.
    pub names: Vec<String>,
    pub issuer: String,
    pub not_before_ms: TimeMs,
    pub not_after_ms: TimeMs,
}

/// Whose certificate the doors show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CertificateSource {
    /// Of the box's own authority.
    Own,
    /// Files that were named at the start.
    Files,
    /// Of the public authority that was asked.
    Public,
}
