//! LIST and LSUB. RFC 9051 §6.3.9, RFC 5258 (extended), RFC 5819 (STATUS), RFC 6154 (SPECIAL-USE).

use crate::formats::imap::command::{Command, List};
use crate::formats::imap::parse::cursor::{Cursor, Failure};
use crate::formats::imap::parse::mailbox::parse_status_items;

pub fn parse_list(c: &mut Cursor) -> Result<Command, Failure> {
    let mut list = List::default();
    c.space("after LIST")?;
    if c.peek() == Some(b'(') {
        list.is_extended = true;
        c.list(|c| parse_selection(c, &mut list))?;
        c.space("before the reference")?;
    }
    list.reference = c.mailbox()?;
    c.space("before the pattern")?;
    if c.peek() == Some(b'(') {
        list.is_extended = true;
        list.patterns = c.list(Cursor::list_mailbox)?;
    } else {
        list.patterns.push(c.list_mailbox()?);
    }
    if c.eat(b' ') && !c.rest().is_empty() {
        if !c.eat_keyword("RETURN") {
            return Err(Failure::new("Expected RETURN behind the pattern"));
        }
        list.is_extended = true;
        c.space("after RETURN")?;
        c.list(|c| parse_return(c, &mut list))?;
    }
    if list.select_recursive_match && !list.select_subscribed && !list.select_special_use {
        // RFC 5258 §3: it only modifies another selection.
        return Err(Failure::new("RECURSIVEMATCH needs another selection option"));
    }
    Ok(Command::List(list))
}

fn parse_selection(c: &mut Cursor, list: &mut List) -> Result<(), Failure> {
    match &c.keyword("a selection option")?[..] {
        "SUBSCRIBED" => list.select_subscribed = true,
        "REMOTE" => list.select_remote = true,
        "RECURSIVEMATCH" => list.select_recursive_match = true,
        "SPECIAL-USE" => list.select_special_use = true,
        other => return Err(Failure::new(format!("LIST has no selection option {other}"))),
    }
    Ok(())
}

fn parse_return(c: &mut Cursor, list: &mut List) -> Result<(), Failure> {
    match &c.keyword("a return option")?[..] {
        "SUBSCRIBED" => list.return_subscribed = true,
        "CHILDREN" => list.return_children = true,
        "SPECIAL-USE" => list.return_special_use = true,
        "STATUS" => {
            c.space("after STATUS")?;
            list.return_status = parse_status_items(c)?;
        }
        other => return Err(Failure::new(format!("LIST has no return option {other}"))),
    }
    Ok(())
}

pub fn parse_lsub(c: &mut Cursor) -> Result<Command, Failure> {
    let reference = c.space_mailbox()?;
    c.space("before the pattern")?;
    Ok(Command::Lsub {
        reference,
        pattern: c.list_mailbox()?,
    })
}
