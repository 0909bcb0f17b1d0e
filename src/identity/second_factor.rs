//! The second factor: a code of an app beside the password (RFC 6238), or one on paper when the phone is gone. Who has one
//! signs in devices by app passwords, because mail programs cannot ask for codes.
//!
//! Between password and code a sign-in is held under a ticket in memory. A code counts once; after ten wrong ones nobody gets
//! further for a quarter of an hour, and only who knows the password can get that far.

use super::accounts::wake_server;
use super::doorkeeper::{Doorkeeper, Via};
use super::sessions::token_hash;
use super::stay::require_current;
use super::{Ctx, accounts};
use crate::base::{Error, Result, TimeMs, lock, random};
use crate::model::{Account, AccountId};
use hmac::{Hmac, Mac};
use serde_json::json;
use sha1::Sha1;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use subtle::ConstantTimeEq;

const STEP_MS: TimeMs = 30_000;
const DIGITS: u32 = 6;
const SECRET_BYTES: usize = 20;
/// A phone's clock may be off by so many steps.
const DRIFT: i64 = 1;
const RECOVERY_CODES: usize = 10;
/// Between password and code.
const HELD_MS: TimeMs = 5 * 60 * 1000;
/// To scan a code and type what the app shows.
const ENROLLING_MS: TimeMs = 15 * 60 * 1000;
const TRIES: u8 = 5;
const MOST_WRONG: u32 = 10;
const WRONG_WITHIN_MS: TimeMs = 15 * 60 * 1000;
/// Of everybody together; more at once is nobody's office.
const MOST_HELD: usize = 10_000;
/// Of one account: who knows one password cannot keep others from signing in.
const MOST_HELD_EACH: usize = 20;

/// How far a sign-in has come.
pub enum Step {
    In(Arc<Account>),
    /// The password was right; a code is to come with this.
    Second(String),
}

struct Held {
    account: Arc<Account>,
    until_ms: TimeMs,
    tries: u8,
}

/// What is not kept.
#[derive(Default)]
pub struct Waiting {
    held: Mutex<HashMap<String, Held>>,
    enrolling: Mutex<HashMap<AccountId, ([u8; SECRET_BYTES], TimeMs)>>,
    /// Wrong codes, and since when they are counted.
    wrong: Mutex<HashMap<AccountId, (u32, TimeMs)>>,
}

/// How somebody's second factor stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub since_ms: TimeMs,
    pub recovery_codes_left: u32,
}

fn wrong_code() -> Error {
    Error::invalid("the code is not right, or was used already").with_reason("CodeWrong", &[])
}

fn not_on() -> Error {
    Error::conflict("there is no second factor")
}

/// RFC 4648 §6, without padding.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    let (mut bits, mut count) = (0u32, 0);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            out.push(char::from(LETTERS[((bits >> count) & 31) as usize]));
        }
    }
    if count > 0 {
        out.push(char::from(LETTERS[((bits << (5 - count)) & 31) as usize]));
    }
    out
}

/// RFC 4226 §5.3, by the step of RFC 6238.
fn code_at(secret: &[u8], step: i64) -> Result<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret)
        .map_err(|e| Error::internal("the secret cannot be used").caused_by(e))?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[hash.len() - 1] & 15);
    let number = hash[at..at + 4]
        .iter()
        .fold(0u32, |n, b| (n << 8) | u32::from(*b))
        & 0x7fff_ffff;
    Ok(format!("{:06}", number % 10u32.pow(DIGITS)))
}

/// The step whose code this is, among those that count now.
fn step_of(secret: &[u8], code: &str, now_ms: TimeMs) -> Result<Option<i64>> {
    let now = now_ms.div_euclid(STEP_MS);
    let mut found = None;
    for step in now - DRIFT..=now + DRIFT {
        // All are compared, whichever fits.
        if bool::from(code_at(secret, step)?.as_bytes().ct_eq(code.as_bytes())) {
            found = Some(step);
        }
    }
    Ok(found)
}

