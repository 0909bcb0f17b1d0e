//! `/api/outside`: signing in at the page by another issuer. The browser goes there and comes back by addresses, not by
//! requests of the page; what it is to bring back lies in a cookie of its own, which other sites' links carry along too.

use super::error::ApiError;
use crate::base::{Error, Kind, Result};
use crate::directory::oidc::settings::get_oidc;
use crate::directory::oidc::sign_in::{Pending, begin, finish};
use crate::identity::elsewhere::has_user_names;
use crate::identity::sessions;
use crate::protocols::http::auth::{SESSION_COOKIE, cookie, house, read_cookie, require_secure};
use crate::protocols::http::{base_path, client, host};
use crate::protocols::limits::network;
use crate::protocols::web_api::private::private;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::{self, Query};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq;

/// What the browser keeps while it is away.
const PENDING_COOKIE: &str = "__Host-hauspost-outside";
/// People look for their second factor.
const LIFETIME_S: i64 = 15 * 60;
const LONGEST_PLACE: usize = 1024;

pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("", web::get().to(show))
        .route("/begin", web::get().to(go))
        .route("/back", web::get().to(back));
}

/// What stands on the button, null when there is none; and whether people sign in with names that are no addresses.
async fn show(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = house(&request)?.doorkeeper.system();
    let settings = get_oidc(&ctx).await?;
    let takes_user_names = has_user_names(&ctx).await?;
    Ok(private(
        json!({"name": settings.map(|s| s.name), "takesUserNames": takes_user_names}),
    ))
}

#[derive(Deserialize)]
struct Go {
    /// Where the person was: what stands behind the # of the page.
    #[serde(default)]
    to: String,
}

async fn go(request: HttpRequest, query: Query<Go>) -> HttpResponse {
    let gone = async {
        require_secure(&request)?;
        let house = house(&request)?;
        if !house.outside.take(network(client(&request).ip).to_string(), 1) {
            return Err(Error::busy(
                "too many sign-ins are begun from here; wait a minute",
            ));
        }
        let redirect_uri = format!("{}/api/outside/back", host::origin(&request));
        let (url, pending) = begin(&house.post_room, redirect_uri).await?;
        Ok(sent_to(&url, Some(keep(&print(&pending, &query.to), LIFETIME_S))))
    };
    gone.await.unwrap_or_else(|e| refused(&e))
}

#[derive(Deserialize)]
struct Back {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

async fn back(request: HttpRequest, query: Query<Back>) -> HttpResponse {
    match came_back(&request, &query).await {
        Ok(response) => response,
        Err(e) => refused(&e),
    }
}

async fn came_back(request: &HttpRequest, query: &Back) -> Result<HttpResponse> {
    require_secure(request)?;
    let house = house(request)?;
    if !house.outside.take(network(client(request).ip).to_string(), 1) {
        return Err(Error::busy("too many sign-ins come from here; wait a minute"));
    }
    let redirect_uri = format!("{}/api/outside/back", host::origin(request));
    let kept = read_cookie(request, PENDING_COOKIE).and_then(|c| parse(c.value(), redirect_uri));
    let lost = || Error::not_authenticated("this browser has begun no sign-in, or too long ago");
    let (pending, to) = kept.ok_or_else(lost)?;
    let state = query.state.as_deref().unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(pending.state.as_bytes())) {
        return Err(lost());
    }
    let Some(code) = &query.code else {
        let said = query.error.as_deref().unwrap_or("nothing");
        return Err(Error::not_authenticated(format!(
            "the issuer says {}",
            crate::base::text::one_line(said)
        )));
    };
    let account = finish(&house.post_room, &pending, code, query.iss.as_deref()).await?;
    let token = house.doorkeeper.begin_session(&account).await?;
    tracing::info!(account = account.address, "signed in by another issuer");
    let mut response = sent_to(&format!("{}/{to}", base_path::get()), Some(keep("", 0)));
    let session = cookie(SESSION_COOKIE, token, sessions::LIFETIME_MS / 1000);
    response
        .add_cookie(&session)
        .map_err(|e| Error::internal("the session cannot be given").caused_by(e))?;
    Ok(response)
}

/// The page says why, in the person's language; the log says more.
fn refused(e: &Error) -> HttpResponse {
    let why = match e.kind() {
        Kind::NotFound => "unknown",
        Kind::Forbidden => "disabled",
        Kind::Busy => "busy",
        Kind::NotAuthenticated => "refused",
        _ => "failed",
    };
    tracing::warn!(error = ?e, "a sign-in by another issuer came to nothing");
    sent_to(&format!("{}/?outside={why}", base_path::get()), None)
}

fn sent_to(url: &str, cookie: Option<Cookie<'static>>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    response
        .insert_header(("Location", url))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"));
    if let Some(cookie) = cookie {
        response.cookie(cookie);
    }
    response.finish()
}

/// The issuer leads back by a link of its own site: with Strict the browser would leave the cookie at home.
fn keep(value: &str, max_age_s: i64) -> Cookie<'static> {
    let mut cookie = cookie(PENDING_COOKIE, value.to_owned(), max_age_s);
    cookie.set_same_site(SameSite::Lax);
    cookie
}

/// Of the page, as browsers write it.
fn is_place(to: &str) -> bool {
    to.starts_with("#/") && to.len() <= LONGEST_PLACE && to.bytes().all(|b| b.is_ascii_graphic())
}

fn print(p: &Pending, to: &str) -> String {
    let to = match is_place(to) {
        true => URL_SAFE_NO_PAD.encode(to),
        false => String::new(),
    };
    [&p.state, &p.nonce, &p.verifier, &to]
        .map(String::as_str)
        .join(".")
}

/// What [`print`] has written, and the place to go to.
fn parse(value: &str, redirect_uri: String) -> Option<(Pending, String)> {
    let parts: Vec<&str> = value.split('.').collect();
    let [state, nonce, verifier, to] = parts[..] else {
        return None;
    };
    let to = String::from_utf8(URL_SAFE_NO_PAD.decode(to).ok()?).ok()?;
    let pending = Pending {
        state: state.to_owned(),
        nonce: nonce.to_owned(),
        verifier: verifier.to_owned(),
        redirect_uri,
    };
    let is_whole = !state.is_empty() && !nonce.is_empty() && !verifier.is_empty();
    ((to.is_empty() || is_place(&to)) && is_whole).then_some((pending, to))
}

#[cfg(test)]
mod tests {
    use super::{Pending, parse, print};

    #[test]
    fn only_places_of_the_page_are_gone_back_to() {
        let pending = Pending {
            state: "s".into(),
            nonce: "n".into(),
            verifier: "v".into(),
            redirect_uri: "https://x/back".into(),
        };
        let back = |to: &str| parse(&print(&pending, to), "https://x/back".into()).unwrap();
        assert_eq!(back("#/mail/inbox"), (pending.clone(), "#/mail/inbox".into()));
        for bad in ["//evil.test", "https://evil.test", "/x", "#x", "#/a\r\nb", "#/ä"] {
            assert_eq!(back(bad).1, "", "{bad}");
        }
        for bad in ["", "s.n.v", "s.n.v.Ly8.x", "..v.", "s.n.v.Ly9ldmls"] {
            assert!(parse(bad, String::new()).is_none(), "{bad}");
        }
    }
}
