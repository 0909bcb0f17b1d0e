//! A request to sign somebody in, checked. RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1.

use super::error::OauthError;
use super::form::Form;
use super::redirect::is_registered;
use super::scope::Scopes;
use super::site::Site;
use crate::identity::clients::{Client, find_client, is_built_in};

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Query,
    Fragment,
    FormPost,
}

/// Who asks and where the answer goes: from here on errors go there too.
pub struct Back {
    pub client: Client,
    pub redirect_uri: String,
    pub mode: Mode,
    pub state: Option<String>,
}

/// The rest of the request.
#[derive(Debug)]
pub struct Asked {
    pub scopes: Scopes,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub login_hint: Option<String>,
    /// `prompt=none`: no page may be shown.
    pub is_silent: bool,
    /// `prompt=consent`: the person is asked, whatever they have agreed to before.
    pub is_asked_again: bool,
}

/// Errors: for a page of ours, because nobody else may be told.
pub async fn read_back(site: &Site, form: &Form) -> Result<Back, OauthError> {
    let id = form
        .get("client_id")
        .ok_or_else(|| OauthError::missing("client_id"))?;
    let client = find_client(&site.ctx, id)
        .await?
        .ok_or_else(|| unknown_client(id))?;
    let redirect_uri = match (form.get("redirect_uri"), &client.redirect_uris[..]) {
        (Some(uri), _) => uri.to_owned(),
        // RFC 6749 §3.1.2.3: with a single one it need not be said.
        (None, [only]) => only.clone(),
        (None, _) => return Err(OauthError::missing("redirect_uri")),
    };
    if !is_registered(&redirect_uri, &client.redirect_uris, &site.origin) {
        return Err(OauthError::new(
            "invalid_request",
            50011,
            format!(
                "The redirect URI '{}' specified in the request does not match the redirect URIs configured for the application '{}'.",
                crate::base::text::one_line(&redirect_uri),
                client.id
            ),
        ));
    }
    let mode = match form.get("response_mode") {
        None | Some("query") => Mode::Query,
        Some("fragment") => Mode::Fragment,
        Some("form_post") => Mode::FormPost,
        Some(other) => {
            return Err(OauthError::new(
                "invalid_request",
                70007,
                format!(
                    "'{}' is not a supported value of 'response_mode'.",
                    crate::base::text::one_line(other)
                ),
            ));
        }
    };
    Ok(Back {
        client,
        redirect_uri,
        mode,
        state: form.owned("state"),
    })
}

pub fn unknown_client(id: &str) -> OauthError {
    OauthError::new(
        "unauthorized_client",
        700016,
        format!(
            "Application with identifier '{}' was not found in the directory. It has to be registered by an administrator.",
            crate::base::text::one_line(id)
        ),
    )
}

/// Errors: for the program.
pub fn read_asked(site: &Site, client: &Client, form: &Form) -> Result<Asked, OauthError> {
    match form.get("response_type") {
        Some("code") => {}
        Some(_) => {
            return Err(OauthError::new(
                "unsupported_response_type",
                700054,
                "response_type 'code' is the only one that is enabled.",
            ));
        }
        None => return Err(OauthError::missing("response_type")),
    }
    let scope = form.get("scope").ok_or_else(|| OauthError::missing("scope"))?;
    let challenge = form.owned("code_challenge");
    check_challenge(client, challenge.as_deref(), form.get("code_challenge_method"))?;
    Ok(Asked {
        scopes: read_scopes(site, client, scope)?,
        nonce: form.owned("nonce"),
        code_challenge: challenge,
        login_hint: form.owned("login_hint"),
        is_silent: form.get("prompt") == Some("none"),
        is_asked_again: form
            .get("prompt")
            .is_some_and(|p| p.split_ascii_whitespace().any(|w| w == "consent")),
    })
}

/// What a program asks people for, as far as its registration lets it.
pub fn read_scopes(site: &Site, client: &Client, text: &str) -> Result<Scopes, OauthError> {
    let scopes = Scopes::parse(text, &site.origin).map_err(|s| invalid_scope(&s))?;
    scopes.within(client).map_err(|s| beyond(&s))
}

/// What an administrator has not allowed the program to ask for.
pub fn beyond(scope: &str) -> OauthError {
    OauthError::new(
        "invalid_scope",
        650053,
        format!(
            "The registration of the application does not let it ask for the scope '{}'. An administrator can change that.",
            crate::base::text::one_line(scope)
        ),
    )
}

pub fn invalid_scope(scope: &str) -> OauthError {
    OauthError::new(
        "invalid_scope",
        70011,
        format!(
            "The provided value for the input parameter 'scope' is not valid. The scope '{}' is not one of this service.",
            crate::base::text::one_line(scope)
        ),
    )
}

/// RFC 7636 §4.3. The desktop programs that everybody has do not all send one; others must when they have no secret.
fn check_challenge(client: &Client, challenge: Option<&str>, method: Option<&str>) -> Result<(), OauthError> {
    let wrong = |message: &str| Err(OauthError::new("invalid_request", 501491, message));
    match challenge {
        Some(_) if method != Some("S256") => wrong("code_challenge_method must be 'S256'."),
        Some(c) if c.len() != 43 => wrong("Invalid size of Code_Challenge parameter."),
        Some(_) => Ok(()),
        None if client.secret_hash.is_some() || is_built_in(&client.id) => Ok(()),
        None => wrong(
            "Proof Key for Code Exchange is required for programs without a secret: code_challenge is missing.",
        ),
    }
}