/// As people type them: with blanks and hyphens, in any case.
fn tidy(code: &str) -> String {
    let kept = code.chars().filter(|c| c.is_ascii_alphanumeric());
    kept.take(64).collect::<String>().to_ascii_uppercase()
}

/// Eighty bits as people read and type them: `ABCD-EFGH-IJKL-MNOP`.
pub(super) fn typed_secret() -> String {
    let letters = base32(&random::bytes::<10>());
    let groups: Vec<&str> = (0..4).filter_map(|i| letters.get(i * 4..i * 4 + 4)).collect();
    groups.join("-")
}

fn recovery_codes() -> (Vec<String>, Vec<[u8; 32]>) {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| typed_secret()).collect();
    let hashes = codes.iter().map(|c| token_hash(&tidy(c))).collect();
    (codes, hashes)
}

impl Doorkeeper {
    /// The first half of signing in where people can be asked for a code. Errors: as [`Doorkeeper::sign_in`].
    pub async fn begin_sign_in(&self, name: &str, password: &str, via: Via) -> Result<Step> {
        let account = self.prove(name, password, via).await?;
        let id = account.id;
        if !self.needs_code(id).await? {
            return Ok(Step::In(account));
        }
        let (ticket, now_ms) = (random::token(), self.store.clock().now_ms());
        let mut held = lock(&self.waiting.held);
        held.retain(|_, h| h.until_ms > now_ms);
        let own = held.values().filter(|h| h.account.id == id).count();
        if held.len() >= MOST_HELD || own >= MOST_HELD_EACH {
            return Err(Error::busy("too many sign-ins are waiting for their codes"));
        }
        let new = Held {
            account,
            until_ms: now_ms + HELD_MS,
            tries: 0,
        };
        held.insert(ticket.clone(), new);
        Ok(Step::Second(ticket))
    }

    /// The second half. Errors: NotAuthenticated with the reason CodeWrong, or SignInExpired when the password has to be given
    /// again; Busy after many wrong codes.
    pub async fn finish_sign_in(&self, ticket: &str, code: &str, via: Via) -> Result<Arc<Account>> {
        let now_ms = self.store.clock().now_ms();
        let expired = || {
            Error::not_authenticated("this took too long, or too many tries; give the password again")
                .with_reason("SignInExpired", &[])
        };
        let account = {
            let mut all = lock(&self.waiting.held);
            all.retain(|_, h| h.until_ms > now_ms);
            let held = all
                .get_mut(ticket)
                .filter(|h| h.tries < TRIES)
                .ok_or_else(expired)?;
            held.tries += 1;
            held.account.clone()
        };
        if !self.spend_code(account.id, code).await? {
            tracing::warn!(peer = %via.peer, door = via.door, account = account.address, "a wrong code of a second factor");
            return Err(Error::not_authenticated("the code is not right").with_reason("CodeWrong", &[]));
        }
        lock(&self.waiting.held).remove(ticket);
        let checked = account.clone();
        self.store
            .directory()
            .peek(move |d| require_current(d, &checked))
            .await?;
        self.current(account.id).await
    }

    /// Whether a code counts now; it does not count again. Errors: Busy.
    async fn spend_code(&self, account: AccountId, code: &str) -> Result<bool> {
        let now_ms = self.store.clock().now_ms();
        self.count_try(account, now_ms)?;
        let code = tidy(code);
        let taken = self
            .store
            .directory()
            .write(move |d| {
                let Some(factor) = d.second_factor(account)? else {
                    return Ok(false);
                };
                if code.len() > DIGITS as usize {
                    return d.take_recovery_code(account, &token_hash(&code));
                }
                match step_of(&factor.secret, &code, now_ms)? {
                    Some(step) => d.take_step(account, step),
                    None => Ok(false),
                }
            })
            .await?;
        if taken {
            lock(&self.waiting.wrong).remove(&account);
        }
        Ok(taken)
    }

