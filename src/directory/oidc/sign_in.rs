//! From the button to the account: what the browser is sent away with, and who it is when it comes back.

use super::issuer::{Claims, Issuer};
use super::settings::require_oidc;
use crate::base::{Error, Result, random};
use crate::delivery::PostRoom;
use crate::directory::newcomer::{make_account, usual_language};
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use crate::identity::domains::list_domains;
use crate::identity::elsewhere::{link_of, put_link};
use crate::model::directory::{MatchBy, OidcSettings, OutsideLink, Source, Unknown};
use crate::model::{Account, AccountKind, EmailAddress};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What the browser keeps while it is at the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    pub redirect_uri: String,
}

/// Where to send the browser, and what it is to bring back. Errors: NotFound, when there is no issuer; Invalid,
/// Unavailable.
pub async fn begin(room: &PostRoom, redirect_uri: String) -> Result<(String, Pending)> {
    let settings = require_oidc(&room.ctx()).await?;
    let issuer = Issuer::discover(room, &settings).await?;
    let pending = Pending {
        state: random::token(),
        nonce: random::token(),
        verifier: random::token(),
        redirect_uri,
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(pending.verifier.as_bytes()));
    let mut url = issuer.authorization_endpoint;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", &pending.redirect_uri)
        .append_pair("scope", "openid profile email")
        .append_pair("state", &pending.state)
        .append_pair("nonce", &pending.nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    Ok((url.into(), pending))
}

/// Who has come back. `iss`: what the issuer called itself beside the code, if anything (RFC 9207).
/// Errors: NotAuthenticated, when it cannot be confirmed who it is; NotFound, when nobody here is that; Forbidden, when
/// the account may not sign in; Unavailable.
pub async fn finish(
    room: &PostRoom,
    pending: &Pending,
    code: &str,
    iss: Option<&str>,
) -> Result<Arc<Account>> {
    let ctx = room.ctx();
    let settings = require_oidc(&ctx).await?;
    if iss.is_some_and(|iss| iss != settings.issuer) {
        return Err(Error::not_authenticated("another issuer has answered"));
    }
    let issuer = Issuer::discover(room, &settings).await?;
    let claims = issuer
        .redeem(code, &pending.redirect_uri, &pending.verifier)
        .await?;
    if claims.nonce.as_deref() != Some(pending.nonce.as_str()) {
        return Err(Error::not_authenticated(
            "the issuer's statement does not count: it is not for this sign-in",
        ));
    }
    let account = find(&ctx, &settings, &claims).await?;
    match account.is_active() {
        true => Ok(Arc::new(account)),
        false => Err(Error::forbidden("this account may not sign in")),
    }
}

async fn find(ctx: &Ctx, settings: &OidcSettings, claims: &Claims) -> Result<Account> {
    let all = list_accounts(ctx).await?;
    if let Some(link) = link_of(ctx, Source::Oidc, &claims.sub).await?
        && let Some(account) = all.iter().find(|a| a.id == link.account_id)
    {
        return Ok(account.clone());
    }
    let nobody = |who: &str| Error::not_found(format!("nobody here is {}", crate::base::text::one_line(who)));
    let addresses = addresses(ctx, settings, claims).await?;
    let is_person =
        |a: &&Account| a.kind == AccountKind::Person && addresses.iter().any(|w| a.owns_address(w));
    let account = match (all.iter().find(is_person), addresses.first(), settings.unknown) {
        (Some(account), ..) => account.clone(),
        (None, Some(address), Unknown::Make) => {
            let name = claims
                .name
                .as_deref()
                .map(crate::base::text::one_line)
                .unwrap_or_default();
            let name = crate::base::text::cut_chars(&name, 200);
            make_account(
                ctx,
                &usual_language(ctx).await?,
                (address, AccountKind::Person),
                name,
            )
            .await?
        }
        (None, address, _) => return Err(nobody(address.unwrap_or(&claims.sub))),
    };
    link(ctx, &account, claims).await?;
    Ok(account)
}

/// Addresses of ours that the issuer's words can mean.
async fn addresses(ctx: &Ctx, settings: &OidcSettings, claims: &Claims) -> Result<Vec<String>> {
    let domains = list_domains(ctx).await?;
    let said = match settings.match_by {
        MatchBy::VerifiedEmail => claims.email.clone().filter(|_| claims.is_verified()),
        MatchBy::Email => claims.email.clone(),
        MatchBy::Username => claims.preferred_username.clone(),
    };
    let Some(said) = said else { return Ok(Vec::new()) };
    let spellings = match settings.match_by {
        MatchBy::Username if !said.contains('@') => {
            domains.iter().map(|d| format!("{said}@{}", d.name)).collect()
        }
        _ => vec![said],
    };
    let parsed = spellings.iter().filter_map(|text| EmailAddress::parse(text).ok());
    let ours = parsed.filter(|a| domains.iter().any(|d| d.name == a.domain()));
    Ok(ours.map(|a| a.key()).collect())
}

/// From now on the issuer's own name for them counts, whatever their address becomes. Errors: NotFound, when the account
/// is somebody else's there: an address that was given to another person must not open the first one's mailbox.
async fn link(ctx: &Ctx, account: &Account, claims: &Claims) -> Result<()> {
    let links = crate::identity::elsewhere::list_links(ctx, Source::Oidc).await?;
    if links.iter().any(|l| l.account_id == account.id) {
        return Err(Error::not_found(format!(
            "{} belongs to another person of the issuer",
            account.address
        )));
    }
    let link = OutsideLink {
        account_id: account.id,
        external_id: claims.sub.clone(),
        is_off: false,
        aliases: Vec::new(),
        user_name: None,
    };
    put_link(ctx, Source::Oidc, link).await
}
