//! The host that a request names, as far as it can be one, and whether it is one of ours: what the box is called by many
//! names, but whoever asks does not choose what stands in our links.

use super::{HouseData, base_path, client};
use actix_web::HttpRequest;
use std::net::IpAddr;

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

/// `https://host[:port]`, and the base path when there is one, as the client sees us: the host that it names when that is one of ours, else what the box calls
/// itself, at the port that it names.
pub fn origin(request: &HttpRequest) -> String {
    format!("{}{}", bare_origin(request), base_path::get())
}

fn bare_origin(request: &HttpRequest) -> String {
    let client = client(request);
    let scheme = if client.is_secure { "https" } else { "http" };
    let own = request
        .app_data::<HouseData>()
        .map_or("localhost", |h| &h.options.host_name);
    let Some(named) = of_request(request) else {
        return format!("{scheme}://{own}");
    };
    let name = without_port(&named);
    // A proxy that we trust has asked for us by the name that it was asked by.
    if client.is_behind_proxy || is_ours(request, name) {
        return format!("{scheme}://{named}");
    }
    let port = named.rsplit_once(':').filter(|(_, p)| p.parse::<u16>().is_ok());
    match port {
        Some((_, port)) => format!("{scheme}://{own}:{port}"),
        None => format!("{scheme}://{own}"),
    }
}

/// What the box calls itself, what it was told that it is called, what its certificate is for and what is below that; and
/// what nobody outside can be called.
fn is_ours(request: &HttpRequest, name: &str) -> bool {
    is_inside(name)
        || request.app_data::<HouseData>().is_some_and(|house| {
            let told = &house.options;
            let parents = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
            told.host_name == name
                || told.also_named.iter().any(|n| n == name)
                || house.tls.is_for(name)
                // Whoever has a domain says what is below it.
                || parents.filter(|p| p.contains('.')).any(|p| house.tls.is_for(p))
        })
}

/// An address, or a name that means something only in the office's own network: nobody outside can have it lead elsewhere
/// (RFC 6761, 6762, 8375; `internal` is set aside by ICANN).
fn is_inside(name: &str) -> bool {
    const ENDINGS: [&str; 6] = [".local", ".lan", ".home", ".internal", ".home.arpa", ".localhost"];
    name.parse::<IpAddr>().is_ok() || !name.contains('.') || ENDINGS.iter().any(|e| name.ends_with(e))
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
    use super::{is_host, is_inside, without_port};

    #[test]
    fn what_is_inside_is_nobody_elses() {
        for name in ["nas", "nas.local", "192.0.2.1", "fe80::1", "box.home.arpa"] {
            assert!(is_inside(name), "{name}");
        }
        for name in ["evil.test", "local.evil.test", "notlocal.com", ""] {
            assert_eq!(is_inside(name), name.is_empty(), "{name}");
        }
    }

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
