//! What lies in which pack. One file a pack, `index/<name of the pack>`: lines of JSON, packed by zstd and sealed.

use super::pack::data_name;
use super::place::Place;
use super::seal::Key;
use crate::base::text::{hex, unhex};
use crate::base::{Error, Result};
use crate::store::blob::Hash;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};

/// Where a body lies.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Position in [`Index::packs`].
    pub pack: u32,
    /// Of its zstd frame in the unsealed pack.
    pub at: u64,
    pub stored_bytes: u64,
    pub size_bytes: u64,
}

/// A line of an index file.
#[derive(Serialize, Deserialize)]
pub(super) struct Line {
    /// blake3 of the body, as hex.
    pub hash: String,
    pub at: u64,
    pub stored: u64,
    pub size: u64,
}

#[derive(Default)]
pub struct Index {
    pub bodies: HashMap<Hash, Entry>,
    /// Names; empty for the one that is being written.
    pub packs: Vec<String>,
    /// Index files that cannot be read: what their packs hold counts as not there.
    pub damaged: Vec<String>,
}

/// Names of what lies below `data/`.
pub(super) fn data_names(place: &dyn Place) -> Result<HashSet<String>> {
    Ok(place.list("data")?.into_iter().map(|(name, _)| name).collect())
}

pub(super) const FOLDER: &str = "index";

impl Index {
    /// Reads all index files. What the index of a missing pack names is not there.
    pub fn load(place: &dyn Place, key: &Key) -> Result<Index> {
        let mut index = Index::default();
        let there = data_names(place)?;
        for (name, _) in place.list(FOLDER)? {
            let pack = name.trim_start_matches("index/").to_owned();
            if !there.contains(&data_name(&pack)) {
                continue;
            }
            match read_lines(place, key, &name) {
                Ok(lines) => index.take_in(pack, lines)?,
                Err(e) => {
                    tracing::warn!(name, error = ?e, "an index of a backup cannot be read");
                    index.damaged.push(name);
                }
            }
        }
        Ok(index)
    }

    pub fn knows(&self, hash: &Hash) -> bool {
        self.bodies.contains_key(hash)
    }

    fn take_in(&mut self, pack: String, lines: Vec<Line>) -> Result<()> {
        let number = self.packs.len() as u32;
        self.packs.push(pack);
        for line in lines {
            let hash = unhex(&line.hash)
                .and_then(|bytes| Hash::try_from(bytes).ok())
                .ok_or_else(|| Error::unavailable("an index of the backup has a wrong hash"))?;
            let entry = Entry {
                pack: number,
                at: line.at,
                stored_bytes: line.stored,
                size_bytes: line.size,
            };
            self.bodies.insert(hash, entry);
        }
        Ok(())
    }
}

fn read_lines(place: &dyn Place, key: &Key, name: &str) -> Result<Vec<Line>> {
    let opened = key.opener(place.open(name)?)?;
    let mut out = Vec::new();
    for line in BufReader::new(zstd::stream::read::Decoder::new(opened)?).lines() {
        let line = serde_json::from_str(&line?)
            .map_err(|e| Error::unavailable("an index of the backup is damaged").caused_by(e))?;
        out.push(line);
    }
    Ok(out)
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
