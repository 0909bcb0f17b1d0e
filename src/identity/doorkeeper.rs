//! Signing in with address and password, the same for every door.

use super::ctx::Ctx;
use super::elsewhere::{self, Elsewhere};
use super::keys::Keys;
use super::passkeys::Challenges;
use super::password::Verifier;
use super::second_factor::Waiting;
use super::stay::Stays;
use super::throttle::{Attempt, Refused, Throttle};
use crate::base::{Error, Result};
use crate::model::directory::Source;
use crate::model::{Account, AccountId};
use crate::store::Store;
use crate::store::directory::credentials::CredentialKind;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;

/// Longer than checking a password takes, with some waiting for others.
const CHECKING: Duration = Duration::from_secs(1);

/// Where an attempt to sign in comes from.
#[derive(Clone, Copy, Debug)]
pub struct Via {
    pub peer: IpAddr,
    /// `imap`, `smtp`, `page`, `token`, ... for the log.
    pub door: &'static str,
    /// App passwords count here: doors of devices, not the page.
    pub takes_app_passwords: bool,
}

/// What the doors share about people: the store, the memory of verified passwords, the throttle, the keys.
pub struct Doorkeeper {
    pub store: Arc<Store>,
    pub verifier: Verifier,
    throttle: Throttle,
    pub(super) stays: Stays,
    pub keys: Keys,
    elsewhere: OnceLock<Arc<dyn Elsewhere>>,
    /// Sign-ins that wait for a code.
    pub(super) waiting: Waiting,
    /// What devices are asked to sign.
    pub(super) challenges: Challenges,
}

fn too_many(wait: Duration) -> Error {
    Error::busy(format!(
        "too many failed attempts to sign in from here; try again in {} minutes",
        wait.as_secs() / 60 + 1
    ))
}

/// What signing in is decided by.
struct Claim {
    account: Option<Account>,
    /// PHC strings of passwords that count here.
    hashes: Vec<String>,
    /// Another system has to be asked: for this one of its people, or for nobody.
    outside: Option<Option<String>>,
    /// Counts only while the other system cannot be asked.
    emergency: Vec<String>,
}

impl Doorkeeper {
    pub fn new(store: Arc<Store>) -> Arc<Doorkeeper> {
        Arc::new(Doorkeeper {
            keys: Keys::new(&store),
            store,
            verifier: Verifier::new(),
            throttle: Throttle::default(),
            stays: Stays::default(),
            elsewhere: OnceLock::new(),
            waiting: Waiting::default(),
            challenges: Challenges::default(),
        })
    }

    /// Whom to ask for passwords that are not kept here; told once.
    pub fn ask_elsewhere(&self, other: Arc<dyn Elsewhere>) {
        let _ = self.elsewhere.set(other);
    }

    /// Signing in where nobody can be asked for a code: devices, which have app passwords for that, and programs.
    /// Errors: as [`Doorkeeper::prove`]; NotAuthenticated, for who needs a code and has no place for it here.
    pub async fn sign_in(&self, name: &str, password: &str, via: Via) -> Result<Arc<Account>> {
        let account = self.prove(name, password, via).await?;
        // Where app passwords count, nothing else has fitted for who has a second factor.
        if !via.takes_app_passwords && self.needs_code(account.id).await? {
            return Err(Error::not_authenticated(
                "this account is protected by a second factor, which cannot be asked for here",
            ));
        }
        Ok(account)
    }

    /// Whether the password is right.
    /// Errors: NotAuthenticated, the same for a wrong name, a wrong password and a disabled account;
    /// Busy after many failures, the same for all of them too; Unavailable, for who is not kept here, or not known at all,
    /// while whoever keeps them does not answer. All take the same time.
    pub async fn prove(&self, name: &str, password: &str, via: Via) -> Result<Arc<Account>> {
        let (clock, began) = (self.store.clock(), Instant::now());
        let name = elsewhere::plain_name(name);
        let attempt = self.throttle.begin(via.peer, name, clock.now_ms());
        let refused = match attempt.refused {
            // No work for those who make us work.
            Some(refused) => Some(refused),
            None => {
                // A sleep of no time ends with the next tick of the clock, a millisecond later: programs that sign in with
                // every request would wait it each time.
                if !attempt.before.is_zero() {
                    tokio::time::sleep(attempt.before).await;
                }
                match self.check(name, password, via).await? {
                    Some(account) => match self.throttle.note_success(&attempt, clock.now_ms()) {
                        Ok(()) => return Ok(account),
                        Err(refused) => Some(refused),
                    },
                    None => {
                        let fingerprint = self.verifier.fingerprint(password);
                        self.throttle.note_failure(&attempt, fingerprint, clock.now_ms())
                    }
                }
            }
        };
        tracing::warn!(
            peer = %via.peer, door = via.door, name = %crate::base::text::one_line(name),
            "a failed attempt to sign in"
        );
        let Some(Refused(wait)) = refused else {
            tokio::time::sleep(attempt.after).await;
            if self.store.directory().peek(elsewhere::is_in_use).await? {
                // Asking another system takes longer or shorter than looking here; nobody is to see for whom it was asked.
                tokio::time::sleep_until(began + attempt.before + attempt.after + CHECKING).await;
            }
            return Err(Error::not_authenticated("address or password is wrong"));
        };
        // Checked or not, the answer comes at the same time.
        tokio::time::sleep_until(began + attempt.before + attempt.after + CHECKING).await;
        Err(too_many(wait))
    }

