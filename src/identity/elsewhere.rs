//! People whose passwords are kept by another system. It is asked each time that they sign in; here is known which
//! accounts those are.

use super::Ctx;
use crate::base::{Error, Result};
use crate::model::directory::{LDAP_SETTING, OutsideLink, Source};
use crate::model::{Account, AccountId};
use crate::store::Snapshot;
use crate::store::directory::DirectoryDb;
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;

pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<bool>> + Send + 'a>>;

/// Who can say whether a password is right that is not kept here.
pub trait Elsewhere: Send + Sync {
    /// `id`: what the other system calls the person; None: nobody, which takes as long and is never right.
    /// Errors: Unavailable, when it cannot be asked.
    fn check<'a>(&'a self, id: Option<&'a str>, password: &'a str) -> Asking<'a>;
}

/// Whether any directory keeps passwords for us.
pub(super) fn is_in_use(d: &Snapshot<'_, DirectoryDb>) -> Result<bool> {
    Ok(d.setting::<serde_json::Value>(LDAP_SETTING)?.is_some())
}

/// Without the office's name that Windows writes before it (`OFFICE\anna`): however it is written, it is one and the same name.
pub(super) fn plain_name(given: &str) -> &str {
    let given = given.trim();
    match given.contains('@') {
        true => given,
        false => given.rsplit('\\').next().unwrap_or(given),
    }
}

/// Who signs in with this, in small letters: an address, or what a directory calls somebody.
pub(super) fn find_by_name(d: &Snapshot<'_, DirectoryDb>, key: &str) -> Result<Option<Account>> {
    if key.contains('@') {
        return d.account_by_address(key);
    }
    match d.account_by_user_name(key)? {
        Some(id) => d.account(id),
        None => Ok(None),
    }
}

/// Whether a directory calls anybody by a name that is no address.
pub async fn has_user_names(ctx: &Ctx) -> Result<bool> {
    ctx.store.directory().peek(|d| d.has_user_names()).await
}

/// Errors: Conflict, for somebody whose password is kept elsewhere; administrators may have one here for when that
/// does not answer.
pub(super) fn check_password_is_ours(d: &Snapshot<'_, DirectoryDb>, account: &Account) -> Result<()> {
    if account.is_admin || d.outside_link_of(account.id, Source::Ldap)?.is_none() {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "the password of {} is kept in the office's directory; change it there",
        account.address
    ))
    .with_reason("PasswordElsewhere", &[]))
}

/// Which accounts are somebody of another system. Errors: Forbidden.
pub async fn list_links(ctx: &Ctx, source: Source) -> Result<Vec<OutsideLink>> {
    ctx.require_admin()?;
    ctx.store.directory().read(move |d| d.outside_links(source)).await
}

/// Who of ours another system means by a name of its own. Errors: Forbidden.
pub async fn link_of(ctx: &Ctx, source: Source, external_id: &str) -> Result<Option<OutsideLink>> {
    ctx.require_admin()?;
    let id = external_id.to_owned();
    ctx.store
        .directory()
        .peek(move |d| d.outside_link(source, &id))
        .await
}

/// Errors: Forbidden.
pub async fn put_link(ctx: &Ctx, source: Source, link: OutsideLink) -> Result<()> {
    ctx.require_admin()?;
    ctx.store
        .directory()
        .write(move |d| d.put_outside_link(source, &link))
        .await
}

/// Gives accounts other addresses, all at once, so that two may exchange theirs. An address that belongs to somebody who
/// does not move is not taken. Returns who has moved. Errors: Forbidden.
pub async fn change_addresses(ctx: &Ctx, moves: Vec<(AccountId, String)>) -> Result<Vec<AccountId>> {
    ctx.require_admin()?;
    if moves.is_empty() {
        return Ok(Vec::new());
    }
    let (now_ms, actor) = (ctx.now_ms(), ctx.actor_name().to_owned());
    let write = ctx.store.directory().write(move |d| {
        let moves = possible(d, moves)?;
        for (id, _) in &moves {
            // No address has this form, so nobody has it.
            d.change_address(*id, &format!("~{}", id.0))?;
        }
        for (id, address) in &moves {
            if d.account(*id)?.is_some_and(|a| a.aliases.contains(address)) {
                d.remove_alias(*id, address)?;
            }
            d.change_address(*id, address)?;
            let detail = serde_json::json!({"account": id.0, "address": address});
            d.note_audit(now_ms, &actor, "account.address", &detail)?;
        }
        Ok(moves.into_iter().map(|(id, _)| id).collect())
    });
    let moved = write.await?;
    super::accounts::wake_server(ctx);
    Ok(moved)
}

/// Those whose new address is free, or becomes free by these very moves.
fn possible(
    d: &Snapshot<'_, DirectoryDb>,
    moves: Vec<(AccountId, String)>,
) -> Result<Vec<(AccountId, String)>> {
    let mut owners = HashMap::new();
    for (_, address) in &moves {
        if let Some(owner) = d.account_by_address(address)? {
            let is_alias = owner.address != *address;
            owners.insert(address.clone(), (owner.id, is_alias));
        }
    }
    let mut taken = HashSet::new();
    let mut left: Vec<_> = moves
        .into_iter()
        .filter(|(_, a)| taken.insert(a.clone()))
        .collect();
    loop {
        let moving: HashSet<AccountId> = left.iter().map(|(id, _)| *id).collect();
        let before = left.len();
        left.retain(|(id, address)| match owners.get(address) {
            None => true,
            // One's own further address, or the main address of who moves too.
            Some((owner, true)) => owner == id,
            Some((owner, false)) => moving.contains(owner),
        });
        if left.len() == before {
            return Ok(left);
        }
    }
}
