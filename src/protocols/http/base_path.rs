//! The path below which everything is served when a proxy in front keeps one path of its host for us (`--base-path /mail`).
//!
//! A request below it is led on as if the path were not there; what we call ourselves (links, issuers, cookies, the
//! page's files, DAV's addresses) always has it. Requests without it are answered too, for programs that reach the port
//! itself and cannot be told a path (`/.well-known`, Graph's libraries); only the page sends them on, because its cookie
//! is for that path alone.

use actix_web::body::EitherBody;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// Where Thunderbird looks on a host of its own; a base of the same name does not hide it.
const AUTOCONFIG: &str = "/mail/config-v1.1.xml";

/// One for the program, told before the first request: addresses are made in places that see no request.
static BASE: OnceLock<String> = OnceLock::new();

/// `/mail`, or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(String);

impl FromStr for BasePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.trim_end_matches('/');
        if path.is_empty() {
            return Ok(BasePath::default());
        }
        let is_part = |part: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
            !part.is_empty() && part != "." && part != ".." && part.chars().all(is_plain)
        };
        match path.strip_prefix('/') {
            Some(rest) if rest.split('/').all(is_part) => Ok(BasePath(path.to_owned())),
            _ => Err(format!(
                "»{text}« is no path; write /mail, with letters, digits, - _ . ~ between the slashes"
            )),
        }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// At the start of the server.
pub fn tell(base: &BasePath) {
    let _ = BASE.set(base.0.clone());
}

/// Empty: there is none. Never with a slash at its end.
pub fn get() -> &'static str {
    BASE.get().map_or("", String::as_str)
}

/// A path of ours without it; any other as it is.
pub fn without(path: &str) -> &str {
    below(path, get()).unwrap_or(path)
}

/// `base`: not with a slash at its end.
fn below<'p>(path: &'p str, base: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(base)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The request came below the base.
struct Below;

/// Whether the request names the place at which the page is.
pub fn is_below(request: &HttpRequest) -> bool {
    get().is_empty() || request.extensions().contains::<Below>()
}

/// Middleware: takes the base off, before anybody looks at the path.
pub async fn take_off<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let base = get();
    let path = request.path();
    let rest = match below(path, base) {
        Some(rest) if !base.is_empty() && path != AUTOCONFIG => rest.to_owned(),
        _ => return next.call(request).await.map(ServiceResponse::map_into_left_body),
    };
    if rest.is_empty() {
        // Relative addresses would lead beside it.
        let there = HttpResponse::PermanentRedirect()
            .insert_header(("Location", format!("{base}/")))
            .finish();
        return Ok(request.into_response(there).map_into_right_body());
    }
    let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
    let mut parts = request.uri().clone().into_parts();
    if let Ok(path_and_query) = PathAndQuery::from_str(&format!("{rest}{query}")) {
        parts.path_and_query = Some(path_and_query);
        if let Ok(uri) = Uri::from_parts(parts) {
            request.match_info_mut().get_mut().update(&uri);
            request.head_mut().uri = uri;
            request.extensions_mut().insert(Below);
        }
    }
    next.call(request).await.map(ServiceResponse::map_into_left_body)
}

/// Where somebody is to go who asks for the page at another place than below the base. `request`: as it came.
pub fn page_is_at(request: &HttpRequest) -> Option<String> {
    match is_below(request) {
        true => None,
        false => Some(format!("{}{}", get(), request.uri())),
    }
}

#[cfg(test)]
mod tests {
    use super::{BasePath, below};

    #[test]
    fn bases_are_paths() {
        for (text, path) in [("", ""), ("/", ""), ("/mail", "/mail"), ("/a/b-c/", "/a/b-c")] {
            assert_eq!(text.parse::<BasePath>().unwrap().to_string(), path);
        }
        for bad in [
            "mail",
            "//x",
            "/a b",
            "/a\"",
            "/../x",
            "/a//b",
            "/ä",
            "https://x/",
        ] {
            assert!(bad.parse::<BasePath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_whole_parts_count() {
        assert_eq!(below("/mail/x", "/mail"), Some("/x"));
        assert_eq!(below("/mail", "/mail"), Some(""));
        assert_eq!(below("/mailing", "/mail"), None);
        assert_eq!(below("/x", ""), Some("/x"));
    }
}
