//! Signing in at a server of Graph: a person by a code that is typed into a browser (RFC 8628), an administrator's program by its
//! secret (RFC 6749 §4.4). Tokens live as long as the run; nothing of them is kept.

use crate::base::{Error, Result, text};
use crate::delivery::PostRoom;
use crate::delivery::http_client::{Ask, Content, HttpClient, parts, refusal};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;

const MOST_BYTES: usize = 256 << 10;
const SCOPES: &str = "offline_access User.Read Mail.Read";
/// Before its end a token is made anew.
const EARLY: Duration = Duration::from_secs(120);
/// What a server that names no pause is asked in (RFC 8628 §3.5), and how much longer after it was asked too early.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// As whom the other server is read.
#[derive(Clone, Debug)]
pub enum Grant {
    /// A person who types a code.
    Code,
    /// A program with the right to read this and other mailboxes.
    Secret(String),
}

/// Who asks, and where one signs in.
#[derive(Clone, Debug)]
pub struct Registration {
    /// `https://login.microsoftonline.com/organizations/v2.0`, `https://mail.office.example`, ...
    pub issuer: Url,
    pub client_id: String,
    pub grant: Grant,
    /// What a program asks for: everything that it was given at the server.
    pub default_scope: String,
}

/// What a person is to do: the address to open, and the code to type there.
pub type Tell = dyn Fn(&str, &str) + Send + Sync;

#[derive(Deserialize)]
struct Metadata {
    token_endpoint: String,
    device_authorization_endpoint: Option<String>,
}

#[derive(Deserialize)]
struct Begun {
    device_code: String,
    user_code: String,
    verification_uri: String,
    #[serde(default)]
    expires_in: u64,
    #[serde(default)]
    interval: u64,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

struct Held {
    access: String,
    refresh: Option<String>,
    until: Instant,
}

/// Gives out a token that is good, for all connections of a run.
pub struct Access {
    registration: Registration,
    token_endpoint: Url,
    inner: Mutex<(HttpClient, Held)>,
}

impl Access {
    /// Errors: NotFound (the name), Invalid, NotAuthenticated (declined, or too late), Unavailable.
    pub async fn sign_in(room: &PostRoom, registration: Registration, tell: &Tell) -> Result<Arc<Access>> {
        let mut http = HttpClient::new(room.dialer.clone(), MOST_BYTES);
        let metadata = discover(&mut http, &registration.issuer).await?;
        let token_endpoint = endpoint(&metadata.token_endpoint)?;
        let tokens = match &registration.grant {
            Grant::Secret(secret) => {
                let fields = by_secret(&registration, secret);
                ask_for_tokens(&mut http, &token_endpoint, &fields)
                    .await?
                    .map_err(denied)?
            }
            Grant::Code => {
                let there = metadata.device_authorization_endpoint.ok_or_else(|| {
                    Error::invalid(format!("{} has no sign-in by code", registration.issuer))
                })?;
                let line = (&mut http, endpoint(&there)?, &token_endpoint);
                by_code(line, &registration.client_id, tell).await?
            }
        };
        Ok(Arc::new(Access {
            registration,
            token_endpoint,
            inner: Mutex::new((http, held(tokens, None))),
        }))
    }

    /// `refused`: one that the server does not take any more. Errors: NotAuthenticated, Unavailable.
    pub async fn token(&self, refused: Option<&str>) -> Result<String> {
        let mut inner = self.inner.lock().await;
        let (http, held_now) = &mut *inner;
        let is_good = Instant::now() < held_now.until && refused != Some(held_now.access.as_str());
        if is_good {
            return Ok(held_now.access.clone());
        }
        let id = self.registration.client_id.as_str();
        let fields = match (&self.registration.grant, &held_now.refresh) {
            (Grant::Secret(secret), _) => by_secret(&self.registration, secret).to_vec(),
            (Grant::Code, Some(refresh)) => vec![
                ("grant_type", "refresh_token"),
                ("client_id", id),
                ("refresh_token", refresh),
                ("scope", SCOPES),
            ],
            (Grant::Code, None) => {
                return Err(Error::not_authenticated(
                    "the sign-in at the other server has ended; begin the run again, it goes on where it was",
                ));
            }
        };
        let tokens = ask_for_tokens(http, &self.token_endpoint, &fields).await?;
        *held_now = held(tokens.map_err(denied)?, held_now.refresh.take());
        Ok(held_now.access.clone())
    }
}

fn by_secret<'a>(registration: &'a Registration, secret: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "client_credentials"),
        ("client_id", &registration.client_id),
        ("client_secret", secret),
        ("scope", &registration.default_scope),
    ]
}

