//! What a client sends and gets (RFC 4511 §4), with results in pages (RFC 2696).

use super::ber::{BOOLEAN, ENUMERATED, Elements, INTEGER, OCTETS, SEQUENCE, broken, element, group, number};
use crate::base::Result;

const BIND_REQUEST: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const UNBIND_REQUEST: u8 = 0x42;
const SEARCH_REQUEST: u8 = 0x63;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const SEARCH_REFERENCE: u8 = 0x73;
const EXTENDED_REQUEST: u8 = 0x77;
const EXTENDED_RESPONSE: u8 = 0x78;
const CONTROLS: u8 = 0xa0;
const PAGED: &[u8] = b"1.2.840.113556.1.4.319";
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// Something that a search has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub dn: String,
    /// Names as the server writes them.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// In any case; what stands behind a `;` (RFC 4512 §2.5) does not count.
    pub fn values(&self, name: &str) -> &[Vec<u8>] {
        let is_named = |n: &str| n.split(';').next().is_some_and(|n| n.eq_ignore_ascii_case(name));
        let found = self.attributes.iter().find(|(n, _)| is_named(n));
        found.map_or(&[], |(_, values)| values)
    }

    /// Those that are text.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let values = self.values(name).iter();
        values.filter_map(|v| String::from_utf8(v.clone()).ok()).collect()
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }
}

/// How something ended (RFC 4511 §4.1.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub code: i32,
    /// The server's words.
    pub diagnostic: String,
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Bound(Outcome),
    Extended(Outcome),
    Entry(Entry),
    /// More lies on another server; nobody goes there.
    Reference,
    /// `cookie`: asks for the next page; empty: that was all.
    Done {
        outcome: Outcome,
        cookie: Vec<u8>,
    },
}

fn message(id: i32, operation: Vec<u8>) -> Vec<u8> {
    group(SEQUENCE, &[number(INTEGER, id), operation])
}

/// Version 3, simple.
pub fn bind(id: i32, dn: &str, password: &str) -> Vec<u8> {
    let parts = [
        number(INTEGER, 3),
        element(OCTETS, dn.as_bytes()),
        element(0x80, password.as_bytes()),
    ];
    message(id, group(BIND_REQUEST, &parts))
}

pub fn unbind(id: i32) -> Vec<u8> {
    message(id, element(UNBIND_REQUEST, &[]))
}

pub fn start_tls(id: i32) -> Vec<u8> {
    message(id, group(EXTENDED_REQUEST, &[element(0x80, START_TLS)]))
}

/// A search of everything below `base`, a page of it. `filter`: encoded. `cookie`: of the page before.
pub fn search(id: i32, base: &str, filter: &[u8], attributes: &[&str], page: i32, cookie: &[u8]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = attributes.iter().map(|a| element(OCTETS, a.as_bytes())).collect();
    let whole_subtree = 2;
    let operation = group(
        SEARCH_REQUEST,
        &[
            element(OCTETS, base.as_bytes()),
            number(ENUMERATED, whole_subtree),
            number(ENUMERATED, 0),
            number(INTEGER, 0),
            number(INTEGER, 0),
            element(BOOLEAN, &[0]),
            filter.to_vec(),
            group(SEQUENCE, &names),
        ],
    );
    let paged = group(SEQUENCE, &[number(INTEGER, page), element(OCTETS, cookie)]);
    let control = group(SEQUENCE, &[element(OCTETS, PAGED), element(OCTETS, &paged)]);
    group(
        SEQUENCE,
        &[number(INTEGER, id), operation, group(CONTROLS, &[control])],
    )
}

/// One whole message: its number, and what it says. Errors: Unavailable, when it is none.
pub fn parse_reply(bytes: &[u8]) -> Result<(i32, Reply)> {
    let mut message = Elements(Elements(bytes).expect(SEQUENCE)?);
    let id = message.expect_number(INTEGER)?;
    let (tag, content) = message.take()?.ok_or_else(|| broken("an empty message"))?;
    let reply = match tag {
        BIND_RESPONSE => Reply::Bound(outcome(content)?),
        EXTENDED_RESPONSE => Reply::Extended(outcome(content)?),
        SEARCH_ENTRY => Reply::Entry(entry(content)?),
        SEARCH_REFERENCE => Reply::Reference,
        SEARCH_DONE => Reply::Done {
            outcome: outcome(content)?,
            cookie: cookie(message)?,
        },
        other => return Err(broken(&format!("an answer of the unknown kind {other:#04x}"))),
    };
    Ok((id, reply))
}

