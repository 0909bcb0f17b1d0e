//! The token endpoint: codes, refresh tokens, passwords, device codes and programs' own secrets against tokens.
//! RFC 6749 §3.2, RFC 7523, RFC 8628.

use super::error::OauthError;
use super::form::Form;
use super::issue::{Grant, app_token, tokens};
use super::request::{beyond, invalid_scope, read_scopes, unknown_client};
use super::scope::Scopes;
use super::site::Site;
use crate::base::Kind;
use crate::identity::Via;
use crate::identity::assertion::verify_assertion;
use crate::identity::clients::{Client, find_client, verify_secret};
use crate::identity::device::DeviceAnswer;
use crate::identity::tokens::CODE_LIFETIME_MS;
use crate::protocols::http::auth::require_secure;
use crate::protocols::http::client as peer_of;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub async fn token(request: HttpRequest, body: Bytes) -> Result<HttpResponse, OauthError> {
    require_secure(&request)?;
    let site = Site::of_tenant(&request).await?;
    // Some programs put parameters into the address.
    let form = Form::parse(&body).or(Form::parse(request.query_string().as_bytes()));
    let client = authenticate(&site, &request, &form).await?;
    let answer = match form.get("grant_type") {
        Some("authorization_code") => of_code(&site, &client, &form).await?,
        Some("refresh_token") => of_refresh_token(&site, &client, &form).await?,
        Some("client_credentials") => of_program(&site, &client, &form).await?,
        Some("urn:ietf:params:oauth:grant-type:device_code" | "device_code") => {
            of_device(&site, &client, &form).await?
        }
        Some("password") => of_password(&site, &request, &client, &form).await?,
        Some(other) => {
            return Err(OauthError::new(
                "unsupported_grant_type",
                70003,
                format!(
                    "The app requested an unsupported grant type '{}'.",
                    crate::base::text::one_line(other)
                ),
            ));
        }
        None => return Err(OauthError::missing("grant_type")),
    };
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Pragma", "no-cache"))
        .json(answer))
}

