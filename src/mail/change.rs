//! Changing one message by its id, wherever it lies, as Graph's PATCH does.

use super::body::no_such_message;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::property::Property;
use crate::model::{AccountId, Flags, ItemId, Keywords, Modseq};
use crate::store::item::FlagChange;

/// What is to change; empty stays as it is.
#[derive(Clone, Debug, Default)]
pub struct MessageChange {
    pub set: Flags,
    pub clear: Flags,
    pub add_keywords: Keywords,
    pub remove_keywords: Keywords,
    pub properties: Vec<Property>,
    /// Only if that still is the message's modseq.
    pub unchanged: Option<Modseq>,
}

/// The item as it is now. A change that changes nothing takes no number of the change log.
/// Errors: NotFound; Conflict, when `unchanged` does not hold.
pub async fn change_message(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    change: MessageChange,
) -> Result<Item> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            let mut item = tx.mail_item(id)?.ok_or_else(no_such_message)?;
            check_unchanged(&item, change.unchanged)?;
            let flags = item.flags.without(change.clear).with(change.set);
            let mut keywords = item.keywords.clone();
            change.remove_keywords.iter().for_each(|k| {
                keywords.remove(k);
            });
            change.add_keywords.iter().for_each(|k| {
                keywords.add(k);
            });
            if flags == item.flags && keywords == item.keywords && change.properties.is_empty() {
                return Ok(item);
            }
            let modseqs = tx.change_flags(
                item.folder_id,
                &[FlagChange {
                    id,
                    before: item.flags,
                    flags,
                    keywords: keywords.clone(),
                }],
            )?;
            item.modseq = modseqs.last().copied().unwrap_or(item.modseq);
            (item.flags, item.keywords) = (flags, keywords);
            tx.put_properties(id.0, &change.properties)?;
            Ok(item)
        })
        .await
}

/// Errors: Conflict.
pub(in crate::mail) fn check_unchanged(item: &Item, unchanged: Option<Modseq>) -> Result<()> {
    match unchanged {
        Some(modseq) if modseq != item.modseq => Err(Error::conflict(
            "the message was changed meanwhile; look at it again first",
        )),
        _ => Ok(()),
    }
}