fn held(tokens: Tokens, before: Option<String>) -> Held {
    let lasts = Duration::from_secs(tokens.expires_in.clamp(1, 86_400));
    Held {
        access: tokens.access_token,
        refresh: tokens.refresh_token.or(before),
        until: Instant::now() + lasts.saturating_sub(EARLY).max(lasts / 2),
    }
}

fn denied(refused: Refused) -> Error {
    Error::not_authenticated(format!(
        "the other server does not let us in: {} {}",
        text::one_line(&refused.error),
        text::one_line(text::cut_chars(&refused.error_description, 400))
    ))
}

/// Where tokens go is never in the open.
fn endpoint(address: &str) -> Result<Url> {
    let url = Url::parse(address)
        .map_err(|e| Error::invalid(format!("»{}« is no address: {e}", text::one_line(address))))?;
    match is_safe(&url) {
        true => Ok(url),
        false => Err(Error::invalid(format!(
            "{url}: only https is spoken with other servers"
        ))),
    }
}

/// HTTPS, or this very machine.
pub fn is_safe(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

async fn discover(http: &mut HttpClient, issuer: &Url) -> Result<Metadata> {
    let address = format!(
        "{}/.well-known/openid-configuration",
        issuer.as_str().trim_end_matches('/')
    );
    let ask = Ask {
        method: "GET",
        url: endpoint(&address)?,
        headers: vec![("accept", "application/json".to_owned())],
        content: Content::None,
    };
    let (status, body) = parts(http.send(&ask).await?);
    if !status.is_success() {
        return Err(refusal("looking where one signs in", &ask.url, status, &body));
    }
    serde_json::from_slice(&body).map_err(|e| {
        Error::invalid(format!(
            "{address} does not say where one signs in; --sign-in-at does"
        ))
        .caused_by(e)
    })
}

async fn post(
    http: &mut HttpClient,
    url: &Url,
    fields: &[(&str, &str)],
) -> Result<(hyper::StatusCode, Vec<u8>)> {
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    let ask = Ask {
        method: "POST",
        url: url.clone(),
        headers: vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ],
        content: Content::Bytes(body.into_bytes()),
    };
    Ok(parts(http.send(&ask).await?))
}

/// What the server refuses with words of the protocol is for the caller.
async fn ask_for_tokens(
    http: &mut HttpClient,
    url: &Url,
    fields: &[(&str, &str)],
) -> Result<std::result::Result<Tokens, Refused>> {
    let (status, body) = post(http, url, fields).await?;
    if status.is_success() {
        let tokens = serde_json::from_slice(&body);
        return tokens
            .map(Ok)
            .map_err(|e| Error::unavailable("the other server gives no token").caused_by(e));
    }
    match serde_json::from_slice::<Refused>(&body) {
        Ok(refused) if !refused.error.is_empty() && status.is_client_error() => Ok(Err(refused)),
        _ => Err(refusal("signing in", url, status, &body)),
    }
}

async fn by_code(
    (http, begin_at, token_endpoint): (&mut HttpClient, Url, &Url),
    client_id: &str,
    tell: &Tell,
) -> Result<Tokens> {
    let (status, body) = post(http, &begin_at, &[("client_id", client_id), ("scope", SCOPES)]).await?;
    let begun: Begun = match serde_json::from_slice(&body) {
        Ok(begun) if status.is_success() => begun,
        _ => match serde_json::from_slice::<Refused>(&body) {
            Ok(refused) if !refused.error.is_empty() => return Err(denied(refused)),
            _ => return Err(refusal("signing in", &begin_at, status, &body)),
        },
    };
    tell(
        &text::one_line(&begun.verification_uri),
        &text::one_line(&begun.user_code),
    );
    let mut pause = Duration::from_secs(begun.interval).clamp(Duration::from_secs(1), LONGEST_PAUSE);
    if begun.interval == 0 {
        pause = PAUSE;
    }
    let end = Instant::now() + Duration::from_secs(begun.expires_in.clamp(60, 3600));
    while Instant::now() < end {
        tokio::time::sleep(pause).await;
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", client_id),
            ("device_code", &begun.device_code),
        ];
        match ask_for_tokens(http, token_endpoint, &fields).await {
            Ok(Ok(tokens)) => return Ok(tokens),
            Ok(Err(refused)) if refused.error == "authorization_pending" => {}
            Ok(Err(refused)) if refused.error == "slow_down" => pause = (pause + PAUSE).min(LONGEST_PAUSE),
            Ok(Err(refused)) => return Err(denied(refused)),
            Err(e) if e.kind().is_transient() => {}
            Err(e) => return Err(e),
        }
    }
    Err(Error::not_authenticated(
        "nobody has typed the code in time; begin again",
    ))
}
