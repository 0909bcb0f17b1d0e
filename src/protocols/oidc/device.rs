//! Devices without a browser: they get a code, somebody types it here and signs in for them. RFC 8628.

use super::authorize::{FORM_COOKIE, FORM_LIFETIME_S, is_our_form};
use super::consent::{self, Question};
use super::error::OauthError;
use super::form::Form;
use super::page::{self, Html};
use super::request::{beyond, read_scopes, unknown_client};
use super::scope::Scopes;
use super::second;
use super::site::Site;
use super::words::{self, Words};
use crate::base::{Error, random};
use crate::identity::Via;
use crate::identity::clients::{Client, find_client};
use crate::identity::device::{DeviceCode, INTERVAL_MS, LIFETIME_MS};
use crate::identity::second_factor::Step;
use crate::identity::tokens::{AuthorizationCode, CODE_LIFETIME_MS};
use crate::model::Account;
use crate::protocols::http::auth::{cookie, require_secure};
use crate::protocols::http::client as peer_of;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use std::sync::Arc;

/// `POST .../devicecode`: RFC 8628 §3.1.
pub async fn begin(request: HttpRequest, body: Bytes) -> Result<HttpResponse, OauthError> {
    require_secure(&request)?;
    let site = Site::of_tenant(&request).await?;
    let form = Form::parse(&body).or(Form::parse(request.query_string().as_bytes()));
    let id = form
        .get("client_id")
        .ok_or_else(|| OauthError::missing("client_id"))?;
    let client = find_client(&site.ctx, id)
        .await?
        .ok_or_else(|| unknown_client(id))?;
    // Anybody may ask, and each question is a row for an hour.
    if !site
        .house
        .claims
        .take(format!("new device {}", peer_of(&request).ip), 1)
    {
        return Err(
            Error::busy("too many devices ask for a code from this address; try again in a minute").into(),
        );
    }
    let scopes = read_scopes(&site, &client, form.get("scope").unwrap_or("openid"))?;
    let (device_code, user_code) = site
        .house
        .doorkeeper
        .begin_device(&client.id, &scopes.asked())
        .await?;
    let page = format!("{}/common/oauth2/deviceauth", site.origin);
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(json!({
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?user_code={user_code}"),
            // Older libraries look for this spelling.
            "verification_url": page,
            "expires_in": LIFETIME_MS / 1000,
            "interval": INTERVAL_MS / 1000,
            "message": format!(
                "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
            ),
        })))
}

pub async fn show(request: HttpRequest) -> HttpResponse {
    let words = words::of(&request);
    let form = Form::parse(request.query_string().as_bytes());
    let code = form.get("user_code").unwrap_or_default();
    code_page(words, code, None, StatusCode::OK)
}

/// First the code, then, when it is a device's, who signs it in.
pub async fn sign_in(request: HttpRequest, body: Bytes) -> HttpResponse {
    let words = words::of(&request);
    let form = Form::parse(&body);
    match answer(&request, words, &form).await {
        Ok(response) => response,
        Err(e) => page::message(StatusCode::BAD_REQUEST, words, words.failed, &e.description()),
    }
}

async fn answer(request: &HttpRequest, words: &Words, form: &Form) -> Result<HttpResponse, OauthError> {
    require_secure(request)?;
    let site = Site::of_tenant(request).await?;
    let code = form.get("user_code").unwrap_or_default();
    if !is_our_form(request, form) {
        return Ok(code_page(words, code, Some(words.expired), StatusCode::FORBIDDEN));
    }
    // Somebody who tries codes is as slow as somebody who tries passwords.
    if !site
        .house
        .claims
        .take(format!("device {}", peer_of(request).ip), 1)
    {
        return Ok(code_page(
            words,
            code,
            Some(words.too_many),
            StatusCode::TOO_MANY_REQUESTS,
        ));
    }
    let unknown = || code_page(words, code, Some(words.device_unknown), StatusCode::BAD_REQUEST);
    let Some(device) = site.house.doorkeeper.device(code).await? else {
        return Ok(unknown());
    };
    let Some(client) = find_client(&site.ctx, &device.client_id).await? else {
        return Ok(unknown());
    };
    if let Some(ticket) = form.get(consent::TICKET) {
        let is_yes = consent::is_yes(form.get(consent::ANSWER));
        let done = decide(&site, code, &device, &client, ticket, is_yes).await?;
        let told = done.map(|is_in| {
            if is_in {
                words.device_done
            } else {
                words.device_declined
            }
        });
        return Ok(told.map_or_else(unknown, |told| {
            page::message(StatusCode::OK, words, words.device_title, told)
        }));
    }
    let via = Via {
        peer: peer_of(request).ip,
        door: "device",
        takes_app_passwords: false,
    };
    let account = match who(&site, words, code, &client, form, via).await {
        Ok(account) => account,
        Err(page) => return Ok(page),
    };
    let doorkeeper = &site.house.doorkeeper;
    let permissions = agreed_to(&device, &client)?;
    if doorkeeper.has_to_ask(&client, account.id, &permissions).await? {
        let held = AuthorizationCode {
            client_id: device.client_id,
            account_id: account.id,
            redirect_uri: String::new(),
            scope: device.scope,
            nonce: None,
            code_challenge: None,
            expires_at_ms: site.ctx.now_ms() + CODE_LIFETIME_MS,
        };
        let ticket = doorkeeper.hold_sign_in(&account, held).await?;
        let asked = Question {
            program: &client.name,
            address: &account.address,
            redirect_uri: None,
            permissions: &permissions,
        };
        let fields = [("user_code", code), (consent::TICKET, ticket.as_str())];
        return Ok(with_token(
            words,
            consent::question(words, &asked, &fields),
            StatusCode::OK,
        ));
    }
    if !doorkeeper.approve_device(code, &account).await? {
        return Ok(unknown());
    }
    Ok(page::message(
        StatusCode::OK,
        words,
        words.device_title,
        words.device_done,
    ))
}

