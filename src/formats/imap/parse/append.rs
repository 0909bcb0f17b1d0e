//! APPEND up to the message. RFC 9051 §6.3.12, RFC 3516 (`~{n}`), RFC 6855 §4 (`UTF8 (`).

use crate::formats::imap::command::{Append, Command};
use crate::formats::imap::date_time::parse_date_time;
use crate::formats::imap::parse::cursor::{Cursor, Failure};
use crate::formats::imap::parse::literal_at_end;

/// The command ends with the announcement of the message.
pub fn parse_append(c: &mut Cursor) -> Result<Command, Failure> {
    let mailbox = c.space_mailbox()?;
    c.space("after the mailbox name")?;
    let mut flags = Vec::new();
    if c.peek() == Some(b'(') {
        flags = c.flag_list()?;
        c.space("after the flags")?;
    }
    let mut received_at_ms = None;
    if c.peek() == Some(b'"') {
        let text = c.string("a date")?;
        let text = std::str::from_utf8(&text).ok();
        received_at_ms = text.and_then(parse_date_time);
        if received_at_ms.is_none() {
            return Err(Failure::new(
                "The date is not like \"22-Nov-2026 19:41:05 +0000\"",
            ));
        }
        c.space("after the date")?;
    }
    let is_utf8 = c.eat_keyword("UTF8");
    if is_utf8 {
        c.space("after UTF8")?;
        c.expect(b'(', "before the message")?;
    }
    let announced = c.rest();
    let is_whole = announced.first().is_some_and(|b| matches!(b, b'{' | b'~')) && announced.len() < 30;
    let literal = literal_at_end(announced).filter(|_| is_whole);
    let literal = literal.ok_or_else(|| Failure::new("APPEND needs a message as a literal"))?;
    c.skip_rest();
    Ok(Command::Append(Append {
        mailbox,
        flags,
        received_at_ms,
        literal,
        is_utf8,
    }))
}