fn outcome(content: &[u8]) -> Result<Outcome> {
    let mut parts = Elements(content);
    let code = parts.expect_number(ENUMERATED)?;
    parts.expect(OCTETS)?;
    let diagnostic = String::from_utf8_lossy(parts.expect(OCTETS)?).into_owned();
    Ok(Outcome { code, diagnostic })
}

fn entry(content: &[u8]) -> Result<Entry> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| broken("a name that is no text"));
    let mut parts = Elements(content);
    let dn = text(parts.expect(OCTETS)?)?;
    let mut list = Elements(parts.expect(SEQUENCE)?);
    let mut attributes = Vec::new();
    while let Some((_, attribute)) = list.take()? {
        let mut parts = Elements(attribute);
        let name = text(parts.expect(OCTETS)?)?;
        let mut set = Elements(parts.take()?.ok_or_else(|| broken("no values"))?.1);
        let mut values = Vec::new();
        while let Some((_, value)) = set.take()? {
            values.push(value.to_vec());
        }
        attributes.push((name, values));
    }
    Ok(Entry { dn, attributes })
}

/// Of the controls at the end of a message.
fn cookie(mut message: Elements<'_>) -> Result<Vec<u8>> {
    let Some((CONTROLS, controls)) = message.take()? else {
        return Ok(Vec::new());
    };
    let mut controls = Elements(controls);
    while let Some((_, control)) = controls.take()? {
        let mut parts = Elements(control);
        if parts.expect(OCTETS)? != PAGED {
            continue;
        }
        while let Some((tag, value)) = parts.take()? {
            if tag == OCTETS {
                let mut value = Elements(Elements(value).expect(SEQUENCE)?);
                value.expect_number(INTEGER)?;
                return Ok(value.expect(OCTETS)?.to_vec());
            }
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(operation: Vec<u8>) -> Vec<u8> {
        message(7, operation)
    }

    fn ended(tag: u8, code: i32, words: &str) -> Vec<u8> {
        let parts = [
            number(ENUMERATED, code),
            element(OCTETS, b""),
            element(OCTETS, words.as_bytes()),
        ];
        group(tag, &parts)
    }

    #[test]
    fn what_servers_say_is_understood() {
        let said = |operation| parse_reply(&reply(operation)).unwrap();
        let outcome = |code, words: &str| Outcome {
            code,
            diagnostic: words.into(),
        };
        assert_eq!(
            said(ended(BIND_RESPONSE, 49, "no")),
            (7, Reply::Bound(outcome(49, "no")))
        );
        let values = group(0x31, &[element(OCTETS, b"Anna"), element(OCTETS, &[0xff])]);
        let attribute = group(SEQUENCE, &[element(OCTETS, b"CN;lang-de"), values]);
        let (_, found) = said(group(
            SEARCH_ENTRY,
            &[element(OCTETS, b"uid=anna"), group(SEQUENCE, &[attribute])],
        ));
        let Reply::Entry(entry) = found else {
            panic!("{found:?}")
        };
        assert_eq!(
            (entry.dn.as_str(), entry.text("cn")),
            ("uid=anna", Some("Anna".into()))
        );
        assert_eq!(entry.values("cn").len(), 2);
        assert_eq!(entry.text("mail"), None);
        assert_eq!(said(element(SEARCH_REFERENCE, b"")).1, Reply::Reference);
    }

    #[test]
    fn pages_name_the_next_one() {
        let value = group(SEQUENCE, &[number(INTEGER, 0), element(OCTETS, b"next")]);
        let paged = group(SEQUENCE, &[element(OCTETS, PAGED), element(OCTETS, &value)]);
        let other = group(SEQUENCE, &[element(OCTETS, b"1.2.3")]);
        let done = ended(SEARCH_DONE, 0, "");
        let whole = group(
            SEQUENCE,
            &[number(INTEGER, 7), done, group(CONTROLS, &[other, paged])],
        );
        let (_, reply) = parse_reply(&whole).unwrap();
        assert!(matches!(reply, Reply::Done { cookie, .. } if cookie == b"next"));
    }

    /// Any beginning, and any byte turned over, is an answer or an error.
    #[test]
    fn broken_messages_are_errors() {
        let values = group(0x31, &[element(OCTETS, b"Anna")]);
        let attribute = group(SEQUENCE, &[element(OCTETS, b"cn"), values]);
        let good = reply(group(
            SEARCH_ENTRY,
            &[element(OCTETS, b"uid=anna"), group(SEQUENCE, &[attribute])],
        ));
        for end in 0..good.len() {
            assert!(parse_reply(&good[..end]).is_err(), "{end}");
        }
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                let _ = parse_reply(&bad);
            }
        }
    }
}
