//! Signing in with address and password in every request (RFC 7617); app passwords count.

use super::error::DavError;
use crate::base::Error;
use crate::identity::{Ctx, Via};
use crate::protocols::http::auth::{house, require_secure};
use crate::protocols::http::client;
use actix_web::HttpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Errors: 401; 403 without TLS; 503 for those who guess.
pub async fn signed_in(request: &HttpRequest) -> Result<Ctx, DavError> {
    let house = house(request)?;
    require_secure(request)?;
    let header = request
        .headers()
        .get("authorization")
        .and_then(|v| v.to_str().ok());
    let please = || Error::not_authenticated("please sign in with address and password");
    let (scheme, packed) = header.and_then(|h| h.split_once(' ')).ok_or_else(please)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(please().into());
    }
    let plain = STANDARD
        .decode(packed.trim())
        .ok()
        .and_then(|b| String::from_utf8(b).ok());
    let plain = plain.ok_or_else(please)?;
    let (name, password) = plain.split_once(':').ok_or_else(please)?;
    let via = Via {
        peer: client(request).ip,
        door: "dav",
        takes_app_passwords: true,
    };
    let account = house.doorkeeper.sign_in(name, password, via).await?;
    Ok(house.doorkeeper.ctx(account))
}
