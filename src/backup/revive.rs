//! An account that was removed, made again from a backup: under its address, with everything that it had, and with the rights
//! that others had in it and it had elsewhere, as far as those others are here.

use super::index::Index;
use super::pack::Unpacker;
use super::place::Place;
use super::restore::{describe, fetch_checked, stage};
use super::rows::fetch_rows;
use super::seal::Key;
use super::snapshot::{Snapshot, StoredAccount};
use crate::base::{Error, Kind, Result, SystemClock};
use crate::identity::Ctx;
use crate::mail::doctor::rebuild_account;
use crate::model::access::AccessLevel;
use crate::model::{Account, AccountId};
use crate::store::copy::copy_database;
use crate::store::directory::DirectoryDb;
use crate::store::directory::shares::GivenShare;
use crate::store::disk::{ScratchFolder, check_room, sync_disk, sync_folder};
use crate::store::layout::Layout;
use crate::store::rows::{begin_anew, place_bodies, place_rows};
use crate::store::{Options, Store, Tx};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How it went.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revived {
    /// Of the backup.
    pub id: String,
    pub address: String,
    pub bodies: u64,
    /// Of mailboxes, calendars, groups, in both directions.
    pub rights: u64,
    /// Further addresses that are somebody else's today, or of a domain that is not ours any more; rights of people who are not
    /// here any more; the right to administer the office.
    pub left_out: Vec<String>,
    /// What the backup has lost, in words.
    pub lost: Vec<String>,
}

/// Makes it again. It has no password: an administrator gives it one, so that nobody comes in with one of then, and no app
/// password or second factor of then counts. Errors: Exists, when its address is taken; NotFound (the account in the backup,
/// its domain); OverQuota, when there is no room; Forbidden.
pub async fn revive_account(
    ctx: &Ctx,
    (place, key): (&dyn Place, &Key),
    snapshot: &Snapshot,
    address: &str,
) -> Result<Revived> {
    ctx.require_admin()?;
    let stored = snapshot.account(address)?;
    let layout = ctx.store.layout();
    // Here, and in the copy that is made.
    check_room(layout.root(), (stored.bytes + stored.rows.size) * 2, 1 << 30)?;
    let folder = ScratchFolder::make_in(&layout.backups())?;
    // The directory of then, and beside it the account, where they are looked at as any other box.
    let directory = snapshot.files.iter().find(|f| f.path == "directory.db");
    let directory = directory.ok_or_else(|| Error::unavailable("the backup has no list of accounts"))?;
    fetch_checked(place, key, directory, &folder.path().join("directory.db"))?;
    let then = Store::open(folder.path(), Options::default(), Arc::new(SystemClock))?;
    let was = Was::read(&then, stored).await?;
    check_free(ctx, &was.account).await?;
    let mut out = Revived {
        id: snapshot.id.clone(),
        address: was.account.address.clone(),
        bodies: stored.bodies,
        ..Revived::default()
    };
    bring(ctx, &then, (place, key), (snapshot, stored), &mut out)?;
    drop(then);
    let whole = make_whole(folder.path(), AccountId(stored.id)).await?;
    move_in(ctx, was, whole, &mut out).await?;
    Ok(out)
}

/// Computes what the backup has left out, and puts the account into a folder of its own: no connection to the file there is
/// open any more when it is moved. Returns the folder.
async fn make_whole(root: &Path, id: AccountId) -> Result<PathBuf> {
    let store = Store::open(root, Options::default(), Arc::new(SystemClock))?;
    rebuild_account(&Ctx::system(&store), id).await?;
    let layout = store.layout().clone();
    let whole = root.join("whole");
    let copy = Layout::prepare(&whole, false)?;
    tokio::task::spawn_blocking(move || {
        fs::create_dir_all(copy.account_folder(id))?;
        copy_database(&layout.account_file(id), &copy.account_file(id))?;
        fs::rename(layout.account_blobs(id), copy.account_blobs(id))?;
        sync_disk(&copy.account_folder(id))?;
        Ok(copy.account_folder(id))
    })
    .await
    .map_err(|e| Error::internal("a defect broke the making of an account off").caused_by(e))?
}

/// A right that the account had, or that somebody had in it; others by their names that never change.
enum Right {
    /// Somebody might use all of it.
    UsedBy(String, AccessLevel),
    /// It might use all of somebody's mailbox.
    Uses(String, AccessLevel),
    Shared(GivenShare, String),
    BelongsTo(String),
    HasMember(String),
}

impl Right {
    fn other(&self) -> &str {
        match self {
            Right::UsedBy(other, _) | Right::Uses(other, _) | Right::Shared(_, other) => other,
            Right::BelongsTo(other) | Right::HasMember(other) => other,
        }
    }

    fn give(&self, d: &mut Tx<'_, DirectoryDb>, id: AccountId, other: AccountId) -> Result<()> {
        match self {
            Right::UsedBy(_, level) => d.put_access(id, other, Some(*level)),
            Right::Uses(_, level) => d.put_access(other, id, Some(*level)),
            Right::Shared(share, _) => {
                d.put_share((id, share.folder), other, Some(share.level))?;
                match share.is_deputy {
                    true => d.put_deputy((id, share.folder), other, true),
                    false => Ok(()),
                }
            }
            Right::BelongsTo(_) => d.put_member(other, id, true),
            Right::HasMember(_) => d.put_member(id, other, true),
        }
    }
}

/// What the directory said of it.
struct Was {
    account: Account,
    rights: Vec<Right>,
}

