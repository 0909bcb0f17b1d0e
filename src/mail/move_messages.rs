//! Moving messages to another folder of the same account.

use super::body::no_such_message;
use super::copy::{Transferred, check_target};
use super::flags::Span;
use crate::base::{Result, TimeMs};
use crate::identity::Ctx;
use crate::model::{AccountId, FolderId, ItemId, Uid};
use crate::store::Tx;
use crate::store::account::AccountDb;

/// Moves messages; keeps ids, flags and arrival time, assigns new UIDs.
/// `ranges`: inclusive, ascending, UIDs of `from`; unknown ones are skipped. Returns (old, new) pairs in that order.
/// Errors: NotFound (a folder). Source: RFC 6851 §3.3.
pub async fn move_messages(
    ctx: &Ctx,
    account: AccountId,
    from: FolderId,
    ranges: Vec<(Uid, Uid)>,
    to: FolderId,
) -> Result<Transferred> {
    ctx.require_owner(account)?;
    let now_ms = ctx.now_ms();
    ctx.store
        .account(account)?
        .write(move |tx| move_messages_in(tx, from, &ranges, to, now_ms))
        .await
}

pub fn move_messages_in(
    tx: &mut Tx<'_, AccountDb>,
    from: FolderId,
    ranges: &[(Uid, Uid)],
    to: FolderId,
    now_ms: TimeMs,
) -> Result<Transferred> {
    let before = tx.mail_folder(from)?.highest_modseq;
    let uid_validity = check_target(tx, to)?;
    let mut items = Vec::new();
    for (first, last) in ranges {
        items.extend(tx.items_by_uid(from, *first, *last)?);
    }
    let new = tx.move_items(&items, to, now_ms)?;
    let uids = items.iter().map(|i| i.uid).zip(new).collect();
    let span = Span {
        before,
        after: tx.mail_folder(from)?.highest_modseq,
    };
    Ok(Transferred {
        uid_validity,
        uids,
        span,
    })
}

/// Moves one message by its id, wherever it is. Errors: NotFound.
pub async fn move_message(ctx: &Ctx, account: AccountId, id: ItemId, to: FolderId) -> Result<()> {
    ctx.require_owner(account)?;
    let now_ms = ctx.now_ms();
    ctx.store
        .account(account)?
        .write(move |tx| {
            let item = tx.mail_item(id)?.ok_or_else(no_such_message)?;
            check_target(tx, to)?;
            if item.folder_id != to {
                tx.move_items(&[item], to, now_ms)?;
            }
            Ok(())
        })
        .await
}
