//! The one place where the crypto provider of TLS is chosen; what else it can do is used by its traits.

use rustls::crypto::CryptoProvider;
use rustls_pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
use std::sync::Arc;

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Keys of passkeys: what devices sign with (ES256, EdDSA, RS256).
const KEYS: [(AlgorithmIdentifier, AlgorithmIdentifier); 3] = [
    (alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
    (alg_id::ED25519, alg_id::ED25519),
    (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256),
];

/// Whether this is a key (SubjectPublicKeyInfo, DER) that signatures can be checked with.
pub fn is_known_key(key: &[u8]) -> bool {
    key_and_checker(key).is_some()
}

/// Whether `signature` over `message` was made with the other half of this key.
pub fn is_signed(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    key_and_checker(key)
        .is_some_and(|(key, checker)| checker.verify_signature(key, message, signature).is_ok())
}

fn key_and_checker(key: &[u8]) -> Option<(&[u8], &'static dyn SignatureVerificationAlgorithm)> {
    let (algorithm, bits) = key_parts(key)?;
    let (public, signing) = KEYS.iter().find(|(public, _)| public.as_ref() == algorithm)?;
    let all = rustls::crypto::ring::default_provider()
        .signature_verification_algorithms
        .all;
    let checker = all
        .iter()
        .find(|a| a.public_key_alg_id() == *public && a.signature_alg_id() == *signing)?;
    Some((bits, *checker))
}

/// The algorithm, and the key's own bytes (RFC 5280 §4.1).
fn key_parts(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (whole, rest) = part(key, 0x30)?;
    let (algorithm, after) = part(whole, 0x30)?;
    let (bits, end) = part(after, 0x03)?;
    match bits.split_first() {
        // No bits are left over in the last byte.
        Some((0, bits)) if rest.is_empty() && end.is_empty() => Some((algorithm, bits)),
        _ => None,
    }
}

/// What is inside of the first element, and what stands behind it (X.690 §8.1).
fn part(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let ([found, length], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match usize::from(*length) {
        short @ 0..=0x7f => (short, rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => {
            let (long, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*long)), rest)
        }
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_can_be_checked_are_keys() {
        let key = rcgen::KeyPair::generate().unwrap();
        let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
        assert!(is_known_key(&spki));
        let signature = rcgen::SigningKey::sign(&key, b"message").unwrap();
        assert!(is_signed(&spki, b"message", &signature));
        assert!(!is_signed(&spki, b"massage", &signature));
        assert!(!is_signed(&spki, b"message", &signature[1..]));
        for cut in 0..spki.len() {
            assert!(!is_known_key(&spki[..cut]), "cut at {cut}");
        }
        let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        assert!(!is_known_key(&rcgen::PublicKeyData::subject_public_key_info(
            &p384
        )));
    }
}
