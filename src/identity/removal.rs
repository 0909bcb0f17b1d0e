//! Removing accounts with everything in them.

use super::Ctx;
use super::accounts::{check_another_admin, wake_server};
use crate::base::{Error, Result};
use crate::model::AccountId;
use crate::model::rule::Reaction;
use crate::model::scheduling::Job;
use crate::store::Snapshot;
use crate::store::directory::DirectoryDb;
use serde_json::json;

/// Removes an account and everything it owns, for good. Errors: NotFound, Conflict, Forbidden.
pub async fn remove_account(ctx: &Ctx, id: AccountId) -> Result<()> {
    ctx.require_admin()?;
    // What was accepted for sending and has not gone over to the queue would be lost with the account.
    if let Ok(file) = ctx.store.account(id)
        && file
            .read(|s| {
                Ok(!s.outbox(1)?.is_empty()
                    || !s.jobs::<Job>(1)?.is_empty()
                    || !s.jobs::<Reaction>(1)?.is_empty())
            })
            .await
            .is_ok_and(|is_waiting| is_waiting)
    {
        return Err(Error::conflict(
            "mail or an invitation of this account is still on its way out; disable the account and try again in a minute, \
             while the server runs",
        ));
    }
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            let account = d
                .account(id)?
                .ok_or_else(|| Error::not_found("there is no such account"))?;
            if account.is_admin && account.is_active() {
                check_another_admin(&d.accounts()?, id)?;
            }
            d.delete_account(id)?;
            let mut gone: Vec<i64> = d.setting(REMOVALS)?.unwrap_or_default();
            gone.push(id.0);
            d.put_setting(REMOVALS, &gone)?;
            d.note_audit(
                now_ms,
                &actor,
                "account.remove",
                &json!({"address": account.address}),
            )
        })
        .await?;
    wake_server(ctx);
    complete_removals(ctx).await
}

/// Accounts that are gone from the directory, and whose data may still be there.
const REMOVALS: &str = "removals";

/// Removes the data of accounts that somebody has removed, also where that was broken off.
pub async fn complete_removals(ctx: &Ctx) -> Result<()> {
    let read = |d: &Snapshot<'_, DirectoryDb>| Ok::<_, Error>(d.setting(REMOVALS)?.unwrap_or_default());
    let gone: Vec<i64> = ctx.store.directory().read(move |d| read(d)).await?;
    for id in gone.into_iter().map(AccountId) {
        let is_there = ctx.store.directory().read(move |d| d.account(id)).await?;
        if is_there.is_none() {
            let store = ctx.store.clone();
            tokio::task::spawn_blocking(move || store.erase_account(id))
                .await
                .map_err(|e| Error::internal("removing the data was broken off").caused_by(e))??;
        }
        ctx.store
            .directory()
            .write(move |d| {
                let mut left: Vec<i64> = read(d)?;
                left.retain(|other| *other != id.0);
                d.put_setting(REMOVALS, &left)
            })
            .await?;
    }
    Ok(())
}
