//! Who sends a request: a bearer token, or the page's cookie.

use super::{HouseData, base_path, client};
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::tokens::AccessClaims;
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::Method;

/// The page's cookie. The prefix makes browsers insist on Secure, this host, and the whole site (RFC 6265bis §4.1.3.2).
pub const SESSION_COOKIE: &str = "__Host-hauspost";

/// What proved who it is.
#[derive(Clone, Debug)]
pub enum Credential {
    Cookie,
    Token(Box<AccessClaims>),
}

/// The signed-in account. Errors: NotAuthenticated; Forbidden, when another site makes the browser send the cookie.
pub async fn signed_in(request: &HttpRequest) -> Result<(Ctx, Credential)> {
    let house = house(request)?;
    let header = request
        .headers()
        .get("authorization")
        .and_then(|v| v.to_str().ok());
    if let Some((scheme, token)) = header.and_then(|h| h.split_once(' '))
        && scheme.eq_ignore_ascii_case("bearer")
    {
        let (account, claims) = house.doorkeeper.account_of_token(token.trim()).await?;
        return Ok((house.doorkeeper.ctx(account), Credential::Token(Box::new(claims))));
    }
    let Some(cookie) = read_cookie(request, SESSION_COOKIE) else {
        return Err(Error::not_authenticated("please sign in"));
    };
    require_same_origin(request)?;
    let account = house.doorkeeper.session(cookie.value()).await?;
    let account =
        account.ok_or_else(|| Error::not_authenticated("your session has ended; please sign in again"))?;
    Ok((house.doorkeeper.ctx(account), Credential::Cookie))
}

pub fn house(request: &HttpRequest) -> Result<&HouseData> {
    request
        .app_data::<HouseData>()
        .ok_or_else(|| Error::internal("the house is missing"))
}

/// Browsers say where a request comes from (Fetch Metadata). SameSite=Strict keeps the cookie from other sites;
/// this also keeps it from other origins of the same site, such as another port of the box.
pub fn require_same_origin(request: &HttpRequest) -> Result<()> {
    let from = request
        .headers()
        .get("sec-fetch-site")
        .and_then(|v| v.to_str().ok());
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    match from {
        Some("same-origin") => Ok(()),
        // Typed into the address bar.
        Some("none") if is_reading => Ok(()),
        // Browsers without Fetch Metadata send Origin with what changes something.
        None if is_reading => Ok(()),
        None if is_own_origin(request) => Ok(()),
        _ => Err(Error::forbidden(
            "this request does not come from the page of this server",
        )),
    }
}

fn is_own_origin(request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    match (header("origin"), header("host")) {
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, o)| o.eq_ignore_ascii_case(host)),
        _ => false,
    }
}

/// `__Host-` insists on the whole host. Below a path of it, the other services there are not to get the cookie.
fn cookie_name(name: &'static str) -> String {
    match base_path::get() {
        "" => name.to_owned(),
        _ => name.replacen("__Host-", "__Secure-", 1),
    }
}

/// What [`cookie`] has set.
pub fn read_cookie(request: &HttpRequest, name: &'static str) -> Option<Cookie<'static>> {
    request.cookie(&cookie_name(name))
}

/// A cookie for the page; `value` empty takes it away.
pub fn cookie(name: &'static str, value: String, max_age_s: i64) -> Cookie<'static> {
    Cookie::build(cookie_name(name), value)
        .path(match base_path::get() {
            "" => "/",
            base => base,
        })
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(time::Duration::seconds(max_age_s))
        .finish()
}

/// Passwords and codes travel protected only; on plain HTTP nobody signs in. Errors: Forbidden.
pub fn require_secure(request: &HttpRequest) -> Result<()> {
    if client(request).is_secure {
        return Ok(());
    }
    Err(Error::forbidden("this needs a protected connection (https)"))
}
