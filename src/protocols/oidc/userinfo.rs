//! Who a token stands for. OpenID Connect Core §5.3.

use crate::base::Error;
use crate::protocols::http::{Credential, signed_in};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

pub async fn userinfo(request: HttpRequest) -> HttpResponse {
    let answered = match signed_in(&request).await {
        Ok((ctx, Credential::Token(claims))) => ctx.account().map(|a| {
            json!({
                "sub": claims.sub,
                "name": a.display_name,
                "preferred_username": a.address,
                "email": a.address,
            })
        }),
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
