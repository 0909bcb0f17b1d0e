//! Reading a backup back: every file against its name, every body against its hash, every list against what is there.

use super::claim::check_sign;
use super::index::{self, Index, data_names};
use super::keep::data_of;
use super::pack::{Unpacker, data_name, hash_in, hash_of};
use super::place::Place;
use super::restore::describe;
use super::rows::fetch_rows;
use super::seal::Key;
use super::snapshot::{Snapshot, list_snapshots, read_listed};
use crate::base::{Kind, Result, random};
use crate::store::blob::Hash;
use crate::store::rows::{LostItem, items_in_rows};
use serde::Serialize;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

/// How often a place that changes meanwhile is looked through, at most.
const TRIES: usize = 3;

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
/// Errors: Unavailable, when the place does not answer.
pub fn verify(place: &dyn Place, key: &Key, bodies: bool, scratch: &Path) -> Result<Verified> {
    let mut tries = 1;
    loop {
        let before = names(place)?;
        let found = verify_once(place, key, bodies, scratch)?;
        // A run that lets old backups go meanwhile takes away what was to be looked at: that is no damage.
        if found.damage.is_empty() || tries == TRIES || before.is_subset(&names(place)?) {
            return Ok(found);
        }
        tries += 1;
    }
}

fn names(place: &dyn Place) -> Result<HashSet<String>> {
    let mut all = data_names(place)?;
    for folder in [index::FOLDER, "snapshots"] {
        all.extend(place.list(folder)?.into_iter().map(|(name, _)| name));
    }
    Ok(all)
}

fn verify_once(place: &dyn Place, key: &Key, bodies: bool, scratch: &Path) -> Result<Verified> {
    let mut found = Verified::default();
    match check_sign(place, key) {
        Ok(true) => {}
        Ok(false) => found
            .damage
            .push("hauspost-backup.json is missing; the next backup writes it again".to_owned()),
        Err(e) => found.damage.push(e.message().to_owned()),
    }
    let sound = check_files(place, &mut found)?;
    let index = Index::load(place, key)?;
    for name in &index.damaged {
        found
            .damage
            .push(format!("{name} cannot be read: what its pack holds is not found"));
    }
    let snapshots = read_lists(place, key, (&sound, &index), &mut found)?;
    let lost = lost_bodies(place, key, &index, &sound, bodies, &mut found)?;
    let rows = Rows {
        place,
        key,
        is_lost: &|hash| lost.contains(hash) || !matches!(index.find(hash), Ok(Some(_))),
        scratch,
    };
    rows.name_the_lost(&snapshots, bodies, &mut found)?;
    Ok(found)
}

/// The newest first, and what they name that is not there.
fn read_lists(
    place: &dyn Place,
    key: &Key,
    (sound, index): (&BTreeSet<String>, &Index),
    found: &mut Verified,
) -> Result<Vec<Snapshot>> {
    let mut snapshots = Vec::new();
    for id in list_snapshots(place)?.iter().rev() {
        match read_listed(place, key, id) {
            Ok(snapshot) => snapshots.push(snapshot),
            Err(e) if e.kind() == Kind::NotFound => {}
            Err(e) => found.damage.push(e.message().to_owned()),
        }
    }
    found.snapshots = snapshots.len() as u64;
    if snapshots.is_empty() {
        found.damage.push(format!(
            "there is no backup in {} that could be restored",
            place.name()
        ));
    }
    for snapshot in &snapshots {
        for name in data_of(snapshot)
            .into_iter()
            .collect::<BTreeSet<_>>()
            .difference(sound)
        {
            found.damage.push(format!(
                "the backup {}: {name} is damaged or not there",
                snapshot.id
            ));
        }
        for pack in snapshot
            .accounts
            .iter()
            .flat_map(|a| &a.packs)
            .collect::<BTreeSet<_>>()
        {
            if index.db.pack_number(pack)?.is_none() {
                let name = format!("{}/{pack}", index::FOLDER);
                found.damage.push(format!(
                    "the backup {}: {name} is damaged or not there",
                    snapshot.id
                ));
            }
        }
    }
    Ok(snapshots)
}

/// Names below `data/` whose bytes are as the name says. What others have put there is passed over.
fn check_files(place: &dyn Place, found: &mut Verified) -> Result<BTreeSet<String>> {
    let mut sound = BTreeSet::new();
    for (name, size) in place.list("data")? {
        let Some(wanted) = hash_in(&name) else { continue };
        found.files += 1;
        found.file_bytes += size;
        match place.open(&name).and_then(hash_of) {
            Ok(hash) if hash == wanted => drop(sound.insert(name)),
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
        if !all && sound.contains(&data_name(&name)) {
            continue;
        }
        let Some(pack) = index.db.pack_number(&name)? else {
            continue;
        };
        for (hash, _) in index.db.bodies_of(pack)? {
            found.bodies += 1;
            if !unpacker.check(&hash)? {
                lost.insert(hash);
            }
        }
    }
    Ok(lost)
}

struct Rows<'a> {
    place: &'a dyn Place,
    key: &'a Key,
    is_lost: &'a dyn Fn(&Hash) -> bool,
    scratch: &'a Path,
}

impl Rows<'_> {
    /// Says what the lost bodies are, by the newest backup that has them, and finds what no pack has at all. Older backups are
    /// read only where that is asked for, or there is something to be named.
    fn name_the_lost(&self, newest_first: &[Snapshot], all: bool, found: &mut Verified) -> Result<()> {
        let mut seen = BTreeSet::new();
        let mut named = BTreeSet::new();
        for (n, snapshot) in newest_first.iter().enumerate() {
            if n > 0 && !all && found.damage.is_empty() {
                return Ok(());
            }
            for account in &snapshot.accounts {
                if !seen.insert(account.rows.hash.as_str()) {
                    continue;
                }
                match self.lost_items(account) {
                    Ok(items) => {
                        let lines = items.iter().map(|item| describe(account, item));
                        found
                            .damage
                            .extend(lines.filter(|line| named.insert(line.clone())));
                    }
                    Err(e) => found.damage.push(format!(
                        "{}: its list of items in the backup {} is lost: {}",
                        account.address,
                        snapshot.id,
                        e.message()
                    )),
                }
            }
        }
        Ok(())
    }

    fn lost_items(&self, account: &super::StoredAccount) -> Result<Vec<LostItem>> {
        let rows = self.scratch.join(random::short_id());
        let items = fetch_rows(self.place, self.key, account, &rows)
            .and_then(|()| items_in_rows(&rows, self.is_lost));
        match fs::remove_file(&rows) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => items,
        }
    }
}
