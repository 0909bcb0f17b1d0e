//! Our account with a public authority: its key is made once and kept (RFC 8555 §7.3), and the authority is reached like
//! everybody else.

use super::tries::{PutOff, Tries, is_passing, kind_of};
use crate::base::{Clock, Error, Kind, Result, text};
use crate::delivery::PostRoom;
use crate::delivery::http_client::{Ask, Content, HttpClient, refusal};
use crate::model::certificate::CertificateWish;
use crate::store::disk;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use hyper::header::RETRY_AFTER;
use hyper::{Method, Request, Response};
use instant_acme::{Account, AccountCredentials, BodyWrapper, BytesResponse, NewAccount};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;

/// Of an answer; a chain of certificates has some kilobytes.
const MAX_ANSWER: usize = 1 << 20;

/// What an authority says may be shown and mailed; more than that is no sentence.
const MAX_SAID: usize = 1000;

/// The file: what signs for us, and whom the authority was told to write to.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    contact: Option<String>,
    #[serde(flatten)]
    credentials: serde_json::Value,
}

/// The one that is kept for this authority, or a new one. Errors: Unavailable, Invalid, with what the authority says.
pub async fn open_account(room: &PostRoom, wish: &CertificateWish, put_off: &Arc<PutOff>) -> Result<Account> {
    let file = account_file(room, &wish.authority);
    let mut tries = Tries::new();
    loop {
        let opened = match read(&file)? {
            Some(kept) => known(room, wish, kept, put_off).await,
            None => make(room, wish, put_off).await,
        };
        match opened {
            Ok((account, kept)) => {
                if let Some(kept) = kept {
                    write(&file, &kept)?;
                }
                return Ok(account);
            }
            Err(e) => tries.rest(e).await?,
        }
    }
}

/// The authority knows it no more; the next one is made when it is needed.
pub fn forget_account(room: &PostRoom, wish: &CertificateWish) {
    let gone = std::fs::remove_file(account_file(room, &wish.authority));
    tracing::warn!(
        authority = wish.authority,
        removed = gone.is_ok(),
        "the authority knows our account no more"
    );
}

type Opened = (Account, Option<Kept>);

/// With what is to be kept anew, if anything is.
async fn known(
    room: &PostRoom,
    wish: &CertificateWish,
    mut kept: Kept,
    put_off: &Arc<PutOff>,
) -> std::result::Result<Opened, instant_acme::Error> {
    let credentials: AccountCredentials = serde_json::from_value(kept.credentials.clone())?;
    let builder = Account::builder_with_http(connection(room, put_off));
    let account = builder.from_credentials(credentials).await?;
    if kept.contact == wish.contact {
        return Ok((account, None));
    }
    let contact = contacts(wish);
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    account.update_contacts(&contact).await?;
    kept.contact.clone_from(&wish.contact);
    Ok((account, Some(kept)))
}

async fn make(
    room: &PostRoom,
    wish: &CertificateWish,
    put_off: &Arc<PutOff>,
) -> std::result::Result<Opened, instant_acme::Error> {
    let contact = contacts(wish);
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let new = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let builder = Account::builder_with_http(connection(room, put_off));
    let (account, made) = builder.create(&new, wish.authority.clone(), None).await?;
    let kept = Kept {
        contact: wish.contact.clone(),
        credentials: serde_json::to_value(&made)?,
    };
    Ok((account, Some(kept)))
}

fn contacts(wish: &CertificateWish) -> Vec<String> {
    wish.contact.iter().map(|c| format!("mailto:{c}")).collect()
}

