//! Mail addresses.

use crate::base::{Error, Result, hostname};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A display name with an address, as in a header. `address` may be anything a stranger wrote there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: String,
}

/// An address that was checked: `local@domain`, domain in lower case.
/// The local part keeps its case for the outside; compare with [`EmailAddress::key`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    local: String,
    domain: String,
}

impl EmailAddress {
    /// Accepts dot-atoms, with the letters of RFC 6531 (UTF-8), and quoted strings without control characters.
    /// Errors: Invalid, with the reason.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let bad = |why: &str| {
            let text = crate::base::text::one_line(text);
            Error::invalid(format!("»{text}« is not a mail address: {why}"))
                .with_reason("AddressWrong", &[("address", &text)])
        };
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| bad("the @ is missing"))?;
        if local.is_empty() || local.len() > 64 {
            return Err(bad("before the @ there are 1 to 64 characters"));
        }
        let quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"');
        let fits = if quoted {
            !local.chars().any(char::is_control)
        } else {
            is_dot_atom(local)
        };
        if !fits {
            return Err(bad("a character before the @ is not allowed"));
        }
        let domain = hostname::normalize(domain).map_err(|e| bad(e.message()))?;
        Ok(EmailAddress {
            local: local.to_owned(),
            domain,
        })
    }

    pub fn local(&self) -> &str {
        &self.local
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The form under which our own addresses are looked up: all lower case, `+detail` kept.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }

    /// As [`EmailAddress::key`] without `+detail` (RFC 5233), if there is one.
    pub fn key_without_detail(&self) -> Option<String> {
        let (user, _) = self.local.split_once('+')?;
        (!user.is_empty()).then(|| format!("{}@{}", user.to_lowercase(), self.domain))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// RFC 5321 §4.1.2 Dot-string, widened by RFC 6531 §3.3.
fn is_dot_atom(s: &str) -> bool {
    !s.starts_with('.')
        && !s.ends_with('.')
        && !s.contains("..")
        && s.chars().all(|c| {
            c.is_ascii_alphanumeric()
                || "!#$%&'*+-/=?^_`{|}~.".contains(c)
                || (!c.is_ascii() && !c.is_control())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_people_and_servers_write() {
        let a = EmailAddress::parse(" Anna.Berger+news@Example.TEST ").unwrap();
        assert_eq!(a.to_string(), "Anna.Berger+news@example.test");
        assert_eq!(a.key(), "anna.berger+news@example.test");
        assert_eq!(a.key_without_detail().unwrap(), "anna.berger@example.test");
        assert!(EmailAddress::parse("\"a b\"@example.test").is_ok());
        assert!(EmailAddress::parse("grün@example.test").is_ok());
        assert_eq!(
            EmailAddress::parse("a@bücher.de").unwrap().domain(),
            "xn--bcher-kva.de"
        );
    }

    #[test]
    fn refuses_the_rest_with_a_reason() {
        for bad in [
            "",
            "anna",
            "@b.de",
            "a@",
            "a b@c.de",
            ".a@b.de",
            "a..b@c.de",
            "a@b..c",
            "a\r\n@b.de",
            "<a@b.de>",
        ] {
            let e = EmailAddress::parse(bad).unwrap_err();
            assert!(e.message().contains("is not a mail address"), "{bad}: {e}");
        }
    }
}