    /// Each try counts as a wrong one before it is looked at, so that many at once gain nothing. Errors: Busy.
    fn count_try(&self, account: AccountId, now_ms: TimeMs) -> Result<()> {
        let mut wrong = lock(&self.waiting.wrong);
        wrong.retain(|_, (_, since)| *since + WRONG_WITHIN_MS > now_ms);
        let (count, _) = wrong.entry(account).or_insert((0, now_ms));
        if *count >= MOST_WRONG {
            return Err(Error::busy(
                "too many wrong codes; try again in a quarter of an hour",
            ));
        }
        *count += 1;
        Ok(())
    }

    pub(super) async fn needs_code(&self, account: AccountId) -> Result<bool> {
        let found = self.store.directory().peek(move |d| d.second_factor(account));
        Ok(found.await?.is_some())
    }

    /// None: there is none.
    pub async fn second_factor(&self, account: AccountId) -> Result<Option<Standing>> {
        let read = self.store.directory().read(move |d| {
            let Some(factor) = d.second_factor(account)? else {
                return Ok(None);
            };
            Ok(Some(Standing {
                since_ms: factor.created_at_ms,
                recovery_codes_left: d.recovery_codes_left(account)?,
            }))
        });
        read.await
    }

    /// A new secret for the app, which counts once a code of it was shown. Returns it as people type it, and as the app scans
    /// it (the `otpauth` address). Errors: Conflict, when there is a second factor already.
    pub async fn begin_second_factor(&self, account: &Account) -> Result<(String, String)> {
        if self.needs_code(account.id).await? {
            return Err(Error::conflict(
                "there is a second factor already; switch it off first",
            ));
        }
        let secret = random::bytes::<SECRET_BYTES>();
        let until_ms = self.store.clock().now_ms() + ENROLLING_MS;
        lock(&self.waiting.enrolling).insert(account.id, (secret, until_ms));
        let text = base32(&secret);
        let label: String = url::form_urlencoded::byte_serialize(account.address.as_bytes()).collect();
        let address = format!("otpauth://totp/Hauspost:{label}?secret={text}&issuer=Hauspost");
        Ok((text, address))
    }

    /// Switches it on, and ends what was begun with the password alone. Returns the codes for paper, this once. Errors: Invalid (CodeWrong); Conflict, when nothing was begun.
    pub async fn confirm_second_factor(&self, account: &Account, code: &str) -> Result<Vec<String>> {
        let now_ms = self.store.clock().now_ms();
        let begun = lock(&self.waiting.enrolling).get(&account.id).copied();
        let (secret, _) = begun.filter(|(_, until)| *until > now_ms).ok_or_else(|| {
            Error::conflict("this took too long; begin again").with_reason("SignInExpired", &[])
        })?;
        self.count_try(account.id, now_ms)?;
        let Some(step) = step_of(&secret, &tidy(code), now_ms)? else {
            return Err(wrong_code());
        };
        lock(&self.waiting.wrong).remove(&account.id);
        let (codes, hashes) = recovery_codes();
        let (id, address) = (account.id, account.address.clone());
        self.store
            .directory()
            .write(move |d| {
                d.put_second_factor(id, &secret, step, now_ms)?;
                d.put_recovery_codes(id, &hashes)?;
                d.end_sign_ins(id)?;
                d.note_audit(now_ms, &address, "second-factor.on", &json!({"account": address}))
            })
            .await?;
        wake_server(&self.system());
        lock(&self.waiting.enrolling).remove(&account.id);
        Ok(codes)
    }

    /// Others in the place of those that are left. Errors: Invalid (CodeWrong).
    pub async fn new_recovery_codes(&self, account: &Account, code: &str) -> Result<Vec<String>> {
        self.require_code(account, code).await?;
        let (codes, hashes) = recovery_codes();
        let (id, address, now_ms) = (account.id, account.address.clone(), self.store.clock().now_ms());
        self.store
            .directory()
            .write(move |d| {
                d.put_recovery_codes(id, &hashes)?;
                let detail = json!({"account": address});
                d.note_audit(now_ms, &address, "second-factor.codes", &detail)
            })
            .await?;
        Ok(codes)
    }

