//! Passkeys (W3C WebAuthn Level 2): signing in with a key that a device holds and unlocks by finger, face or PIN, alone. The
//! device says which person it is, so no name is typed; and whoever has one may use it in the place of a code too.
//!
//! What a device is asked to sign (the challenge) is signed by us itself, so that nothing is kept of who only asks.

use super::Ctx;
use super::accounts::wake_server;
use super::doorkeeper::{Doorkeeper, Via};
use crate::base::{Error, Result, TimeMs, crypto, lock, random};
use crate::model::Account;
use crate::store::directory::passkeys::Passkey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

const MOST: usize = 20;
const MAX_LABEL: usize = 200;
/// To find the device and put the finger on it.
const LASTS_MS: TimeMs = 5 * 60 * 1000;
/// A sign-in page may stand open for a while before somebody comes to it.
const SIGN_IN_LASTS_MS: TimeMs = 60 * 60 * 1000;
/// WebAuthn §4: longer ones are none.
const MAX_CREDENTIAL: usize = 1023;
const NONCE: usize = 16;
const MAC: usize = 32;
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 4;
const HAS_CREDENTIAL: u8 = 64;

/// Where the browser is: the name for which passkeys count, and the origin that it tells the device.
#[derive(Clone, Debug)]
pub struct Place {
    pub name: String,
    /// `https://host[:port]`
    pub origin: String,
}

/// What a device answers when a passkey is made (WebAuthn §5.2.1).
pub struct Made {
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    /// SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    /// What its owner calls it.
    pub label: String,
}

/// What a device answers when a passkey is used (WebAuthn §5.2.2).
pub struct Shown {
    pub credential: Vec<u8>,
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

/// What is not kept: the key of our challenges, and those that were used, until they would not count any more.
pub struct Challenges {
    key: [u8; 32],
    used: Mutex<HashMap<String, TimeMs>>,
}

impl Default for Challenges {
    fn default() -> Challenges {
        Challenges {
            key: random::bytes(),
            used: Mutex::default(),
        }
    }
}

impl Challenges {
    fn mac(&self, nonce_and_end: &[u8], purpose: &str, place: &Place) -> Result<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.key)
            .map_err(|e| Error::internal("the key cannot be used").caused_by(e))?;
        mac.update(nonce_and_end);
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(place.name.as_bytes());
        Ok(mac)
    }

    /// `purpose`: whose passkey is made, or empty for signing in.
    fn issue(&self, purpose: &str, place: &Place, now_ms: TimeMs) -> Result<String> {
        let lasts_ms = if purpose.is_empty() {
            SIGN_IN_LASTS_MS
        } else {
            LASTS_MS
        };
        let mut bytes = random::bytes::<NONCE>().to_vec();
        bytes.extend((now_ms + lasts_ms).to_be_bytes());
        let mac = self.mac(&bytes, purpose, place)?.finalize().into_bytes();
        bytes.extend(mac);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// When it ends. None: it was not issued for this, or has ended, or was used.
    fn check(&self, challenge: &str, purpose: &str, place: &Place, now_ms: TimeMs) -> Result<Option<TimeMs>> {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(challenge) else {
            return Ok(None);
        };
        let Some((said, mac)) = bytes
            .split_at_checked(NONCE + 8)
            .filter(|(_, mac)| mac.len() == MAC)
        else {
            return Ok(None);
        };
        let is_ours = self.mac(said, purpose, place)?.verify_slice(mac).is_ok();
        let end_ms = said.last_chunk().map_or(0, |b| TimeMs::from_be_bytes(*b));
        let is_used = || lock(&self.used).contains_key(challenge);
        Ok(Some(end_ms).filter(|end| is_ours && *end > now_ms && !is_used()))
    }

    /// It counts no more. False: somebody was faster. Only for what a known key has signed, or who is signed in: nobody else
    /// is to fill the memory.
    fn spend(&self, answer: Answer, now_ms: TimeMs) -> bool {
        let mut used = lock(&self.used);
        used.retain(|_, end| *end > now_ms);
        used.insert(answer.challenge, answer.end_ms).is_none()
    }
}

/// To a question of ours, which is not used up yet.
struct Answer {
    challenge: String,
    end_ms: TimeMs,
}

/// What the browser says it has asked the device (WebAuthn §5.8.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

