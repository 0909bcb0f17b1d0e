//! Giving room back: packs of which most is needed by no backup any more are written anew with the rest.
//!
//! The order makes it safe to be broken off at any moment: first the new packs, then the lists of the backups that name them,
//! then the old packs go. A list names packs that are there at each moment, and what no list names goes with the next run.

use super::index::{self, Index};
use super::pack::{Packer, Unpacker, data_name};
use super::place::Place;
use super::rows::fetch_rows;
use super::seal::Key;
use super::snapshot::{Snapshot, read_listed};
use crate::base::{Error, Result, random};
use crate::store::rows::hashes_in_rows;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

/// A pack is written anew when less of it is needed.
const NEEDED_PERCENT: u32 = 50;
/// What one run moves at most; the rest waits for the next.
const MOST_BYTES: u64 = 1 << 30;
/// A pack with something larger in it is left as it is: frames are held while they move.
const LARGEST_FRAME: u64 = 64 << 20;

/// Writes packs anew. `lists`: the ids of all snapshots of the place. `reading`: the index of `packer`, to read beside it.
/// Returns how many bytes less lie there.
pub(super) fn repack(
    (place, key): (&dyn Place, &Key),
    packer: &mut Packer<'_>,
    reading: &Index,
    lists: &[String],
    scratch: &Path,
) -> Result<u64> {
    note_needed((place, key), packer, lists, scratch)?;
    let mut unpacker = Unpacker::new(place, key, reading);
    let (mut replaced, mut moved, mut given_back) = (BTreeMap::new(), 0, 0);
    for usage in packer.index.db.little_needed(NEEDED_PERCENT)? {
        if moved + usage.needed_bytes > MOST_BYTES {
            break;
        }
        if let Some(into) = move_needed(packer, &mut unpacker, usage.pack)? {
            moved += usage.needed_bytes;
            given_back += usage.stored_bytes - usage.needed_bytes;
            replaced.insert(usage.name, into);
        }
    }
    packer.close()?;
    let named = replaced.into_iter().map(|(old, into)| {
        let names = into.iter().map(|n| packer.index.db.pack_name(*n));
        let names = names
            .filter_map(Result::transpose)
            .collect::<Result<BTreeSet<String>>>()?;
        match names.len() == into.len() {
            true => Ok((old, names)),
            false => Err(Error::internal("a pack without a name")),
        }
    });
    let replaced: BTreeMap<String, BTreeSet<String>> = named.collect::<Result<_>>()?;
    for id in lists {
        let mut snapshot = read_listed(place, key, id)?;
        if rename_packs(&mut snapshot, &replaced) {
            snapshot.send(place, key)?;
        }
    }
    for old in replaced.keys() {
        place.remove(&format!("{}/{old}", index::FOLDER))?;
        place.remove(&data_name(old))?;
        packer.index.db.remove_pack(old)?;
    }
    Ok(given_back)
}

/// Every body that some backup names, by the rows of its accounts. Errors: when one of them cannot be read, for then nobody
/// knows what it needs.
fn note_needed(
    (place, key): (&dyn Place, &Key),
    packer: &mut Packer<'_>,
    lists: &[String],
    scratch: &Path,
) -> Result<()> {
    packer.index.db.forget_needed()?;
    let mut seen = HashSet::new();
    for id in lists {
        for account in read_listed(place, key, id)?.accounts {
            if !seen.insert(account.rows.hash.clone()) {
                continue;
            }
            let rows = scratch.join(random::short_id());
            fetch_rows(place, key, &account, &rows)?;
            hashes_in_rows(&rows, |hashes| packer.index.db.note_needed(hashes))?;
            fs::remove_file(&rows)?;
        }
    }
    Ok(())
}

/// Returns where it is now; None, when the pack is to stay: something in it is damaged, or too large to be moved.
fn move_needed(
    packer: &mut Packer<'_>,
    unpacker: &mut Unpacker<'_>,
    pack: u32,
) -> Result<Option<BTreeSet<u32>>> {
    let mut needed = packer.index.db.bodies_of(pack)?;
    let mut kept = Vec::new();
    for (hash, entry) in needed.drain(..) {
        if packer.index.db.is_needed(&hash)? {
            kept.push((hash, entry));
        }
    }
    if kept.iter().any(|(_, e)| e.stored_bytes > LARGEST_FRAME) {
        return Ok(None);
    }
    let mut into = BTreeSet::new();
    for (hash, entry) in kept {
        match unpacker.frame(&hash, &entry) {
            Some(frame) => into.insert(packer.add_frame(hash, &frame, entry.size_bytes)?),
            None => return Ok(None),
        };
    }
    Ok(Some(into))
}

/// Returns whether the list is another now.
fn rename_packs(snapshot: &mut Snapshot, replaced: &BTreeMap<String, BTreeSet<String>>) -> bool {
    let mut has_changed = false;
    for account in &mut snapshot.accounts {
        for (old, new) in replaced {
            if account.packs.remove(old) {
                account.packs.extend(new.iter().cloned());
                has_changed = true;
            }
        }
    }
    has_changed
}
