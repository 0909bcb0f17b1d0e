//! Browser sessions of the page: a random cookie, of which only a hash is kept.

use super::Doorkeeper;
use super::stay::require_current;
use crate::base::{Error, Result, TimeMs, random};
use crate::model::{Account, AccountId};
use crate::store::directory::sessions::TokenHash;
use std::sync::Arc;

/// A session ends this long after it began.
pub const LIFETIME_MS: TimeMs = 30 * 24 * 3600 * 1000;

/// The form in which random secrets of at least 128 bits are kept: nothing slow is needed for those.
pub fn token_hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// Names it, and says nothing of its cookie.
    pub id: String,
    pub since_ms: TimeMs,
    pub until_ms: TimeMs,
    /// Who asks has this one.
    pub is_this: bool,
}

fn session_id(hash: &TokenHash) -> String {
    let id = blake3::hash(hash).to_hex();
    id[..16].to_owned()
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

    /// The account's sessions, newest first. `this`: the cookie's value of who asks.
    pub async fn sessions_of(&self, account: AccountId, this: Option<&str>) -> Result<Vec<SessionView>> {
        let (this, now_ms) = (this.map(token_hash), self.store.clock().now_ms());
        let all = self
            .store
            .directory()
            .read(move |d| d.sessions_of(account, now_ms))
            .await?;
        let view = |(hash, since_ms, until_ms): (TokenHash, TimeMs, TimeMs)| SessionView {
            id: session_id(&hash),
            since_ms,
            until_ms,
            is_this: Some(hash) == this,
        };
        Ok(all.into_iter().map(view).collect())
    }

    /// Ends one of the account's sessions, or with `others` all but `this`. Errors: NotFound.
    pub async fn end_sessions_of(&self, account: AccountId, id: &str, this: Option<&str>) -> Result<()> {
        let (this, now_ms) = (this.map(token_hash), self.store.clock().now_ms());
        let wanted = id.to_owned();
        self.store
            .directory()
            .write(move |d| {
                let mut all = d.sessions_of(account, now_ms)?;
                match wanted.as_str() {
                    "others" => all.retain(|(hash, ..)| Some(*hash) != this),
                    id => all.retain(|(hash, ..)| session_id(hash) == id),
                }
                if all.is_empty() && wanted != "others" {
                    return Err(Error::not_found("this session has ended already"));
                }
                all.iter().try_for_each(|(hash, ..)| d.remove_session(hash))
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
