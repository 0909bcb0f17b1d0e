//! Requests to one server that an administrator has named, over one connection that is made anew when it breaks. Bodies
//! come and go piece by piece; redirects are not followed.

use super::Dialer;
use crate::base::{Error, Result, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use url::Url;

type Body = UnsyncBoxBody<Bytes, io::Error>;

const PIECE: usize = 256 << 10;

/// What is sent along.
#[derive(Clone, Debug)]
pub enum Content {
    None,
    Bytes(Vec<u8>),
    File(PathBuf, u64),
}

impl Content {
    fn size(&self) -> u64 {
        match self {
            Content::None => 0,
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(_, size) => *size,
        }
    }

    async fn body(&self) -> Result<Body> {
        Ok(match self {
            Content::None => Empty::new().map_err(|never| match never {}).boxed_unsync(),
            Content::Bytes(bytes) => Full::new(Bytes::from(bytes.clone()))
                .map_err(|never| match never {})
                .boxed_unsync(),
            Content::File(path, _) => {
                let file = tokio::fs::File::open(path).await?;
                let pieces = futures_util::stream::try_unfold(file, |mut file| async move {
                    let mut piece = vec![0; PIECE];
                    let n = file.read(&mut piece).await?;
                    piece.truncate(n);
                    Ok::<_, io::Error>((n > 0).then(|| (Frame::data(Bytes::from(piece)), file)))
                });
                StreamBody::new(pieces).boxed_unsync()
            }
        })
    }
}

/// A request that can be made again.
pub struct Ask<'a> {
    pub method: &'a str,
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    pub content: Content,
}

pub struct HttpClient {
    dialer: Arc<Dialer>,
    /// Of an answer that is read into memory.
    max_answer: usize,
    /// PEM of the server's own authority.
    ca_pem: Option<String>,
    /// Where it connects, and the connection.
    open: Option<(String, SendRequest<Body>)>,
}

impl HttpClient {
    /// `max_answer`: bytes of an answer that may be read into memory.
    pub fn new(dialer: Arc<Dialer>, max_answer: usize) -> HttpClient {
        HttpClient {
            dialer,
            max_answer,
            ca_pem: None,
            open: None,
        }
    }

    /// Trusts the server's own authority too (PEM).
    pub fn trusting(mut self, ca_pem: Option<String>) -> HttpClient {
        self.ca_pem = ca_pem;
        self
    }

    /// The answer in memory. Errors: NotFound (the name), Unavailable; what the server says is in the answer.
    pub async fn send(&mut self, ask: &Ask<'_>) -> Result<Response<Vec<u8>>> {
        let patience = self.dialer.patience;
        let longest = patience.answer + patience.on_the_way(self.max_answer as u64);
        let (head, body) = self.answer(ask).await?.into_parts();
        let read = tokio::time::timeout(longest, Limited::new(body, self.max_answer).collect()).await;
        let body = read
            .map_err(|_| Error::unavailable(format!("{} does not go on", place(&ask.url))))?
            .map_err(|e| broke_off(&ask.url, e))?;
        Ok(Response::from_parts(head, body.to_bytes().to_vec()))
    }

    /// A good answer into a new file; another one is given back with its beginning.
    pub async fn fetch(&mut self, ask: &Ask<'_>, to: &Path) -> Result<(StatusCode, Vec<u8>)> {
        let mut file = std::fs::File::create(to)?;
        let answer = self.read(ask, &mut |piece| Ok(file.write_all(piece)?)).await?;
        Ok(parts(answer))
    }

