//! AUTHENTICATE, LOGIN, ENABLE (RFC 9051 §6.2, §6.3.1), ID (RFC 2971).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::formats::imap::command::Command;
use crate::formats::imap::parse::cursor::{Cursor, Failure};

/// RFC 4959: an initial response may follow the mechanism; `=` is an empty one.
pub fn parse_authenticate(c: &mut Cursor) -> Result<Command, Failure> {
    c.space("before the mechanism")?;
    let mechanism = c.keyword("a mechanism")?;
    let mut initial_response = None;
    if c.eat(b' ') && !c.rest().is_empty() {
        let text = c.atom("an initial response")?;
        initial_response = Some(match text {
            "=" => Vec::new(),
            text => STANDARD
                .decode(text)
                .map_err(|_| Failure::new("The initial response is not base64"))?,
        });
    }
    Ok(Command::Authenticate {
        mechanism,
        initial_response,
    })
}

pub fn parse_login(c: &mut Cursor) -> Result<Command, Failure> {
    c.space("before the user name")?;
    let user = c.utf8_astring("The user name")?;
    c.space("before the password")?;
    let password = c.utf8_astring("The password")?;
    Ok(Command::Login { user, password })
}

pub fn parse_enable(c: &mut Cursor) -> Result<Command, Failure> {
    let mut names = Vec::new();
    while c.eat(b' ') {
        if c.rest().is_empty() {
            break;
        }
        names.push(c.keyword("a capability")?);
    }
    if names.is_empty() {
        return Err(Failure::new("ENABLE needs a capability"));
    }
    Ok(Command::Enable(names))
}

/// RFC 2971 §3.3 allows 30 pairs; more are read and dropped.
const MAX_ID_PAIRS: usize = 30;

pub fn parse_id(c: &mut Cursor) -> Result<Command, Failure> {
    c.space("after ID")?;
    if c.eat_keyword("NIL") {
        return Ok(Command::Id(Vec::new()));
    }
    let mut pairs = c.list(|c| {
        let name = c.string("a field name")?;
        c.space("after a field name")?;
        let value = c.nstring("a field value")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok((text(&name), value.map(|v| text(&v))))
    })?;
    pairs.truncate(MAX_ID_PAIRS);
    Ok(Command::Id(pairs))
}
