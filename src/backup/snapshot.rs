//! A snapshot: what the box was at one moment, as a list of where everything lies. `snapshots/<id>`, JSON, packed and sealed.

use super::pack::Parcel;
use super::place::Place;
use super::seal::Key;
use crate::base::clock::rfc3339;
use crate::base::{Error, Result, TimeMs, random};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{Read, Write};

/// Rises when an older program could no longer read what is written.
pub const FORMAT: u32 = 1;
const FOLDER: &str = "snapshots";
/// Longer ones are no list of ours.
const LONGEST: u64 = 256 << 20;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    pub format: u32,
    pub id: String,
    pub taken_at_ms: TimeMs,
    /// The version that wrote it.
    pub program: String,
    /// Whatever belongs to no account: directory, queue, keys.
    pub files: Vec<StoredFile>,
    pub accounts: Vec<StoredAccount>,
}

/// A file of the data folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Below the data folder.
    pub path: String,
    /// Name at the place.
    pub data: String,
    /// blake3 of the file, as hex.
    pub hash: String,
    pub size: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredAccount {
    pub id: i64,
    pub address: String,
    pub rows: StoredFile,
    /// Messages, events, tasks and cards, each once.
    pub bodies: u64,
    pub bytes: u64,
    /// Names of the packs in which they are.
    pub packs: BTreeSet<String>,
}

impl Snapshot {
    pub fn account(&self, address: &str) -> Result<&StoredAccount> {
        let found = self
            .accounts
            .iter()
            .find(|a| a.address.eq_ignore_ascii_case(address));
        found.ok_or_else(|| Error::not_found(format!("{address} is not in the backup of {}", self.id)))
    }

    /// Sorts by time: `2026-11-23t05-53-00z-1a2b3c4d`.
    pub fn new_id(now_ms: TimeMs) -> String {
        let time = rfc3339(now_ms).to_lowercase().replace(':', "-");
        let seconds = time.split('.').next().unwrap_or(&time).trim_end_matches('z');
        format!("{seconds}z-{}", &random::uuid()[..8])
    }

    /// To the second, by the id alone; None for names that are none.
    pub fn time_of(id: &str) -> Option<TimeMs> {
        let (date, time) = id.get(..19)?.split_once('t')?;
        let time: jiff::Timestamp = format!("{date}T{}Z", time.replace('-', ":")).parse().ok()?;
        Some(time.as_millisecond())
    }

    pub(super) fn send(&self, place: &dyn Place, key: &Key) -> Result<()> {
        let mut parcel = zstd::stream::write::Encoder::new(Parcel::begin(place, key)?, 3)?;
        let text =
            serde_json::to_vec(self).map_err(|e| Error::internal("a list cannot be written").caused_by(e))?;
        parcel.write_all(&text)?;
        parcel.finish()?.send_as(place, &format!("{FOLDER}/{}", self.id))
    }

    pub(super) fn remove(place: &dyn Place, id: &str) -> Result<()> {
        place.remove(&format!("{FOLDER}/{id}"))
    }
}

/// Ids of the snapshots, oldest first.
pub fn list_snapshots(place: &dyn Place) -> Result<Vec<String>> {
    let mut ids: Vec<String> = place
        .list(FOLDER)?
        .into_iter()
        .filter_map(|(name, _)| Some(name.strip_prefix("snapshots/")?.to_owned()))
        .collect();
    ids.sort();
    Ok(ids)
}

/// By id or the beginning of it; `latest` is the newest. Errors: NotFound; Unavailable, when it is damaged or newer than
/// this program.
pub fn read_snapshot(place: &dyn Place, key: &Key, id: &str) -> Result<Snapshot> {
    let all = list_snapshots(place)?;
    let found = match id {
        "latest" => all.last(),
        id => all
            .iter()
            .rev()
            .find(|known| known.starts_with(&id.to_lowercase())),
    };
    let id = found.ok_or_else(|| {
        Error::not_found(format!(
            "there is no backup »{id}« in {}; hauspost backup ls shows them",
            place.name()
        ))
    })?;
    let opened = key.opener(place.open(&format!("{FOLDER}/{id}"))?)?;
    let damaged = |e| Error::unavailable(format!("the list of the backup {id} is damaged")).caused_by(e);
    let mut text = Vec::new();
    zstd::stream::read::Decoder::new(opened)?
        .take(LONGEST)
        .read_to_end(&mut text)
        .map_err(damaged)?;
    let snapshot: Snapshot = serde_json::from_slice(&text).map_err(|e| damaged(e.into()))?;
    match snapshot.format <= FORMAT {
        true => Ok(snapshot),
        false => Err(Error::unavailable(format!(
            "the backup {id} was made by a newer Hauspost ({}); take that one to read it",
            snapshot.program
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_time() {
        let id = Snapshot::new_id(1_795_413_180_123);
        assert_eq!(Snapshot::time_of(&id), Some(1_795_413_180_000), "{id}");
        assert_eq!(Snapshot::time_of("lost+found"), None);
        assert_eq!(Snapshot::time_of("2026-11-23t05-53"), None);
    }
}
