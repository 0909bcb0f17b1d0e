//! SELECT, EXAMINE, CREATE, STATUS, GETQUOTA. RFC 9051 §6.3, RFC 7162 §3.2.5, RFC 6154 §3, RFC 9208 §4.1.

use crate::formats::imap::command::{Command, QResync, Select, StatusItem};
use crate::formats::imap::parse::cursor::{Cursor, Failure};

pub fn parse_select(c: &mut Cursor) -> Result<Select, Failure> {
    let mut select = Select {
        mailbox: c.space_mailbox()?,
        ..Select::default()
    };
    if c.eat(b' ') && !c.rest().is_empty() {
        c.list(|c| match &c.keyword("a SELECT parameter")?[..] {
            "CONDSTORE" => {
                select.condstore = true;
                Ok(())
            }
            "QRESYNC" => {
                c.space("after QRESYNC")?;
                select.qresync = Some(parse_qresync(c)?);
                Ok(())
            }
            other => Err(Failure::new(format!("SELECT has no parameter {other}"))),
        })?;
    }
    Ok(select)
}

/// `(uidvalidity modseq [known-uids [(seq-set uid-set)]])`; RFC 7162 lets the known UIDs be left out before the match.
fn parse_qresync(c: &mut Cursor) -> Result<QResync, Failure> {
    c.expect(b'(', "after QRESYNC")?;
    let uid_validity = c.number("the UIDVALIDITY")?;
    c.space("after the UIDVALIDITY")?;
    let modseq = c.number64("a mod-sequence")?;
    let (mut known_uids, mut sequence_match) = (None, None);
    while c.eat(b' ') {
        if c.eat(b'(') {
            let sequence = c.sequence_set()?;
            c.space("between the sets")?;
            sequence_match = Some((sequence, c.sequence_set()?));
            c.expect(b')', "behind the sets")?;
            break;
        }
        known_uids = Some(c.sequence_set()?);
    }
    c.expect(b')', "behind the QRESYNC values")?;
    Ok(QResync {
        uid_validity,
        modseq,
        known_uids,
        sequence_match,
    })
}

pub fn parse_create(c: &mut Cursor) -> Result<Command, Failure> {
    let mailbox = c.space_mailbox()?;
    let mut special_use = Vec::new();
    if c.eat(b' ') && !c.rest().is_empty() {
        c.expect(b'(', "before the CREATE parameters")?;
        if !c.eat_keyword("USE") {
            return Err(Failure::new("CREATE knows only the parameter USE"));
        }
        c.space("after USE")?;
        special_use = c.list(|c| {
            c.expect(b'\\', "before a special use")?;
            Ok(format!("\\{}", c.atom("a special use")?))
        })?;
        c.expect(b')', "behind the CREATE parameters")?;
    }
    Ok(Command::Create { mailbox, special_use })
}

pub fn parse_status(c: &mut Cursor) -> Result<Command, Failure> {
    let mailbox = c.space_mailbox()?;
    c.space("before the status items")?;
    Ok(Command::Status {
        mailbox,
        items: parse_status_items(c)?,
    })
}

/// `(MESSAGES UNSEEN ...)`; also behind LIST's RETURN.
pub fn parse_status_items(c: &mut Cursor) -> Result<Vec<StatusItem>, Failure> {
    c.list(|c| {
        let name = c.keyword("a status item")?;
        let item = StatusItem::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(item, _)| *item);
        item.ok_or_else(|| Failure::new(format!("STATUS has no item {name}")))
    })
}

pub fn parse_get_quota(c: &mut Cursor) -> Result<Command, Failure> {
    c.space("before the quota root")?;
    Ok(Command::GetQuota {
        root: c.utf8_astring("The quota root")?,
    })
}
