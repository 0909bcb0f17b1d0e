//! Removing messages for good.

use super::body::no_such_message;
use super::change::check_unchanged;
use super::flags::Span;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::{AccountId, FolderId, ItemId, Modseq, Role, Uid};

/// What was removed.
#[derive(Clone, Debug, Default)]
pub struct Expunged {
    /// Ascending.
    pub uids: Vec<Uid>,
    pub span: Span,
}

/// Removes the messages of a folder that carry the deleted flag; with `ranges` only those among them
/// (inclusive UIDs, RFC 4315 §2.1). Errors: NotFound (the folder).
pub async fn expunge_messages(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    ranges: Option<Vec<(Uid, Uid)>>,
) -> Result<Expunged> {
    ctx.require_owner(account)?;
    let now_ms = ctx.now_ms();
    ctx.store
        .account(account)?
        .write(move |tx| {
            let row = tx.mail_folder(folder)?;
            let before = row.highest_modseq;
            let mut out = Expunged {
                span: Span {
                    before,
                    after: before,
                },
                ..Expunged::default()
            };
            if row.deleted == 0 {
                return Ok(out);
            }
            let is_meant = |item: &Item| match &ranges {
                Some(ranges) => ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&item.uid)),
                None => true,
            };
            let items: Vec<Item> = tx.deleted_items(folder)?.into_iter().filter(is_meant).collect();
            tx.dump_items(&items, now_ms)?;
            tx.remove_items(&items, now_ms)?;
            out.span.after = tx.mail_folder(folder)?.highest_modseq;
            out.uids = items.iter().map(|i| i.uid).collect();
            Ok(out)
        })
        .await
}

/// Moves a message to the trash, or removes it for good when it is there already.
/// `unchanged`: only if that still is its modseq. Errors: NotFound, Conflict.
pub async fn delete_message(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    for_good: bool,
    unchanged: Option<Modseq>,
) -> Result<()> {
    ctx.require_owner(account)?;
    let now_ms = ctx.now_ms();
    ctx.store
        .account(account)?
        .write(move |tx| {
            let item = tx.mail_item(id)?.ok_or_else(no_such_message)?;
            check_unchanged(&item, unchanged)?;
            match tx.folder_by_role(Role::Trash)? {
                Some(trash) if !for_good && trash.id != item.folder_id => {
                    tx.move_items(&[item], trash.id, now_ms).map(drop)
                }
                _ => {
                    let items = [item];
                    tx.dump_items(&items, now_ms)?;
                    tx.remove_items(&items, now_ms)
                }
            }
        })
        .await
}
