//! A whole box again, in an empty folder, from a backup and the recovery key.

use super::index::Index;
use super::pack::{Unpacker, fetch_file, hash_of};
use super::place::Place;
use super::rows::fetch_rows;
use super::seal::Key;
use super::snapshot::{Snapshot, StoredAccount, StoredFile};
use crate::base::text::hex;
use crate::base::{Clock, Error, Result, SystemClock, TimeMs};
use crate::identity::Ctx;
use crate::mail::doctor::rebuild_account;
use crate::model::AccountId;
use crate::store::blob::{Hash, Stage, Staged};
use crate::store::layout::Layout;
use crate::store::rows::{LostItem, begin_anew, place_bodies, place_rows};
use crate::store::{Options, Store};
use serde::Serialize;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// How it went.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    pub id: String,
    pub taken_at_ms: TimeMs,
    pub accounts: u64,
    pub bodies: u64,
    pub bytes: u64,
    /// What the backup has lost, in words.
    pub lost: Vec<String>,
    /// Mail that waited to leave: it waits on, for somebody to say whether it has left meanwhile.
    pub held: u64,
}

/// Makes a data folder of a snapshot. Clients begin anew with it, instead of taking new items for old ones.
/// Errors: Exists, when there is data in `root`.
pub async fn restore_box(place: &dyn Place, key: &Key, snapshot: &Snapshot, root: &Path) -> Result<Restored> {
    let mut restored = bring_back(place, key, snapshot, root)?;
    let store = Store::open(root, Options::default(), Arc::new(SystemClock))?;
    let ctx = Ctx::system(&store);
    for account in &snapshot.accounts {
        rebuild_account(&ctx, AccountId(account.id)).await?;
    }
    restored.held = store.queue().write(|q| q.hold_waiting()).await?;
    Ok(restored)
}

fn bring_back(place: &dyn Place, key: &Key, snapshot: &Snapshot, root: &Path) -> Result<Restored> {
    refuse_data(root)?;
    let layout = Layout::prepare(root, false)?;
    for file in &snapshot.files {
        bring_file(place, key, file, root)?;
    }
    let index = Index::load(place, key)?;
    let mut unpacker = Unpacker::new(place, key, &index);
    let now_ms = SystemClock.now_ms();
    let mut restored = Restored {
        id: snapshot.id.clone(),
        taken_at_ms: snapshot.taken_at_ms,
        ..Restored::default()
    };
    for account in &snapshot.accounts {
        let id = AccountId(account.id);
        let rows = layout.temporary().join(format!("rows-{id}"));
        fetch_rows(place, key, account, &rows)?;
        place_rows(&layout, id, &rows)?;
        fs::remove_file(&rows)?;
        let lost = place_bodies(&layout, id, |hash| stage(&layout, &mut unpacker, hash))?;
        begin_anew(&layout, id, now_ms - snapshot.taken_at_ms, now_ms)?;
        restored
            .lost
            .extend(lost.iter().map(|item| describe(account, item)));
        restored.accounts += 1;
        restored.bodies += account.bodies;
        restored.bytes += account.bytes;
    }
    Ok(restored)
}

fn refuse_data(root: &Path) -> Result<()> {
    let has_data = ["directory.db", "queue.db", "accounts/1"]
        .iter()
        .any(|name| root.join(name).exists());
    match has_data {
        true => Err(Error::exists(format!(
            "there is data in {}; a whole box is restored into an empty folder",
            root.display()
        ))),
        false => Ok(()),
    }
}

/// One file of the data folder. Its name is a stranger's word: it must lead nowhere else.
fn bring_file(place: &dyn Place, key: &Key, file: &StoredFile, root: &Path) -> Result<()> {
    let path = PathBuf::from(&file.path);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(Error::unavailable(format!(
            "the backup has a file with the name {}",
            file.path
        )));
    }
    let target = root.join(path);
    fs::create_dir_all(target.parent().unwrap_or(root))?;
    if target.exists() {
        fs::remove_file(&target)?;
    }
    fetch_checked(place, key, file, &target)?;
    set_private(&target)
}

fn set_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

/// Errors: Unavailable, when what comes is not what was stored.
pub(super) fn fetch_checked(place: &dyn Place, key: &Key, file: &StoredFile, to: &Path) -> Result<()> {
    fetch_file(place, key, &file.data, to)?;
    match hash_of(fs::File::open(to)?)? == file.hash {
        true => Ok(()),
        false => Err(Error::unavailable(format!(
            "{} of the backup is damaged",
            file.path
        ))),
    }
}

pub(super) fn stage(layout: &Layout, unpacker: &mut Unpacker<'_>, hash: &Hash) -> Result<Option<Staged>> {
    let mut stage = Stage::new(layout);
    match unpacker.read(hash, &mut |piece| stage.write(piece))? {
        true => Ok(Some(stage.finish()?)),
        false => Ok(None),
    }
}

/// One line for people.
pub(super) fn describe(account: &StoredAccount, item: &LostItem) -> String {
    let what = match &item.title {
        Some(title) => format!("»{title}«"),
        None => "a message".to_owned(),
    };
    format!(
        "{}: {what} in »{}«, of {}, {} bytes, {}",
        account.address,
        item.folder,
        crate::base::clock::rfc3339(item.received_at_ms),
        item.size_bytes,
        &hex(&item.hash)[..12]
    )
}
