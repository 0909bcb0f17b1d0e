//! STORE, COPY, MOVE, UID EXPUNGE. RFC 9051 §6.4.6-6.4.9, RFC 7162 §3.1.3 (UNCHANGEDSINCE).

use crate::formats::imap::command::{Command, Store, StoreMode};
use crate::formats::imap::parse::cursor::{Cursor, Failure};

pub fn parse_store(c: &mut Cursor, uid: bool) -> Result<Command, Failure> {
    let set = c.space_sequence_set()?;
    c.space("after the set")?;
    let mut unchanged_since = None;
    if c.eat(b'(') {
        if !c.eat_keyword("UNCHANGEDSINCE") {
            return Err(Failure::new("STORE knows only the modifier UNCHANGEDSINCE"));
        }
        c.space("after UNCHANGEDSINCE")?;
        unchanged_since = Some(c.number64("a mod-sequence")?);
        c.expect(b')', "behind the modifier")?;
        c.space("after the modifier")?;
    }
    let (mode, silent) = match &c.keyword("FLAGS")?[..] {
        "FLAGS" => (StoreMode::Replace, false),
        "FLAGS.SILENT" => (StoreMode::Replace, true),
        "+FLAGS" => (StoreMode::Add, false),
        "+FLAGS.SILENT" => (StoreMode::Add, true),
        "-FLAGS" => (StoreMode::Remove, false),
        "-FLAGS.SILENT" => (StoreMode::Remove, true),
        other => return Err(Failure::new(format!("STORE cannot change {other}"))),
    };
    c.space("before the flags")?;
    let flags = if c.peek() == Some(b'(') {
        c.flag_list()?
    } else {
        let mut flags = vec![c.flag()?];
        while c.eat(b' ') && !c.rest().is_empty() {
            flags.push(c.flag()?);
        }
        flags.into_iter().flatten().collect()
    };
    Ok(Command::Store {
        uid,
        store: Store {
            set,
            unchanged_since,
            mode,
            silent,
            flags,
        },
    })
}

pub fn parse_copy(c: &mut Cursor, uid: bool) -> Result<Command, Failure> {
    Ok(Command::Copy {
        uid,
        set: c.space_sequence_set()?,
        mailbox: c.space_mailbox()?,
    })
}

pub fn parse_move(c: &mut Cursor, uid: bool) -> Result<Command, Failure> {
    Ok(Command::Move {
        uid,
        set: c.space_sequence_set()?,
        mailbox: c.space_mailbox()?,
    })
}

pub fn parse_uid_expunge(c: &mut Cursor) -> Result<Command, Failure> {
    Ok(Command::UidExpunge(c.space_sequence_set()?))
}
