//! Reading an ENVELOPE back: people and ids of a message without reading the message. RFC 9051 §7.5.2.

use crate::formats::imap::mailbox_name::Names;
use crate::formats::imap::parse::cursor::{Cursor, Failure};
use crate::formats::mime::address::{Mailbox, RawMailbox};

/// What an ENVELOPE says about people, decoded. Groups are dissolved into their members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    pub from: Vec<Mailbox>,
    /// As the form wants it, `from` when the message names nobody.
    pub sender: Vec<Mailbox>,
    /// As the form wants it, `from` when the message names nobody.
    pub reply_to: Vec<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub bcc: Vec<Mailbox>,
}

/// `None` for what [`crate::formats::imap::print::envelope`] has not written.
pub fn parse_envelope(input: &[u8]) -> Option<Envelope> {
    read(&mut Cursor::new(input, Names::Utf8)).ok()
}

fn read(c: &mut Cursor) -> Result<Envelope, Failure> {
    c.expect(b'(', "before an envelope")?;
    c.nstring("a date")?;
    c.space("behind the date")?;
    c.nstring("a subject")?;
    let mut next = || {
        c.space("before addresses")?;
        addresses(c)
    };
    Ok(Envelope {
        from: next()?,
        sender: next()?,
        reply_to: next()?,
        to: next()?,
        cc: next()?,
        bcc: next()?,
    })
}

fn addresses(c: &mut Cursor) -> Result<Vec<Mailbox>, Failure> {
    let mut out = Vec::new();
    if c.eat_keyword("NIL") {
        return Ok(out);
    }
    c.expect(b'(', "before addresses")?;
    while !c.eat(b')') {
        out.extend(address(c)?);
    }
    Ok(out)
}

/// `None` for the beginning and the end of a group, which have no host.
fn address(c: &mut Cursor) -> Result<Option<Mailbox>, Failure> {
    c.expect(b'(', "before an address")?;
    let name = c.nstring("a name")?;
    c.space("behind a name")?;
    c.nstring("a route")?;
    c.space("behind a route")?;
    let local = c.nstring("a mailbox")?;
    c.space("behind a mailbox")?;
    let host = c.nstring("a host")?;
    c.expect(b')', "behind an address")?;
    let (Some(local), Some(host)) = (local, host) else {
        return Ok(None);
    };
    // The words that the printer puts where a half is missing.
    let unless = |half: &[u8], word: &[u8]| if half == word { Vec::new() } else { half.to_vec() };
    let raw = RawMailbox {
        name: name.map(|n| n.into_owned()),
        route: None,
        local: unless(&local, b"MISSING_MAILBOX"),
        host: unless(&host, b"MISSING_DOMAIN"),
    };
    Ok(Some(raw.to_mailbox()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mime::digest::digest;

    #[test]
    fn what_was_printed_reads_back() {
        let raw = "From: =?utf-8?Q?J=C3=B6rg?= \"x\" <j@b.de>\r\nTo: Team: a@b.de, \"A \\\"B\\\"\" <c@d.de>;, root\r\n\
                   Cc: Bücher <e@f.de>\r\nSubject: ä\r\n\r\n";
        let d = digest(raw.as_bytes());
        let e = parse_envelope(&d.imap_envelope).unwrap();
        assert_eq!((&e.from, &e.to, &e.cc, &e.bcc), (&d.from, &d.to, &d.cc, &d.bcc));
        assert_eq!((&e.sender, &e.reply_to), (&d.from, &d.from));
        assert_eq!(e.cc[0].name.as_deref(), Some("Bücher"));
    }

    #[test]
    fn an_empty_message_has_nobody_and_rubbish_is_refused() {
        assert_eq!(
            parse_envelope(&digest(b"").imap_envelope),
            Some(Envelope::default())
        );
        for bad in [&b""[..], b"(", b"(NIL NIL ((", b"(NIL NIL NIL NIL NIL NIL NIL)"] {
            assert_eq!(parse_envelope(bad), None);
        }
    }
}
