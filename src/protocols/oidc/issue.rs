//! Tokens for a signed-in account, and the answer that carries them.

use super::form::Form;
use super::scope::{GROUPS, OFFLINE, Scopes};
use super::site::Site;
use crate::base::{Result, TimeMs, random};
use crate::identity::Ctx;
use crate::identity::clients::Client;
use crate::identity::shares::groups_of;
use crate::identity::tokens::{ACCESS_LIFETIME_MS, AccessClaims, GRAPH_AUDIENCE};
use crate::model::{Account, AccountId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// What was signed in for.
pub struct Grant<'g> {
    pub account: &'g Account,
    pub client_id: &'g str,
    pub scopes: Scopes,
    pub nonce: Option<String>,
    /// The one that takes the place of the one that was used; None: a new one, if it was asked for.
    pub refresh_token: Option<String>,
    pub wants_client_info: bool,
    /// The sign-in that all tokens of it name.
    pub sid: String,
    /// When the person gave their password; None: earlier.
    pub signed_in_at_ms: Option<TimeMs>,
}

impl<'g> Grant<'g> {
    /// For a sign-in of just now. `form`: the request for tokens.
    pub fn new(account: &'g Account, scopes: Scopes, client: &'g Client, form: &Form) -> Grant<'g> {
        Grant {
            account,
            client_id: &client.id,
            scopes,
            nonce: None,
            refresh_token: None,
            wants_client_info: form.get("client_info").is_some_and(|v| v != "0"),
            sid: random::uuid(),
            signed_in_at_ms: None,
        }
    }
}

/// The answer of RFC 6749 §5.1 with what Microsoft adds.
pub async fn tokens(site: &Site, grant: Grant<'_>) -> Result<Value> {
    let doorkeeper = &site.house.doorkeeper;
    let key = doorkeeper.keys.get(site.ctx.now_ms()).await?;
    let now_s = site.ctx.now_ms() / 1000;
    let lifetime_s = ACCESS_LIFETIME_MS / 1000;
    let (account, asked) = (grant.account, grant.scopes.asked());
    let mut out = json!({
        "token_type": "Bearer",
        "scope": asked,
        // One second less than it lasts, so that nobody uses it in its last one.
        "expires_in": lifetime_s - 1,
        "ext_expires_in": lifetime_s - 1,
        "access_token": key.sign(&access_claims(site, &grant, now_s, lifetime_s))?,
    });
    if grant.scopes.has("openid") {
        let groups = group_names(site, &grant).await?;
        out["id_token"] = key
            .sign(&id_claims(site, &grant, groups, now_s, lifetime_s))?
            .into();
    }
    if grant.scopes.has(OFFLINE) {
        let token = match grant.refresh_token {
            Some(token) => token,
            None => {
                doorkeeper
                    .issue_refresh_token(account, grant.client_id, &asked, &grant.sid)
                    .await?
            }
        };
        out["refresh_token"] = token.into();
    }
    if grant.wants_client_info {
        // Without it MSAL keeps no account and cannot renew silently.
        let info = json!({"uid": account.oid, "utid": site.tenant}).to_string();
        out["client_info"] = URL_SAFE_NO_PAD.encode(info).into();
    }
    Ok(out)
}

fn access_claims(site: &Site, grant: &Grant<'_>, now_s: i64, lifetime_s: i64) -> AccessClaims {
    let account = grant.account;
    AccessClaims {
        iss: site.issuer(),
        aud: GRAPH_AUDIENCE.into(),
        exp: now_s + lifetime_s,
        iat: now_s,
        nbf: now_s,
        sub: subject(&account.oid, grant.client_id),
        oid: account.oid.clone(),
        tid: site.tenant.clone(),
        appid: grant.client_id.to_owned(),
        scp: grant.scopes.permissions(),
        upn: account.address.clone(),
        preferred_username: account.address.clone(),
        name: account.display_name.clone(),
        ver: "1.0".into(),
        jti: random::uuid(),
        sid: grant.sid.clone(),
        roles: Vec::new(),
        idtyp: None,
        generation: account.sign_in_generation,
    }
}

/// Addresses of the groups that the person belongs to, where the program has asked for them.
async fn group_names(site: &Site, grant: &Grant<'_>) -> Result<Option<Vec<String>>> {
    match grant.scopes.has(GROUPS) {
        true => Ok(Some(group_addresses(&site.ctx, grant.account.id).await?)),
        false => Ok(None),
    }
}

pub async fn group_addresses(ctx: &Ctx, account: AccountId) -> Result<Vec<String>> {
    let all = groups_of(ctx, account).await?;
    Ok(all.into_iter().map(|g| g.address).collect())
}

fn id_claims(
    site: &Site,
    grant: &Grant<'_>,
    groups: Option<Vec<String>>,
    now_s: i64,
    lifetime_s: i64,
) -> Value {
    let account = grant.account;
    let mut out = json!({
        "iss": site.issuer(),
        "aud": grant.client_id,
        "exp": now_s + lifetime_s,
        "iat": now_s,
        "nbf": now_s,
        "sub": subject(&account.oid, grant.client_id),
        "oid": account.oid,
        "tid": site.tenant,
        "preferred_username": account.address,
        // DavMail reads this one.
        "unique_name": account.address,
        "email": account.address,
        "name": account.display_name,
        "ver": "2.0",
        "sid": grant.sid,
    });
    if site.is_plain {
        // Ours are: nobody else gets mail there.
        out["email_verified"] = true.into();
    }
    if let Some(at_ms) = grant.signed_in_at_ms {
        out["auth_time"] = (at_ms / 1000).into();
    }
    if let Some(groups) = groups {
        out["groups"] = groups.into();
    }
    if let Some(nonce) = &grant.nonce {
        out["nonce"] = nonce.clone().into();
    }
    out
}

/// Another for every program, so that they cannot compare notes (OpenID Connect Core §8.1).
pub fn subject(oid: &str, client_id: &str) -> String {
    let hash = blake3::hash(format!("{oid} {client_id}").as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_bytes())
}

/// The answer for a program that acts for nobody (RFC 6749 §4.4.3).
pub async fn app_token(site: &Site, client: &Client) -> Result<Value> {
    let key = site.house.doorkeeper.keys.get(site.ctx.now_ms()).await?;
    let now_s = site.ctx.now_ms() / 1000;
    let lifetime_s = ACCESS_LIFETIME_MS / 1000;
    // Microsoft's tokens name the program's own object here; the client's id stands for it.
    let claims = AccessClaims {
        iss: site.issuer(),
        aud: GRAPH_AUDIENCE.into(),
        exp: now_s + lifetime_s,
        iat: now_s,
        nbf: now_s,
        sub: client.id.clone(),
        oid: client.id.clone(),
        tid: site.tenant.clone(),
        appid: client.id.clone(),
        scp: String::new(),
        upn: String::new(),
        preferred_username: String::new(),
        name: client.name.clone(),
        ver: "1.0".into(),
        jti: random::uuid(),
        sid: String::new(),
        roles: client.app_permissions.clone(),
        idtyp: Some("app".into()),
        generation: 0,
    };
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": lifetime_s - 1,
        "ext_expires_in": lifetime_s - 1,
        "access_token": key.sign(&claims)?,
    }))
}
