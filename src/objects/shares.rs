//! Collections that others share with somebody, under names that lead to them from one's own.

use super::collections::{all_collections, default_collection, list_collections};
use super::people::{self, people_book};
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
use crate::identity::shares::{is_shared_by, level_in, sharing_accounts};
use crate::model::object::Collection;
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountId, FolderId, FolderKind};
use std::sync::Arc;

/// A collection, whose it is, and what the actor may do there.
#[derive(Clone, Debug)]
pub struct Reached {
    pub owner: Arc<Account>,
    pub collection: Collection,
    pub level: ShareLevel,
    /// The last part of its address among the actor's own.
    pub name: String,
}

impl Reached {
    pub fn own(owner: Arc<Account>, collection: Collection) -> Reached {
        Reached {
            owner,
            name: collection.folder.name.clone(),
            collection,
            level: ShareLevel::Manage,
        }
    }

    /// Whose it is, as far as the actor is concerned.
    pub fn is_own(&self) -> bool {
        self.name == self.collection.folder.name
    }

    /// The office's own book, which is made from the directory.
    pub fn is_people(&self) -> bool {
        self.collection.folder.id == FolderId(0)
    }

    pub fn account(&self) -> AccountId {
        self.owner.id
    }

    pub fn folder(&self) -> FolderId {
        self.collection.folder.id
    }

    /// What people see: that of another with its owner, since everybody has a »Calendar«.
    pub fn display_name(&self) -> String {
        match self.is_own() {
            true => self.collection.display_name().to_owned(),
            false => format!("{} ({})", self.collection.display_name(), self.owner.display_name),
        }
    }
}

/// The name of another's collection beside one's own: it stays, whatever its owner and it are called.
pub fn print_name(account: AccountId, folder: FolderId) -> String {
    format!("~{:x}-{:x}", account.0, folder.0)
}

/// None: it is not a name of that shape.
pub fn parse_name(name: &str) -> Option<(AccountId, FolderId)> {
    let (account, folder) = name.strip_prefix('~')?.split_once('-')?;
    let number = |text: &str| i64::from_str_radix(text, 16).ok().filter(|n| *n > 0);
    let found = (AccountId(number(account)?), FolderId(number(folder)?));
    (print_name(found.0, found.1) == name).then_some(found)
}

/// The collections of another that the actor may use, by id, with what they may do there.
pub async fn reachable_in(
    ctx: &Ctx,
    account: AccountId,
    kinds: &[FolderKind],
) -> Result<Vec<(Collection, ShareLevel)>> {
    let mut out = Vec::new();
    if !is_shared_by(ctx, account).await? {
        return Ok(Vec::new());
    }
    for collection in all_collections(ctx, account, kinds).await? {
        // Where messages come in is nobody's but the owner's.
        if collection.folder.kind == FolderKind::ScheduleInbox {
            continue;
        }
        if let Some(level) = level_in(ctx, account, collection.folder.id).await? {
            out.push((collection, level));
        }
    }
    Ok(out)
}

/// What others share with the actor, by owner.
pub async fn list_shared(ctx: &Ctx, kinds: &[FolderKind]) -> Result<Vec<Reached>> {
    let mut out = Vec::new();
    for owner in sharing_accounts(ctx).await? {
        let owner = Arc::new(owner);
        for (collection, level) in reachable_in(ctx, owner.id, kinds).await? {
            out.push(Reached {
                name: print_name(owner.id, collection.folder.id),
                owner: owner.clone(),
                collection,
                level,
            });
        }
    }
    Ok(out)
}

/// The office's own address book.
pub async fn people_of(ctx: &Ctx) -> Result<Reached> {
    Ok(Reached {
        owner: ctx.account()?.clone(),
        collection: people_book(ctx).await?,
        level: ShareLevel::Read,
        name: people::NAME.to_owned(),
    })
}

/// One's own by the last part of its address, or another's by [`print_name`]. Errors: NotFound.
pub async fn reach(ctx: &Ctx, kinds: &[FolderKind], name: &str) -> Result<Reached> {
    let me = ctx.account()?.clone();
    if name == people::NAME && kinds.contains(&FolderKind::AddressBook) {
        return people_of(ctx).await;
    }
    let nothing = || Error::not_found(format!("there is no collection »{name}«"));
    let Some((account, folder)) = parse_name(name) else {
        let own = super::collections::get_collection(ctx, me.id, kinds, name).await?;
        return Ok(Reached::own(me, own));
    };
    let is_shared = is_shared_by(ctx, account).await?;
    let owner = match is_shared {
        true => ctx.store.directory().peek(move |d| d.account(account)).await?,
        false => None,
    };
    let owner = Arc::new(owner.ok_or_else(nothing)?);
    let all = reachable_in(ctx, account, kinds).await?;
    let found = all.into_iter().find(|(c, _)| c.folder.id == folder);
    let (collection, level) = found.ok_or_else(nothing)?;
    Ok(Reached {
        owner,
        collection,
        level,
        name: name.to_owned(),
    })
}

/// Somebody's collection as the command line names it: by the last part of its address, by what people see, or one of
/// `calendar`, `contacts` and `tasks` for those that everybody has. Errors: NotFound, with what there is; Invalid, for
/// a name that two have.
pub async fn find_collection(ctx: &Ctx, owner: &str, name: &str) -> Result<(Account, Collection)> {
    let owner = find_account(ctx, owner).await?;
    let kinds = [
        FolderKind::Calendar,
        FolderKind::AddressBook,
        FolderKind::TaskList,
    ];
    let usual = match name {
        "calendar" => Some(FolderKind::Calendar),
        "contacts" => Some(FolderKind::AddressBook),
        "tasks" => Some(FolderKind::TaskList),
        _ => None,
    };
    if let Some(kind) = usual {
        let found = default_collection(ctx, owner.id, kind).await?;
        return Ok((owner, found));
    }
    let all = list_collections(ctx, owner.id, &kinds).await?;
    let mut found: Vec<&Collection> = all.iter().filter(|c| c.folder.name == name).collect();
    if found.is_empty() {
        found = all.iter().filter(|c| c.display_name() == name).collect();
    }
    match found.as_slice() {
        [one] => Ok((owner, (*one).clone())),
        [] => {
            let names: Vec<&str> = all.iter().map(|c| c.folder.name.as_str()).collect();
            Err(Error::not_found(format!(
                "{} has no »{name}«; there is {}",
                owner.address,
                names.join(", ")
            )))
        }
        [..] => Err(Error::invalid(format!(
            "two collections are called »{name}«; name it by the last part of its address"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_shared_collections_come_back_in_one_spelling() {
        let ids = (AccountId(3), FolderId(0x1f));
        assert_eq!(print_name(ids.0, ids.1), "~3-1f");
        assert_eq!(parse_name("~3-1f"), Some(ids));
        for other in ["3-1f", "~3", "~3-1F", "~03-1f", "~-1", "~3--1", "~0-1", "~people"] {
            assert_eq!(parse_name(other), None, "{other}");
        }
    }
}
