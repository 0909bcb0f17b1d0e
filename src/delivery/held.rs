//! Messages that are held back: they leave at their time, so that their author can take them back before, or sleep over them.

use super::PostRoom;
use super::submit::{keep_in_sent, note_answered};
use crate::base::{Error, Result, TimeMs};
use crate::identity::Ctx;
use crate::mail::Prepared;
use crate::model::{AccountId, ItemId};
use crate::store::outbox::HeldRow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A message that waits for its time.
#[derive(Clone, Debug)]
pub struct Held {
    pub draft: ItemId,
    pub send_at_ms: TimeMs,
}

/// The clock may be set meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Accounts that somebody looks after again, and when: one timer each.
#[derive(Default)]
pub struct Timers(Mutex<HashMap<AccountId, TimeMs>>);

impl Timers {
    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, TimeMs>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False, when one rings as early.
    fn set(&self, account: AccountId, at_ms: TimeMs) -> bool {
        let mut all = self.lock();
        let is_earlier = all.get(&account).is_none_or(|known| at_ms < *known);
        if is_earlier {
            all.insert(account, at_ms);
        }
        is_earlier
    }
}

/// Looks after the account again when the next of what it holds back is due.
pub fn wake_at(room: &Arc<PostRoom>, account: AccountId, due_ms: TimeMs) {
    let now_ms = room.store.clock().now_ms();
    let wait = Duration::from_millis(u64::try_from(due_ms - now_ms).unwrap_or(0)).min(LONGEST_WAIT);
    let at_ms = now_ms + wait.as_millis() as TimeMs;
    if !room.held_timers.set(account, at_ms) {
        return;
    }
    let room = room.clone();
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        let mut all = room.held_timers.lock();
        if all.get(&account) == Some(&at_ms) {
            all.remove(&account);
        }
        drop(all);
        room.store.look_at_outbox(account);
    });
}

/// Lets what is due leave. Returns when the next is.
pub async fn release_due(room: &Arc<PostRoom>, account: AccountId) -> Result<Option<TimeMs>> {
    // An account that was removed meanwhile has no outbox any more.
    let Ok(file) = room.store.account(account) else {
        return Ok(None);
    };
    // On the way of each message that is sent, and mostly none: not worth waking another thread.
    for held in file.peek(|s| s.held()).await? {
        if held.send_at_ms > room.store.clock().now_ms() {
            return Ok(Some(held.send_at_ms));
        }
        release(room, account, held).await?;
    }
    Ok(None)
}

async fn release(room: &Arc<PostRoom>, account: AccountId, held: HeldRow) -> Result<()> {
    let (store, body) = (room.store.clone(), held.row.body_id);
    let file = room.store.account(account)?;
    let prepared = file
        .read(move |s| Prepared::from_bytes(&store, &s.read_body(body)?))
        .await?;
    let now_ms = room.store.clock().now_ms();
    file.write(move |tx| {
        let Some(draft) = tx.draft_of(&held)? else {
            tracing::info!(%account, "a message that was held back has a changed draft; it does not leave");
            return tx.remove_outbox(&held.row);
        };
        keep_in_sent(tx, &prepared, now_ms)?;
        note_answered(tx, &prepared)?;
        tx.remove_items(&[draft], now_ms)?;
        tx.release_held(&held)
    })
    .await
}

/// The next to leave first. Errors: Forbidden.
pub async fn list_held(ctx: &Ctx, account: AccountId) -> Result<Vec<Held>> {
    ctx.require_owner(account)?;
    let rows = ctx.store.account(account)?.read(|s| s.held()).await?;
    let held = |h: HeldRow| Held {
        draft: h.draft,
        send_at_ms: h.send_at_ms,
    };
    Ok(rows.into_iter().map(held).collect())
}

/// The message that is held back for a draft does not leave; the draft is as it was. Errors: NotFound, when none is held,
/// or it has left; Forbidden.
pub async fn take_back(ctx: &Ctx, account: AccountId, draft: ItemId) -> Result<()> {
    ctx.require_owner(account)?;
    let was_held = ctx
        .store
        .account(account)?
        .write(move |tx| tx.let_go(draft))
        .await?;
    match was_held {
        true => Ok(()),
        false => Err(Error::not_found("the message has left, or was never held back")),
    }
}