impl ClientData {
    fn fits(&self, kind: &str, place: &Place) -> bool {
        self.kind == kind && self.origin == place.origin && !self.cross_origin
    }
}

/// What the device says beside its signature (WebAuthn §6.1).
struct Said<'a> {
    counter: u32,
    /// Behind the fixed part.
    rest: &'a [u8],
}

/// None: it is for another place, or nobody was there, or it is cut.
fn read_said<'a>(data: &'a [u8], place: &Place, flags: u8) -> Option<Said<'a>> {
    let (hash, rest) = data.split_at_checked(32)?;
    let ([given, counter @ ..], rest) = rest.split_first_chunk::<5>()?;
    let is_here = hash == &Sha256::digest(place.name.as_bytes())[..];
    (is_here && given & flags == flags).then_some(Said {
        counter: u32::from_be_bytes(*counter),
        rest,
    })
}

/// The name of the new key, behind the kind of device (WebAuthn §6.5.1).
fn read_credential(rest: &[u8]) -> Option<&[u8]> {
    let (length, rest) = rest.get(16..)?.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    rest.get(..length)
        .filter(|c| !c.is_empty() && c.len() <= MAX_CREDENTIAL)
}

fn not_right() -> Error {
    Error::invalid("the answer of the device does not belong to what was asked; begin again")
        .with_reason("PasskeyWrong", &[])
}

fn not_known() -> Error {
    Error::not_authenticated("this passkey opens nothing here").with_reason("PasskeyUnknown", &[])
}

fn no_such() -> Error {
    Error::not_found("there is no such passkey")
}

impl Doorkeeper {
    /// None: what the browser says is no answer to a question of ours.
    fn answer(&self, client_data: &[u8], kind: &str, purpose: &str, place: &Place) -> Result<Option<Answer>> {
        let said = serde_json::from_slice::<ClientData>(client_data).ok();
        let Some(said) = said.filter(|s| s.fits(kind, place)) else {
            return Ok(None);
        };
        let now_ms = self.store.clock().now_ms();
        let end_ms = self.challenges.check(&said.challenge, purpose, place, now_ms)?;
        Ok(end_ms.map(|end_ms| Answer {
            challenge: said.challenge,
            end_ms,
        }))
    }

    fn spend(&self, answer: Option<Answer>) -> bool {
        let now_ms = self.store.clock().now_ms();
        answer.is_some_and(|a| self.challenges.spend(a, now_ms))
    }

    /// What a device is to sign for a new passkey, and the names of those that there are, so that it makes no second one.
    /// Errors: Invalid, when there are enough.
    pub async fn begin_passkey(&self, account: &Account, place: &Place) -> Result<(String, Vec<String>)> {
        let id = account.id;
        let all = self.store.directory().read(move |d| d.passkeys(id)).await?;
        check_number(all.len())?;
        let challenge = self
            .challenges
            .issue(&account.oid, place, self.store.clock().now_ms())?;
        let known = all.iter().map(|p| URL_SAFE_NO_PAD.encode(&p.credential));
        Ok((challenge, known.collect()))
    }

    /// Errors: Invalid (PasskeyWrong, or the label), Exists.
    pub async fn add_passkey(&self, account: &Account, place: &Place, made: Made) -> Result<()> {
        let label = check_label(&made.label)?;
        let answer = self.answer(&made.client_data, "webauthn.create", &account.oid, place)?;
        let is_answer = self.spend(answer);
        let flags = USER_PRESENT | USER_VERIFIED | HAS_CREDENTIAL;
        let said = read_said(&made.authenticator_data, place, flags).filter(|_| is_answer);
        let credential = said.as_ref().and_then(|s| read_credential(s.rest));
        // Which device it is is not asked (attestation "none"), so there is no signature over the key yet: whoever sends
        // another one than the device has made locks only themselves out.
        let (Some(said), Some(credential), true) =
            (&said, credential, crypto::is_known_key(&made.public_key))
        else {
            return Err(not_right());
        };
        let new = Passkey {
            id: 0,
            account_id: account.id,
            credential: credential.to_vec(),
            public_key: made.public_key,
            counter: said.counter,
            label,
            created_at_ms: self.store.clock().now_ms(),
            used_at_ms: None,
        };
        let address = account.address.clone();
        self.store
            .directory()
            .write(move |d| {
                if d.passkey_by_credential(&new.credential)?.is_some() {
                    return Err(Error::exists("this passkey is known already"));
                }
                check_number(d.passkeys(new.account_id)?.len())?;
                d.insert_passkey(&new)?;
                let detail = json!({"account": address, "label": new.label});
                d.note_audit(new.created_at_ms, &address, "passkey.add", &detail)
            })
            .await
    }

