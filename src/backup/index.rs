//! What lies in which pack. One file a pack, `index/<name of the pack>`: lines of JSON, packed by zstd and sealed. What they
//! say is kept in a file on this machine, because it may be millions of lines: for the box, one that lasts from night to night,
//! so that only what is new there is read; for who has no box, one for the time.

use super::pack::{data_name, hash_in};
use super::place::Place;
use super::seal::Key;
use super::snapshot::StoredAccount;
use crate::base::text::{hex, unhex};
use crate::base::{Error, Result};
use crate::store::blob::Hash;
use crate::store::disk::ScratchFolder;
use crate::store::layout::Layout;
use crate::store::pack_index::PackIndex;
pub use crate::store::pack_index::{Entry, is_damage};
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
/// So far may clocks of a file system be ahead.
const AHEAD: Duration = Duration::from_secs(60);
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
    /// Nobody else changes the file meanwhile.
    _lock: Option<fs::File>,
}

/// Names of what of ours lies below `data/`.
pub(super) fn data_names(place: &dyn Place) -> Result<HashSet<String>> {
    let all = place.list("data")?.into_iter().map(|(name, _)| name);
    Ok(all.filter(|name| hash_in(name).is_some()).collect())
}

impl Index {
    fn new(db: PackIndex) -> Index {
        Index {
            db,
            damaged: Vec::new(),
            _scratch: None,
            _lock: None,
        }
    }

    /// Reads all index files into a file for the time. What the index of a missing pack names is not there.
    pub fn load(place: &dyn Place, key: &Key) -> Result<Index> {
        let scratch = ScratchFolder::make_in(&std::env::temp_dir())?;
        let db = PackIndex::open(&scratch.path().join("index"))?;
        let mut index = Index {
            _scratch: Some(scratch),
            ..Index::new(db)
        };
        index.refresh(place, key, &data_names(place)?)?;
        Ok(index)
    }

    /// What the box knows of a place, and what has come there since, for who goes on to change it: nobody else does, as long
    /// as this lives. `there`: as [`data_names`]. Waits for others who are just reading what is new.
    pub fn known(place: &dyn Place, key: &Key, layout: &Layout, there: &HashSet<String>) -> Result<Index> {
        let lock = lock_file(place, layout)?;
        lock.lock()?;
        Index::known_under(lock, place, key, layout, there)
    }

    fn known_under(
        lock: fs::File,
        place: &dyn Place,
        key: &Key,
        layout: &Layout,
        there: &HashSet<String>,
    ) -> Result<Index> {
        let path = known_file(place, layout);
        let since = path.with_extension("since");
        if is_past(&since, READ_AGAIN) {
            PackIndex::remove(&path)?;
            fs::write(since, b"")?;
        }
        let mut index = Index {
            _lock: Some(lock),
            ..Index::new(PackIndex::open(&path)?)
        };
        index.refresh(place, key, there)?;
        Ok(index)
    }

    /// The file of [`Index::known`] once more, for reading while that one changes it.
    pub fn beside(&self, place: &dyn Place, layout: &Layout) -> Result<Index> {
        Ok(Index::new(PackIndex::open(&known_file(place, layout))?))
    }

    /// What the box knows, which is asked for again only when it is not enough for this account. A run that is under way keeps
    /// what it knows: then the place is read into a file for the time.
    pub fn of_account(
        place: &dyn Place,
        key: &Key,
        layout: &Layout,
        stored: &StoredAccount,
    ) -> Result<Index> {
        if let Ok(Some(db)) = PackIndex::try_open(&known_file(place, layout)) {
            let is_known = |pack: &String| matches!(db.pack_number(pack), Ok(Some(_)));
            if stored.packs.iter().all(is_known) {
                return Ok(Index::new(db));
            }
        }
        let lock = lock_file(place, layout)?;
        match lock.try_lock() {
            Ok(()) => match Index::known_under(lock, place, key, layout, &data_names(place)?) {
                Ok(index) => Ok(Index { _lock: None, ..index }),
                Err(e) if is_damage(&e) => {
                    Index::distrust(place, layout)?;
                    Index::load(place, key)
                }
                Err(e) => Err(e),
            },
            Err(fs::TryLockError::WouldBlock) => Index::load(place, key),
            Err(fs::TryLockError::Error(e)) => Err(e.into()),
        }
    }

    /// What the box knows of a place is wrong, or may be: the next run reads everything again.
    pub fn distrust(place: &dyn Place, layout: &Layout) -> Result<()> {
        match fs::remove_file(known_file(place, layout).with_extension("since")) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    pub fn find(&self, hash: &Hash) -> Result<Option<Entry>> {
        self.db.find(hash)
    }

    fn refresh(&mut self, place: &dyn Place, key: &Key, there: &HashSet<String>) -> Result<()> {
        let mut known: HashSet<String> = self.db.packs()?.into_iter().collect();
        for (name, _) in place.list(FOLDER)? {
            let Some(pack) = hash_in(&name).map(str::to_owned) else {
                continue;
            };
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

fn lock_file(place: &dyn Place, layout: &Layout) -> Result<fs::File> {
    Ok(fs::File::create(
        known_file(place, layout).with_extension("lock"),
    )?)
}

fn known_file(place: &dyn Place, layout: &Layout) -> PathBuf {
    let name = hex(blake3::hash(place.name().as_bytes()).as_bytes());
    layout.backups().join(format!("place-{}.index", &name[..16]))
}

/// When something was done last is the time of an empty file: the index's own changes with each use. One from the future was
/// written while the clock was wrong, and says nothing.
fn is_past(file: &Path, age: Duration) -> bool {
    let since = fs::metadata(file).and_then(|m| m.modified());
    since.map_or(true, |at| match SystemTime::now().duration_since(at) {
        Ok(passed) => passed > age,
        Err(ahead) => ahead.duration() > AHEAD,
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
