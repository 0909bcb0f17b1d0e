//! Servers of providers as URLs: `smtps://user:password@host:465`, `imaps://user@host`, `pop3s://...`.
//!
//! `smtps`, `imaps`, `pop3s`: TLS from the first byte. `smtp`, `imap`, `pop3`: STARTTLS; with `?security=none` plain.
//! A password that is not in the URL comes from the environment, so that it need not be seen in a process list.

use crate::base::{Error, Result};
use crate::model::collect::{CollectProtocol, CollectServer, Security};
use crate::model::outbound::Smarthost;
use url::Url;

struct Server {
    security: Security,
    host: String,
    port: u16,
    user: String,
    password: String,
    url: Url,
}

impl Server {
    /// `schemes`: (name, security, default port).
    fn parse(text: &str, schemes: &[(&str, Security, u16)], password_variable: &str) -> Result<Server> {
        let known: Vec<String> = schemes.iter().map(|(s, ..)| format!("{s}://")).collect();
        let bad = |why: &str| {
            Error::invalid(format!(
                "the server address cannot be used: {why}; write {}user@host:port",
                known.join(" or ")
            ))
        };
        let url = Url::parse(text).map_err(|e| match e {
            url::ParseError::RelativeUrlWithoutBase => bad("its beginning is missing"),
            e => bad(&e.to_string()),
        })?;
        let (_, security, default_port) = schemes
            .iter()
            .find(|(s, ..)| *s == url.scheme())
            .ok_or_else(|| bad("its beginning is not known"))?;
        let decode = |s: &str| percent_decode(s).ok_or_else(|| bad("a %xx in it is wrong"));
        let security = match parameter(&url, "security").as_deref() {
            None => *security,
            Some("none") => Security::None,
            Some("starttls") => Security::Starttls,
            Some("tls") => Security::Tls,
            Some(_) => return Err(bad("security is tls, starttls or none")),
        };
        let password = match url.password() {
            Some(p) => decode(p)?,
            None if password_variable.is_empty() => String::new(),
            None => std::env::var(password_variable).unwrap_or_default(),
        };
        Ok(Server {
            security,
            host: url
                .host_str()
                .ok_or_else(|| bad("there is no host in it"))?
                .trim_matches(['[', ']'])
                .to_owned(),
            port: url.port().unwrap_or(*default_port),
            user: decode(url.username())?,
            password,
            url,
        })
    }
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(k, _)| k == name)
        .map(|(_, v)| v.into_owned())
}

fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        let digits = [bytes.next()?, bytes.next()?];
        out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(out).ok()
}

/// Environment variables for passwords that are not in the URLs.
pub const SMARTHOST_PASSWORD: &str = "HAUSPOST_SMARTHOST_PASSWORD";
pub const COLLECT_PASSWORD: &str = "HAUSPOST_COLLECT_PASSWORD";
pub const MOVE_PASSWORD: &str = "HAUSPOST_MOVE_PASSWORD";

/// Errors: Invalid.
pub fn smarthost(text: &str) -> Result<Smarthost> {
    let schemes = [("smtps", Security::Tls, 465), ("smtp", Security::Starttls, 587)];
    let s = Server::parse(text, &schemes, SMARTHOST_PASSWORD)?;
    if !s.user.is_empty() && s.password.is_empty() {
        return Err(Error::invalid(format!(
            "the smarthost needs a password: put it into {SMARTHOST_PASSWORD}"
        )));
    }
    Ok(Smarthost {
        host: s.host,
        port: s.port,
        security: s.security,
        user: s.user,
        password: s.password,
    })
}

/// As [`collect_without_password`], with the password from the URL or the environment. Errors: Invalid.
pub fn collect(text: &str) -> Result<CollectServer> {
    let server = collect_without_password(text)?;
    if server.password.is_empty() {
        return Err(Error::invalid(format!(
            "the mailbox to collect from needs a password: put it into {COLLECT_PASSWORD}"
        )));
    }
    Ok(server)
}

