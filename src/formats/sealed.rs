//! Contents that only the holder of a certificate can read, as Microsoft Graph seals what its notifications carry:
//! AES-256-CBC with PKCS #7 under a key of its own, whose first half is also the initialization vector; HMAC-SHA256 of the
//! ciphertext under the same key; the key under RSA-OAEP (RFC 8017 §7.1, SHA-1). The shape is not ours to choose: the key
//! is used for nothing else, so that its vector is never used twice.

use crate::base::text::hex;
use crate::base::{Error, Result, random};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockEncryptMut, KeyIvInit};
use hmac::{Hmac, Mac};
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, RsaPublicKey};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use x509_parser::prelude::{FromDer, X509Certificate};

/// All in base64, but the thumbprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedContent {
    pub data: String,
    pub signature: String,
    pub key: String,
}

/// Bits of the keys that are taken.
const KEY_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
const MAX_CERTIFICATE: usize = 16 << 10;

/// A certificate as programs send it, base64 of DER, perhaps with PEM's lines around it. Returns its DER.
/// Errors: Invalid that says what is expected.
pub fn read_certificate(text: &str) -> Result<Vec<u8>> {
    let wrong = || Error::invalid("this is no X.509 certificate with an RSA key in base64");
    if text.len() > MAX_CERTIFICATE {
        return Err(wrong());
    }
    let bare: String = text
        .lines()
        .filter(|l| !l.trim_start().starts_with("-----"))
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    let der = STANDARD.decode(bare).map_err(|_| wrong())?;
    let key = public_key(&der).ok_or_else(wrong)?;
    let bits = key.size() * 8;
    if !KEY_BITS.contains(&bits) {
        return Err(Error::invalid(format!(
            "the key of the certificate has {bits} bits; 2048 to 4096 are taken"
        )));
    }
    Ok(der)
}

fn public_key(der: &[u8]) -> Option<RsaPublicKey> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    RsaPublicKey::from_public_key_der(certificate.public_key().raw).ok()
}

/// SHA-1 of a certificate in upper-case hexadecimal, the name that Windows shows.
pub fn thumbprint(der: &[u8]) -> String {
    hex(&Sha1::digest(der)).to_ascii_uppercase()
}

/// `certificate`: DER. Errors: Invalid, when it is none.
pub fn seal(certificate: &[u8], plain: &[u8]) -> Result<SealedContent> {
    let public = public_key(certificate).ok_or_else(|| Error::invalid("this is no certificate"))?;
    let failed = |_| Error::internal("contents could not be sealed");
    let key = random::bytes::<32>();
    let mut vector = [0; 16];
    vector.copy_from_slice(&key[..16]);
    let data = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &vector.into())
        .encrypt_padded_vec_mut::<Pkcs7>(plain);
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| failed(()))?;
    mac.update(&data);
    let sealed_key = public
        .encrypt(&mut rsa::rand_core::OsRng, Oaep::new::<Sha1>(), &key)
        .map_err(|e| failed(()).caused_by(e))?;
    Ok(SealedContent {
        signature: STANDARD.encode(mac.finalize().into_bytes()),
        data: STANDARD.encode(data),
        key: STANDARD.encode(sealed_key),
    })
}
