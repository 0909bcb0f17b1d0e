//! Signing in with address and password, the same for every door.

use super::ctx::Ctx;
use super::keys::Keys;
use super::password::Verifier;
use super::stay::Stays;
use super::throttle::{Refused, Throttle};
use crate::base::{Error, Result};
use crate::model::{Account, AccountId};
use crate::store::Store;
use crate::store::directory::credentials::CredentialKind;
use std::net::IpAddr;
use std::sync::Arc;
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
}

impl Doorkeeper {
    pub fn new(store: Arc<Store>) -> Arc<Doorkeeper> {
        Arc::new(Doorkeeper {
            keys: Keys::new(&store),
            store,
            verifier: Verifier::new(),
            throttle: Throttle::default(),
            stays: Stays::default(),
        })
    }

    /// Errors: NotAuthenticated, the same for a wrong address, a wrong password and a disabled account;
    /// Busy after many failures, the same for all of them too. All take the same time.
    pub async fn sign_in(&self, name: &str, password: &str, via: Via) -> Result<Arc<Account>> {
        let (clock, began) = (self.store.clock(), Instant::now());
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
            return Err(Error::not_authenticated("address or password is wrong"));
        };
        // Checked or not, the answer comes at the same time.
        tokio::time::sleep_until(began + attempt.before + attempt.after + CHECKING).await;
        Err(Error::busy(format!(
            "too many failed attempts to sign in from here; try again in {} minutes",
            wait.as_secs() / 60 + 1
        )))
    }

    async fn check(&self, name: &str, password: &str, via: Via) -> Result<Option<Arc<Account>>> {
        let key = name.trim().to_lowercase();
        let (account, hashes) = self
            .store
            .directory()
            .peek(move |d| {
                let Some(account) = d.account_by_address(&key)? else {
                    return Ok((None, Vec::new()));
                };
                let hashes = d
                    .credentials(account.id)?
                    .into_iter()
                    .filter(|c| c.kind == CredentialKind::Password || via.takes_app_passwords)
                    .map(|c| c.hash)
                    .collect();
                Ok((Some(account), hashes))
            })
            .await?;
        let fits = self.verifier.verify(password, hashes).await.is_some();
        Ok(account.filter(|a| fits && a.is_active()).map(Arc::new))
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
