//! Password hashing (argon2id, RFC 9106) and a memory of what was verified a moment ago.
//!
//! A mail client signs in for every connection. Hashing costs tens of milliseconds and 19 MB by
//! design, so what was verified is remembered for some minutes under a key that only this process knows.

use crate::base::{Error, Result, random};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Shorter ones are refused, whatever is in them.
pub const MIN_CHARACTERS: usize = 10;
const MAX_BYTES: usize = 1024;
/// Each hashing takes 19 MB; this many run at once.
const AT_ONCE: usize = 2;
const REMEMBERED: Duration = Duration::from_secs(600);
const MOST_REMEMBERED: usize = 4096;

/// OWASP's second choice: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(19 * 1024, 2, 1, None).unwrap_or_default(),
    )
}

/// Errors: Invalid, when it is too short or too long.
pub fn check_new(password: &str) -> Result<()> {
    if password.chars().count() < MIN_CHARACTERS {
        return Err(Error::invalid(format!(
            "the password is too short; take at least {MIN_CHARACTERS} characters"
        ))
        .with_reason("PasswordTooShort", &[("least", &MIN_CHARACTERS.to_string())]));
    }
    if password.len() > MAX_BYTES {
        return Err(
            Error::invalid("the password is too long; take at most 1024 characters")
                .with_reason("PasswordTooLong", &[("most", &MAX_BYTES.to_string())]),
        );
    }
    Ok(())
}

/// A PHC string. Blocks for tens of milliseconds.
pub fn hash_blocking(password: &str) -> Result<String> {
    let salt = SaltString::encode_b64(&random::bytes::<16>())
        .map_err(|e| Error::internal(format!("no salt: {e}")))?;
    let hash = argon2()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|e| Error::internal(format!("the password cannot be hashed: {e}")))?;
    Ok(hash.to_string())
}

pub async fn hash(password: String) -> Result<String> {
    tokio::task::spawn_blocking(move || hash_blocking(&password))
        .await
        .map_err(|e| Error::internal("hashing was broken off").caused_by(e))?
}

/// What a wrong address is checked against, so that it takes as long as a wrong password.
fn decoy() -> &'static str {
    static DECOY: OnceLock<String> = OnceLock::new();
    DECOY.get_or_init(|| hash_blocking("nobody has this password").unwrap_or_default())
}

fn verify_blocking(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|h| argon2().verify_password(password.as_bytes(), &h).is_ok())
}

/// Verifies passwords, few at a time, and remembers what held.
pub struct Verifier {
    key: [u8; 32],
    seen: Mutex<HashMap<[u8; 32], Instant>>,
    at_once: Semaphore,
}

impl Verifier {
    pub fn new() -> Self {
        Verifier {
            key: random::bytes(),
            seen: Mutex::default(),
            at_once: Semaphore::new(AT_ONCE),
        }
    }

    /// Which of the hashes the password fits. With no hashes at all it takes the time of one.
    pub async fn verify(&self, password: &str, hashes: Vec<String>) -> Option<usize> {
        if password.len() > MAX_BYTES {
            return None;
        }
        for (i, hash) in hashes.iter().enumerate() {
            if self.was_seen(&self.key_of(password, hash)) {
                return Some(i);
            }
        }
        let _turn = self.at_once.acquire().await.ok()?;
        let owned = password.to_owned();
        let (found, hashes) = tokio::task::spawn_blocking(move || {
            if hashes.is_empty() {
                verify_blocking(&owned, decoy());
            }
            (hashes.iter().position(|h| verify_blocking(&owned, h)), hashes)
        })
        .await
        .ok()?;
        if let Some(hash) = found.and_then(|i| hashes.get(i)) {
            self.remember(self.key_of(password, hash));
        }
        found
    }

    /// Tells passwords apart without keeping them.
    pub fn fingerprint(&self, password: &str) -> [u8; 16] {
        let hash = blake3::keyed_hash(&self.key, password.as_bytes());
        let mut out = [0; 16];
        out.copy_from_slice(&hash.as_bytes()[..16]);
        out
    }

    fn key_of(&self, password: &str, hash: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&(hash.len() as u64).to_le_bytes());
        hasher.update(hash.as_bytes());
        hasher.update(password.as_bytes());
        *hasher.finalize().as_bytes()
    }

    fn was_seen(&self, key: &[u8; 32]) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key).is_some_and(|at| at.elapsed() < REMEMBERED)
    }

    fn remember(&self, key: [u8; 32]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST_REMEMBERED {
            seen.retain(|_, at| at.elapsed() < REMEMBERED);
        }
        if seen.len() < MOST_REMEMBERED {
            seen.insert(key, Instant::now());
        }
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let v = Verifier::new();
        let hashes = vec![
            hash_blocking("first secret").unwrap(),
            hash_blocking("second secret").unwrap(),
        ];
        assert_eq!(v.verify("second secret", hashes.clone()).await, Some(1));
        assert_eq!(
            v.verify("second secret", hashes.clone()).await,
            Some(1),
            "from memory"
        );
        assert_eq!(v.verify("third secret", hashes).await, None);
        assert_eq!(v.verify("second secret", vec![]).await, None);
    }

    #[test]
    fn short_passwords_are_refused() {
        assert!(check_new("123456789").is_err());
        assert!(check_new("äöüäöüäöüä").is_ok());
    }
}