    /// Switches one's own off. Errors: Invalid (CodeWrong), Conflict.
    pub async fn end_second_factor(&self, account: &Account, code: &str) -> Result<()> {
        self.require_code(account, code).await?;
        let ctx = self.ctx(Arc::new(account.clone()));
        remove(&ctx, account, "second-factor.off").await.map(drop)
    }

    /// For what would last beyond the session: whoever has a second factor shows that they have it still.
    /// Errors: Invalid (CodeWrong), Busy.
    pub async fn require_code_if_on(&self, account: &Account, code: &str) -> Result<()> {
        match self.needs_code(account.id).await? {
            true => self.require_code(account, code).await,
            false => Ok(()),
        }
    }

    async fn require_code(&self, account: &Account, code: &str) -> Result<()> {
        if !self.needs_code(account.id).await? {
            return Err(not_on());
        }
        match self.spend_code(account.id, code).await? {
            true => Ok(()),
            false => Err(wrong_code()),
        }
    }
}

async fn remove(ctx: &Ctx, account: &Account, action: &'static str) -> Result<bool> {
    let (id, address) = (account.id, account.address.clone());
    let (actor, now_ms) = (ctx.actor_name().to_owned(), ctx.now_ms());
    ctx.store
        .directory()
        .write(move |d| {
            let was = d.remove_second_factor(id)?;
            if was {
                d.note_audit(now_ms, &actor, action, &json!({"account": address}))?;
            }
            Ok(was)
        })
        .await
}

/// Takes somebody's second factor and passkeys away, who has lost phone and paper. False: there was none. Errors: Forbidden, NotFound.
pub async fn reset_second_factor(ctx: &Ctx, address: &str) -> Result<bool> {
    ctx.require_admin()?;
    let account = accounts::find_account(ctx, address).await?;
    let (id, now_ms, actor) = (account.id, ctx.now_ms(), ctx.actor_name().to_owned());
    let was = ctx
        .store
        .directory()
        .write(move |d| {
            let passkeys = d.remove_passkeys(id, None)?;
            if !d.remove_second_factor(id)? && passkeys == 0 {
                return Ok(false);
            }
            // Whoever holds what was lost may be signed in by it.
            d.end_sign_ins(id)?;
            let detail = json!({"account": account.address, "passkeys": passkeys});
            d.note_audit(now_ms, &actor, "second-factor.reset", &detail)?;
            Ok(true)
        })
        .await?;
    accounts::wake_server(ctx);
    Ok(was)
}

/// Whether somebody has one, or a passkey, for administrators. Errors: Forbidden.
pub async fn has_second_factor(ctx: &Ctx, account: AccountId) -> Result<bool> {
    ctx.require_admin()?;
    let read = ctx
        .store
        .directory()
        .read(move |d| Ok(d.second_factor(account)?.is_some() || !d.passkeys(account)?.is_empty()));
    read.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238 appendix B, the last six of its eight digits.
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            let now_ms = seconds * 1000;
            assert_eq!(code_at(secret, seconds / 30).unwrap(), code);
            assert_eq!(step_of(secret, code, now_ms).unwrap(), Some(seconds / 30));
            assert_eq!(step_of(secret, code, now_ms + 60_000 + STEP_MS).unwrap(), None);
        }
        assert_eq!(step_of(secret, "", 0).unwrap(), None);
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
    }

    #[test]
    fn paper_codes_are_read_as_people_type_them() {
        let (codes, hashes) = recovery_codes();
        assert_eq!((codes.len(), codes[0].len()), (RECOVERY_CODES, 19));
        let typed = codes[0].to_lowercase().replace('-', " ");
        assert_eq!(token_hash(&tidy(&typed)), hashes[0]);
    }
}