    /// What a device is to sign to let somebody in.
    pub fn ask_for_passkey(&self, place: &Place) -> Result<String> {
        self.challenges.issue("", place, self.store.clock().now_ms())
    }

    /// Something held (the device) and something known or shown to it (PIN, finger, face): no code is asked for beside it.
    /// Errors: NotAuthenticated (PasskeyUnknown), the same for everything that does not fit; Busy after many failures.
    pub async fn sign_in_by_passkey(&self, place: &Place, shown: Shown, via: Via) -> Result<Arc<Account>> {
        if shown.credential.len() > MAX_CREDENTIAL {
            return Err(not_known());
        }
        let name = format!("passkey {}", URL_SAFE_NO_PAD.encode(&shown.credential));
        let tried = self
            .verifier
            .fingerprint(&URL_SAFE_NO_PAD.encode(&shown.client_data));
        let attempt = self.begin_attempt(via, &name).await?;
        let known = self.check_passkey(place, shown).await?;
        if let Some((passkey, counter)) = known {
            let (id, now_ms) = (passkey.id, self.store.clock().now_ms());
            let write = self
                .store
                .directory()
                .write(move |d| d.use_passkey(id, counter, now_ms));
            if write.await? {
                self.note_success(&attempt)?;
                return self.current(passkey.account_id).await.map_err(|_| not_known());
            }
            // A number that does not rise: somebody has copied the key (WebAuthn §6.1.1).
            tracing::warn!(peer = %via.peer, door = via.door, passkey = id, "a passkey counts backwards and is refused");
        } else {
            tracing::warn!(peer = %via.peer, door = via.door, "a passkey does not fit");
        }
        self.note_failure(&attempt, tried).await?;
        Err(not_known())
    }

    /// The passkey, and the device's number; the question counts no more.
    async fn check_passkey(&self, place: &Place, shown: Shown) -> Result<Option<(Passkey, u32)>> {
        let Some(answer) = self.answer(&shown.client_data, "webauthn.get", "", place)? else {
            return Ok(None);
        };
        let credential = shown.credential;
        let found = self
            .store
            .directory()
            .read(move |d| d.passkey_by_credential(&credential))
            .await?;
        let said = read_said(&shown.authenticator_data, place, USER_PRESENT | USER_VERIFIED);
        let (Some(passkey), Some(said)) = (found, said) else {
            return Ok(None);
        };
        let counter = said.counter;
        let signed = [
            shown.authenticator_data.as_slice(),
            &Sha256::digest(&shown.client_data)[..],
        ]
        .concat();
        let fits = crypto::is_signed(&passkey.public_key, &signed, &shown.signature);
        Ok((fits && self.spend(Some(answer))).then_some((passkey, counter)))
    }
}

/// Errors: Invalid.
fn check_number(there: usize) -> Result<()> {
    match there >= MOST {
        true => Err(Error::invalid(format!(
            "there are {MOST} passkeys already; remove one that is not used"
        ))),
        false => Ok(()),
    }
}

/// Errors: Invalid.
fn check_label(label: &str) -> Result<String> {
    let label = label.trim();
    match label.is_empty() || label.len() > MAX_LABEL {
        true => Err(Error::invalid(format!(
            "say on which device it is, in up to {MAX_LABEL} bytes"
        ))),
        false => Ok(label.to_owned()),
    }
}

/// One's own. Errors: NotAuthenticated.
pub async fn list_passkeys(ctx: &Ctx) -> Result<Vec<Passkey>> {
    let account = ctx.account()?.id;
    ctx.store.directory().read(move |d| d.passkeys(account)).await
}

/// Errors: Invalid, NotFound.
pub async fn rename_passkey(ctx: &Ctx, id: i64, label: &str) -> Result<()> {
    let (account, label) = (ctx.account()?.id, check_label(label)?);
    let file = ctx.store.directory();
    match file.write(move |d| d.rename_passkey(account, id, &label)).await? {
        true => Ok(()),
        false => Err(no_such()),
    }
}

