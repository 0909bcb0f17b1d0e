//! Whose mailbox somebody may use beside their own.

use super::Ctx;
use super::accounts::{find_account, wake_server};
use super::clients::Client;
use crate::base::{Error, Result};
use crate::model::access::AccessLevel;
use crate::model::{Account, AccountId};
use serde_json::json;
use std::sync::Arc;

fn no_such_mailbox() -> Error {
    Error::not_found("there is no such mailbox")
}

/// By object id or address. None: nobody is called so.
async fn named(ctx: &Ctx, name: &str) -> Result<Option<Account>> {
    let name = name.trim().to_lowercase();
    ctx.store
        .directory()
        .read(move |d| match d.account_by_oid(&name)? {
            Some(account) => Ok(Some(account)),
            None => d.account_by_address(&name),
        })
        .await
}

/// The mailbox that a person names, and what they may do there; in their own everything.
/// Errors: NotFound, the same for those that are not there and those that are not for them.
pub async fn open_mailbox(ctx: &Ctx, name: &str) -> Result<(Arc<Account>, AccessLevel)> {
    let actor = ctx.account()?.id;
    let account = named(ctx, name).await?.ok_or_else(no_such_mailbox)?;
    if account.id == actor {
        return Ok((Arc::new(account), AccessLevel::Full));
    }
    let id = account.id;
    let level = ctx.store.directory().read(move |d| d.access(id, actor)).await?;
    level.map(|l| (Arc::new(account), l)).ok_or_else(no_such_mailbox)
}

/// The mailboxes of others that the actor may use, by name.
pub async fn list_mailboxes(ctx: &Ctx) -> Result<Vec<(Account, AccessLevel)>> {
    let actor = ctx.account()?.id;
    let mut all = ctx
        .store
        .directory()
        .read(move |d| {
            let mut out = Vec::new();
            for (id, level) in d.mailboxes_open_to(actor)? {
                out.extend(d.account(id)?.map(|a| (a, level)));
            }
            Ok(out)
        })
        .await?;
    all.sort_by_key(|(a, _)| a.display_name.to_lowercase());
    Ok(all)
}

/// Somebody in the office, by object id or address. Errors: NotFound.
pub async fn find_colleague(ctx: &Ctx, name: &str) -> Result<Arc<Account>> {
    let found = named(ctx, name).await?.filter(Account::is_active);
    found.map(Arc::new).ok_or_else(no_such_mailbox)
}

/// The mailbox that a program names which acts for nobody. Errors: NotFound, also for mailboxes that it is not let into.
pub async fn open_mailbox_for(ctx: &Ctx, client: &Client, name: &str) -> Result<Arc<Account>> {
    let account = named(ctx, name).await?.ok_or_else(no_such_mailbox)?;
    match &client.mailboxes {
        Some(allowed) if !allowed.contains(&account.id) => Err(no_such_mailbox()),
        _ => Ok(Arc::new(account)),
    }
}

/// Lets somebody into a mailbox, or not any more. Errors: Forbidden, NotFound.
pub async fn set_access(ctx: &Ctx, mailbox: &str, who: &str, level: Option<AccessLevel>) -> Result<()> {
    ctx.require_admin()?;
    let (mailbox, who) = (find_account(ctx, mailbox).await?, find_account(ctx, who).await?);
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            d.put_access(mailbox.id, who.id, level)?;
            if level.is_none() && mailbox.id != who.id {
                d.end_subscriptions(who.id, Some(mailbox.id), now_ms)?;
            }
            let detail = json!({"mailbox": mailbox.address, "who": who.address, "level": level});
            d.note_audit(now_ms, &actor, "access.set", &detail)
        })
        .await?;
    wake_server(ctx);
    Ok(())
}

/// Who may use a mailbox. Errors: Forbidden, NotFound.
pub async fn list_access(ctx: &Ctx, mailbox: &str) -> Result<Vec<(Account, AccessLevel)>> {
    ctx.require_admin()?;
    let mailbox = find_account(ctx, mailbox).await?;
    ctx.store
        .directory()
        .read(move |d| {
            let mut out = Vec::new();
            for (id, level) in d.accesses(mailbox.id)? {
                out.extend(d.account(id)?.map(|a| (a, level)));
            }
            Ok(out)
        })
        .await
}

/// Everybody in the office, as colleagues see each other, by name.
pub async fn list_colleagues(ctx: &Ctx) -> Result<Vec<Account>> {
    let mut all = ctx.store.directory().read(|d| d.accounts()).await?;
    all.retain(Account::is_active);
    all.sort_by_key(|a| a.display_name.to_lowercase());
    Ok(all)
}

/// Whom the office has new or changed since a number, the object ids of those who are gone, and the next number.
#[derive(Clone, Debug)]
pub struct ColleagueChanges {
    /// Each with the number of its last change.
    pub present: Vec<(i64, Account)>,
    pub gone: Vec<String>,
    pub number: i64,
}

/// `since`: None for everybody. Errors: TooOld, for a number of a directory that was restored since.
pub async fn colleagues_since(ctx: &Ctx, since: Option<i64>) -> Result<ColleagueChanges> {
    let all = ctx.store.directory().read(|d| d.people_since(0)).await?;
    let number = all.last().map_or(0, |(number, ..)| *number);
    let after = since.unwrap_or(0);
    if after > number {
        return Err(Error::too_old(
            "the directory does not go that far; begin again without a token",
        ));
    }
    let mut out = ColleagueChanges {
        present: Vec::new(),
        gone: Vec::new(),
        number,
    };
    for (number, oid, account) in all.into_iter().filter(|(number, ..)| *number > after) {
        match account.filter(Account::is_active) {
            Some(account) => out.present.push((number, account)),
            None if since.is_some() => out.gone.push(oid),
            None => {}
        }
    }
    Ok(out)
}

/// Addresses of mailboxes; those that are gone are left out.
pub async fn mailbox_addresses(ctx: &Ctx, ids: &[AccountId]) -> Result<Vec<String>> {
    let ids = ids.to_vec();
    ctx.store
        .directory()
        .read(move |d| {
            let mut out = Vec::with_capacity(ids.len());
            for id in ids {
                out.extend(d.account(id)?.map(|a| a.address));
            }
            Ok(out)
        })
        .await
}

/// Ids of the mailboxes that are named. Errors: NotFound.
pub async fn mailbox_ids(ctx: &Ctx, names: &[String]) -> Result<Vec<AccountId>> {
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        out.push(find_account(ctx, name).await?.id);
    }
    Ok(out)
}
