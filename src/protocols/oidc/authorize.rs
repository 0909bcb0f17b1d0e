//! The sign-in page: shows the form, signs the person in, and sends the program its code.

use super::error::OauthError;
use super::form::Form;
use super::page::{self, Html};
use super::redirect::form_target;
use super::request::{Asked, Back, Mode, read_asked, read_back};
use super::site::Site;
use super::words::{self, Words};
use crate::base::random;
use crate::identity::Via;
use crate::identity::tokens::{AuthorizationCode, CODE_LIFETIME_MS};
use crate::protocols::http::auth::{cookie, require_secure};
use crate::protocols::http::client;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use subtle::ConstantTimeEq;

/// Holds what the form must hold too, so that no other site can send the form (RFC 9700 §4.7).
pub const FORM_COOKIE: &str = "__Host-hauspost-sign-in";
pub const FORM_LIFETIME_S: i64 = 3600;

/// What the request asked for, which the form carries along.
const CARRIED: [&str; 11] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "client_info",
];

pub async fn show(request: HttpRequest) -> HttpResponse {
    let words = words::of(&request);
    let form = Form::parse(request.query_string().as_bytes());
    match begin(&request, &form).await {
        Ok(Begun {
            back,
            asked: Ok(asked),
            ..
        }) if !asked.is_silent => {
            let address = asked.login_hint.clone().unwrap_or_default();
            sign_in_page(words, &form, &back, &address, None, StatusCode::OK)
        }
        Ok(Begun {
            back, asked: Ok(_), ..
        }) => {
            let e = OauthError::new(
                "login_required",
                50058,
                "Session information is not sufficient for single-sign-on.",
            );
            refuse(words, &back, &e)
        }
        Ok(Begun {
            back, asked: Err(e), ..
        }) => refuse(words, &back, &e),
        Err(e) => failed(words, &e),
    }
}

pub async fn sign_in(request: HttpRequest, body: Bytes) -> HttpResponse {
    let words = words::of(&request);
    let form = Form::parse(&body);
    let begun = match begin(&request, &form).await {
        Ok(begun) => begun,
        Err(e) => return failed(words, &e),
    };
    let (site, back) = (begun.site, begun.back);
    let asked = match begun.asked {
        Ok(asked) => asked,
        Err(e) => return refuse(words, &back, &e),
    };
    let address = form.get("username").unwrap_or_default();
    if !is_our_form(&request, &form) {
        return sign_in_page(
            words,
            &form,
            &back,
            address,
            Some(words.expired),
            StatusCode::FORBIDDEN,
        );
    }
    let via = Via {
        peer: client(&request).ip,
        door: "authorize",
        takes_app_passwords: false,
    };
    let password = form.get("password").unwrap_or_default();
    let account = match site.house.doorkeeper.sign_in(address, password, via).await {
        Ok(account) => account,
        Err(e) => {
            let (status, told) = page::refusal(words, &e);
            return sign_in_page(words, &form, &back, address, Some(told), status);
        }
    };
    let code = AuthorizationCode {
        client_id: back.client.id.clone(),
        account_id: account.id,
        redirect_uri: back.redirect_uri.clone(),
        scope: asked.scopes.asked(),
        nonce: asked.nonce,
        code_challenge: asked.code_challenge,
        expires_at_ms: site.ctx.now_ms() + CODE_LIFETIME_MS,
    };
    match site.house.doorkeeper.issue_code(&account, code).await {
        Ok(code) => call_back(words, &back, &[("code", &code)]),
        Err(e) => failed(words, &e.into()),
    }
}

struct Begun {
    site: Site,
    back: Back,
    asked: Result<Asked, OauthError>,
}

/// Errors: those that only our page may show.
async fn begin(request: &HttpRequest, form: &Form) -> Result<Begun, OauthError> {
    require_secure(request)?;
    let site = Site::of_tenant(request).await?;
    let back = read_back(&site, form).await?;
    let asked = read_asked(&site, &back.client, form);
    Ok(Begun { site, back, asked })
}