/// None: there is none yet.
fn read(file: &Path) -> Result<Option<Kept>> {
    let kept = match std::fs::read(file) {
        Ok(kept) => kept,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    serde_json::from_slice(&kept).map(Some).map_err(|e| {
        Error::internal(format!(
            "{} cannot be read; remove it, another account is made then",
            file.display()
        ))
        .caused_by(e)
    })
}

fn write(file: &Path, kept: &Kept) -> Result<()> {
    let text =
        serde_json::to_vec(kept).map_err(|e| Error::internal("the account cannot be kept").caused_by(e))?;
    disk::write_file(file, &text)
}

/// One a place: who changes to another authority and back has the same account again.
fn account_file(room: &PostRoom, authority: &str) -> PathBuf {
    let hash = Sha256::digest(authority.as_bytes());
    let short: String = hash.iter().take(6).map(|b| format!("{b:02x}")).collect();
    room.store.layout().tls().join(format!("account-{short}.json"))
}

/// What the authority said, for people.
pub fn told(e: instant_acme::Error) -> Error {
    use instant_acme::Error as E;
    let passes = is_passing(&e);
    match e {
        E::Api(problem) => {
            let detail = problem.detail.clone().unwrap_or_default();
            let kind = kind_of(problem.r#type.as_deref());
            let parts = problem.subproblems.iter().filter_map(|p| p.detail.as_deref());
            let all: Vec<&str> = [detail.as_str()].into_iter().chain(parts).collect();
            let kind_here = match kind {
                "rateLimited" => Kind::Busy,
                _ if passes => Kind::Unavailable,
                _ => Kind::Invalid,
            };
            Error::new(
                kind_here,
                format!("the authority refuses ({kind}): {}", sentence(&all.join("; "))),
            )
        }
        E::Other(inner) => match inner.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(other) => Error::unavailable(format!("the authority cannot be asked: {other}")),
        },
        E::Timeout(_) => Error::unavailable("the authority takes too long"),
        other => Error::unavailable(format!("the authority answers something else: {other}")),
    }
}

/// Somebody else's words, fit to be shown.
pub fn sentence(said: &str) -> String {
    text::one_line(text::cut_chars(said, MAX_SAID))
}

fn connection(room: &PostRoom, put_off: &Arc<PutOff>) -> Box<dyn instant_acme::HttpClient> {
    let client = HttpClient::new(room.dialer.clone(), MAX_ANSWER);
    Box::new(Connection {
        client: Arc::new(Mutex::new(client)),
        put_off: put_off.clone(),
        clock: room.store.clock().clone(),
    })
}

struct Connection {
    client: Arc<Mutex<HttpClient>>,
    put_off: Arc<PutOff>,
    clock: Arc<dyn Clock>,
}

type Answered = std::result::Result<BytesResponse, instant_acme::Error>;

impl instant_acme::HttpClient for Connection {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Answered> + Send>> {
        let (client, put_off, clock) = (self.client.clone(), self.put_off.clone(), self.clock.clone());
        Box::pin(async move {
            let failed = |e: Error| instant_acme::Error::Other(Box::new(e));
            let address = request.uri().to_string();
            // What is posted is answered by a problem, which the library reads (RFC 8555 §6.7).
            let is_posted = request.method() == Method::POST;
            let answer = send(&client, request).await.map_err(failed)?;
            let (head, body) = answer.into_parts();
            // Where it only bids us be patient with an order, the library is.
            let refuses = head.status.is_client_error() || head.status.is_server_error();
            if let Some(later) = head.headers.get(RETRY_AFTER).filter(|_| refuses) {
                put_off.note(later.to_str().unwrap_or_default(), clock.now_ms());
            }
            if refuses && !is_posted {
                let url =
                    Url::parse(&address).map_err(|e| failed(Error::internal("no address").caused_by(e)))?;
                return Err(failed(refusal(
                    "the authority's directory",
                    &url,
                    head.status,
                    &body,
                )));
            }
            Ok(BytesResponse {
                parts: head,
                body: Box::new(Bytes::from(body)),
            })
        })
    }
}

async fn send(client: &Mutex<HttpClient>, request: Request<BodyWrapper<Bytes>>) -> Result<Response<Vec<u8>>> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await;
    let body = body.to_bytes();
    let address = head.uri.to_string();
    let url = Url::parse(&address)
        .ok()
        .filter(|u| u.scheme() == "https")
        .ok_or_else(|| {
            Error::invalid(format!(
                "the authority names {address}, which is no address under https"
            ))
        })?;
    let content_type = head.headers.get(hyper::header::CONTENT_TYPE);
    let headers = content_type.and_then(|v| v.to_str().ok());
    let ask = Ask {
        method: head.method.as_str(),
        url,
        headers: headers
            .map(|v| ("content-type", v.to_owned()))
            .into_iter()
            .collect(),
        content: match body.is_empty() {
            true => Content::None,
            false => Content::Bytes(body.to_vec()),
        },
    };
    client.lock().await.send(&ask).await
}
