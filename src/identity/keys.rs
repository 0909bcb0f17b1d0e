//! The keys that tokens are signed with: one signs, those before it are still shown and believed until what they have
//! signed has ended.
//!
//! `keys/signing.pem` signs; `keys/signing-{ms}.pem` was put aside at that time. Whoever changes the key (the clockwork,
//! the command line, while the server runs or not) changes these files, and a running server looks at them again.

use super::domains;
use super::tokens::{ACCESS_LIFETIME_MS, AccessClaims};
use crate::base::recent::Recent;
use crate::base::text::hex;
use crate::base::{Error, Result, TimeMs, lock};
use crate::store::{Store, disk};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, get_current_timestamp};
use rsa::RsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const CURRENT: &str = "signing.pem";
/// A key signs for this long.
const TERM_MS: TimeMs = 90 * 24 * 3600 * 1000;
/// How long a key that was put aside is believed: what it has signed last has ended by then, on slow clocks too.
const BELIEVED_MS: TimeMs = ACCESS_LIFETIME_MS + 5 * 60 * 1000;
/// The files are looked at this often: a change counts everywhere within a second.
const LOOK: Duration = Duration::from_millis(500);

/// The keys of the data folder, as they are now.
pub struct Keys {
    folder: PathBuf,
    loaded: Mutex<Option<Loaded>>,
}

struct Loaded {
    ring: Arc<KeyRing>,
    /// What the files looked like then.
    look: Vec<(String, SystemTime)>,
    looked_at: Instant,
}

/// One that signs, and all that are believed, it among them.
pub struct KeyRing {
    all: Vec<Arc<SigningKey>>,
    /// Access tokens whose signatures were found good, by their hash, with the key: programs send the same one for an
    /// hour, and a signature costs more than most of what is asked with it. It ends with the ring.
    verified: Mutex<Recent<[u8; 32], Verified>>,
}

type Verified = (Arc<SigningKey>, Arc<AccessClaims>);

/// Tokens of one generation of [`Recent`], each of one or two kilobytes.
const MOST_VERIFIED: usize = 500;
/// How far clocks may differ.
const LEEWAY_S: u64 = 60;

pub struct SigningKey {
    pub id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// The public half as a JWK (RFC 7517).
    pub jwk: Value,
    /// When it was put aside; None: it signs.
    retired_at_ms: Option<TimeMs>,
}

impl Keys {
    pub fn new(store: &Store) -> Keys {
        Keys {
            folder: store.layout().keys(),
            loaded: Mutex::default(),
        }
    }

    /// Makes the first key where there is none. Errors: Unavailable, when a file is no key.
    pub async fn get(&self, now_ms: TimeMs) -> Result<Arc<KeyRing>> {
        if let Some(ring) = self.fresh() {
            return Ok(ring);
        }
        let folder = self.folder.clone();
        let known = self.lock().as_ref().map(|l| (l.ring.clone(), l.look.clone()));
        let (ring, look) = tokio::task::spawn_blocking(move || {
            let look = look_at(&folder)?;
            match known {
                Some((ring, before)) if before == look => Ok((ring, look)),
                _ => load(&folder, now_ms),
            }
        })
        .await
        .map_err(|e| Error::internal("loading the signing keys was broken off").caused_by(e))??;
        *self.lock() = Some(Loaded {
            ring: ring.clone(),
            look,
            looked_at: Instant::now(),
        });
        Ok(ring)
    }

    fn fresh(&self) -> Option<Arc<KeyRing>> {
        let loaded = self.lock();
        let loaded = loaded.as_ref().filter(|l| l.looked_at.elapsed() < LOOK)?;
        Some(loaded.ring.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyRing {
    /// Public halves, the one that signs first (RFC 7517 §5).
    pub fn jwks(&self, now_ms: TimeMs) -> Value {
        let shown = self.all.iter().filter(|k| k.is_believed(now_ms));
        json!({"keys": shown.map(|k| k.jwk.clone()).collect::<Vec<_>>()})
    }

    pub fn sign<T: Serialize>(&self, claims: &T) -> Result<String> {
        let key = self
            .all
            .first()
            .ok_or_else(|| Error::internal("there is no key that signs"))?;
        let header = Header {
            kid: Some(key.id.clone()),
            ..Header::new(Algorithm::RS256)
        };
        jsonwebtoken::encode(&header, claims, &key.encoding)
            .map_err(|e| Error::internal("a token cannot be signed").caused_by(e))
    }

    /// Checks signature and times; the caller checks for whom it is. Errors: NotAuthenticated.
    pub fn verify(&self, token: &str, now_ms: TimeMs) -> Result<AccessClaims> {
        let hash = *blake3::hash(token.as_bytes()).as_bytes();
        let known = || lock(&self.verified);
        let found = known().find(&hash);
        if let Some((key, claims)) = found
            && key.is_believed(now_ms)
            && get_current_timestamp() <= u64::try_from(claims.exp).unwrap_or(0) + LEEWAY_S
        {
            return Ok((*claims).clone());
        }
        let (key, claims) = self.verify_anew(token, now_ms)?;
        known().keep(hash, (key, Arc::new(claims.clone())));
        Ok(claims)
    }

    fn verify_anew(&self, token: &str, now_ms: TimeMs) -> Result<(Arc<SigningKey>, AccessClaims)> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_aud = false;
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_S;
        validation.set_required_spec_claims(&["exp", "iss"]);
        self.decode(token, &validation, now_ms)
    }

    /// What was in a token of ours, also when its time is over: whom somebody speaks of, not who they are.
    pub fn read_hint(&self, token: &str, now_ms: TimeMs) -> Result<Value> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_aud = false;
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["iss"]);
        self.decode(token, &validation, now_ms).map(|(_, claims)| claims)
    }

