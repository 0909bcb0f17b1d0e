//! Files in events and tasks: ATTACH with the bytes in it (RFC 5545 §3.8.1.1).

use super::KINDS;
use super::put::put_event;
use crate::base::text::one_line;
use crate::base::{Error, Kind, Result};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Property, read_component};
use crate::formats::ical::read_object;
use crate::formats::ical::zone::plain_time;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::ObjectKind;
use crate::model::share::ShareLevel;
use crate::model::{AccountId, ItemId};
use crate::objects::collections::list_collections;
use crate::objects::get::get_object;
use crate::objects::put::MAX_BYTES;
use crate::objects::{Condition, Put};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Times that a change is made again because somebody else was faster.
const TRIES: usize = 5;

/// The line that holds a file.
pub fn file_line(name: &str, content_type: &str, content: &[u8]) -> Property {
    Property::new("ATTACH", STANDARD.encode(content))
        .with("ENCODING", "BASE64")
        .with("VALUE", "BINARY")
        .with("FMTTYPE", one_line(content_type))
        .with("X-FILENAME", one_line(name))
}

/// Whether a file of this size fits. Errors: NotFound; Forbidden; TooLarge.
pub async fn check_room(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    kind: ObjectKind,
    size_bytes: u64,
) -> Result<()> {
    let (object, raw) = get_object(ctx, account, id, kind).await?;
    require_level(ctx, account, object.item.folder_id, ShareLevel::Write).await?;
    // Base64 makes four letters of three bytes, and there are line ends.
    let becomes = raw.len() as u64 + size_bytes / 3 * 4 + size_bytes / 50 + 1_000;
    if becomes > MAX_BYTES as u64 {
        return Err(Error::too_large(format!(
            "the file is too large: an event or task with all its files has at most {} MB",
            MAX_BYTES >> 20
        )));
    }
    ctx.store.check_room(becomes)
}

/// Puts a file into an event or a task. Errors: NotFound; Forbidden; TooLarge; Conflict, when others change it all the time.
pub async fn attach_file(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    kind: ObjectKind,
    file: Property,
) -> Result<()> {
    let mut tries = 0;
    loop {
        let (object, raw) = get_object(ctx, account, id, kind).await?;
        let at = read_object(&raw)?.parts[0].component;
        let mut calendar = read_component(&raw)?;
        if let Some(component) = calendar.parts.get_mut(at) {
            component.properties.push(file.clone());
            let now = plain_time(ctx.now_ms().div_euclid(1000)).strftime("%Y%m%dT%H%M%SZ");
            component.put(Property::new("LAST-MODIFIED", now.to_string()));
        }
        let new = print_component(&calendar).into_bytes();
        let all = list_collections(ctx, account, &KINDS).await?;
        let collection = all.into_iter().find(|c| c.folder.id == object.item.folder_id);
        let collection = collection.ok_or_else(|| Error::not_found("its calendar is gone"))?;
        let condition = Condition::Unchanged(object.item.modseq);
        tries += 1;
        match put_event(ctx, account, &collection, &object.name, new, condition).await {
            Ok(Put::Stored { .. }) => return Ok(()),
            Ok(Put::AttendeeMayNot(what)) => return Err(Error::forbidden(what)),
            Ok(Put::UidTaken(_)) => return Err(Error::internal("an event stands in its own way")),
            Err(e) if e.kind() == Kind::Conflict && tries < TRIES => {}
            Err(e) => return Err(e),
        }
    }
}
