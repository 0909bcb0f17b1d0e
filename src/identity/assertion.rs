//! Programs that prove themselves with a certificate: a signed statement in the place of a secret. RFC 7521, RFC 7523.

use super::Doorkeeper;
use super::clients::Client;
use super::sessions::token_hash;
use crate::base::{Error, Result, TimeMs};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rsa::RsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use serde::Deserialize;
use x509_parser::pem::parse_x509_pem;

/// RFC 7523 §3.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// With a fraction, from MSAL for Python (RFC 7519 §2 NumericDate).
    exp: f64,
    /// Names the statement (RFC 7519 §4.1.7).
    jti: Option<String>,
}

/// A statement is for now, not for a year.
const LONGEST_S: i64 = 24 * 3600;

/// The public key of a certificate or of a PEM public key. Errors: Invalid that says what is expected.
pub fn public_key(pem: &str) -> Result<RsaPublicKey> {
    let wrong =
        || Error::invalid("this is no certificate with an RSA key in PEM form (-----BEGIN CERTIFICATE-----)");
    if pem.contains("BEGIN PUBLIC KEY") {
        return RsaPublicKey::from_public_key_pem(pem).map_err(|_| wrong());
    }
    let (_, pem) = parse_x509_pem(pem.as_bytes()).map_err(|_| wrong())?;
    let certificate = pem.parse_x509().map_err(|_| wrong())?;
    RsaPublicKey::from_public_key_der(certificate.public_key().raw).map_err(|_| wrong())
}

/// A statement that was believed, to be noted so that nobody shows it a second time (RFC 7523 §3).
pub struct Statement {
    hash: [u8; 32],
    expires_at_ms: TimeMs,
}

impl Doorkeeper {
    /// Errors: NotAuthenticated, for a statement that was shown before.
    pub async fn take_statement(&self, statement: Statement) -> Result<()> {
        let now_ms = self.store.clock().now_ms();
        let is_first = self
            .store
            .directory()
            .write(move |d| d.spend(&statement.hash, statement.expires_at_ms, now_ms))
            .await?;
        match is_first {
            true => Ok(()),
            false => Err(Error::not_authenticated(
                "the client assertion was shown before; each is taken once",
            )),
        }
    }
}

/// Whether a statement was signed with the client's certificate, is about the client, for one of `audiences`, and counts now.
/// Errors: NotAuthenticated, with the reason for the log.
pub fn verify_assertion(
    client: &Client,
    assertion: &str,
    audiences: &[String],
    now_ms: TimeMs,
) -> Result<Statement> {
    let refused = || Error::not_authenticated("the client assertion is not valid");
    let pem = client.certificate.as_deref().ok_or_else(refused)?;
    let key = public_key(pem)?;
    let key = DecodingKey::from_rsa_raw_components(&key.n().to_bytes_be(), &key.e().to_bytes_be());
    let mut validation = Validation::new(Algorithm::RS256);
    validation.algorithms = vec![Algorithm::RS256, Algorithm::PS256];
    validation.set_audience(audiences);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.validate_nbf = true;
    let claims = jsonwebtoken::decode::<Claims>(assertion, &key, &validation)
        .map_err(|e| refused().caused_by(e))?
        .claims;
    if claims.iss != client.id || claims.sub != client.id || claims.exp > (now_ms / 1000 + LONGEST_S) as f64 {
        return Err(refused());
    }
    // One without a name is known by all of it.
    let name = claims
        .jti
        .as_deref()
        .filter(|j| !j.is_empty())
        .unwrap_or(assertion);
    Ok(Statement {
        hash: token_hash(&format!("statement {} {name}", client.id)),
        // It counts for a minute longer, for clocks that go wrong.
        expires_at_ms: claims.exp as TimeMs * 1000 + 120_000,
    })
}
