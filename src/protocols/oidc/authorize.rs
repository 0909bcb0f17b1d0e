//! The sign-in page: shows the form, signs the person in, asks them whether they agree, and sends the program its code.

use super::consent::{self, Question};
use super::error::OauthError;
use super::form::Form;
use super::page::{self, Html};
use super::passkey;
use super::redirect::form_target;
use super::request::{Asked, Back, Mode, read_asked, read_back};
use super::second;
use super::site::Site;
use super::words::{self, Words};
use crate::base::{Error, Kind, Result, random};
use crate::identity::Via;
use crate::identity::passkeys::Shown;
use crate::identity::second_factor::Step;
use crate::identity::tokens::{AuthorizationCode, CODE_LIFETIME_MS};
use crate::model::Account;
use crate::protocols::http::auth::{cookie, read_cookie, require_secure};
use crate::protocols::http::client;
use crate::protocols::http::passkey::place_of;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Holds what the form must hold too, so that no other site can send the form (RFC 9700 §4.7).
pub const FORM_COOKIE: &str = "__Host-hauspost-sign-in";
pub const FORM_LIFETIME_S: i64 = 3600;

/// What the request asked for, which the form carries along.
const CARRIED: [&str; 12] = [
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
    "prompt",
    "client_info",
];

pub async fn show(request: HttpRequest) -> HttpResponse {
    let words = words::of(&request);
    let form = Form::parse(request.query_string().as_bytes());
    match begin(&request, &form).await {
        Ok(Begun {
            site,
            back,
            asked: Ok(asked),
        }) if !asked.is_silent => {
            let address = asked.login_hint.clone().unwrap_or_default();
            sign_in_page(&site, words, &form, &back, &address, None, StatusCode::OK)
        }
        Ok(Begun {
            site,
            back,
            asked: Ok(_),
        }) => {
            let e = OauthError::new(
                "login_required",
                50058,
                "Session information is not sufficient for single-sign-on.",
            );
            refuse_at(words, &site, &back, &e)
        }
        Ok(Begun {
            site,
            back,
            asked: Err(e),
        }) => refuse_at(words, &site, &back, &e),
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
        Err(e) => return refuse_at(words, &site, &back, &e),
    };
    let address = form.get("username").unwrap_or_default().to_owned();
    let address = address.as_str();
    if !is_our_form(&request, &form) {
        return sign_in_page(
            &site,
            words,
            &form,
            &back,
            address,
            Some(words.expired),
            StatusCode::FORBIDDEN,
        );
    }
    if let Some(ticket) = form.get(consent::TICKET) {
        return match decide(&site, &back, &asked, ticket, form.get(consent::ANSWER)).await {
            Ok(Some(code)) => answer_with(words, &site, &back, &[("code", &code)]),
            // The page was open for too long, or was sent twice.
            Ok(None) => {
                let told = Some(words.expired);
                sign_in_page(&site, words, &form, &back, "", told, StatusCode::FORBIDDEN)
            }
            Err(e) => refuse_at(words, &site, &back, &e),
        };
    }
    let via = Via {
        peer: client(&request).ip,
        door: "authorize",
        takes_app_passwords: false,
    };
    let account = match who(&site, words, &form, &back, via).await {
        Ok(account) => account,
        Err(page) => return page,
    };
    match signed_in(&site, &back, asked, &account).await {
        Ok(Next::Answer(code)) => answer_with(words, &site, &back, &[("code", &code)]),
        Ok(Next::Ask { ticket, permissions }) => {
            agreement_page(words, &form, &back, &account.address, &ticket, &permissions)
        }
        Err(e) => failed(words, &e.into()),
    }
}

