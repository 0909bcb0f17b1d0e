//! Our account with a public authority: its key is made once and kept (RFC 8555 §7.3), and the authority is reached like
//! everybody else.

use crate::base::{Error, Kind, Result};
use crate::delivery::PostRoom;
use crate::delivery::http_client::{Ask, Content, HttpClient};
use crate::model::certificate::CertificateWish;
use crate::store::disk;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use hyper::{Request, Response};
use instant_acme::{Account, AccountCredentials, BodyWrapper, BytesResponse, NewAccount};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;

/// Of an answer; a chain of certificates has some kilobytes.
const MAX_ANSWER: usize = 1 << 20;

/// The one that is kept for this authority, or a new one. Errors: Unavailable, Invalid, with what the authority says.
pub async fn open_account(room: &PostRoom, wish: &CertificateWish) -> Result<Account> {
    let file = account_file(room, &wish.authority);
    match std::fs::read(&file) {
        Ok(kept) => {
            let kept: AccountCredentials = serde_json::from_slice(&kept).map_err(|e| {
                Error::internal(format!(
                    "{} cannot be read; remove it, another account is made then",
                    file.display()
                ))
                .caused_by(e)
            })?;
            Account::builder_with_http(connection(room))
                .from_credentials(kept)
                .await
                .map_err(told)
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let contact = wish.contact.as_ref().map(|c| format!("mailto:{c}"));
            let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
            let new = NewAccount {
                contact: &contact,
                terms_of_service_agreed: true,
                only_return_existing: false,
            };
            let (account, made) = Account::builder_with_http(connection(room))
                .create(&new, wish.authority.clone(), None)
                .await
                .map_err(told)?;
            let made = serde_json::to_vec(&made)
                .map_err(|e| Error::internal("the account cannot be kept").caused_by(e))?;
            disk::write_file(&file, &made)?;
            Ok(account)
        }
        Err(e) => Err(e.into()),
    }
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
    match e {
        E::Api(problem) => {
            let detail = problem.detail.clone().unwrap_or_default();
            let kind = problem.r#type.as_deref().unwrap_or_default();
            let kind = kind.rsplit(':').next().unwrap_or_default();
            let parts = problem.subproblems.iter().filter_map(|p| p.detail.as_deref());
            let all = [detail.as_str()]
                .into_iter()
                .chain(parts)
                .collect::<Vec<_>>()
                .join("; ");
            Error::new(
                match kind {
                    "rateLimited" => Kind::Busy,
                    "serverInternal" => Kind::Unavailable,
                    _ => Kind::Invalid,
                },
                format!(
                    "the authority refuses ({kind}): {}",
                    crate::base::text::one_line(&all)
                ),
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

fn connection(room: &PostRoom) -> Box<dyn instant_acme::HttpClient> {
    let client = HttpClient::new(room.dialer.clone(), MAX_ANSWER);
    Box::new(Connection(Arc::new(Mutex::new(client))))
}

struct Connection(Arc<Mutex<HttpClient>>);

type Answered = std::result::Result<BytesResponse, instant_acme::Error>;

impl instant_acme::HttpClient for Connection {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Answered> + Send>> {
        let client = self.0.clone();
        Box::pin(async move {
            let answer = send(&client, request).await;
            let answer = answer.map_err(|e| instant_acme::Error::Other(Box::new(e)))?;
            let (head, body) = answer.into_parts();
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
