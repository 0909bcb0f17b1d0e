//! From a complete command to a value: the tag, the name, and one parser per family of commands.
//!
//! The caller has gathered the command: lines without the final CRLF, literals inline as `{n}` CRLF and n bytes;
//! only the message of APPEND is not there. Work is linear in the length of the command.

mod append;
mod cursor;
pub mod envelope;
mod fetch;
mod list;
mod mailbox;
mod message;
mod search;
mod session;

use crate::formats::imap::command::{Command, LiteralAnnounce, Request};
use crate::formats::imap::mailbox_name::Names;
use cursor::{Cursor, Failure};

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// `None`: not even a tag could be read; the answer is an untagged BAD.
    pub tag: Option<String>,
    pub kind: ErrorKind,
    /// For a person, to stand behind `BAD`.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// `BAD`.
    Syntax,
    /// `NO [BADCHARSET (UTF-8)]` (RFC 9051 §7.1).
    BadCharset,
}

type Parser = fn(&mut Cursor) -> Result<Command, Failure>;

const COMMANDS: &[(&str, Parser)] = &[
    ("CAPABILITY", |_| Ok(Command::Capability)),
    ("NOOP", |_| Ok(Command::Noop)),
    ("LOGOUT", |_| Ok(Command::Logout)),
    ("STARTTLS", |_| Ok(Command::StartTls)),
    ("AUTHENTICATE", session::parse_authenticate),
    ("LOGIN", session::parse_login),
    ("ENABLE", session::parse_enable),
    ("ID", session::parse_id),
    ("SELECT", |c| Ok(Command::Select(mailbox::parse_select(c)?))),
    ("EXAMINE", |c| Ok(Command::Examine(mailbox::parse_select(c)?))),
    ("CREATE", mailbox::parse_create),
    ("DELETE", |c| {
        Ok(Command::Delete {
            mailbox: c.space_mailbox()?,
        })
    }),
    ("RENAME", |c| {
        Ok(Command::Rename {
            from: c.space_mailbox()?,
            to: c.space_mailbox()?,
        })
    }),
    ("SUBSCRIBE", |c| {
        Ok(Command::Subscribe {
            mailbox: c.space_mailbox()?,
        })
    }),
    ("UNSUBSCRIBE", |c| {
        Ok(Command::Unsubscribe {
            mailbox: c.space_mailbox()?,
        })
    }),
    ("LIST", list::parse_list),
    ("LSUB", list::parse_lsub),
    ("NAMESPACE", |_| Ok(Command::Namespace)),
    ("STATUS", mailbox::parse_status),
    ("APPEND", append::parse_append),
    ("IDLE", |_| Ok(Command::Idle)),
    ("CLOSE", |_| Ok(Command::Close)),
    ("UNSELECT", |_| Ok(Command::Unselect)),
    ("CHECK", |_| Ok(Command::Check)),
    ("EXPUNGE", |_| Ok(Command::Expunge)),
    ("SEARCH", |c| search::parse_search(c, false)),
    ("FETCH", |c| fetch::parse_fetch(c, false)),
    ("STORE", |c| message::parse_store(c, false)),
    ("COPY", |c| message::parse_copy(c, false)),
    ("MOVE", |c| message::parse_move(c, false)),
    ("UID", parse_uid),
    ("GETQUOTA", mailbox::parse_get_quota),
    ("GETQUOTAROOT", |c| {
        Ok(Command::GetQuotaRoot {
            mailbox: c.space_mailbox()?,
        })
    }),
];

const UID_COMMANDS: &[(&str, Parser)] = &[
    ("SEARCH", |c| search::parse_search(c, true)),
    ("FETCH", |c| fetch::parse_fetch(c, true)),
    ("STORE", |c| message::parse_store(c, true)),
    ("COPY", |c| message::parse_copy(c, true)),
    ("MOVE", |c| message::parse_move(c, true)),
    ("EXPUNGE", message::parse_uid_expunge),
];

/// `names`: how this connection spells mailbox names.
pub fn parse_command(input: &[u8], names: Names) -> Result<Request, ParseError> {
    let mut cursor = Cursor::new(input, names);
    let tag = cursor.tag().map_err(|f| f.with_tag(None))?;
    match parse_tagged(&mut cursor) {
        Ok(command) => Ok(Request { tag, command }),
        Err(failure) => Err(failure.with_tag(Some(tag))),
    }
}

fn parse_tagged(cursor: &mut Cursor) -> Result<Command, Failure> {
    cursor.space("after the tag")?;
    let command = dispatch(cursor, COMMANDS)?;
    cursor.end()?;
    Ok(command)
}

fn parse_uid(cursor: &mut Cursor) -> Result<Command, Failure> {
    cursor.space("after UID")?;
    dispatch(cursor, UID_COMMANDS)
}

fn dispatch(cursor: &mut Cursor, table: &[(&str, Parser)]) -> Result<Command, Failure> {
    let name = cursor.keyword("a command")?;
    match table.iter().find(|(known, _)| *known == name) {
        Some((_, parser)) => parser(cursor),
        None => Err(Failure::new(format!(
            "Unknown command {}",
            crate::base::text::cut(&name, 40)
        ))),
    }
}

/// The literal that a line announces at its end; the line comes without CRLF.
pub fn literal_at_end(line: &[u8]) -> Option<LiteralAnnounce> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|b| *b == b'{')?;
    let (digits, non_sync) = match inner[open + 1..].strip_suffix(b"+") {
        Some(digits) => (digits, true),
        None => (&inner[open + 1..], false),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(LiteralAnnounce {
        size,
        non_sync,
        binary: inner[..open].ends_with(b"~"),
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