    fn decode<T: serde::de::DeserializeOwned>(
        &self,
        token: &str,
        validation: &Validation,
        now_ms: TimeMs,
    ) -> Result<(Arc<SigningKey>, T)> {
        let refused = || Error::not_authenticated("the access token is not valid or has expired");
        let header = jsonwebtoken::decode_header(token).map_err(|e| refused().caused_by(e))?;
        let named = self
            .all
            .iter()
            .find(|k| Some(&k.id) == header.kid.as_ref() && k.is_believed(now_ms))
            .ok_or_else(refused)?;
        jsonwebtoken::decode::<T>(token, &named.decoding, validation)
            .map(|t| (named.clone(), t.claims))
            .map_err(|e| refused().caused_by(e))
    }
}

impl SigningKey {
    fn is_believed(&self, now_ms: TimeMs) -> bool {
        self.retired_at_ms.is_none_or(|at| now_ms < at + BELIEVED_MS)
    }
}

/// Puts the key aside and makes another. `at_once`: nothing that was signed so far is believed any more.
/// Returns the id of the new one.
pub async fn rotate(store: &Store, now_ms: TimeMs, at_once: bool) -> Result<String> {
    let folder = store.layout().keys();
    tokio::task::spawn_blocking(move || rotate_in(&folder, now_ms, at_once))
        .await
        .map_err(|e| Error::internal("making a key was broken off").caused_by(e))?
}

/// For the clockwork: another key when this one has signed for its term, and away with those that nobody needs.
pub async fn tend(store: &Store, now_ms: TimeMs) -> Result<()> {
    let folder = store.layout().keys();
    tokio::task::spawn_blocking(move || tend_in(&folder, now_ms))
        .await
        .map_err(|e| Error::internal("tending the keys was broken off").caused_by(e))?
}

fn rotate_in(folder: &Path, now_ms: TimeMs, at_once: bool) -> Result<String> {
    let pem = domains::new_key()?;
    let current = folder.join(CURRENT);
    if at_once {
        for (path, _) in retired(folder)? {
            fs::remove_file(path)?;
        }
    } else if current.exists() {
        // Should the program end behind this, the key both signs and was put aside, which harms nobody.
        disk::write_file(
            &folder.join(format!("signing-{now_ms}.pem")),
            &fs::read(&current)?,
        )?;
    }
    disk::write_file(&current, pem.as_bytes())?;
    Ok(read_key(&current, None)?.id)
}

fn tend_in(folder: &Path, now_ms: TimeMs) -> Result<()> {
    for (path, at_ms) in retired(folder)? {
        if at_ms + BELIEVED_MS <= now_ms {
            fs::remove_file(path)?;
        }
    }
    let current = folder.join(CURRENT);
    let Ok(about) = fs::metadata(&current) else {
        // None was needed yet.
        return Ok(());
    };
    let since = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    if since.as_millis() as TimeMs + TERM_MS <= now_ms {
        let id = rotate_in(folder, now_ms, false)?;
        tracing::info!(key = id, "tokens are signed with a new key");
    }
    Ok(())
}

/// Keys that were put aside, and when.
fn retired(folder: &Path) -> Result<Vec<(PathBuf, TimeMs)>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let at = name.to_str().and_then(|n| {
            let number = n.strip_prefix("signing-")?.strip_suffix(".pem")?;
            number.parse().ok()
        });
        out.extend(at.map(|at| (folder.join(&name), at)));
    }
    out.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    Ok(out)
}

fn look_at(folder: &Path) -> Result<Vec<(String, SystemTime)>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // One that is just being taken away is not there any more.
        if let (true, Ok(about)) = (name.starts_with("signing"), entry.metadata()) {
            out.push((name, about.modified()?));
        }
    }
    out.sort();
    Ok(out)
}

type Ring = (Arc<KeyRing>, Vec<(String, SystemTime)>);