/// A mailbox to move from or to; its password comes from elsewhere. Errors: Invalid, also when there is one in the URL, where
/// everybody on the machine can see it.
pub fn mailbox(text: &str) -> Result<CollectServer> {
    let schemes = [("imaps", Security::Tls, 993), ("imap", Security::Starttls, 143)];
    let s = Server::parse(text, &schemes, MOVE_PASSWORD)?;
    if s.user.is_empty() {
        return Err(Error::invalid(
            "the mailbox needs a user, as in imaps://anna%40provider.example@imap.provider.example",
        ));
    }
    if s.url.password().is_some() {
        return Err(password_in_url());
    }
    Ok(CollectServer {
        protocol: CollectProtocol::Imap,
        keep: true,
        split: false,
        host: s.host,
        port: s.port,
        security: s.security,
        user: s.user,
        password: s.password,
    })
}

/// Host, port and protection of a directory. Errors: Invalid, also with a name or a password in it.
pub fn ldap_server(text: &str) -> Result<(String, u16, Security)> {
    let schemes = [("ldaps", Security::Tls, 636), ("ldap", Security::Starttls, 389)];
    let s = Server::parse(text, &schemes, "")?;
    if !s.user.is_empty() || s.url.password().is_some() {
        return Err(Error::invalid(
            "the address of a directory is its host; who asks there is named by --bind-dn",
        ));
    }
    Ok((s.host, s.port, s.security))
}

/// A server of calendars or contacts, and who signs in there: `https://user@host/path`. Errors: Invalid.
pub fn dav(text: &str) -> Result<(Url, String)> {
    let schemes = [("https", Security::Tls, 443), ("http", Security::None, 80)];
    let s = Server::parse(text, &schemes, MOVE_PASSWORD)?;
    if s.url.password().is_some() {
        return Err(password_in_url());
    }
    if s.user.is_empty() {
        return Err(Error::invalid(
            "the server needs a user, as in https://anna%40provider.example@dav.provider.example/",
        ));
    }
    let mut url = s.url;
    // What cannot be set was not there.
    let _ = url.set_username("");
    url.set_query(None);
    url.set_fragment(None);
    Ok((url, s.user))
}

fn password_in_url() -> Error {
    Error::invalid(format!(
        "a password on the command line can be seen by others; put it into {MOVE_PASSWORD} or use --password-stdin"
    ))
}

/// With `?keep=true` messages stay there, with `?split=true` it is the mailbox of a whole domain. Errors: Invalid.
pub fn collect_without_password(text: &str) -> Result<CollectServer> {
    let schemes = [
        ("imaps", Security::Tls, 993),
        ("imap", Security::Starttls, 143),
        ("pop3s", Security::Tls, 995),
        ("pop3", Security::Starttls, 110),
    ];
    let s = Server::parse(text, &schemes, COLLECT_PASSWORD)?;
    if s.user.is_empty() {
        return Err(Error::invalid(
            "the mailbox to collect from needs a user, as in imaps://anna%40provider.example@imap.provider.example",
        ));
    }
    let is = |name| parameter(&s.url, name).is_some_and(|v| v == "true" || v == "yes" || v == "1");
    Ok(CollectServer {
        protocol: if s.url.scheme().starts_with("pop3") {
            CollectProtocol::Pop3
        } else {
            CollectProtocol::Imap
        },
        keep: is("keep"),
        split: is("split"),
        host: s.host,
        port: s.port,
        security: s.security,
        user: s.user,
        password: s.password,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_from_urls() {
        let s = smarthost("smtps://anna%40example.test:p%2Fw@smtp.example.test").unwrap();
        assert_eq!((s.port, s.security), (465, Security::Tls));
        assert_eq!(
            (s.user.as_str(), s.password.as_str()),
            ("anna@example.test", "p/w")
        );
        let s = smarthost("smtp://127.0.0.1:2525?security=none").unwrap();
        assert_eq!((s.port, s.security, s.user.as_str()), (2525, Security::None, ""));
        let c = collect("pop3s://u:p@pop.example.test/?keep=true").unwrap();
        assert!(c.keep && !c.split && c.protocol == CollectProtocol::Pop3 && c.port == 995);
    }

    #[test]
    fn wrong_ones_say_how_to_write_them() {
        let e = smarthost("https://example.test").unwrap_err();
        assert!(e.message().contains("smtps://"), "{e}");
        assert!(collect("imaps://host").is_err());
    }
}