/// Everybody who is signed in with the account is out: which of the sessions came by this one, nobody notes. Errors: NotFound.
pub async fn remove_passkey(ctx: &Ctx, id: i64) -> Result<()> {
    let (account, now_ms) = (ctx.account()?.clone(), ctx.now_ms());
    ctx.store
        .directory()
        .write(move |d| {
            if d.remove_passkeys(account.id, Some(id))? == 0 {
                return Err(no_such());
            }
            d.end_sign_ins(account.id)?;
            let detail = json!({"account": account.address});
            d.note_audit(now_ms, &account.address, "passkey.remove", &detail)
        })
        .await?;
    wake_server(ctx);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            name: "mail.example.test".into(),
            origin: "https://mail.example.test".into(),
        }
    }

    #[test]
    fn a_challenge_counts_once_in_its_time_for_its_purpose_and_place() {
        let (all, here) = (Challenges::default(), place());
        let there = Place {
            name: "other.test".into(),
            ..here.clone()
        };
        let one = all.issue("", &here, 1000).unwrap();
        let check = |purpose: &str, place: &Place, now_ms| all.check(&one, purpose, place, now_ms).unwrap();
        assert_eq!(check("anna", &here, 1000), None);
        assert_eq!(check("", &there, 1000), None);
        assert_eq!(check("", &here, 1000 + SIGN_IN_LASTS_MS), None);
        assert_eq!(Challenges::default().check(&one, "", &here, 1000).unwrap(), None);
        let end_ms = check("", &here, 1000).unwrap();
        let answer = || Answer {
            challenge: one.clone(),
            end_ms,
        };
        assert!(all.spend(answer(), 1000));
        assert!(!all.spend(answer(), 1000), "twice");
        assert_eq!(check("", &here, 1000), None, "used");
        for wrong in ["", "AAAA", "ä"] {
            assert_eq!(all.check(wrong, "", &here, 1000).unwrap(), None);
        }
        let making = all.issue("anna", &here, 1000).unwrap();
        assert!(
            all.check(&making, "anna", &here, 999 + LASTS_MS)
                .unwrap()
                .is_some()
        );
        assert_eq!(all.check(&making, "anna", &here, 1000 + LASTS_MS).unwrap(), None);
    }

    #[test]
    fn an_answer_is_for_what_was_asked_here() {
        let said = |kind: &str, origin: &str, more: &str| {
            let text = format!(r#"{{"type":"{kind}","challenge":"x","origin":"{origin}"{more}}}"#);
            let said: ClientData = serde_json::from_str(&text).unwrap();
            said.fits("webauthn.get", &place())
        };
        let here = "https://mail.example.test";
        assert!(said("webauthn.get", here, "") && said("webauthn.get", here, r#","crossOrigin":false"#));
        assert!(!said("webauthn.create", here, ""));
        assert!(!said("webauthn.get", "https://mail.example.test:8443", ""));
        assert!(!said("webauthn.get", "http://mail.example.test", ""));
        assert!(!said("webauthn.get", here, r#","crossOrigin":true"#));
    }

    #[test]
    fn what_a_device_says_is_for_this_place_with_its_owner_there() {
        let mut data = Sha256::digest(b"mail.example.test").to_vec();
        data.extend([USER_PRESENT | USER_VERIFIED, 0, 0, 0, 7]);
        let flags = USER_PRESENT | USER_VERIFIED;
        assert_eq!(read_said(&data, &place(), flags).unwrap().counter, 7);
        assert!(read_said(&data, &place(), flags | HAS_CREDENTIAL).is_none());
        assert!(read_said(&data[..36], &place(), 0).is_none(), "cut");
        data[32] = USER_PRESENT;
        assert!(
            read_said(&data, &place(), flags).is_none(),
            "nobody has shown who they are"
        );
        data[0] ^= 1;
        assert!(
            read_said(&data, &place(), USER_PRESENT).is_none(),
            "another place"
        );
        let mut rest = vec![0; 16];
        rest.extend([0, 3, 1, 2, 3, 9]);
        assert_eq!(read_credential(&rest), Some(&[1, 2, 3][..]));
        assert_eq!(read_credential(&rest[..20]), None);
        assert_eq!(read_credential(&[0; 18]), None);
    }
}
