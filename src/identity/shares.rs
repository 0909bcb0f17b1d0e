//! What somebody may do in a calendar, an address book or a task list: the one place that decides it, for every door.
//! And who belongs to the groups that may be given something.

use super::Ctx;
use super::access::find_colleague;
use super::accounts::find_account;
use super::ctx::Actor;
use crate::base::{Error, Result};
use crate::formats::ical::private::without_private;
use crate::model::access::AccessLevel;
use crate::model::object::{Object, ObjectKind};
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountId, AccountKind, FolderId};
use crate::store::Snapshot;
use crate::store::directory::DirectoryDb;
use serde_json::json;
use std::sync::Arc;

fn no_such_collection() -> Error {
    Error::not_found("there is no such calendar, address book or task list")
}

/// What the actor may do in a collection of an account: everything in their own. None: it is not for them.
pub async fn level_in(ctx: &Ctx, account: AccountId, folder: FolderId) -> Result<Option<ShareLevel>> {
    // The office's own book has no number in any account: everybody reads it, and nobody writes it.
    if folder == FolderId(0) {
        return Ok(Some(ShareLevel::Read));
    }
    let actor = match &ctx.actor {
        Actor::System => return Ok(Some(ShareLevel::Manage)),
        Actor::Account(actor) if actor.id == account => return Ok(Some(ShareLevel::Manage)),
        Actor::Account(actor) => actor.id,
    };
    let directory = ctx.store.directory();
    directory
        .peek(move |d| d.share_level(account, folder, actor))
        .await
}

/// Errors: NotFound, the same for collections that are not there and those that are not for the actor; Forbidden, for
/// those in which they may do less.
pub async fn require_level(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    needed: ShareLevel,
) -> Result<ShareLevel> {
    match level_in(ctx, account, folder).await? {
        None => Err(no_such_collection()),
        Some(level) if level >= needed => {
            // Its name and who sees it are its owner's; what is in it is not.
            if needed == ShareLevel::Write && !matches!(ctx.actor, Actor::System) {
                check_kept_here(ctx, account, folder).await?;
            }
            Ok(level)
        }
        Some(level) => Err(Error::forbidden(format!(
            "you have the right »{}« here, and this needs »{}«; ask the owner for it",
            level.as_str(),
            needed.as_str()
        ))),
    }
}

/// Errors: Forbidden, for a calendar that is read from elsewhere.
async fn check_kept_here(ctx: &Ctx, account: AccountId, folder: FolderId) -> Result<()> {
    let file = ctx.store.account(account)?;
    match file.peek(move |s| s.feed_address(folder)).await? {
        None => Ok(()),
        Some(_) => Err(Error::forbidden(
            "this calendar is read from elsewhere; put your own events into another one",
        )),
    }
}

/// The bytes of an object as somebody may see them.
pub fn shown_to(level: ShareLevel, object: &Object, raw: Vec<u8>) -> Vec<u8> {
    match level.sees_private() || object.kind == ObjectKind::Card {
        true => raw,
        false => without_private(raw),
    }
}

/// The owners of collections that the actor may use, by id.
pub async fn sharing_accounts(ctx: &Ctx) -> Result<Vec<Account>> {
    let actor = ctx.account()?.id;
    let directory = ctx.store.directory();
    directory
        .read(move |d| accounts_of(d, d.sharing_accounts(actor)?))
        .await
}

/// Whose collections the actor may use, by number. Errors: NotFound.
pub async fn find_sharing(ctx: &Ctx, account: AccountId) -> Result<Arc<Account>> {
    let all = sharing_accounts(ctx).await?;
    let found = all.into_iter().find(|a| a.id == account);
    found.map(Arc::new).ok_or_else(no_such_collection)
}

/// Whether the actor may use anything in an account of another.
pub async fn is_shared_by(ctx: &Ctx, account: AccountId) -> Result<bool> {
    let actor = ctx.account()?.id;
    let directory = ctx.store.directory();
    let all = directory.peek(move |d| d.sharing_accounts(actor)).await?;
    Ok(all.contains(&account))
}

/// Errors: NotFound, unless the actor may use anything in the account.
pub async fn require_any(ctx: &Ctx, account: AccountId) -> Result<()> {
    match ctx.is_owner(account) || is_shared_by(ctx, account).await? {
        true => Ok(()),
        false => Err(no_such_collection()),
    }
}

