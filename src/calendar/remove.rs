//! Removing an event, a task or a journal entry, or a whole calendar of them.

use super::scheduling::hook::{prepare, remove_in};
use crate::base::Result;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::Collection;
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId};
use crate::objects::{Condition, no_such_object};

/// Who was invited hears that it is off; who was invited by others declines, when `answers` (RFC 6638 §8.1).
/// Errors: NotFound, Conflict (the condition).
pub async fn remove_event(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    name: &str,
    condition: Condition,
    answers: bool,
) -> Result<()> {
    let level = require_level(ctx, account, folder, ShareLevel::Write).await?;
    let hook = prepare(ctx, account, level, None).await?;
    let (name, now_ms) = (name.to_owned(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            let object = tx.object_by_name(folder, &name)?.ok_or_else(no_such_object)?;
            condition.check(Some(&object))?;
            remove_in(tx, &hook, &object, answers, now_ms)
        })
        .await
}

/// A calendar with all that it holds, each event as [`remove_event`] removes it. Errors: NotFound.
pub async fn remove_calendar(ctx: &Ctx, account: AccountId, calendar: &Collection) -> Result<()> {
    require_level(ctx, account, calendar.folder.id, ShareLevel::Manage).await?;
    let hook = prepare(ctx, account, ShareLevel::Manage, None).await?;
    let (folder, now_ms) = (calendar.folder.id, ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            tx.folder(folder)?;
            for object in tx.objects(folder)?.iter().filter(|o| o.schedule_tag.is_some()) {
                remove_in(tx, &hook, object, true, now_ms)?;
            }
            tx.remove_collection(folder, now_ms)
        })
        .await
}
