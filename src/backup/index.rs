//! What lies in which pack. One file a pack, `index/<name of the pack>`: lines of JSON, packed by zstd and sealed. What they
//! say is kept in a file on this machine, because it may be millions of lines: for the box, one that lasts from night to night,
//! so that only what is new there is read; for who has no box, one for the time.

use super::pack::data_name;
use super::place::Place;
use super::seal::Key;
use super::snapshot::StoredAccount;
use crate::base::text::{hex, unhex};
use crate::base::{Error, Result};
use crate::store::blob::Hash;
use crate::store::disk::ScratchFolder;
use crate::store::layout::Layout;
pub use crate::store::pack_index::Entry;
use crate::store::pack_index::PackIndex;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub(super) const FOLDER: &str = "index";
/// After so long everything is read again: what has rotted there since must not go on being believed in.
const READ_AGAIN: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often packs are looked through for what is no longer needed.
const REPACK_EACH: Duration = Duration::from_secs(7 * 24 * 3600);
/// Lines that one pack may have; no pack of ours has as many.
const MOST_LINES: usize = 1 << 20;
/// A line that is longer is none of ours.
const LONGEST_LINE: u64 = 4096;

/// A line of an index file.
#[derive(Serialize, Deserialize)]
pub(super) struct Line {
    /// blake3 of the body, as hex.
    pub hash: String,
    pub at: u64,
    pub stored: u64,
    pub size: u64,
}

pub struct Index {
    pub db: PackIndex,
    /// Index files that cannot be read: what their packs hold counts as not there.
    pub damaged: Vec<String>,
    _scratch: Option<ScratchFolder>,
}

/// Names of what lies below `data/`.
pub(super) fn data_names(place: &dyn Place) -> Result<HashSet<String>> {
    Ok(place.list("data")?.into_iter().map(|(name, _)| name).collect())
}

impl Index {
    /// Reads all index files into a file for the time. What the index of a missing pack names is not there.
    pub fn load(place: &dyn Place, key: &Key) -> Result<Index> {
        let scratch = ScratchFolder::make_in(&std::env::temp_dir())?;
        let db = PackIndex::open(&scratch.path().join("index"))?;
        let mut index = Index {
            db,
            damaged: Vec::new(),
            _scratch: Some(scratch),
        };
        index.refresh(place, key, &data_names(place)?)?;
        Ok(index)
    }

    /// What the box knows of a place, and what has come there since. `there`: as [`data_names`].
    pub fn known(place: &dyn Place, key: &Key, layout: &Layout, there: &HashSet<String>) -> Result<Index> {
        let path = known_file(place, layout);
        let since = path.with_extension("since");
        if is_past(&since, READ_AGAIN) {
            PackIndex::remove(&path)?;
            fs::write(since, b"")?;
        }
        let mut index = Index {
            db: PackIndex::open(&path)?,
            damaged: Vec::new(),
            _scratch: None,
        };
        index.refresh(place, key, there)?;
        Ok(index)
    }

    /// What the box knows, which is asked for again only when it is not enough for this account.
    pub fn of_account(
        place: &dyn Place,
        key: &Key,
        layout: &Layout,
        stored: &StoredAccount,
    ) -> Result<Index> {
        let path = known_file(place, layout);
        if path.exists() {
            let index = Index {
                db: PackIndex::open(&path)?,
                damaged: Vec::new(),
                _scratch: None,
            };
            let is_known = |pack: &String| matches!(index.db.pack_number(pack), Ok(Some(_)));
            if stored.packs.iter().all(is_known) {
                return Ok(index);
            }
        }
        Index::known(place, key, layout, &data_names(place)?)
    }

    /// What the box knows of a place is wrong, or may be: the next run reads everything again.
    pub fn distrust(place: &dyn Place, layout: &Layout) -> Result<()> {
        PackIndex::remove(&known_file(place, layout))
    }

    pub fn find(&self, hash: &Hash) -> Result<Option<Entry>> {
        self.db.find(hash)
    }

    fn refresh(&mut self, place: &dyn Place, key: &Key, there: &HashSet<String>) -> Result<()> {
        let mut known: HashSet<String> = self.db.packs()?.into_iter().collect();
        for (name, _) in place.list(FOLDER)? {
            let pack = name.trim_start_matches("index/").to_owned();
            if !there.contains(&data_name(&pack)) {
                continue;
            }
            if !known.remove(&pack) {
                match read_lines(place, key, &name) {
                    Ok(lines) => drop(self.db.add_pack(None, &pack, &lines)?),
                    Err(e) => {
                        tracing::warn!(name, error = ?e, "an index of a backup cannot be read");
                        self.damaged.push(name);
                    }
                }
            }
        }
        for gone in known {
            self.db.remove_pack(&gone)?;
        }
        Ok(())
    }
}

fn known_file(place: &dyn Place, layout: &Layout) -> PathBuf {
    let name = hex(blake3::hash(place.name().as_bytes()).as_bytes());
    layout.backups().join(format!("place-{}.index", &name[..16]))
}

/// When something was done last is the time of an empty file: the index's own changes with each use.
fn is_past(file: &Path, age: Duration) -> bool {
    let since = fs::metadata(file).and_then(|m| m.modified());
    since.map_or(true, |at| {
        SystemTime::now().duration_since(at).unwrap_or_default() > age
    })
}

/// Whether it is long ago that packs were written anew; from now on it is not.
pub(super) fn is_time_to_repack(place: &dyn Place, layout: &Layout) -> Result<bool> {
    let file = known_file(place, layout).with_extension("repacked");
    let is_time = is_past(&file, REPACK_EACH);
    if is_time {
        fs::write(file, b"")?;
    }
    Ok(is_time)
}

fn read_lines(place: &dyn Place, key: &Key, name: &str) -> Result<Vec<(Hash, Entry)>> {
    let opened = key.opener(place.open(name)?)?;
    let mut text = BufReader::new(zstd::stream::read::Decoder::new(opened)?);
    let damaged = || Error::unavailable("an index of the backup is damaged");
    let mut out = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        if text.by_ref().take(LONGEST_LINE).read_line(&mut line)? == 0 {
            return Ok(out);
        }
        if out.len() >= MOST_LINES {
            return Err(damaged());
        }
        let line: Line = serde_json::from_str(&line).map_err(|e| damaged().caused_by(e))?;
        let hash = unhex(&line.hash)
            .and_then(|bytes| Hash::try_from(bytes).ok())
            .ok_or_else(damaged)?;
        let entry = Entry {
            pack: 0,
            at: line.at,
            stored_bytes: line.stored,
            size_bytes: line.size,
        };
        out.push((hash, entry));
    }
}

/// The line of a body.
pub(super) fn line(hash: &Hash, entry: &Entry) -> Line {
    Line {
        hash: hex(hash),
        at: entry.at,
        stored: entry.stored_bytes,
        size: entry.size_bytes,
    }
}
