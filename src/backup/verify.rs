//! Reading a backup back: every file against its name, every body against its hash, every list against what is there.

use super::index::Index;
use super::keep::data_of;
use super::pack::{Unpacker, hash_of};
use super::place::Place;
use super::restore::{describe, fetch_checked};
use super::seal::Key;
use super::snapshot::{Snapshot, list_snapshots, read_snapshot};
use crate::base::{Result, random};
use crate::store::blob::Hash;
use crate::store::rows::{LostItem, items_in_rows};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    pub snapshots: u64,
    pub files: u64,
    pub file_bytes: u64,
    /// Each once; none where only files were checked.
    pub bodies: u64,
    pub damage: Vec<String>,
}

/// Reads everything. `scratch`: a folder for some files meanwhile. Without `bodies` only what is there is compared with its
/// names, which finds every flipped bit; with it, everything is opened and each body compared with its hash as well.
pub fn verify(place: &dyn Place, key: &Key, bodies: bool, scratch: &Path) -> Result<Verified> {
    let mut found = Verified::default();
    let sound = check_files(place, &mut found)?;
    let index = Index::load(place, key)?;
    for name in &index.damaged {
        found
            .damage
            .push(format!("{name} cannot be read: what its pack holds is not found"));
    }
    let mut snapshots = Vec::new();
    for id in list_snapshots(place)? {
        match read_snapshot(place, key, &id) {
            Ok(snapshot) => snapshots.push(snapshot),
            Err(e) => found.damage.push(format!("the backup {id}: {e}")),
        }
    }
    found.snapshots = snapshots.len() as u64;
    for snapshot in &snapshots {
        for name in data_of(snapshot).into_iter().filter(|name| !sound.contains(name)) {
            found.damage.push(format!(
                "the backup {}: {name} is damaged or not there",
                snapshot.id
            ));
        }
    }
    let lost = lost_bodies(place, key, &index, &sound, bodies, &mut found)?;
    if let Some(newest) = snapshots.last() {
        name_the_lost(place, key, newest, (&index, &lost), scratch, &mut found)?;
    }
    Ok(found)
}

/// Names below `data/` whose bytes are as the name says.
fn check_files(place: &dyn Place, found: &mut Verified) -> Result<BTreeSet<String>> {
    let mut sound = BTreeSet::new();
    for (name, size) in place.list("data")? {
        found.files += 1;
        found.file_bytes += size;
        match place.open(&name).and_then(hash_of) {
            Ok(hash) if name.ends_with(&hash) => drop(sound.insert(name)),
            Ok(_) => found
                .damage
                .push(format!("{name} has other bytes than were stored")),
            Err(e) => found.damage.push(format!("{name}: {e}")),
        }
    }
    Ok(sound)
}

/// Bodies that cannot be had. Those of sound packs are read only when that is asked for.
fn lost_bodies(
    place: &dyn Place,
    key: &Key,
    index: &Index,
    sound: &BTreeSet<String>,
    all: bool,
    found: &mut Verified,
) -> Result<BTreeSet<Hash>> {
    let mut unpacker = Unpacker::new(place, key, index);
    let mut lost = BTreeSet::new();
    for name in index.db.packs()? {
        if !all && sound.contains(&super::pack::data_name(&name)) {
            continue;
        }
        let Some(pack) = index.db.pack_number(&name)? else {
            continue;
        };
        for (hash, _) in index.db.bodies_of(pack)? {
            found.bodies += 1;
            if !unpacker.check(&hash, &mut |_| {}) {
                lost.insert(hash);
            }
        }
    }
    Ok(lost)
}

/// Says what the lost bodies are, by the newest snapshot; and finds what no pack has at all.
fn name_the_lost(
    place: &dyn Place,
    key: &Key,
    snapshot: &Snapshot,
    (index, lost): (&Index, &BTreeSet<Hash>),
    scratch: &Path,
    found: &mut Verified,
) -> Result<()> {
    for account in &snapshot.accounts {
        let rows = scratch.join(random::short_id());
        if let Err(e) = fetch_checked(place, key, &account.rows, &rows) {
            found
                .damage
                .push(format!("{}: its list of items is lost: {e}", account.address));
            continue;
        }
        let is_lost = |hash: &Hash| lost.contains(hash) || !matches!(index.find(hash), Ok(Some(_)));
        let items: Vec<LostItem> = items_in_rows(&rows, is_lost)?;
        fs::remove_file(&rows)?;
        found
            .damage
            .extend(items.iter().map(|item| describe(account, item)));
    }
    Ok(())
}
