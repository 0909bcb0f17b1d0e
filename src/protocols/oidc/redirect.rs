//! Where a program is called back: at registered addresses only.

use url::{Host, Position, Url};

/// The page that programs with an embedded browser wait for; ours is as good as Microsoft's.
const NATIVE: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";

/// Whether `asked` is one of the registered addresses. On the program's own machine the port is free (RFC 8252 §7.3).
pub fn is_registered(asked: &str, registered: &[String], own_origin: &str) -> bool {
    let is_own_native = asked.strip_prefix(own_origin) == Some("/common/oauth2/nativeclient");
    registered
        .iter()
        .any(|r| r == asked || (is_own_native && r == NATIVE) || is_same_but_port(asked, r))
}

fn is_same_but_port(asked: &str, registered: &str) -> bool {
    let (Ok(asked), Ok(registered)) = (Url::parse(asked), Url::parse(registered)) else {
        return false;
    };
    let is_loopback = |u: &Url| match u.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    is_loopback(&asked)
        && asked.username().is_empty()
        && asked.password().is_none()
        && asked.fragment().is_none()
        && asked.scheme() == registered.scheme()
        && asked.host() == registered.host()
        && asked[Position::BeforePath..] == registered[Position::BeforePath..]
}

/// For the page's form-action, which browsers apply to where a form leads in the end. None: an address that would not fit there.
pub fn form_target(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let target = match url.scheme() {
        "http" | "https" => url[..Position::BeforePath].to_owned(),
        other => format!("{other}:"),
    };
    let fits = target
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b';' | b',' | b'\'' | b'"'));
    fits.then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registered_addresses_are_called_back() {
        let registered = [
            "http://localhost".to_owned(),
            "https://app.example.test/back".to_owned(),
            NATIVE.to_owned(),
        ];
        let fits = |asked: &str| is_registered(asked, &registered, "https://box:8443");
        for good in [
            "http://localhost",
            "http://localhost/",
            "http://localhost:53682",
            "https://app.example.test/back",
            NATIVE,
            "https://box:8443/common/oauth2/nativeclient",
        ] {
            assert!(fits(good), "{good}");
        }
        for bad in [
            "https://localhost:1",
            "http://localhost:1/other",
            "http://localhost.evil.test",
            "http://localhost@evil.test",
            "http://127.0.0.1",
            "https://app.example.test/back/",
            "https://app.example.test/back?x=1",
            "https://app.example.test:1/back",
            "https://evil.test/common/oauth2/nativeclient",
            "",
        ] {
            assert!(!fits(bad), "{bad}");
        }
    }
}