/// Who it is, by the password, or by the code behind it. Errors: the page that comes next.
async fn who(
    site: &Site,
    words: &Words,
    code: &str,
    client: &Client,
    form: &Form,
    via: Via,
) -> std::result::Result<Arc<Account>, HttpResponse> {
    let doorkeeper = &site.house.doorkeeper;
    let ask = |ticket: &str, error: Option<&str>, status| {
        let html = second::question(words, ticket, &[("user_code", code)], error);
        with_token(words, html, status)
    };
    if let Some((ticket, typed)) = second::given(form) {
        return doorkeeper.finish_sign_in(ticket, typed, via).await.map_err(|e| {
            let (again, status, told) = second::refusal(words, &e);
            match again {
                true => ask(ticket, Some(told), status),
                false => sign_in_page(words, code, client, "", Some(told), status),
            }
        });
    }
    let (Some(address), Some(password)) = (form.get("username"), form.get("password")) else {
        return Err(sign_in_page(words, code, client, "", None, StatusCode::OK));
    };
    match doorkeeper.begin_sign_in(address, password, via).await {
        Ok(Step::In(account)) => Ok(account),
        Ok(Step::Second(ticket)) => Err(ask(&ticket, None, StatusCode::OK)),
        Err(e) => {
            let (status, told) = page::refusal(words, &e);
            Err(sign_in_page(words, code, client, address, Some(told), status))
        }
    }
}

/// What somebody who signs a device in agrees to.
fn agreed_to(device: &DeviceCode, client: &Client) -> Result<String, OauthError> {
    let scopes = Scopes::recall(&device.scope).within(client);
    Ok(scopes.map_err(|s| beyond(&s))?.to_agree_to())
}

/// Somebody has answered. Returns whether the device is in; None: the ticket does not count, or not for this device.
async fn decide(
    site: &Site,
    code: &str,
    device: &DeviceCode,
    client: &Client,
    ticket: &str,
    is_yes: bool,
) -> Result<Option<bool>, OauthError> {
    let doorkeeper = &site.house.doorkeeper;
    let held = doorkeeper.take_held(ticket).await?;
    let held = held.filter(|h| h.client_id == device.client_id && h.scope == device.scope);
    let Some(held) = held else {
        return Ok(None);
    };
    let account = doorkeeper.current(held.account_id).await?;
    if !is_yes {
        doorkeeper.decline_device(code, &account).await?;
        return Ok(Some(false));
    }
    doorkeeper
        .agree(&client.id, account.id, &agreed_to(device, client)?)
        .await?;
    Ok(doorkeeper.approve_device(code, &account).await?.then_some(true))
}

fn code_page(words: &Words, code: &str, error: Option<&str>, status: StatusCode) -> HttpResponse {
    let html = begin_form(words, error, None)
        .raw("<label for=\"user_code\">")
        .text(words.device_code)
        .raw("</label><input id=\"user_code\" name=\"user_code\" autocomplete=\"off\" autocapitalize=\"characters\" required autofocus value=\"")
        .text(code)
        .raw("\">\n<button type=\"submit\">")
        .text(words.go_on)
        .raw("</button>\n</form>\n");
    with_token(words, html, status)
}

fn sign_in_page(
    words: &Words,
    code: &str,
    client: &Client,
    address: &str,
    error: Option<&str>,
    status: StatusCode,
) -> HttpResponse {
    let html = begin_form(words, error, Some(&client.name))
        .hidden("user_code", code)
        .raw("<label for=\"username\">")
        .text(words.address)
        .raw("</label><input id=\"username\" name=\"username\" type=\"email\" autocomplete=\"username\" required value=\"")
        .text(address)
        .raw("\">\n<label for=\"password\">")
        .text(words.password)
        .raw("</label><input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required>\n<button type=\"submit\">")
        .text(words.sign_in)
        .raw("</button>\n</form>\n");
    with_token(words, html, status)
}

/// The heading, what went wrong, whom it is for, and the beginning of the form.
fn begin_form(words: &Words, error: Option<&str>, program: Option<&str>) -> Html {
    let mut html = Html::default()
        .raw("<h1>")
        .text(words.device_title)
        .raw("</h1>\n");
    if let Some(program) = program {
        html = html
            .raw("<p>")
            .text(words.device_warning)
            .raw(" <b>")
            .text(program)
            .raw("</b></p>\n");
    }
    if let Some(error) = error {
        html = html.raw("<div role=\"alert\">").text(error).raw("</div>\n");
    }
    html.raw("<form method=\"post\" action=\"?\" autocomplete=\"on\">\n")
}

/// Nobody else's page can send the form: it holds what a cookie holds too (RFC 9700 §4.7).
fn with_token(words: &Words, html: Html, status: StatusCode) -> HttpResponse {
    let token = random::token();
    let html = html.within_form("form_token", &token);
    let mut response = page::page(status, words, html, "'self'");
    if let Err(e) = response.add_cookie(&cookie(FORM_COOKIE, token, FORM_LIFETIME_S)) {
        tracing::error!(error = %e, "the cookie of the sign-in page cannot be set");
    }
    response
}