/// Who asks: by name and secret in the header or the body, or by name alone (RFC 6749 §2.3.1).
pub async fn authenticate(site: &Site, request: &HttpRequest, form: &Form) -> Result<Client, OauthError> {
    let basic = basic(request);
    let (id, secret) = match &basic {
        Some((id, secret)) => (id.as_str(), Some(secret.as_str()).filter(|s| !s.is_empty())),
        None => (
            form.get("client_id")
                .ok_or_else(|| OauthError::missing("client_id"))?,
            form.get("client_secret"),
        ),
    };
    let client = find_client(&site.ctx, id)
        .await?
        .ok_or_else(|| unknown_client(id))?;
    if let Some(assertion) = form.get("client_assertion") {
        return by_assertion(site, request, form, client, assertion).await;
    }
    match (&client.secret_hash, secret) {
        (None, None) if client.certificate.is_some() => Err(OauthError::new(
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion'.",
        )),
        (None, None) => Ok(client),
        (None, Some(_)) => Err(OauthError::new(
            "invalid_client",
            700025,
            "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        )),
        (Some(_), None) => Err(OauthError::new(
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )),
        (Some(_), Some(secret)) if verify_secret(&site.house.doorkeeper, &client, secret).await => Ok(client),
        (Some(_), Some(_)) => Err(OauthError::new(
            "invalid_client",
            7000215,
            "Invalid client secret provided.",
        )),
    }
}

/// RFC 7523 §2.2.
async fn by_assertion(
    site: &Site,
    request: &HttpRequest,
    form: &Form,
    client: Client,
    assertion: &str,
) -> Result<Client, OauthError> {
    const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let refused = |message: &str| OauthError::new("invalid_client", 700027, message);
    if form.get("client_assertion_type") != Some(KIND) {
        return Err(refused(
            "client_assertion_type must be 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'.",
        ));
    }
    // Programs write the address that they know, by whatever name of the tenant.
    let asked = format!("{}{}", site.origin, request.path());
    let audiences = [
        asked,
        site.endpoint("oauth2/v2.0/token"),
        site.endpoint("v2.0"),
        site.issuer(),
    ];
    match verify_assertion(&client, assertion, &audiences, site.ctx.now_ms()) {
        Ok(_) if client.repeats_assertions => Ok(client),
        Ok(statement) => match site.house.doorkeeper.take_statement(statement).await {
            Ok(()) => Ok(client),
            Err(e) if e.kind() == Kind::NotAuthenticated => {
                tracing::warn!(client = client.id, "a client assertion was shown a second time");
                Err(refused(
                    "Client assertion was presented before; each is taken once, unless the registration allows it to be repeated.",
                ))
            }
            Err(e) => Err(e.into()),
        },
        Err(e) => {
            tracing::warn!(client = client.id, error = ?e, "a client assertion was refused");
            Err(refused(
                "Client assertion failed signature validation, has expired, or is for another audience.",
            ))
        }
    }
}

fn basic(request: &HttpRequest) -> Option<(String, String)> {
    let header = request.headers().get("authorization")?.to_str().ok()?;
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    // RFC 6749 §2.3.1: both are form-encoded first.
    let decode = |text: &str| {
        let form = format!("v={}", text.replace('&', "%26"));
        Form::parse(form.as_bytes()).owned("v").unwrap_or_default()
    };
    Some((decode(id), decode(secret)))
}

fn bad_grant(code: u32, message: &str) -> OauthError {
    OauthError::new("invalid_grant", code, message)
}

async fn of_code(site: &Site, client: &Client, form: &Form) -> Result<Value, OauthError> {
    let code = form.get("code").ok_or_else(|| OauthError::missing("code"))?;
    let taken = site.house.doorkeeper.take_code(code).await?;
    let code = taken.filter(|c| c.client_id == client.id).ok_or_else(|| {
        bad_grant(
            70008,
            "The provided authorization code is expired, was used before, or is not for this program.",
        )
    })?;
    if form
        .get("redirect_uri")
        .is_some_and(|uri| uri != code.redirect_uri)
    {
        return Err(bad_grant(
            500112,
            "The reply address does not match the one of the authorization request.",
        ));
    }
    check_verifier(code.code_challenge.as_deref(), form.get("code_verifier"))?;
    let account = site.house.doorkeeper.current(code.account_id).await?;
    let grant = Grant {
        nonce: code.nonce,
        signed_in_at_ms: Some(code.expires_at_ms - CODE_LIFETIME_MS),
        ..Grant::new(&account, recall(client, &code.scope)?, client, form)
    };
    Ok(tokens(site, grant).await?)
}

/// RFC 7636 §4.6. A verifier without a challenge is refused too: somebody took the challenge away (RFC 9700 §4.8.2).
fn check_verifier(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), OauthError> {
    let fits = match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
            hash.as_bytes().ct_eq(challenge.as_bytes()).into()
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(bad_grant(
        501481,
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ))
}

async fn of_refresh_token(site: &Site, client: &Client, form: &Form) -> Result<Value, OauthError> {
    let token = form
        .get("refresh_token")
        .ok_or_else(|| OauthError::missing("refresh_token"))?;
    let asked = form.get("scope").map(|s| Scopes::parse(s, &site.origin));
    let asked = asked.transpose().map_err(|s| invalid_scope(&s))?;
    let wanted = asked.clone();
    let covers = move |granted: &str| wanted.is_none_or(|wanted| Scopes::recall(granted).covers(&wanted));
    let refreshed = site.house.doorkeeper.refresh(token, &client.id, covers).await;
    let refreshed = refreshed.map_err(|e| match e.kind() {
        Kind::NotAuthenticated => bad_grant(
            70043,
            "The refresh token has expired or was revoked; sign in again.",
        ),
        // With this number programs ask the person again.
        Kind::Forbidden => bad_grant(
            65001,
            "The sign-in was for fewer permissions than are asked for now; sign in again.",
        ),
        _ => e.into(),
    })?;
    let granted = Scopes::recall(&refreshed.scope);
    let scopes = asked.map_or(granted.clone(), |a| a.refreshed(&granted));
    let scopes = scopes.within(client).map_err(|s| beyond(&s))?;
    let grant = Grant {
        refresh_token: Some(refreshed.refresh_token),
        sid: refreshed.sid,
        ..Grant::new(&refreshed.account, scopes, client, form)
    };
    Ok(tokens(site, grant).await?)
}

/// RFC 6749 §4.3, for registrations that allow it.
async fn of_password(
    site: &Site,
    request: &HttpRequest,
    client: &Client,
    form: &Form,
) -> Result<Value, OauthError> {
    if !client.allow_password_grant {
        return Err(OauthError::new(
            "unauthorized_client",
            7000113,
            "This program is not registered for the password grant.",
        ));
    }
    let name = form
        .get("username")
        .ok_or_else(|| OauthError::missing("username"))?;
    let password = form
        .get("password")
        .ok_or_else(|| OauthError::missing("password"))?;
    let scopes = read_scopes(site, client, form.get("scope").unwrap_or("openid"))?;
    let via = Via {
        peer: peer_of(request).ip,
        door: "token",
        takes_app_passwords: false,
    };
    let signed_in = site.house.doorkeeper.sign_in(name, password, via).await;
    let account = signed_in.map_err(|e| match e.kind() {
        Kind::NotAuthenticated => bad_grant(
            50126,
            "Error validating credentials due to invalid username or password.",
        ),
        _ => e.into(),
    })?;
    // Who gives a program their password has agreed to what it does with it; this is where they can take it back.
    let permissions = scopes.to_agree_to();
    let doorkeeper = &site.house.doorkeeper;
    if doorkeeper.has_to_ask(client, account.id, &permissions).await? {
        doorkeeper.agree(&client.id, account.id, &permissions).await?;
    }
    let grant = Grant::new(&account, scopes, client, form);
    Ok(tokens(site, grant).await?)
}

/// RFC 6749 §4.4: for what an administrator has allowed, nothing less and nothing more.
async fn of_program(site: &Site, client: &Client, form: &Form) -> Result<Value, OauthError> {
    if client.secret_hash.is_none() && client.certificate.is_none() {
        return Err(OauthError::new(
            "unauthorized_client",
            700025,
            "A program without a secret or a certificate cannot act by itself.",
        ));
    }
    let asked = form.get("scope").unwrap_or(".default");
    let scopes = Scopes::parse(asked, &site.origin).map_err(|s| invalid_scope(&s))?;
    if !scopes.has(".default") {
        return Err(OauthError::new(
            "invalid_scope",
            1002012,
            format!(
                "The provided value for scope {} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.",
                crate::base::text::one_line(asked)
            ),
        ));
    }
    Ok(app_token(site, client).await?)
}

/// RFC 8628 §3.4. The code comes as `device_code`, from DavMail as `code`.
async fn of_device(site: &Site, client: &Client, form: &Form) -> Result<Value, OauthError> {
    let code = form.get("device_code").or(form.get("code"));
    let code = code.ok_or_else(|| OauthError::missing("device_code"))?;
    let answer = site.house.doorkeeper.ask_device(code, &client.id).await?;
    let (account, scope) = match answer {
        DeviceAnswer::SignedIn { account, scope } => (account, scope),
        DeviceAnswer::Pending => {
            return Err(OauthError::new(
                "authorization_pending",
                70016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            ));
        }
        DeviceAnswer::SlowDown => {
            return Err(OauthError::new("slow_down", 70016, "Ask less often."));
        }
        // Microsoft's word; RFC 8628 §3.5 says access_denied.
        DeviceAnswer::Declined => {
            return Err(OauthError::new(
                "authorization_declined",
                70017,
                "The person has declined.",
            ));
        }
        DeviceAnswer::Expired => {
            return Err(OauthError::new(
                "expired_token",
                70020,
                "The provided value for the input parameter 'device_code' has expired. Begin again.",
            ));
        }
        DeviceAnswer::Unknown => {
            return Err(OauthError::new(
                "bad_verification_code",
                501491,
                "The provided value for the input parameter 'device_code' is not valid.",
            ));
        }
    };
    let grant = Grant::new(&account, recall(client, &scope)?, client, form);
    Ok(tokens(site, grant).await?)
}

/// What was signed in for; the registration may have been narrowed since.
fn recall(client: &Client, scope: &str) -> Result<Scopes, OauthError> {
    Scopes::recall(scope).within(client).map_err(|s| beyond(&s))
}
