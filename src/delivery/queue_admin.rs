//! Looking at the queue and changing it by hand, for the page and the command line.

use crate::base::Result;
use crate::identity::Ctx;
use crate::model::OutgoingId;
use crate::model::outgoing::Queued;
use serde_json::json;

/// Oldest first. Errors: Forbidden.
pub async fn list(ctx: &Ctx) -> Result<Vec<Queued>> {
    ctx.require_admin()?;
    ctx.store.queue().read(|q| q.queued()).await
}

/// Lets the next attempt be now. Returns for how many recipients. Errors: NotFound, Forbidden.
pub async fn retry(ctx: &Ctx, id: Option<OutgoingId>) -> Result<usize> {
    ctx.require_admin()?;
    let now_ms = ctx.now_ms();
    let n = ctx.store.queue().write(move |q| q.retry_now(id, now_ms)).await?;
    ctx.store.wake_server()?;
    Ok(n)
}

/// Takes a message out without telling anybody. Errors: NotFound, Forbidden.
pub async fn drop(ctx: &Ctx, id: OutgoingId) -> Result<()> {
    ctx.require_admin()?;
    ctx.store.queue().write(move |q| q.drop_outgoing(id)).await?;
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| d.note_audit(now_ms, &actor, "queue.drop", &json!({"id": id})))
        .await
}
