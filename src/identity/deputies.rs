//! Deputies: who was given somebody's calendar to look after it. They hear of invitations to the owner, and answer them in
//! the owner's name; what is private only with the right to see it.

use super::Ctx;
use super::shares::{require_level, set_share};
use crate::base::Result;
use crate::formats::content_line::print::print_component;
use crate::formats::ical::people::address_of;
use crate::formats::ical::private::has_private;
use crate::formats::ical::{Message, Method};
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountId, AccountKind, FolderId, FolderKind};
use serde_json::json;
use std::borrow::Borrow;
use std::sync::Arc;

/// As [`set_share`], for one who is to hear of the owner's invitations, or is not to any more. `level`: write or manage.
pub async fn set_deputy(
    ctx: &Ctx,
    (account, folder): (AccountId, FolderId),
    who: &str,
    level: ShareLevel,
    is_deputy: bool,
) -> Result<Account> {
    let who = set_share(ctx, (account, folder), who, Some(level)).await?;
    let (now_ms, actor, id) = (ctx.now_ms(), ctx.actor_name().to_owned(), who.id);
    let address = who.address.clone();
    let is_deputy = is_deputy && level >= ShareLevel::Write;
    ctx.store
        .directory()
        .write(move |d| {
            d.put_deputy((account, folder), id, is_deputy)?;
            let owner = d.account(account)?.map(|a| a.address);
            let detail =
                json!({"owner": owner, "collection": folder.0, "who": address, "isDeputy": is_deputy});
            d.note_audit(now_ms, &actor, "share.deputy", &detail)
        })
        .await?;
    Ok(who)
}

/// To whom a collection was given so. Errors: NotFound; Forbidden, unless the actor may do everything there.
pub async fn list_deputies(ctx: &Ctx, account: AccountId, folder: FolderId) -> Result<Vec<AccountId>> {
    require_level(ctx, account, folder, ShareLevel::Manage).await?;
    let directory = ctx.store.directory();
    directory.read(move |d| d.deputies(account, folder)).await
}

/// The people who deputize for the owner of an account, in the calendar into which invitations come, with what they may do
/// there.
async fn deputies_of(ctx: &Ctx, account: AccountId) -> Result<Vec<(Arc<Account>, ShareLevel)>> {
    let file = ctx.store.account(account)?;
    let folders = file.peek(|s| s.folders(FolderKind::Calendar)).await?;
    let Some(folder) = folders.into_iter().map(|f| f.id).min() else {
        return Ok(Vec::new());
    };
    ctx.store
        .directory()
        .peek(move |d| {
            let mut people: Vec<AccountId> = Vec::new();
            for id in d.deputies(account, folder)? {
                match d.account(id)? {
                    Some(group) if group.kind == AccountKind::Group => people.extend(d.members(id)?),
                    _ => people.push(id),
                }
            }
            people.sort_unstable();
            people.dedup();
            let mut out = Vec::new();
            for id in people.into_iter().filter(|id| *id != account) {
                let (who, level) = (d.account(id)?, d.share_level(account, folder, id)?);
                if let (Some(who), Some(level)) = (who.filter(Account::is_active), level) {
                    out.push((Arc::new(who), level));
                }
            }
            Ok(out)
        })
        .await
}

/// Who deputizes for somebody in what these messages are about: nobody, where they are about others; those who are invited
/// themselves hear of it anyway; what is private is for those who see it.
pub async fn deputies_told(
    ctx: &Ctx,
    owner: &Account,
    messages: &[impl Borrow<Message>],
) -> Result<Vec<Arc<Account>>> {
    let is_about = |message: &Message, who: &Account| {
        let own = |address: String| who.owns_address(&address);
        let components = &message.object.calendar.parts;
        match message.method {
            Method::Reply | Method::Counter | Method::Refresh => components
                .iter()
                .any(|c| c.organizer().map(address_of).is_some_and(own)),
            _ => components.iter().any(|c| c.attendees().map(address_of).any(own)),
        }
    };
    if !messages.iter().any(|m| is_about(m.borrow(), owner)) {
        return Ok(Vec::new());
    }
    let mut out = deputies_of(ctx, owner.id).await?;
    if out.is_empty() {
        return Ok(Vec::new());
    }
    let is_private = |m: &Message| has_private(print_component(&m.object.calendar).as_bytes());
    let is_private = messages.iter().any(|m| is_private(m.borrow()));
    out.retain(|(who, level)| {
        (level.sees_private() || !is_private) && !messages.iter().any(|m| is_about(m.borrow(), who))
    });
    Ok(out.into_iter().map(|(who, _)| who).collect())
}
