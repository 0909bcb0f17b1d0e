//! Ids as clients see them: short, stable for the life of a thing, the same in every door.

use crate::base::{Error, Result};
use crate::model::object::ObjectKind;
use crate::model::{FolderId, ItemId, Role};

pub fn print_folder(id: FolderId) -> String {
    format!("F{:x}", id.0)
}

pub fn print_item(id: ItemId) -> String {
    format!("M{:x}", id.0)
}

/// What the folder with this role is called in every mailbox.
pub fn well_known_name(role: Role) -> &'static str {
    match role {
        Role::Inbox => "inbox",
        Role::Drafts => "drafts",
        Role::Sent => "sentitems",
        Role::Trash => "deleteditems",
        Role::Junk => "junkemail",
        Role::Archive => "archive",
    }
}

/// Errors: NotFound; an id of another shape was never given out.
pub fn parse_folder(text: &str) -> Result<FolderId> {
    parse(text, 'F')
        .map(FolderId)
        .ok_or_else(|| Error::not_found("there is no such folder"))
}

/// Errors: NotFound.
pub fn parse_item(text: &str) -> Result<ItemId> {
    parse(text, 'M')
        .map(ItemId)
        .ok_or_else(|| Error::not_found("there is no such message"))
}

/// An event, a card or a task, each with a letter of its own.
pub fn print_object(kind: ObjectKind, id: ItemId) -> String {
    format!("{}{:x}", letter(kind), id.0)
}

/// Errors: NotFound.
pub fn parse_object(kind: ObjectKind, text: &str) -> Result<ItemId> {
    parse(text, letter(kind))
        .map(ItemId)
        .ok_or_else(|| Error::not_found("there is no such event, task or card"))
}

fn letter(kind: ObjectKind) -> char {
    match kind {
        ObjectKind::Card => 'K',
        ObjectKind::Task => 'T',
        _ => 'E',
    }
}

fn parse(text: &str, letter: char) -> Option<i64> {
    let digits = text.strip_prefix(letter)?;
    let is_plain = digits
        .bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if is_plain {
        i64::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back() {
        assert_eq!(parse_item(&print_item(ItemId(4711))).unwrap(), ItemId(4711));
        for bad in ["", "M", "F1", "M-1", "M+1", "MFF", "Mffffffffffffffffff"] {
            assert!(parse_item(bad).is_err(), "{bad}");
        }
    }
}
