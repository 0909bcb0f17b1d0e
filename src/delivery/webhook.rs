//! Calls at addresses that programs or people have given: HTTPS only, on the Internet only unless the administrator says otherwise,
//! to the address that was checked, without following where the answer points to. Bounded in time and size.

use super::PostRoom;
use super::resolver::is_private;
use crate::base::network::Network;
use crate::base::stream::BoxStream;
use crate::base::{Error, Result, hostname};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LOCATION, TRANSFER_ENCODING, USER_AGENT,
};
use hyper::http::response::Parts;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use url::{Host, Url};

/// A part of the time for the whole, so that the next address of a host gets its turn.
const CONNECT: Duration = Duration::from_secs(5);
const MAX_HEAD_BYTES: usize = 16 << 10;
const MAX_BODY_BYTES: usize = 16 << 10;
/// Longer ones are no addresses.
const MAX_URL_BYTES: usize = 2048;

/// What an administrator allows beyond the Internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Wherever its name leads.
    Host(String),
    Network(Network),
}

impl std::str::FromStr for Allowed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(network) = text.parse() {
            return Ok(Allowed::Network(network));
        }
        hostname::normalize(text).map(Allowed::Host).map_err(|_| {
            format!(
                "»{text}« is no host and no network; write crm.example.org, 192.168.1.0/24 or one address"
            )
        })
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    /// Lower case, without parameters.
    pub content_type: String,
    pub body: Vec<u8>,
}

/// What lies at an address.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub status: StatusCode,
    pub etag: Option<String>,
    /// Last-Modified.
    pub modified: Option<String>,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

