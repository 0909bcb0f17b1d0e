//! Access tokens (JWT, RS256), refresh tokens and authorization codes. The keys are in `keys.rs`.

use super::Doorkeeper;
use super::clients::Client;
use super::consents::may_ask_for;
use super::sessions::token_hash;
use super::stay::require_current;
use crate::base::{Error, Result, TimeMs, random};
use crate::model::Account;
use crate::store::Tx;
use crate::store::directory::DirectoryDb;
pub use crate::store::directory::oauth::AuthorizationCode;
use crate::store::directory::oauth::RefreshToken;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

pub const ACCESS_LIFETIME_MS: TimeMs = 3600 * 1000;
pub const REFRESH_LIFETIME_MS: TimeMs = 90 * 24 * 3600 * 1000;
pub const CODE_LIFETIME_MS: TimeMs = 5 * 60 * 1000;
/// A refresh token that was just used may come once more: the answer may have been lost.
const REUSE_TOLERATED_MS: TimeMs = 30 * 1000;

/// For whom access tokens are, whatever name the server is reached by: programs ask for it.
pub const GRAPH_AUDIENCE: &str = "https://graph.microsoft.com";

/// What an access token says. Names as Microsoft's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    pub exp: i64,
    pub iat: i64,
    pub nbf: i64,
    pub sub: String,
    pub oid: String,
    pub tid: String,
    pub appid: String,
    pub scp: String,
    pub upn: String,
    pub preferred_username: String,
    pub name: String,
    pub ver: String,
    pub jti: String,
    /// The sign-in that it comes from, the same in all tokens of it; empty for programs by themselves.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sid: String,
    /// What a program may do that acts for nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// `app`, when the program acts for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idtyp: Option<String>,
    /// The generation of the account's sign-ins, ours alone.
    #[serde(default)]
    pub generation: i64,
}

/// A refresh token that was taken in exchange for new tokens.
pub struct Refreshed {
    pub account: Arc<Account>,
    pub client_id: String,
    pub scope: String,
    /// The one that takes its place.
    pub refresh_token: String,
    /// The sign-in that both come from.
    pub sid: String,
}

/// How a sign-in is noted that has ended.
fn sign_in_hash(sid: &str) -> [u8; 32] {
    token_hash(&format!("sign-in {sid}"))
}

/// Ends a sign-in: its refresh tokens, and its access tokens, which would last for a while.
fn end_sign_in(d: &mut Tx<'_, DirectoryDb>, sid: &str, now_ms: TimeMs) -> Result<()> {
    d.end_family(sid)?;
    d.spend(&sign_in_hash(sid), now_ms + 2 * ACCESS_LIFETIME_MS, now_ms)?;
    Ok(())
}

/// Somebody who has signed in and has to agree yet: the code is kept under another name until then.
fn held_hash(ticket: &str) -> [u8; 32] {
    token_hash(&format!("held {ticket}"))
}

impl Doorkeeper {
    /// What is in an access token that is ours and counts. Errors: NotAuthenticated.
    async fn claims_of(&self, token: &str) -> Result<AccessClaims> {
        let now_ms = self.store.clock().now_ms();
        self.keys.get(now_ms).await?.verify(token, now_ms)
    }

    /// The account that an access token stands for, and what the token still gives: the registration may have been
    /// narrowed, and what somebody has agreed to may have been taken back. Errors: NotAuthenticated.
    pub async fn account_of_token(&self, token: &str) -> Result<(Arc<Account>, AccessClaims)> {
        let mut claims = self.claims_of(token).await?;
        let (oid, client) = (claims.oid.clone(), claims.appid.clone());
        let sign_in = sign_in_hash(&claims.sid);
        let found = self
            .store
            .directory()
            .peek(move |d| {
                let Some(account) = d.account_by_oid(&oid)? else {
                    return Ok(None);
                };
                if d.is_spent(&sign_in)? {
                    return Ok(None);
                }
                Ok(d.standing(&client, account.id)?
                    .map(|standing| (account, standing)))
            })
            .await?;
        let (account, standing) = found
            .filter(|(a, s)| a.is_active() && a.sign_in_generation == claims.generation && s.counts())
            .ok_or_else(|| {
                Error::not_authenticated("what this token was given for has ended; sign in again")
            })?;
        if let Some(limit) = &standing.limit {
            let kept = claims.scp.split_ascii_whitespace();
            let kept: Vec<&str> = kept.filter(|p| may_ask_for(Some(limit), p)).collect();
            claims.scp = kept.join(" ");
        }
        Ok((Arc::new(account), claims))
    }

