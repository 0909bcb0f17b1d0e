//! Browser sessions of the page: a random cookie, of which only a hash is kept.

use super::Doorkeeper;
use super::stay::require_current;
use crate::base::{Result, TimeMs, random};
use crate::model::Account;
use std::sync::Arc;

/// A session ends this long after it began.
pub const LIFETIME_MS: TimeMs = 30 * 24 * 3600 * 1000;

/// The form in which random secrets of at least 128 bits are kept: nothing slow is needed for those.
pub fn token_hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

impl Doorkeeper {
    /// Returns the cookie's value. Errors: NotAuthenticated, when the sign-in has ended meanwhile.
    pub async fn begin_session(&self, account: &Account) -> Result<String> {
        let token = random::token();
        let (hash, now_ms) = (token_hash(&token), self.store.clock().now_ms());
        let account = account.clone();
        self.store
            .directory()
            .write(move |d| {
                require_current(d, &account)?;
                d.insert_session(&hash, account.id, now_ms, now_ms + LIFETIME_MS)
            })
            .await?;
        Ok(token)
    }

    /// Whose session the cookie stands for.
    pub async fn session(&self, token: &str) -> Result<Option<Arc<Account>>> {
        let (hash, now_ms) = (token_hash(token), self.store.clock().now_ms());
        self.store
            .directory()
            .peek(move |d| match d.session(&hash, now_ms)? {
                Some(id) => Ok(d.account(id)?.filter(Account::is_active).map(Arc::new)),
                None => Ok(None),
            })
            .await
    }

    pub async fn end_session(&self, token: &str) -> Result<()> {
        let hash = token_hash(token);
        self.store
            .directory()
            .write(move |d| d.remove_session(&hash))
            .await
    }
}