    /// Waits as long as an attempt under this name from there has to. Errors: Busy, after many failures.
    pub(super) async fn begin_attempt(&self, via: Via, name: &str) -> Result<Attempt> {
        let attempt = self.throttle.begin(via.peer, name, self.store.clock().now_ms());
        if let Some(Refused(wait)) = attempt.refused {
            return Err(too_many(wait));
        }
        tokio::time::sleep(attempt.before).await;
        Ok(attempt)
    }

    /// Errors: Busy, after many failures by others meanwhile.
    pub(super) fn note_success(&self, attempt: &Attempt) -> Result<()> {
        let now_ms = self.store.clock().now_ms();
        let noted = self.throttle.note_success(attempt, now_ms);
        noted.map_err(|Refused(wait)| too_many(wait))
    }

    /// `tried`: the same again is no further guess. Errors: Busy, when it was one too many.
    pub(super) async fn note_failure(&self, attempt: &Attempt, tried: [u8; 16]) -> Result<()> {
        let now_ms = self.store.clock().now_ms();
        let refused = self.throttle.note_failure(attempt, tried, now_ms);
        tokio::time::sleep(attempt.after).await;
        refused.map_or(Ok(()), |Refused(wait)| Err(too_many(wait)))
    }

    async fn check(&self, name: &str, password: &str, via: Via) -> Result<Option<Arc<Account>>> {
        let claim = self.claim(name, via).await?;
        let (is_kept_here, has_hashes) = (claim.outside.is_none(), !claim.hashes.is_empty());
        let mut fits = false;
        // With no hash at all it takes the time of one; where another system decides, that takes the time.
        if is_kept_here || has_hashes {
            fits = self.verifier.verify(password, claim.hashes).await.is_some();
        }
        if let Some(id) = claim.outside.filter(|_| !fits) {
            fits = match self.ask(id.as_deref(), password).await {
                // An administrator must be able to mend it.
                Err(_) if self.fits_one_of(password, claim.emergency).await => true,
                asked => asked?,
            };
        }
        Ok(claim.account.filter(|a| fits && a.is_active()).map(Arc::new))
    }

    async fn fits_one_of(&self, password: &str, hashes: Vec<String>) -> bool {
        !hashes.is_empty() && self.verifier.verify(password, hashes).await.is_some()
    }

    async fn ask(&self, id: Option<&str>, password: &str) -> Result<bool> {
        match self.elsewhere.get() {
            Some(other) => other.check(id, password).await,
            None => Err(Error::unavailable(
                "passwords that are kept elsewhere cannot be checked here",
            )),
        }
    }

    async fn claim(&self, name: &str, via: Via) -> Result<Claim> {
        let key = name.to_lowercase();
        let read = self.store.directory().peek(move |d| {
            let account = elsewhere::find_by_name(d, &key)?;
            let is_asked = elsewhere::is_in_use(d)?;
            let Some(account) = account else {
                return Ok(Claim {
                    account: None,
                    hashes: Vec::new(),
                    outside: is_asked.then_some(None),
                    emergency: Vec::new(),
                });
            };
            // With a second factor the password alone opens nothing, and devices cannot be asked for the other half.
            let apps_only = via.takes_app_passwords && d.second_factor(account.id)?.is_some();
            let link = d
                .outside_link_of(account.id, Source::Ldap)?
                .filter(|_| is_asked && !apps_only);
            let (mut hashes, mut emergency) = (Vec::new(), Vec::new());
            for credential in d.credentials(account.id)? {
                match credential.kind {
                    CredentialKind::App if via.takes_app_passwords => hashes.push(credential.hash),
                    CredentialKind::App => {}
                    CredentialKind::Password if apps_only => {}
                    CredentialKind::Password if link.is_none() => hashes.push(credential.hash),
                    CredentialKind::Password if account.is_admin => emergency.push(credential.hash),
                    CredentialKind::Password => {}
                }
            }
            Ok(Claim {
                account: Some(account),
                hashes,
                outside: link.map(|l| Some(l.external_id)),
                emergency,
            })
        });
        read.await
    }

    /// The account as it is now. Errors: NotAuthenticated when it is gone or disabled.
    pub async fn current(&self, id: AccountId) -> Result<Arc<Account>> {
        self.store
            .directory()
            .peek(move |d| d.account(id))
            .await?
            .filter(Account::is_active)
            .map(Arc::new)
            .ok_or_else(|| Error::not_authenticated("this account may not sign in"))
    }

    pub fn ctx(&self, account: Arc<Account>) -> Ctx {
        Ctx::of(&self.store, account)
    }

    pub fn system(&self) -> Ctx {
        Ctx::system(&self.store)
    }
}