impl Was {
    async fn read(then: &Arc<Store>, stored: &StoredAccount) -> Result<Was> {
        let id = AccountId(stored.id);
        let missing = || Error::unavailable("the backup's list of accounts has no such account");
        then.directory()
            .read(move |d| {
                let account = d.account(id)?.ok_or_else(missing)?;
                let mut rights = Vec::new();
                let mut add = |other: AccountId, right: &dyn Fn(String) -> Right| -> Result<()> {
                    rights.extend(d.account(other)?.map(|a| right(a.oid)));
                    Ok(())
                };
                for (other, level) in d.accesses(id)? {
                    add(other, &|name| Right::UsedBy(name, level))?;
                }
                for (other, level) in d.mailboxes_open_to(id)? {
                    add(other, &|name| Right::Uses(name, level))?;
                }
                for share in d.shares_of(id)? {
                    add(share.actor, &|name| Right::Shared(share, name))?;
                }
                for group in d.groups_of(id)? {
                    add(group, &Right::BelongsTo)?;
                }
                for person in d.members(id)? {
                    add(person, &Right::HasMember)?;
                }
                Ok(Was { account, rights })
            })
            .await
    }
}

fn domain_of(address: &str) -> &str {
    address.rsplit('@').next().unwrap_or_default()
}

/// Before anything large is fetched.
async fn check_free(ctx: &Ctx, was: &Account) -> Result<()> {
    let (address, oid) = (was.address.clone(), was.oid.clone());
    let domain = domain_of(&address).to_owned();
    let (is_taken, is_here, is_ours) = ctx
        .store
        .directory()
        .read(move |d| {
            Ok((
                d.account_by_address(&address)?.is_some(),
                d.account_by_oid(&oid)?.is_some(),
                d.domain(&domain)?.is_some(),
            ))
        })
        .await?;
    let said = match (is_taken, is_here, is_ours) {
        (true, ..) | (_, true, _) => Error::exists(format!(
            "{} is somebody's address, or the account is here under another; bring back into that one instead",
            was.address
        )),
        (_, _, false) => Error::not_found(format!("the domain of {} is not ours any more", was.address)),
        _ => return Ok(()),
    };
    Err(said)
}

fn bring(
    ctx: &Ctx,
    then: &Store,
    (place, key): (&dyn Place, &Key),
    (snapshot, stored): (&Snapshot, &StoredAccount),
    out: &mut Revived,
) -> Result<()> {
    let (layout, id) = (then.layout(), AccountId(stored.id));
    let rows = layout.temporary().join("rows");
    fetch_rows(place, key, stored, &rows)?;
    place_rows(layout, id, &rows)?;
    fs::remove_file(&rows)?;
    let index = Index::of_account(place, key, ctx.store.layout(), stored)?;
    let mut unpacker = Unpacker::new(place, key, &index);
    let lost = place_bodies(layout, id, |hash| stage(layout, &mut unpacker, hash))?;
    out.lost.extend(lost.iter().map(|item| describe(stored, item)));
    let now_ms = ctx.now_ms();
    begin_anew(layout, id, now_ms - snapshot.taken_at_ms, now_ms)
}

/// Into the box: its data takes its place in the commit that makes it somebody.
async fn move_in(ctx: &Ctx, was: Was, from: PathBuf, out: &mut Revived) -> Result<()> {
    let layout = ctx.store.layout().clone();
    let (now_ms, actor, id) = (ctx.now_ms(), ctx.actor_name().to_owned(), out.id.clone());
    let (rights, left_out) = ctx
        .store
        .directory()
        .write(move |d| {
            let id_now = d.insert_account(&Account {
                is_admin: false,
                ..was.account.clone()
            })?;
            let mut left_out = Vec::new();
            if was.account.is_admin {
                left_out.push("the right to administer the office".to_owned());
            }
            for alias in &was.account.aliases {
                // What came there would be kept from whoever has the domain now.
                if d.domain(domain_of(alias))?.is_none() {
                    left_out.push(alias.clone());
                    continue;
                }
                match d.add_alias(id_now, alias) {
                    Err(e) if e.kind() == Kind::Exists => left_out.push(alias.clone()),
                    other => other?,
                }
            }
            let rights = give_rights(d, id_now, &was, &mut left_out)?;
            let to = layout.account_folder(id_now);
            // Of an account whose making was broken off before its commit: it is nobody's.
            if to.exists() {
                fs::remove_dir_all(&to)?;
            }
            fs::rename(&from, &to)?;
            sync_folder(&layout.accounts())?;
            let about = serde_json::json!({"address": was.account.address, "backup": id});
            d.note_audit(now_ms, &actor, "backup.revive", &about)?;
            Ok((rights, left_out))
        })
        .await?;
    (out.rights, out.left_out) = (rights, left_out);
    Ok(())
}

/// Returns how many were given.
fn give_rights(
    d: &mut Tx<'_, DirectoryDb>,
    id: AccountId,
    was: &Was,
    left_out: &mut Vec<String>,
) -> Result<u64> {
    let mut given = 0;
    for right in &was.rights {
        if let Some(other) = d.account_by_oid(right.other())? {
            right.give(d, id, other.id)?;
            given += 1;
        }
    }
    let missing = was.rights.len() as u64 - given;
    if missing > 0 {
        left_out.push(format!(
            "{missing} rights of or in accounts that are not here any more"
        ));
    }
    Ok(given)
}