    /// The program that an access token stands for which acts for nobody; None: it acts for a person.
    /// Errors: NotAuthenticated.
    pub async fn app_of_token(&self, token: &str) -> Result<Option<(Client, AccessClaims)>> {
        // Nearly all tokens are a person's: their signatures are not checked twice.
        let payload = token
            .split('.')
            .nth(1)
            .and_then(|p| URL_SAFE_NO_PAD.decode(p).ok());
        let is_app = payload
            .and_then(|p| serde_json::from_slice::<Value>(&p).ok())
            .is_some_and(|p| p["idtyp"] == "app");
        if !is_app {
            return Ok(None);
        }
        let claims = self.claims_of(token).await?;
        let id = claims.appid.clone();
        let client = self.store.directory().read(move |d| d.client(&id)).await?;
        let client = client.ok_or_else(|| {
            Error::not_authenticated("the program of this token is not registered any more")
        })?;
        Ok(Some((client, claims)))
    }

    /// A code to be exchanged for tokens. Errors: NotAuthenticated, when the sign-in has ended meanwhile.
    pub async fn issue_code(&self, account: &Account, code: AuthorizationCode) -> Result<String> {
        self.keep_code(account, code, token_hash).await
    }

    /// As [`Doorkeeper::issue_code`], for somebody who is still to be asked whether they agree: returns a ticket, which
    /// is no code.
    pub async fn hold_sign_in(&self, account: &Account, code: AuthorizationCode) -> Result<String> {
        self.keep_code(account, code, held_hash).await
    }

    async fn keep_code(
        &self,
        account: &Account,
        code: AuthorizationCode,
        hash: fn(&str) -> [u8; 32],
    ) -> Result<String> {
        let token = random::token();
        let (hash, account) = (hash(&token), account.clone());
        self.store
            .directory()
            .write(move |d| {
                require_current(d, &account)?;
                d.insert_code(&hash, &code)
            })
            .await?;
        Ok(token)
    }

    pub async fn take_code(&self, code: &str) -> Result<Option<AuthorizationCode>> {
        self.take_kept(token_hash(code)).await
    }

    /// What a ticket stands for; it serves once.
    pub async fn take_held(&self, ticket: &str) -> Result<Option<AuthorizationCode>> {
        self.take_kept(held_hash(ticket)).await
    }

    async fn take_kept(&self, hash: [u8; 32]) -> Result<Option<AuthorizationCode>> {
        let now_ms = self.store.clock().now_ms();
        self.store
            .directory()
            .write(move |d| d.take_code(&hash, now_ms))
            .await
    }

    /// `sid`: the sign-in that it comes from. Errors: NotAuthenticated, when that has ended meanwhile.
    pub async fn issue_refresh_token(
        &self,
        account: &Account,
        client_id: &str,
        scope: &str,
        sid: &str,
    ) -> Result<String> {
        let token = random::token();
        let (hash, now_ms) = (token_hash(&token), self.store.clock().now_ms());
        let row = RefreshToken {
            family: sid.to_owned(),
            client_id: client_id.to_owned(),
            account_id: account.id,
            scope: scope.to_owned(),
            created_at_ms: now_ms,
            expires_at_ms: now_ms + REFRESH_LIFETIME_MS,
            used_at_ms: None,
        };
        let account = account.clone();
        self.store
            .directory()
            .write(move |d| {
                require_current(d, &account)?;
                d.insert_refresh_token(&hash, &row)
            })
            .await?;
        Ok(token)
    }

    /// Exchanges a refresh token for the next one. One that was used before ends the whole family:
    /// it has been stolen, or its thief has it (RFC 9700 §4.14.2).
    /// `covers`: whether the scope that was signed in for is enough for what is asked now; if not, the token is not used up.
    /// Errors: NotAuthenticated; Forbidden, when `covers` says no or the person has to be asked again.
    pub async fn refresh(
        &self,
        token: &str,
        client_id: &str,
        covers: impl FnOnce(&str) -> bool + Send + 'static,
    ) -> Result<Refreshed> {
        let refused = || Error::not_authenticated("the refresh token is not valid any more; sign in again");
        let (hash, now_ms) = (token_hash(token), self.store.clock().now_ms());
        let client = client_id.to_owned();
        let row = self
            .store
            .directory()
            .write(move |d| {
                let Some(row) = d.refresh_token(&hash)? else {
                    return Ok(None);
                };
                let is_reused = row.used_at_ms.is_some_and(|at| now_ms - at > REUSE_TOLERATED_MS);
                if is_reused {
                    tracing::warn!(
                        client = row.client_id,
                        "a used refresh token came again; its sign-in is ended"
                    );
                    end_sign_in(d, &row.family, now_ms)?;
                }
                if is_reused || row.client_id != client || row.expires_at_ms <= now_ms {
                    return Ok(None);
                }
                // An agreement that was taken back, or a program that is not trusted any more.
                let counts = d.standing(&client, row.account_id)?.is_some_and(|s| s.counts());
                if !counts || !covers(&row.scope) {
                    return Err(Error::forbidden("the sign-in was for less than is asked now"));
                }
                d.mark_refresh_token_used(&hash, now_ms)?;
                Ok(Some(row))
            })
            .await?
            .ok_or_else(refused)?;
        let account = self.current(row.account_id).await?;
        let next = self
            .issue_refresh_token(&account, &row.client_id, &row.scope, &row.family)
            .await?;
        Ok(Refreshed {
            account,
            client_id: row.client_id,
            scope: row.scope,
            refresh_token: next,
            sid: row.family,
        })
    }

