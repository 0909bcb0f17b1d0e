//! Requests of WebDAV to one server. Redirects are followed within the site that the administrator has named.

use crate::base::{Error, Result, text};
use crate::delivery::PostRoom;
use crate::delivery::http_client::{self, Content, HttpClient};
use crate::formats::xml::{Element, read};
use hyper::StatusCode;
use hyper::header::{ETAG, LOCATION};
use std::sync::Arc;
use url::Url;

/// Of one answer: some thousand cards with their pictures.
const MAX_BODY: usize = 128 << 20;
const MOST_REDIRECTS: usize = 5;

pub struct Client {
    http: HttpClient,
    authorization: String,
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
        Client {
            http: HttpClient::new(room.dialer.clone(), MAX_BODY),
            authorization: http_client::basic(user, password),
        }
    }

    /// Errors: NotFound (the name), Unavailable; what the server says is in the reply.
    pub async fn send(&mut self, url: &Url, ask: &Ask<'_>) -> Result<Reply> {
        let mut url = url.clone();
        for _ in 0..MOST_REDIRECTS {
            let response = self.http.send(&self.request(&url, ask)).await?;
            let text = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
            let (etag, location) = (text(ETAG), text(LOCATION));
            let Some(location) = location.filter(|_| response.status().is_redirection()) else {
                return Ok(Reply {
                    status: response.status(),
                    etag,
                    body: response.into_body(),
                    url,
                });
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

    fn request<'a>(&self, url: &Url, ask: &Ask<'a>) -> http_client::Ask<'a> {
        let mut headers = vec![("authorization", self.authorization.clone())];
        if !ask.content_type.is_empty() {
            headers.push(("content-type", ask.content_type.to_owned()));
        }
        headers.extend(ask.headers.iter().cloned());
        http_client::Ask {
            method: ask.method,
            url: url.clone(),
            headers,
            content: Content::Bytes(ask.body.clone()),
        }
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
