//! The host that a request names, as far as it can be one.

use super::client;
use actix_web::HttpRequest;

/// `host` or `host:port` of the request; None when it is missing or holds anything else, which would end up in links.
pub fn of_request(request: &HttpRequest) -> Option<String> {
    let named = request
        .headers()
        .get("host")
        .and_then(|h| h.to_str().ok())
        .or_else(|| request.uri().authority().map(|a| a.as_str()))?;
    is_host(named).then(|| named.to_ascii_lowercase())
}

/// The host of [`of_request`] without its port, and an IPv6 address without its brackets.
pub fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(ip, _)| ip),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    }
}

/// `https://host[:port]` as the client sees us; `fallback` names the host when the request does not.
pub fn origin(request: &HttpRequest, fallback: &str) -> String {
    let scheme = if client(request).is_secure {
        "https"
    } else {
        "http"
    };
    let host = of_request(request);
    format!("{scheme}://{}", host.as_deref().unwrap_or(fallback))
}

/// Letters, digits, dots and hyphens, or an IPv6 address in brackets; then perhaps a port.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((ip, rest)) if ip.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", rest),
            _ => return false,
        },
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_name = !host.is_empty()
        && host.len() <= 253
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    let is_port = match port.strip_prefix(':') {
        Some(digits) => !digits.starts_with('+') && digits.parse::<u16>().is_ok(),
        None => port.is_empty(),
    };
    is_name && is_port
}

#[cfg(test)]
mod tests {
    use super::{is_host, without_port};

    #[test]
    fn ports_are_cut_off() {
        for (host, name) in [
            ("a.b", "a.b"),
            ("a.b:1", "a.b"),
            ("[::1]", "::1"),
            ("[::1]:8", "::1"),
        ] {
            assert_eq!(without_port(host), name);
        }
    }

    #[test]
    fn knows_hosts() {
        for good in [
            "localhost",
            "localhost:8443",
            "mail.example.test",
            "192.0.2.1:1",
            "[::1]",
            "[::1]:443",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "", ":80", "a b", "a/b", "a@b", "a:b", "a:+1", "a:99999", "[::1", "[x]", "a\"b", "ä.de",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