fn load(folder: &Path, now_ms: TimeMs) -> Result<Ring> {
    let current = folder.join(CURRENT);
    if !current.exists() {
        rotate_in(folder, now_ms, false)?;
    }
    // Looked at first: what changes meanwhile is seen the next time.
    let look = look_at(folder)?;
    let mut all = vec![Arc::new(read_key(&current, None)?)];
    for (path, at_ms) in retired(folder)? {
        let key = read_key(&path, Some(at_ms))?;
        if all.iter().all(|k| k.id != key.id) {
            all.push(Arc::new(key));
        }
    }
    let verified = Mutex::new(Recent::new(MOST_VERIFIED));
    Ok((Arc::new(KeyRing { all, verified }), look))
}

fn read_key(path: &Path, retired_at_ms: Option<TimeMs>) -> Result<SigningKey> {
    let pem = fs::read_to_string(path)?;
    let bad =
        |e: String| Error::unavailable(format!("the signing key {} cannot be read: {e}", path.display()));
    let key = RsaPrivateKey::from_pkcs8_pem(&pem).map_err(|e| bad(e.to_string()))?;
    let (n, e) = (
        URL_SAFE_NO_PAD.encode(key.n().to_bytes_be()),
        URL_SAFE_NO_PAD.encode(key.e().to_bytes_be()),
    );
    let id = hex(&blake3::hash(n.as_bytes()).as_bytes()[..10]);
    Ok(SigningKey {
        encoding: EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|e| bad(e.to_string()))?,
        decoding: DecodingKey::from_rsa_components(&n, &e).map_err(|e| bad(e.to_string()))?,
        jwk: json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": n, "e": e}),
        id,
        retired_at_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ring: &KeyRing, now_ms: TimeMs) -> Vec<String> {
        let keys = ring.jwks(now_ms);
        let keys = keys["keys"].as_array().unwrap();
        keys.iter()
            .map(|k| k["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_token_that_was_verified_ends_when_its_time_is_over_or_its_key_is_taken_away() {
        let folder = std::env::temp_dir().join(format!("hauspost-keys-{}", crate::base::random::short_id()));
        fs::create_dir(&folder).unwrap();
        let now_s = get_current_timestamp();
        let ring = load(&folder, 0).unwrap().0;
        let sign = |exp: u64| {
            let mut claims = json!({"iat": now_s, "nbf": now_s, "exp": exp, "generation": 1});
            for name in [
                "iss",
                "aud",
                "sub",
                "oid",
                "tid",
                "appid",
                "scp",
                "upn",
                "preferred_username",
                "name",
                "ver",
                "jti",
            ] {
                claims[name] = name.into();
            }
            ring.sign(&claims).unwrap()
        };
        let (long, short) = (sign(now_s + 3600), sign(now_s + 1 - LEEWAY_S));
        for _ in 0..2 {
            assert_eq!(ring.verify(&long, 0).unwrap().oid, "oid");
            assert!(ring.verify(&short, 0).is_ok());
        }
        assert!(ring.verify(&format!("{long}x"), 0).is_err());
        std::thread::sleep(Duration::from_millis(2100));
        assert!(ring.verify(&short, 0).is_err());
        assert!(ring.verify(&long, 0).is_ok());
        rotate_in(&folder, 0, true).unwrap();
        assert!(load(&folder, 0).unwrap().0.verify(&long, 0).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_key_signs_for_its_term_and_is_shown_until_its_tokens_have_ended() {
        let folder = std::env::temp_dir().join(format!("hauspost-keys-{}", crate::base::random::short_id()));
        fs::create_dir(&folder).unwrap();
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as TimeMs;
        let ring = |now_ms| load(&folder, now_ms).unwrap().0;
        let first = ids(&ring(began), began);
        let token = ring(began).sign(&json!({"iss": "x"})).unwrap();
        tend_in(&folder, began + TERM_MS - 60_000).unwrap();
        assert_eq!(ids(&ring(began), began), first);
        let later = began + TERM_MS + 60_000;
        tend_in(&folder, later).unwrap();
        let both = ids(&ring(later), later);
        assert_eq!((both.len(), &both[1]), (2, &first[0]));
        assert!(ring(later).read_hint(&token, later).is_ok());
        let over = later + BELIEVED_MS;
        assert_eq!(ids(&ring(over), over), [both[0].clone()]);
        assert!(ring(over).read_hint(&token, over).is_err());
        let made = fs::File::options()
            .write(true)
            .open(folder.join(CURRENT))
            .unwrap();
        made.set_modified(UNIX_EPOCH + Duration::from_millis(later as u64))
            .unwrap();
        // Its file goes, and the young key stays.
        tend_in(&folder, over).unwrap();
        assert_eq!(retired(&folder).unwrap(), []);
        assert_eq!(ids(&ring(over), over), [both[0].clone()]);
        rotate_in(&folder, over, true).unwrap();
        assert!(!ids(&ring(over), over).contains(&both[0]));
        fs::remove_dir_all(&folder).unwrap();
    }
}
