//! Access tokens (JWT, RS256), refresh tokens and authorization codes.
//!
//! The signing key is made at the first need and kept in the data folder; its id is a hash of it.

use super::clients::Client;
use super::sessions::token_hash;
use super::stay::require_current;
use super::{Doorkeeper, domains};
use crate::base::text::hex;
use crate::base::{Error, Result, TimeMs, random};
use crate::model::Account;
pub use crate::store::directory::oauth::AuthorizationCode;
use crate::store::directory::oauth::RefreshToken;
use crate::store::{Store, disk};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rsa::RsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OnceCell;

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

/// The signing key; loaded or made at the first need.
pub struct Keys {
    path: PathBuf,
    loaded: OnceCell<Arc<SigningKey>>,
}

pub struct SigningKey {
    pub id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// The public half as a JWK (RFC 7517).
    pub jwk: Value,
}

impl Keys {
    pub fn new(store: &Store) -> Keys {
        Keys {
            path: store.layout().keys().join("signing.pem"),
            loaded: OnceCell::new(),
        }
    }

    pub async fn get(&self) -> Result<&Arc<SigningKey>> {
        let path = self.path.clone();
        self.loaded
            .get_or_try_init(|| async {
                tokio::task::spawn_blocking(move || load_or_make(&path))
                    .await
                    .map_err(|e| Error::internal("loading the signing key was broken off").caused_by(e))?
            })
            .await
    }
}

fn load_or_make(path: &std::path::Path) -> Result<Arc<SigningKey>> {
    let pem = match std::fs::read_to_string(path) {
        Ok(pem) => pem,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let pem = domains::new_key()?;
            disk::write_file(path, pem.as_bytes())?;
            pem
        }
        Err(e) => return Err(e.into()),
    };
    let bad =
        |e: String| Error::unavailable(format!("the signing key {} cannot be read: {e}", path.display()));
    let key = RsaPrivateKey::from_pkcs8_pem(&pem).map_err(|e| bad(e.to_string()))?;
    let (n, e) = (
        URL_SAFE_NO_PAD.encode(key.n().to_bytes_be()),
        URL_SAFE_NO_PAD.encode(key.e().to_bytes_be()),
    );
    let id = hex(&blake3::hash(n.as_bytes()).as_bytes()[..10]);
    Ok(Arc::new(SigningKey {
        encoding: EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|e| bad(e.to_string()))?,
        decoding: DecodingKey::from_rsa_components(&n, &e).map_err(|e| bad(e.to_string()))?,
        jwk: json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": n, "e": e}),
        id,
    }))
}

impl SigningKey {
    pub fn sign<T: Serialize>(&self, claims: &T) -> Result<String> {
        let header = Header {
            kid: Some(self.id.clone()),
            ..Header::new(Algorithm::RS256)
        };
        jsonwebtoken::encode(&header, claims, &self.encoding)
            .map_err(|e| Error::internal("a token cannot be signed").caused_by(e))
    }

    /// Checks signature and times; the caller checks for whom it is. Errors: NotAuthenticated.
    pub fn verify(&self, token: &str) -> Result<AccessClaims> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_aud = false;
        validation.validate_nbf = true;
        validation.leeway = 60;
        validation.set_required_spec_claims(&["exp", "iss"]);
        jsonwebtoken::decode::<AccessClaims>(token, &self.decoding, &validation)
            .map(|t| t.claims)
            .map_err(|e| {
                Error::not_authenticated("the access token is not valid or has expired").caused_by(e)
            })
    }
}

/// A refresh token that was taken in exchange for new tokens.
pub struct Refreshed {
    pub account: Arc<Account>,
    pub client_id: String,
    pub scope: String,
    /// The one that takes its place.
    pub refresh_token: String,
}

impl Doorkeeper {
    /// The account that an access token stands for. Errors: NotAuthenticated.
    pub async fn account_of_token(&self, token: &str) -> Result<(Arc<Account>, AccessClaims)> {
        let claims = self.keys.get().await?.verify(token)?;
        let oid = claims.oid.clone();
        let account = self
            .store
            .directory()
            .peek(move |d| d.account_by_oid(&oid))
            .await?
            .filter(|a| a.is_active() && a.sign_in_generation == claims.generation)
            .ok_or_else(|| {
                Error::not_authenticated("what this token was given for has ended; sign in again")
            })?;
        Ok((Arc::new(account), claims))
    }

    /// Errors: NotAuthenticated, when the sign-in has ended meanwhile.
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
        let claims = self.keys.get().await?.verify(token)?;
        let id = claims.appid.clone();
        let client = self.store.directory().read(move |d| d.client(&id)).await?;
        let client = client.ok_or_else(|| {
            Error::not_authenticated("the program of this token is not registered any more")
        })?;
        Ok(Some((client, claims)))
    }

    pub async fn issue_code(&self, account: &Account, code: AuthorizationCode) -> Result<String> {
        let token = random::token();
        let (hash, account) = (token_hash(&token), account.clone());
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
        let (hash, now_ms) = (token_hash(code), self.store.clock().now_ms());
        self.store
            .directory()
            .write(move |d| d.take_code(&hash, now_ms))
            .await
    }

    /// Errors: NotAuthenticated, when the sign-in has ended meanwhile.
    pub async fn issue_refresh_token(
        &self,
        account: &Account,
        client_id: &str,
        scope: &str,
        family: Option<String>,
    ) -> Result<String> {
        let token = random::token();
        let (hash, now_ms) = (token_hash(&token), self.store.clock().now_ms());
        let row = RefreshToken {
            family: family.unwrap_or_else(random::uuid),
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
    /// Errors: NotAuthenticated; Forbidden, when `covers` says no.
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
                    d.end_family(&row.family)?;
                }
                if is_reused || row.client_id != client || row.expires_at_ms <= now_ms {
                    return Ok(None);
                }
                if !covers(&row.scope) {
                    return Err(Error::forbidden("the sign-in was for less than is asked now"));
                }
                d.mark_refresh_token_used(&hash, now_ms)?;
                Ok(Some(row))
            })
            .await?
            .ok_or_else(refused)?;
        let account = self.current(row.account_id).await?;
        let next = self
            .issue_refresh_token(&account, &row.client_id, &row.scope, Some(row.family))
            .await?;
        Ok(Refreshed {
            account,
            client_id: row.client_id,
            scope: row.scope,
            refresh_token: next,
        })
    }
}
