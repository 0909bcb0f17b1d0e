//! Checking everything an account holds, and computing again what is derived.

use super::index::update_index;
use super::intake::derive;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::AccountId;
pub use crate::store::doctor::Finding;
use crate::store::doctor::remove_orphans;

/// Everything of one account that is not as it should be. Errors: Forbidden, NotFound.
pub async fn check_account(ctx: &Ctx, account: AccountId) -> Result<Vec<Finding>> {
    ctx.require_admin()?;
    ctx.store
        .account(account)?
        .read(|s| {
            let mut found = s.check_file()?;
            found.extend(s.check_account()?);
            found.extend(s.check_bodies()?);
            Ok(found)
        })
        .await
}

/// The directory and the queue.
pub async fn check_office(ctx: &Ctx) -> Result<Vec<Finding>> {
    ctx.require_admin()?;
    let mut found = ctx.store.directory().read(|d| d.check_file()).await?;
    found.extend(
        ctx.store
            .queue()
            .read(|q| {
                let mut found = q.check_file()?;
                found.extend(q.check_bodies()?);
                Ok(found)
            })
            .await?,
    );
    Ok(found)
}

/// Computes again what is derived: counters, list columns, structure, the text index. Bytes of messages are
/// only read. Errors: Forbidden, NotFound.
pub async fn rebuild_account(ctx: &Ctx, account: AccountId) -> Result<()> {
    ctx.require_admin()?;
    let file = ctx.store.account(account)?;
    file.write(|tx| tx.recount()).await?;
    for chunk in file.read(|s| s.message_bodies()).await?.chunks(50) {
        let chunk = chunk.to_vec();
        file.write(move |tx| {
            for body in &chunk {
                match tx.open_body(*body).and_then(|b| b.read_all()) {
                    Ok(raw) => tx.put_derived(*body, &derive(&raw))?,
                    // Its bytes are lost; the others are not to suffer.
                    Err(e) => tracing::error!(%body, error = ?e, "a stored message cannot be read"),
                }
            }
            Ok(())
        })
        .await?;
    }
    file.write(|tx| remove_orphans(tx)).await?;
    update_index(ctx, account).await.map(drop)
}

/// Removes what power cuts left behind. Returns how many files that were. Errors: Forbidden, NotFound.
pub async fn tidy_account(ctx: &Ctx, account: AccountId) -> Result<usize> {
    ctx.require_admin()?;
    ctx.store.account(account)?.write(|tx| remove_orphans(tx)).await
}
