//! Storing a card.

use crate::base::Result;
use crate::formats::card::version::{Version, in_version, is_outdated};
use crate::formats::card::{Card, read_card};
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::AccountId;
use crate::model::object::{Collection, ObjectColumns, ObjectKind, Shape};
use crate::model::share::ShareLevel;
use crate::objects::put::put_object;
use crate::objects::{Condition, Put};

/// A card of version 2.1 is stored as one of 3.0. Errors: Invalid, with the line, and those of [`put_object`].
pub async fn put_card(
    ctx: &Ctx,
    account: AccountId,
    book: &Collection,
    name: &str,
    raw: Vec<u8>,
    condition: Condition,
) -> Result<Put> {
    require_level(ctx, account, book.folder.id, ShareLevel::Write).await?;
    let is_outdated = is_outdated(&raw);
    let raw = as_stored(raw)?;
    let columns = columns(read_card(&raw)?);
    let mut put = put_object(ctx, account, book.folder.id, name, raw, columns, condition).await?;
    if let Put::Stored { is_as_given, .. } = &mut put {
        *is_as_given &= !is_outdated;
    }
    Ok(put)
}

/// The bytes that are kept of a card: a card of version 2.1 becomes one of 3.0. Errors: Invalid.
pub fn as_stored(raw: Vec<u8>) -> Result<Vec<u8>> {
    match is_outdated(&raw) {
        true => in_version(&raw, Version::V3),
        false => Ok(raw),
    }
}

pub(super) fn columns(card: Card) -> ObjectColumns {
    ObjectColumns {
        uid: card.uid,
        kind: ObjectKind::Card,
        shape: Shape::default(),
        span: None,
        title: card.full_name,
        status: None,
        organizer: None,
        people: card.emails.iter().map(|e| e.to_lowercase()).collect(),
        phones: card.phones,
        company: card.organization,
        start_s: None,
        due_s: None,
        priority: None,
        files: Vec::new(),
    }
}
