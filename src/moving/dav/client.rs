//! Requests to one server, over one connection that is made anew when it breaks. Redirects are followed within the site that the
//! administrator has named.

use crate::base::{Error, Result, text};
use crate::delivery::PostRoom;
use crate::formats::xml::{Element, read};
use base64::Engine;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, LOCATION, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use url::Url;

/// Of one answer: some thousand cards with their pictures.
const MAX_BODY: usize = 128 << 20;
const MOST_REDIRECTS: usize = 5;

pub struct Client {
    room: Arc<PostRoom>,
    authorization: String,
    /// Where it connects, and the connection.
    open: Option<(String, SendRequest<Full<Bytes>>)>,
}

/// What is asked.
pub struct Ask<'a> {
    pub method: &'a str,
    pub headers: Vec<(&'static str, String)>,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

impl<'a> Ask<'a> {
    pub fn plain(method: &'a str) -> Ask<'a> {
        Ask {
            method,
            headers: Vec::new(),
            content_type: "",
            body: Vec::new(),
        }
    }

    /// With XML; `depth`: how far below.
    pub fn xml(method: &'a str, depth: &str, body: String) -> Ask<'a> {
        Ask {
            method,
            headers: vec![("depth", depth.to_owned())],
            content_type: "application/xml; charset=utf-8",
            body: body.into_bytes(),
        }
    }
}

pub struct Reply {
    pub status: StatusCode,
    pub etag: Option<String>,
    pub body: Vec<u8>,
    /// Where the answer came from in the end.
    pub url: Url,
}

impl Reply {
    /// Errors: NotAuthenticated, Forbidden, NotFound, Conflict, Invalid, Unavailable, by what the server says.
    pub fn check(self) -> Result<Reply> {
        let text = || {
            let said = String::from_utf8_lossy(&self.body[..self.body.len().min(300)]);
            format!("{} answers {}: {}", self.url, self.status, text::one_line(&said))
        };
        match self.status.as_u16() {
            200..300 => Ok(self),
            401 => Err(Error::not_authenticated(
                "the other server does not accept the login",
            )),
            403 => Err(Error::forbidden(text())),
            404 | 410 => Err(Error::not_found(text())),
            409 | 412 => Err(Error::conflict(text())),
            400..500 => Err(Error::invalid(text())),
            _ => Err(Error::unavailable(text())),
        }
    }

    /// The responses of a multistatus (RFC 4918 §13).
    pub fn responses(&self) -> Result<Vec<Element>> {
        let root = read(&self.body).map_err(|e| {
            Error::unavailable(format!(
                "the answer of {} cannot be read: {}",
                self.url,
                e.message()
            ))
        })?;
        let is_response = |e: &Element| e.is(crate::formats::xml::DAV, "response");
        Ok(root.children.into_iter().filter(is_response).collect())
    }
}

impl Client {
    pub fn new(room: &Arc<PostRoom>, user: &str, password: &str) -> Client {
        let packed = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        Client {
            room: room.clone(),
            authorization: format!("Basic {packed}"),
            open: None,
        }
    }

    /// Errors: NotFound (the name), Unavailable; what the server says is in the reply.
    pub async fn send(&mut self, url: &Url, ask: &Ask<'_>) -> Result<Reply> {
        let mut url = url.clone();
        for _ in 0..MOST_REDIRECTS {
            let (reply, location) = self.send_once(&url, ask).await?;
            let Some(location) = location.filter(|_| reply.status.is_redirection()) else {
                return Ok(reply);
            };
            let next = url.join(&location);
            let next = next.map_err(|e| Error::unavailable(format!("{url} leads to no address: {e}")))?;
            if !is_same_site(&url, &next) {
                return Err(Error::unavailable(format!(
                    "{url} leads to {next}, which is another site and does not get the password; name that one instead"
                )));
            }
            url = next;
        }
        Err(Error::unavailable(format!("{url} leads in circles")))
    }

    async fn send_once(&mut self, url: &Url, ask: &Ask<'_>) -> Result<(Reply, Option<String>)> {
        let request = || self.request(url, ask);
        let first = request()?;
        let again = request()?;
        let had_one = self.open.is_some();
        match self.exchange(url, first).await {
            // A server ends a connection that was silent for a while; the next one is new.
            Err(_) if had_one => {
                self.open = None;
                self.exchange(url, again).await
            }
            done => done,
        }
    }

    fn request(&self, url: &Url, ask: &Ask<'_>) -> Result<Request<Full<Bytes>>> {
        let bad = |e: &dyn std::fmt::Display| Error::invalid(format!("{url} cannot be asked: {e}"));
        let method = Method::from_bytes(ask.method.as_bytes()).map_err(|e| bad(&e))?;
        let mut builder = Request::builder()
            .method(method)
            .uri(url.path())
            .header(HOST, place(url))
            .header(USER_AGENT, concat!("Hauspost/", env!("CARGO_PKG_VERSION")))
            .header(AUTHORIZATION, &self.authorization);
        if !ask.content_type.is_empty() {
            builder = builder.header(CONTENT_TYPE, ask.content_type);
        }
        for (name, value) in &ask.headers {
            builder = builder.header(*name, value);
        }
        builder
            .body(Full::new(Bytes::from(ask.body.clone())))
            .map_err(|e| bad(&e))
    }

    async fn exchange(
        &mut self,
        url: &Url,
        request: Request<Full<Bytes>>,
    ) -> Result<(Reply, Option<String>)> {
        let broken = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::unavailable(format!("{} broke off: {e}", place(url))).caused_by(e)
        };
        let patience = self.room.options.patience;
        let longest = patience.answer + patience.on_the_way(request.body().size_hint_bytes());
        let sender = self.sender(url).await?;
        let answered = async {
            let response = sender.send_request(request).await.map_err(|e| broken(e.into()))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, MAX_BODY).collect().await.map_err(broken)?;
            let text = |name| {
                head.headers
                    .get(name)
                    .and_then(|v: &hyper::header::HeaderValue| v.to_str().ok())
            };
            let reply = Reply {
                status: head.status,
                etag: text(ETAG).map(str::to_owned),
                body: body.to_bytes().to_vec(),
                url: url.clone(),
            };
            Ok((reply, text(LOCATION).map(str::to_owned)))
        };
        let done = tokio::time::timeout(longest, answered).await;
        done.map_err(|_| Error::unavailable(format!("{} does not answer", place(url))))?
    }

    async fn sender(&mut self, url: &Url) -> Result<&mut SendRequest<Full<Bytes>>> {
        let wanted = place(url);
        let is_usable =
            |(to, sender): &(String, SendRequest<Full<Bytes>>)| *to == wanted && !sender.is_closed();
        if !self.open.as_ref().is_some_and(is_usable) {
            let host = url
                .host_str()
                .unwrap_or_default()
                .trim_matches(['[', ']'])
                .to_owned();
            let port = url.port_or_known_default().unwrap_or(443);
            let plain = self.room.connect_plain(&host, port).await?;
            let stream = match url.scheme() {
                "https" => self.room.protect(&host, plain).await?,
                _ => Box::new(plain),
            };
            let (sender, connection) = handshake(TokioIo::new(stream))
                .await
                .map_err(|e| Error::unavailable(format!("{wanted} does not speak HTTP")).caused_by(e))?;
            tokio::spawn(async move {
                if let Err(e) = connection.await {
                    tracing::debug!(error = %e, "a connection ended");
                }
            });
            self.open = Some((wanted, sender));
        }
        let open = self
            .open
            .as_mut()
            .ok_or_else(|| Error::internal("no connection"))?;
        Ok(&mut open.1)
    }
}

/// Host and port.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The same host, or one of the same domain by TLS: large providers spread people over hosts.
fn is_same_site(from: &Url, to: &Url) -> bool {
    let (Some(a), Some(b)) = (from.host_str(), to.host_str()) else {
        return false;
    };
    let domain = |h: &str| h.rsplitn(3, '.').take(2).map(str::to_owned).collect::<Vec<_>>();
    let is_name = |u: &Url| matches!(u.host(), Some(url::Host::Domain(d)) if d.contains('.'));
    let keeps_tls = to.scheme() == "https" || from.scheme() == "http";
    keeps_tls
        && (a == b || (to.scheme() == "https" && is_name(from) && is_name(to) && domain(a) == domain(b)))
}

trait SizeHint {
    fn size_hint_bytes(&self) -> u64;
}

impl SizeHint for Full<Bytes> {
    fn size_hint_bytes(&self) -> u64 {
        hyper::body::Body::size_hint(self).lower()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_goes_to_the_site_that_was_named_only() {
        let is = |a: &str, b: &str| is_same_site(&Url::parse(a).unwrap(), &Url::parse(b).unwrap());
        assert!(is("https://a.test/x", "https://a.test:8443/y"));
        assert!(is(
            "https://caldav.icloud.test/",
            "https://p01-caldav.icloud.test/"
        ));
        assert!(!is("https://a.test/", "http://a.test/"));
        assert!(!is("https://a.test/", "https://b.other/"));
        assert!(!is("https://10.0.0.1/", "https://10.9.0.1/"));
        assert!(is("http://localhost:1/", "http://localhost:1/x"));
    }
}