/// Who it is, by the password, or by the code behind it. Errors: the page that comes next.
async fn who(
    site: &Site,
    words: &Words,
    form: &Form,
    back: &Back,
    via: Via,
) -> std::result::Result<Arc<Account>, HttpResponse> {
    let doorkeeper = &site.house.doorkeeper;
    let address = form.get("username").unwrap_or_default();
    if let Some((ticket, code)) = second::given(form) {
        return doorkeeper.finish_sign_in(ticket, code, via).await.map_err(|e| {
            let (again, status, told) = second::refusal(words, &e);
            match again {
                true => code_page(site, words, form, back, ticket, Some(told), status),
                false => sign_in_page(site, words, form, back, address, Some(told), status),
            }
        });
    }
    if let Some(shown) = passkey::given(form) {
        return by_passkey(site, shown, via).await.map_err(|e| {
            let (status, told) = match e.kind() {
                Kind::NotAuthenticated => (StatusCode::UNAUTHORIZED, words.passkey_wrong),
                _ => page::refusal(words, &e),
            };
            sign_in_page(site, words, form, back, address, Some(told), status)
        });
    }
    let password = form.get("password").unwrap_or_default();
    match doorkeeper.begin_sign_in(address, password, via).await {
        Ok(Step::In(account)) => Ok(account),
        Ok(Step::Second(ticket)) => Err(code_page(site, words, form, back, &ticket, None, StatusCode::OK)),
        Err(e) => {
            let (status, told) = page::refusal(words, &e);
            Err(sign_in_page(site, words, form, back, address, Some(told), status))
        }
    }
}

/// `shown`: None, when what came was no answer of a device.
async fn by_passkey(site: &Site, shown: Option<Shown>, via: Via) -> Result<Arc<Account>> {
    let shown = shown.ok_or_else(|| Error::not_authenticated("this is no passkey"))?;
    let place = place_of(&site.origin)?;
    site.house.doorkeeper.sign_in_by_passkey(&place, shown, via).await
}

/// What each form of the sign-in carries along.
fn carried<'f>(form: &'f Form, token: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
    let values = CARRIED.iter().filter_map(|name| Some((*name, form.get(name)?)));
    [("form_token", token)].into_iter().chain(values)
}

fn code_page(
    site: &Site,
    words: &Words,
    form: &Form,
    back: &Back,
    ticket: &str,
    error: Option<&str>,
    status: StatusCode,
) -> HttpResponse {
    let token = random::token();
    let mut fields = vec![("form_token", token.as_str())];
    let names = CARRIED.iter().chain(&["username"]);
    fields.extend(names.filter_map(|name| Some((*name, form.get(name)?))));
    let html = second::question(words, ticket, &fields, error);
    let html = passkey::offer(html, site, words, carried(form, &token));
    with_form_cookie(words, back, html, token.clone(), status, passkey::SCRIPT)
}

/// What comes after the password.
enum Next {
    /// The code for the program.
    Answer(String),
    /// The person has to agree first.
    Ask { ticket: String, permissions: String },
}

async fn signed_in(site: &Site, back: &Back, asked: Asked, account: &Account) -> Result<Next> {
    let doorkeeper = &site.house.doorkeeper;
    let permissions = asked.scopes.to_agree_to();
    let has_to_ask = asked.is_asked_again
        || doorkeeper
            .has_to_ask(&back.client, account.id, &permissions)
            .await?;
    let code = AuthorizationCode {
        client_id: back.client.id.clone(),
        account_id: account.id,
        redirect_uri: back.redirect_uri.clone(),
        scope: asked.scopes.asked(),
        nonce: asked.nonce,
        code_challenge: asked.code_challenge,
        expires_at_ms: site.ctx.now_ms() + CODE_LIFETIME_MS,
    };
    Ok(match has_to_ask {
        true => Next::Ask {
            ticket: doorkeeper.hold_sign_in(account, code).await?,
            permissions,
        },
        false => Next::Answer(doorkeeper.issue_code(account, code).await?),
    })
}