    /// Ends the sign-in that a token comes from, an access token or a refresh token (RFC 7009 §2.1). What is no token, or
    /// another program's, changes nothing.
    pub async fn revoke(&self, token: &str, client_id: &str) -> Result<()> {
        let (hash, now_ms) = (token_hash(token), self.store.clock().now_ms());
        let claims = self.claims_of(token).await.ok();
        let sid = claims.filter(|c| c.appid == client_id).map(|c| c.sid);
        let client = client_id.to_owned();
        self.store
            .directory()
            .write(move |d| {
                let row = d.refresh_token(&hash)?.filter(|r| r.client_id == client);
                let sid = sid.filter(|s| !s.is_empty()).or(row.map(|r| r.family));
                sid.map_or(Ok(()), |sid| end_sign_in(d, &sid, now_ms))
            })
            .await
    }

    /// Ends the sign-in that an ID token of ours comes from, also one whose time is over. Returns for which program it was;
    /// None: it is no token of ours.
    pub async fn end_sign_in_of(&self, id_token: &str) -> Result<Option<String>> {
        let now_ms = self.store.clock().now_ms();
        let ring = self.keys.get(now_ms).await?;
        let Ok(hint) = ring.read_hint(id_token, now_ms) else {
            return Ok(None);
        };
        let (Some(client), Some(sid)) = (hint["aud"].as_str(), hint["sid"].as_str()) else {
            return Ok(None);
        };
        let sid = sid.to_owned();
        self.store
            .directory()
            .write(move |d| end_sign_in(d, &sid, now_ms))
            .await?;
        Ok(Some(client.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::FixedClock;
    use crate::identity::Ctx;
    use crate::identity::accounts::{NewAccount, NewPassword, create_account};
    use crate::identity::registration::{Registration, add_client};
    use crate::model::AccountKind;
    use crate::store::{Options, Store};

    #[tokio::test]
    async fn a_used_refresh_token_that_comes_late_ends_the_sign_in() {
        let root = std::env::temp_dir().join(format!("hauspost-tokens-{}", random::short_id()));
        let clock = Arc::new(FixedClock::at(1_900_000_000_000));
        let store = Store::open(&root, Options::default(), clock.clone()).unwrap();
        let (ctx, doorkeeper) = (Ctx::system(&store), Doorkeeper::new(store.clone()));
        crate::identity::domains::add_domain(&ctx, "example.test")
            .await
            .unwrap();
        let person = NewAccount {
            address: "a@example.test".into(),
            kind: AccountKind::Person,
            display_name: String::new(),
            language: "de".into(),
            is_admin: false,
            password: NewPassword::None,
        };
        let account = create_account(&ctx, person).await.unwrap();
        let app = Registration {
            name: Some("x".into()),
            is_trusted: Some(true),
            ..Registration::default()
        };
        add_client(&ctx, "x", app, false).await.unwrap();
        let all = |_: &str| true;
        let first = doorkeeper
            .issue_refresh_token(&account, "x", "openid", "s")
            .await
            .unwrap();
        let second = doorkeeper.refresh(&first, "x", all).await.unwrap();
        assert_eq!(second.sid, "s");
        // The answer may have been lost.
        clock.advance(REUSE_TOLERATED_MS);
        let again = doorkeeper.refresh(&first, "x", all).await.unwrap();
        clock.advance(1);
        assert!(doorkeeper.refresh(&first, "x", all).await.is_err());
        for token in [&second.refresh_token, &again.refresh_token] {
            assert!(doorkeeper.refresh(token, "x", all).await.is_err());
        }
        let is_spent = store.directory().read(|d| d.is_spent(&sign_in_hash("s"))).await;
        assert!(is_spent.unwrap());
        std::fs::remove_dir_all(&root).unwrap();
    }
}