/// Whether the form comes from the page that we have shown.
pub fn is_our_form(request: &HttpRequest, form: &Form) -> bool {
    let header = request
        .headers()
        .get("sec-fetch-site")
        .and_then(|v| v.to_str().ok());
    let is_foreign = header.is_some_and(|site| site != "same-origin" && site != "none");
    let cookie = request.cookie(FORM_COOKIE);
    let (Some(cookie), Some(token)) = (cookie, form.get("form_token")) else {
        return false;
    };
    !is_foreign && bool::from(cookie.value().as_bytes().ct_eq(token.as_bytes()))
}

fn sign_in_page(
    words: &Words,
    form: &Form,
    back: &Back,
    address: &str,
    error: Option<&str>,
    status: StatusCode,
) -> HttpResponse {
    let token = random::token();
    let mut html = Html::default()
        .raw("<h1>")
        .text(words.title)
        .raw("</h1>\n<p>")
        .text(words.for_program)
        .raw(" <b>")
        .text(&back.client.name)
        .raw("</b></p>\n");
    if let Some(error) = error {
        html = html.raw("<div role=\"alert\">").text(error).raw("</div>\n");
    }
    // Without an address the form goes back to where it came from; what was asked for is in it, not in the address.
    html = html
        .raw("<form method=\"post\" action=\"?\" autocomplete=\"on\">\n")
        .hidden("form_token", &token);
    for name in CARRIED {
        if let Some(value) = form.get(name) {
            html = html.hidden(name, value);
        }
    }
    let focus = |is: bool| if is { " autofocus" } else { "" };
    html = html
        .raw("<label for=\"username\">")
        .text(words.address)
        .raw("</label><input id=\"username\" name=\"username\" type=\"email\" autocomplete=\"username\" required value=\"")
        .text(address)
        .raw("\"")
        .raw(focus(address.is_empty()))
        .raw(">\n<label for=\"password\">")
        .text(words.password)
        .raw("</label><input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required")
        .raw(focus(!address.is_empty()))
        .raw(">\n<button type=\"submit\">")
        .text(words.sign_in)
        .raw("</button>\n</form>\n");
    let target = form_target(&back.redirect_uri).unwrap_or_default();
    let mut response = page::page(status, words, html, &format!("'self' {target}"));
    if let Err(e) = response.add_cookie(&cookie(FORM_COOKIE, token, FORM_LIFETIME_S)) {
        tracing::error!(error = %e, "the cookie of the sign-in page cannot be set");
    }
    response
}

/// Errors that the program must not or cannot be told.
fn failed(words: &Words, e: &OauthError) -> HttpResponse {
    page::message(StatusCode::BAD_REQUEST, words, words.failed, &e.description())
}

fn refuse(words: &Words, back: &Back, e: &OauthError) -> HttpResponse {
    call_back(
        words,
        back,
        &[("error", e.error), ("error_description", &e.description())],
    )
}

/// Sends the browser back to the program, with its state.
fn call_back(words: &Words, back: &Back, values: &[(&str, &str)]) -> HttpResponse {
    let state = back.state.as_deref().map(|s| ("state", s));
    let values = values.iter().copied().chain(state);
    if back.mode == Mode::FormPost {
        return form_post(words, back, values);
    }
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    values.for_each(|(n, v)| {
        encoded.append_pair(n, v);
    });
    let encoded = encoded.finish();
    let join = match back.mode {
        Mode::Fragment => '#',
        _ if back.redirect_uri.contains('?') => '&',
        _ => '?',
    };
    HttpResponse::SeeOther()
        .insert_header(("Location", format!("{}{join}{encoded}", back.redirect_uri)))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .cookie(cookie(FORM_COOKIE, String::new(), 0))
        .finish()
}

/// OAuth 2.0 Form Post Response Mode. Sends itself; where scripts are off there is a button.
fn form_post<'v>(
    words: &Words,
    back: &Back,
    values: impl Iterator<Item = (&'v str, &'v str)>,
) -> HttpResponse {
    let mut html = Html::default()
        .raw("<form method=\"post\" action=\"")
        .text(&back.redirect_uri)
        .raw("\">\n");
    for (name, value) in values {
        html = html.hidden(name, value);
    }
    html = html
        .raw("<button type=\"submit\">")
        .text(words.go_on)
        .raw("</button>\n</form>\n");
    let target = form_target(&back.redirect_uri).unwrap_or_default();
    page::page_with_script(StatusCode::OK, words, html, &target, "document.forms[0].submit()")
}
