//! Who a token stands for. OpenID Connect Core §5.3.

use super::issue::group_addresses;
use super::scope::GROUPS;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::tokens::AccessClaims;
use crate::protocols::http::{Credential, signed_in};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

async fn describe(ctx: &Ctx, claims: &AccessClaims) -> Result<Value> {
    let account = ctx.account()?;
    let mut out = json!({
        "sub": claims.sub,
        "name": account.display_name,
        "preferred_username": account.address,
        "email": account.address,
        "email_verified": true,
        "locale": account.language,
    });
    if claims.scp.split_ascii_whitespace().any(|s| s == GROUPS) {
        out["groups"] = group_addresses(ctx, account.id).await?.into();
    }
    Ok(out)
}

pub async fn userinfo(request: HttpRequest) -> HttpResponse {
    let answered = match signed_in(&request).await {
        Ok((ctx, Credential::Token(claims))) => describe(&ctx, &claims).await,
        // The page has its own way to find out.
        Ok((_, Credential::Cookie)) => Err(Error::not_authenticated("an access token is needed")),
        Err(e) => Err(e),
    };
    match answered {
        Ok(claims) => HttpResponse::Ok()
            .insert_header(("Cache-Control", "no-store"))
            .json(claims),
        // RFC 6750 §3.
        Err(e) => HttpResponse::Unauthorized()
            .insert_header(("WWW-Authenticate", "Bearer error=\"invalid_token\""))
            .json(json!({"error": "invalid_token", "error_description": e.message()})),
    }
}