/// Making collections is for the owner, and for who may change things in the whole mailbox.
/// Errors: NotFound, for who may do nothing there; Forbidden.
pub async fn require_edit(ctx: &Ctx, account: AccountId) -> Result<()> {
    if ctx.is_owner(account) {
        return Ok(());
    }
    require_any(ctx, account).await?;
    let actor = ctx.account()?.id;
    let level = ctx
        .store
        .directory()
        .peek(move |d| d.access(account, actor))
        .await?;
    match level.is_some_and(|l| l >= AccessLevel::Edit) {
        true => Ok(()),
        false => Err(Error::forbidden(
            "only its owner makes new ones here, and who may change things in the whole mailbox",
        )),
    }
}

/// Gives somebody a right on a collection, changes it, or takes it away (None).
/// Errors: NotFound (the collection, the other); Forbidden, unless the actor may do everything there; Invalid, for its owner.
pub async fn set_share(
    ctx: &Ctx,
    (account, folder): (AccountId, FolderId),
    who: &str,
    level: Option<ShareLevel>,
) -> Result<Account> {
    require_level(ctx, account, folder, ShareLevel::Manage).await?;
    let who = match level {
        Some(_) => (*find_colleague(ctx, who).await?).clone(),
        // Who may not sign in any more can lose what they have.
        None => find_account(ctx, who).await?,
    };
    if who.id == account {
        return Err(Error::invalid("it is theirs: the owner may do everything"));
    }
    let (now_ms, actor, id) = (ctx.now_ms(), ctx.actor_name().to_owned(), who.id);
    let address = who.address.clone();
    ctx.store
        .directory()
        .write(move |d| {
            d.put_share((account, folder), id, level)?;
            let owner = d.account(account)?.map(|a| a.address);
            let detail = json!({"owner": owner, "collection": folder.0, "who": address, "level": level});
            d.note_audit(now_ms, &actor, "share.set", &detail)
        })
        .await?;
    Ok(who)
}

/// Who was given what on a collection. Errors: NotFound; Forbidden, unless the actor may do everything there.
pub async fn list_shares(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
) -> Result<Vec<(Account, ShareLevel)>> {
    require_level(ctx, account, folder, ShareLevel::Manage).await?;
    ctx.store
        .directory()
        .read(move |d| {
            let mut out = Vec::new();
            for (id, level) in d.shares(account, folder)? {
                out.extend(d.account(id)?.map(|a| (a, level)));
            }
            Ok(out)
        })
        .await
}

/// Takes somebody into a group, or out of it. Errors: Forbidden; NotFound; Invalid, for what is no group, and for groups
/// in groups.
pub async fn set_member(ctx: &Ctx, group: &str, person: &str, is_in: bool) -> Result<()> {
    ctx.require_admin()?;
    let (group, person) = (find_account(ctx, group).await?, find_account(ctx, person).await?);
    if group.kind != AccountKind::Group {
        return Err(Error::invalid(format!("{} is not a group", group.address)));
    }
    if is_in && person.kind == AccountKind::Group {
        return Err(Error::invalid(
            "a group has people in it, not groups; add its members instead",
        ));
    }
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    ctx.store
        .directory()
        .write(move |d| {
            d.put_member(group.id, person.id, is_in)?;
            let detail = json!({"group": group.address, "who": person.address, "isIn": is_in});
            d.note_audit(now_ms, &actor, "member.set", &detail)
        })
        .await
}

/// Who belongs to a group.
pub async fn list_members(ctx: &Ctx, group: &Account) -> Result<Vec<Account>> {
    let id = group.id;
    let directory = ctx.store.directory();
    directory.read(move |d| accounts_of(d, d.members(id)?)).await
}

/// The groups that somebody belongs to.
pub async fn groups_of(ctx: &Ctx, person: AccountId) -> Result<Vec<Account>> {
    let directory = ctx.store.directory();
    directory
        .read(move |d| accounts_of(d, d.groups_of(person)?))
        .await
}

fn accounts_of(d: &Snapshot<'_, DirectoryDb>, ids: Vec<AccountId>) -> Result<Vec<Account>> {
    let mut out = Vec::with_capacity(ids.len());
    for id in ids {
        out.extend(d.account(id)?);
    }
    Ok(out)
}