    /// The body of a good answer piece by piece; what is given back has none then, and the beginning of it otherwise.
    pub async fn read(
        &mut self,
        ask: &Ask<'_>,
        each: &mut (dyn FnMut(&[u8]) -> Result<()> + Send),
    ) -> Result<Response<Vec<u8>>> {
        let patience = self.dialer.patience;
        let (head, mut body) = self.answer(ask).await?.into_parts();
        if !head.status.is_success() {
            let said = Limited::new(body, 64 << 10).collect();
            let said = tokio::time::timeout(patience.answer, said).await;
            let said = said.ok().and_then(std::result::Result::ok);
            let said = said.map(|b| b.to_bytes().to_vec()).unwrap_or_default();
            return Ok(Response::from_parts(head, said));
        }
        let mut got = 0;
        loop {
            let frame = tokio::time::timeout(patience.answer, body.frame()).await;
            let frame =
                frame.map_err(|_| Error::unavailable(format!("{} does not go on", place(&ask.url))))?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|e| broke_off(&ask.url, e.into()))?;
            if let Some(piece) = frame.data_ref() {
                each(piece)?;
                got += piece.len() as u64;
            }
        }
        let told = head
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse().ok());
        match told.is_none_or(|told: u64| told == got) {
            true => Ok(Response::from_parts(head, Vec::new())),
            false => Err(Error::unavailable(format!("{} broke off", place(&ask.url)))),
        }
    }

    async fn answer(&mut self, ask: &Ask<'_>) -> Result<Response<Incoming>> {
        let had_one = self.open.is_some();
        match self.exchange(ask).await {
            // A server ends a connection that was silent for a while; the next one is new.
            Err(_) if had_one => {
                self.open = None;
                self.exchange(ask).await
            }
            done => done,
        }
    }

    async fn exchange(&mut self, ask: &Ask<'_>) -> Result<Response<Incoming>> {
        let patience = self.dialer.patience;
        let longest = patience.answer + patience.on_the_way(ask.content.size());
        let request = request(ask).await?;
        let sender = self.sender(&ask.url).await?;
        let done = tokio::time::timeout(longest, sender.send_request(request)).await;
        let done = done.map_err(|_| Error::unavailable(format!("{} does not answer", place(&ask.url))));
        match done {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(e)) => {
                self.open = None;
                Err(broke_off(&ask.url, e.into()))
            }
            Err(e) => {
                self.open = None;
                Err(e)
            }
        }
    }

    async fn sender(&mut self, url: &Url) -> Result<&mut SendRequest<Body>> {
        let wanted = place(url);
        let mut open = self.open.take();
        // What belongs to the last answer may still be on its way.
        if let Some((_, sender)) = open.as_mut()
            && sender.ready().await.is_err()
        {
            open = None;
        }
        let open = match open.filter(|(to, _)| *to == wanted) {
            Some(open) => open,
            None => (wanted, self.connect(url).await?),
        };
        Ok(&mut self.open.insert(open).1)
    }

    async fn connect(&self, url: &Url) -> Result<SendRequest<Body>> {
        let host = url
            .host_str()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let plain = self.dialer.connect_plain(&host, port).await?;
        let stream = match url.scheme() {
            "https" => {
                let ca = self.ca_pem.as_deref();
                self.dialer.protect_by(&host, plain, ca).await?
            }
            _ => Box::new(plain),
        };
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|e| Error::unavailable(format!("{} does not speak HTTP", place(url))).caused_by(e))?;
        tokio::spawn(async move {
            if let Err(e) = connection.await {
                tracing::debug!(error = %e, "a connection ended");
            }
        });
        Ok(sender)
    }
}

async fn request(ask: &Ask<'_>) -> Result<Request<Body>> {
    let bad = |e: &dyn std::fmt::Display| Error::invalid(format!("{} cannot be asked: {e}", ask.url));
    let method = Method::from_bytes(ask.method.as_bytes()).map_err(|e| bad(&e))?;
    let target = match ask.url.query() {
        Some(query) => format!("{}?{query}", ask.url.path()),
        None => ask.url.path().to_owned(),
    };
    let mut builder = Request::builder()
        .method(method)
        .uri(target)
        .header(HOST, place(&ask.url))
        .header(USER_AGENT, concat!("Hauspost/", env!("CARGO_PKG_VERSION")));
    if !matches!(ask.content, Content::None) {
        builder = builder.header(CONTENT_LENGTH, ask.content.size());
    }
    for (name, value) in &ask.headers {
        builder = builder.header(*name, HeaderValue::from_str(value).map_err(|e| bad(&e))?);
    }
    builder.body(ask.content.body().await?).map_err(|e| bad(&e))
}

/// Signing in by name and password (RFC 7617), as the header `authorization` has it.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Host and port, as the header has them.
pub fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn broke_off(url: &Url, e: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::unavailable(format!("{} broke off: {e}", place(url))).caused_by(e)
}

/// Status and body.
pub fn parts(response: Response<Vec<u8>>) -> (StatusCode, Vec<u8>) {
    (response.status(), response.into_body())
}

/// What an answer that is not good means. Errors always: Forbidden, NotFound, OverQuota, Invalid, Busy,
/// Unavailable.
pub fn refusal(what: &str, url: &Url, status: StatusCode, body: &[u8]) -> Error {
    let said = text::one_line(&String::from_utf8_lossy(&body[..body.len().min(400)]));
    let text = format!("{}: {what} was refused: {status} {said}", place(url));
    match status.as_u16() {
        // Not somebody who is signed in wrongly here.
        401 => Error::invalid(format!("{}: the login is not accepted: {said}", place(url))),
        403 => Error::forbidden(text),
        404 | 410 => Error::not_found(text),
        413 | 507 => Error::over_quota(text),
        429 => Error::busy(text),
        400..500 => Error::invalid(text),
        _ => Error::unavailable(text),
    }
}