/// The person has answered. Returns the code; None: the ticket does not count, or not for this request.
/// Errors: for the program, when the person does not agree.
async fn decide(
    site: &Site,
    back: &Back,
    asked: &Asked,
    ticket: &str,
    answer: Option<&str>,
) -> Result<Option<String>, OauthError> {
    let doorkeeper = &site.house.doorkeeper;
    let held = doorkeeper.take_held(ticket).await?.filter(|h| {
        h.client_id == back.client.id
            && h.redirect_uri == back.redirect_uri
            && h.scope == asked.scopes.asked()
    });
    let Some(held) = held else {
        return Ok(None);
    };
    if !consent::is_yes(answer) {
        return Err(declined());
    }
    let account = doorkeeper.current(held.account_id).await?;
    let permissions = asked.scopes.to_agree_to();
    doorkeeper
        .agree(&back.client.id, account.id, &permissions)
        .await?;
    let code = AuthorizationCode {
        expires_at_ms: site.ctx.now_ms() + CODE_LIFETIME_MS,
        ..held
    };
    Ok(Some(doorkeeper.issue_code(&account, code).await?))
}

fn declined() -> OauthError {
    OauthError::new(
        "access_denied",
        65004,
        "User declined to consent to access the app.",
    )
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
    let cookie = read_cookie(request, FORM_COOKIE);
    let (Some(cookie), Some(token)) = (cookie, form.get("form_token")) else {
        return false;
    };
    !is_foreign && bool::from(cookie.value().as_bytes().ct_eq(token.as_bytes()))
}

fn sign_in_page(
    site: &Site,
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
        .hidden_all(carried(form, &token));
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
    let html = passkey::offer(html, site, words, carried(form, &token));
    with_form_cookie(words, back, html, token.clone(), status, passkey::SCRIPT)
}

/// Asks whether the person agrees.
fn agreement_page(
    words: &Words,
    form: &Form,
    back: &Back,
    address: &str,
    ticket: &str,
    permissions: &str,
) -> HttpResponse {
    let token = random::token();
    let mut fields = vec![("form_token", token.as_str()), (consent::TICKET, ticket)];
    let carried = CARRIED.iter().map(|name| (*name, form.get(name)));
    fields.extend(carried.filter_map(|(name, value)| value.map(|v| (name, v))));
    let asked = Question {
        program: &back.client.name,
        address,
        redirect_uri: Some(&back.redirect_uri),
        permissions,
    };
    let html = consent::question(words, &asked, &fields);
    with_form_cookie(words, back, html, token.clone(), StatusCode::OK, "")
}

fn with_form_cookie(
    words: &Words,
    back: &Back,
    html: Html,
    token: String,
    status: StatusCode,
    script: &str,
) -> HttpResponse {
    let target = form_target(&back.redirect_uri).unwrap_or_default();
    let mut response = page::page_with_script(status, words, html, &format!("'self' {target}"), script);
    if let Err(e) = response.add_cookie(&cookie(FORM_COOKIE, token, FORM_LIFETIME_S)) {
        tracing::error!(error = %e, "the cookie of the sign-in page cannot be set");
    }
    response
}

/// Errors that the program must not or cannot be told.
fn failed(words: &Words, e: &OauthError) -> HttpResponse {
    page::message(StatusCode::BAD_REQUEST, words, words.failed, &e.description())
}

fn refuse_at(words: &Words, site: &Site, back: &Back, e: &OauthError) -> HttpResponse {
    answer_with(
        words,
        site,
        back,
        &[("error", e.error), ("error_description", &e.description())],
    )
}

/// Programs of the plain issuer are told who answers, so that nobody mixes their servers up (RFC 9207).
fn answer_with(words: &Words, site: &Site, back: &Back, values: &[(&str, &str)]) -> HttpResponse {
    let issuer = site.issuer();
    let named = site.is_plain.then_some(("iss", issuer.as_str()));
    call_back(words, back, &[values, named.as_slice()].concat())
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
    let html = Html::default()
        .raw("<form method=\"post\" action=\"")
        .text(&back.redirect_uri)
        .raw("\">\n")
        .hidden_all(values)
        .raw("<button type=\"submit\">")
        .text(words.go_on)
        .raw("</button>\n</form>\n");
    let target = form_target(&back.redirect_uri).unwrap_or_default();
    page::page_with_script(StatusCode::OK, words, html, &target, "document.forms[0].submit()")
}