/// An address that may be called. Errors: Invalid, with what is wrong with it; `what`: the name of the property.
pub fn parse_url(what: &str, text: &str) -> Result<Url> {
    let wrong = |why: &str| {
        let text: String = crate::base::text::one_line(text).chars().take(200).collect();
        Error::invalid(format!("»{what}« is »{text}«: {why}"))
    };
    if text.len() > MAX_URL_BYTES {
        return Err(wrong("an address has 2048 bytes at most"));
    }
    let mut url = Url::parse(text).map_err(|e| wrong(&format!("this is no address: {e}")))?;
    if url.scheme() != "https" {
        return Err(wrong("only addresses that begin with https:// are called"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("a name and a password in it are not sent; use clientState"));
    }
    if url.host().is_none() {
        return Err(wrong("there is no host in it"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Where an answer points to, which is looked at as carefully as what was asked for. Errors: Unavailable, Invalid.
fn redirected(from: &Url, fetched: &Fetched) -> Result<Url> {
    let place = fetched.location.as_deref();
    let place = place.ok_or_else(|| Error::unavailable("the other server points to nowhere"))?;
    let to = from
        .join(place)
        .map_err(|e| Error::unavailable("the other server points to what is no address").caused_by(e))?;
    parse_url("Location", to.as_str())
}

/// So often an answer may point elsewhere.
pub const MOST_REDIRECTS: usize = 3;

impl PostRoom {
    /// As [`PostRoom::fetch`], following where the other server points, each time as carefully as the first. `within`: for each
    /// step. Errors: also Unavailable, when it goes on and on.
    pub async fn fetch_where_it_leads(
        &self,
        mut url: Url,
        known: (Option<&str>, Option<&str>),
        most_bytes: usize,
        within: Duration,
    ) -> Result<Fetched> {
        for _ in 0..=MOST_REDIRECTS {
            let fetched = self.fetch(&url, known, most_bytes, within).await?;
            let leads_on = fetched.status.is_redirection() && fetched.status != StatusCode::NOT_MODIFIED;
            if !leads_on {
                return Ok(fetched);
            }
            url = redirected(&url, &fetched)?;
        }
        Err(Error::unavailable(
            "the other server points from one address to the next",
        ))
    }

    /// One POST. Errors: Forbidden for places that are not called, NotFound (no such host), Unavailable (no answer in time,
    /// no TLS that can be trusted, no HTTP).
    pub async fn post(
        &self,
        url: &Url,
        content_type: &str,
        body: Vec<u8>,
        within: Duration,
    ) -> Result<Reply> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let done = async {
            let stream = self.connect_allowed(url).await?;
            let content_type = HeaderValue::from_str(content_type)
                .map_err(|e| Error::invalid(format!("{url} cannot be called: {e}")))?;
            let mut request = request(Method::POST, url, body)?;
            request.headers_mut().insert(CONTENT_TYPE, content_type);
            let (head, body) = exchange(stream, request, MAX_BODY_BYTES).await?;
            let media_type = text_of(&head.headers, CONTENT_TYPE).unwrap_or_default();
            let media_type = media_type.split(';').next().unwrap_or_default();
            Ok(Reply {
                status: head.status,
                content_type: media_type.trim().to_ascii_lowercase(),
                body,
            })
        };
        in_time(&host, within, done).await
    }

    /// One GET, as carefully as [`Self::post`]; `known`: ETag and Last-Modified of what is here already.
    /// Errors: as there; and Unavailable for more than `most_bytes`.
    pub async fn fetch(
        &self,
        url: &Url,
        known: (Option<&str>, Option<&str>),
        most_bytes: usize,
        within: Duration,
    ) -> Result<Fetched> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let done = async {
            let stream = self.connect_allowed(url).await?;
            let mut request = request(Method::GET, url, Vec::new())?;
            // What another server once gave is given back to it, or left out.
            for (name, value) in [(IF_NONE_MATCH, known.0), (IF_MODIFIED_SINCE, known.1)] {
                if let Some(value) = value.and_then(|v| HeaderValue::from_str(v).ok()) {
                    request.headers_mut().insert(name, value);
                }
            }
            let (head, body) = exchange(stream, request, most_bytes).await?;
            Ok(Fetched {
                status: head.status,
                etag: text_of(&head.headers, ETAG),
                modified: text_of(&head.headers, LAST_MODIFIED),
                location: text_of(&head.headers, LOCATION),
                body,
            })
        };
        in_time(&host, within, done).await
    }

    async fn connect_allowed(&self, url: &Url) -> Result<BoxStream> {
        let port = url.port_or_known_default().unwrap_or(443);
        let (name, addresses) = match url.host() {
            Some(Host::Domain(name)) => (name.to_owned(), self.dialer.resolver.addresses(name).await?),
            Some(Host::Ipv4(ip)) => (ip.to_string(), vec![IpAddr::V4(ip)]),
            Some(Host::Ipv6(ip)) => (ip.to_string(), vec![IpAddr::V6(ip)]),
            None => return Err(Error::invalid("an address without a host")),
        };
        let mut last = Error::forbidden(format!(
            "{name} is in a private network, and such places are not called; an administrator can allow it: \
             hauspost serve --notify-to {name}"
        ));
        for ip in addresses.into_iter().filter(|ip| self.may_call(&name, *ip)) {
            // What is connected to is what was checked: the name is not asked for again.
            match tokio::time::timeout(CONNECT, TcpStream::connect(SocketAddr::from((ip, port)))).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return self
                        .dialer
                        .protect(&name, stream)
                        .await
                        .map_err(|f| Error::unavailable(f.detail()));
                }
                Ok(Err(e)) => {
                    last = Error::unavailable(format!("no connection to {name}:{port}")).caused_by(e)
                }
                Err(_) => last = Error::unavailable(format!("{name}:{port} does not answer")),
            }
        }
        Err(last)
    }

    fn may_call(&self, name: &str, ip: IpAddr) -> bool {
        !is_private(ip)
            || self.options.notify_allowed.iter().any(|a| match a {
                Allowed::Host(host) => host.eq_ignore_ascii_case(name.trim_end_matches('.')),
                Allowed::Network(network) => network.contains(ip),
            })
    }
}

async fn in_time<T>(host: &str, within: Duration, done: impl Future<Output = Result<T>>) -> Result<T> {
    let reply = tokio::time::timeout(within, done).await;
    reply.map_err(|_| {
        Error::unavailable(format!(
            "{host} did not answer within {} seconds",
            within.as_secs()
        ))
    })?
}

fn text_of(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

fn request(method: Method, url: &Url, body: Vec<u8>) -> Result<Request<Full<Bytes>>> {
    let bad = |e: &dyn std::fmt::Display| Error::invalid(format!("{url} cannot be called: {e}"));
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    Request::builder()
        .method(method)
        .uri(target)
        .header(HOST, HeaderValue::from_str(&host).map_err(|e| bad(&e))?)
        .header(USER_AGENT, concat!("Hauspost/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(Bytes::from(body)))
        .map_err(|e| bad(&e))
}

/// One request on a connection of its own.
async fn exchange(
    stream: BoxStream,
    request: Request<Full<Bytes>>,
    most_bytes: usize,
) -> Result<(Parts, Vec<u8>)> {
    let broken = |e: Box<dyn std::error::Error + Send + Sync>| {
        Error::unavailable("the other side broke off, or does not speak HTTP").caused_by(e)
    };
    let mut http = hyper::client::conn::http1::Builder::new();
    http.max_buf_size(MAX_HEAD_BYTES);
    let (mut sender, connection) = http
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|e| broken(e.into()))?;
    let answered = async {
        let response = sender.send_request(request).await.map_err(|e| broken(e.into()))?;
        let (head, body) = response.into_parts();
        let body = read_body(&head.headers, body, most_bytes).await.map_err(|e| {
            match e.is::<LengthLimitError>() {
                true => Error::unavailable(format!("the answer has more than {most_bytes} bytes")),
                false => broken(e),
            }
        })?;
        Ok((head, body))
    };
    tokio::pin!(answered);
    tokio::select! {
        biased;
        reply = &mut answered => reply,
        // It is at its end; what came before lies ready.
        _ = connection => answered.await,
    }
}

/// All of a body of usual size. One whose end is that of the connection counts as whole however that was closed: simple
/// receivers do not say goodbye in TLS, and what is asked for is compared as a whole anyway.
async fn read_body(
    headers: &HeaderMap,
    body: Incoming,
    most_bytes: usize,
) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let ends_with_connection =
        !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING);
    let mut body = Limited::new(body, most_bytes);
    let mut out = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => out.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new())),
            Err(e) if ends_with_connection && !e.is::<LengthLimitError>() => break,
            Err(e) => return Err(e),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_can_be_called() {
        for bad in [
            "http://a.test/x",
            "ftp://a.test",
            "https://u:p@a.test/",
            "https://",
            "a.test",
            "file:///etc/passwd",
        ] {
            let e = parse_url("notificationUrl", bad).unwrap_err();
            assert!(e.message().starts_with("»notificationUrl«"), "{bad}: {e}");
        }
        let url = parse_url("notificationUrl", "https://a.test:8443/x?y=1#z").unwrap();
        assert_eq!(url.as_str(), "https://a.test:8443/x?y=1");
    }

    #[test]
    fn hosts_and_networks_can_be_allowed() {
        assert_eq!(
            "CRM.Example.org".parse(),
            Ok(Allowed::Host("crm.example.org".into()))
        );
        assert!(matches!("10.0.0.0/8".parse(), Ok(Allowed::Network(_))));
        assert!("not a host".parse::<Allowed>().is_err());
    }
}
