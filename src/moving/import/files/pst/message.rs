//! A message in a data file of Outlook, with what hangs on it, as it travels; and a contact as a card.

use super::database::{Database, Node, number};
use super::table::{Bag, rows};
use crate::base::{Error, Kind, Result};
use crate::moving::import::files::mapi::{DEEPEST, Parts, Properties, travelling};
use crate::moving::import::files::pst_contact;
use std::cell::RefCell;

/// Within a message: the table of who it is for, and of what hangs on it.
const RECIPIENTS: u32 = 0x692;
const ATTACHMENTS: u32 = 0x671;
/// Of the whole file: which numbers named properties have.
const NAMES: u32 = 0x61;
/// PSETID_Address, as it stands in a file.
const ADDRESS_SET: [u8; 16] = [0x04, 0x20, 0x06, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46];

/// Errors: Invalid.
pub fn message(db: &RefCell<Database>, id: u32) -> Result<Vec<u8>> {
    let node = db.borrow_mut().node(id)?;
    within(db, node, &format!("{id:08x}"), 0)
}

fn within(db: &RefCell<Database>, node: Node, place: &str, depth: usize) -> Result<Vec<u8>> {
    if depth > DEEPEST {
        return Err(Error::invalid("it holds messages within messages too deep"));
    }
    let mut bag = Bag::read(db, node)?;
    let mut parts = Parts::default();
    if let Some(table) = bag.node(RECIPIENTS) {
        for (_, mut recipient) in rows(db, table)? {
            parts.add_recipient(&mut recipient)?;
        }
    }
    let hanging = match bag.node(ATTACHMENTS) {
        Some(table) => rows(db, table)?,
        None => Vec::new(),
    };
    for (id, mut row) in hanging {
        let node = bag.node(id).ok_or_else(|| Error::invalid("a file is not in it"));
        let added = node.and_then(|node| add(db, &mut parts, node, &format!("{place}/{id:x}"), depth));
        match added {
            // The rest of the message is worth having; what is missing says so in its place.
            Err(e) if e.kind() == Kind::Invalid || e.kind() == Kind::NotFound => {
                let name = row.text(0x3707)?.or(row.text(0x3704)?).unwrap_or_default();
                parts.add_note(&format!(
                    "»{name}« cannot be read in the data file of Outlook: {}\r\n",
                    e.message()
                ));
            }
            other => other?,
        }
    }
    travelling(&mut bag, parts, place)
}

fn add(db: &RefCell<Database>, parts: &mut Parts, node: Node, place: &str, depth: usize) -> Result<()> {
    let mut bag = Bag::read(db, node)?;
    if let Some(content) = bag.binary(0x3701)? {
        return parts.add_file(&mut bag, content);
    }
    match (bag.object(0x3701), bag.number(0x3705)) {
        (Some(inner), Some(5)) => {
            let message = within(db, inner, place, depth + 1)?;
            parts.add_message(&mut bag, message)
        }
        // An object of another program, as it lies there.
        (Some(inner), _) => {
            let content = db.borrow_mut().bytes(inner.data)?;
            parts.add_file(&mut bag, content)
        }
        // A link to somewhere else.
        (None, _) => {
            let link = bag.text(0x370D)?.or(bag.text(0x3708)?).unwrap_or_default();
            parts.add_note(&format!("{link}\r\n"));
            Ok(())
        }
    }
}

/// Errors: Invalid.
pub fn contact(db: &RefCell<Database>, id: u32) -> Result<Vec<u8>> {
    let node = db.borrow_mut().node(id)?;
    let mut bag = Bag::read(db, node)?;
    // Without the names there are still all properties with numbers of their own.
    let named = named(db).unwrap_or_default();
    let of_name = |lid: u32| named.iter().find(|(l, _)| *l == lid).map(|(_, id)| *id);
    pst_contact::card(&mut bag, &of_name)
}

/// Which property each named one of contacts is in this file (MS-PST §2.4.7).
fn named(db: &RefCell<Database>) -> Result<Vec<(u32, u16)>> {
    let node = db.borrow_mut().node(NAMES)?;
    let mut map = Bag::read(db, node)?;
    let sets = map.binary(0x0002)?.unwrap_or_default();
    let entries = map.binary(0x0003)?.unwrap_or_default();
    let is_ours = |set: u64| {
        let at = usize::try_from(set >> 1)
            .ok()
            .and_then(|n| n.checked_sub(3))
            .map(|n| n * 16);
        at.and_then(|at| sets.get(at..at + 16)) == Some(&ADDRESS_SET)
    };
    Ok(entries
        .chunks_exact(8)
        .filter(|e| number(e, 4, 2) & 1 == 0 && is_ours(number(e, 4, 2)))
        .map(|e| {
            (
                number(e, 0, 4) as u32,
                (number(e, 6, 2) as u16).saturating_add(0x8000),
            )
        })
        .collect())
}
