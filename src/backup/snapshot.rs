//! A snapshot: what the box was at one moment, as a list of where everything lies. `snapshots/<id>`, JSON, packed and sealed.

use super::pack::Parcel;
use super::place::Place;
use super::restore::fetch_checked;
use super::seal::Key;
use crate::base::clock::rfc3339;
use crate::base::{Clock, Error, Kind, Result, SystemClock, TimeMs, random};
use crate::model::Account;
use crate::store::disk::ScratchFolder;
use crate::store::rows_look::oids_in_directory;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{Read, Write};

/// Rises when an older program could no longer read what is written.
pub const FORMAT: u32 = 2;
const FOLDER: &str = "snapshots";
const DAY_MS: TimeMs = 86_400_000;
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
    /// Its number then. After a box went back to an earlier state, another may get the same.
    pub id: i64,
    /// What it is called by for ever ([`Account::oid`]); None in lists of older programs until [`Snapshot::know_owners`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    pub address: String,
    pub rows: StoredRows,
    /// Messages, events, tasks and cards, each once.
    pub bodies: u64,
    pub bytes: u64,
    /// Names of the packs in which they are.
    pub packs: BTreeSet<String>,
}

/// The rows of an account: one file of SQLite, or pieces of SQL in several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRows {
    pub path: String,
    /// Name at the place: of the file; of the one with the list of pieces.
    pub data: String,
    /// blake3 of the file; of the hashes of all pieces, a line each. As hex.
    pub hash: String,
    /// Of the file; of all pieces.
    pub size: u64,
    /// Where the frame with the list of pieces begins in the unsealed file; None: it is no such file, but all rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// Bytes of that frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<u64>,
    /// Names of the other files in which pieces are.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub others: BTreeSet<String>,
}

impl StoredRows {
    /// Names of everything at the place that belongs to them.
    pub(super) fn files(&self) -> impl Iterator<Item = &String> {
        self.others.iter().chain([&self.data])
    }

    /// Rows of an older program, which are one file.
    pub(super) fn as_file(&self) -> StoredFile {
        StoredFile {
            path: self.path.clone(),
            data: self.data.clone(),
            hash: self.hash.clone(),
            size: self.size,
        }
    }
}

impl StoredAccount {
    /// Whether it is the past of this account. An address says nothing of that, and a number little: both may have been
    /// somebody else's then.
    pub fn is_of(&self, account: &Account) -> bool {
        self.oid.as_deref() == Some(account.oid.as_str())
    }
}

impl Snapshot {
    /// What an account of today had then. Errors: NotFound, also when somebody else had its address then.
    pub fn past_of(&self, account: &Account) -> Result<&StoredAccount> {
        let found = self.accounts.iter().find(|a| a.is_of(account));
        found.ok_or_else(|| {
            let of_others = self.accounts.iter().any(|a| a.address == account.address);
            Error::not_found(match of_others {
                true => format!(
                    "the {} of the backup of {} is another account, which had this address then; name it with --of when it is meant",
                    account.address, self.id
                ),
                false => format!("{} is not in the backup of {}", account.address, self.id),
            })
        })
    }

    /// Lists of older programs do not say whose accounts they name; their directory does. Accounts of which it is not known
    /// then are nobody's past. Errors: Unavailable, when the place does not answer or the directory is damaged.
    pub fn know_owners(&mut self, place: &dyn Place, key: &Key) -> Result<()> {
        if self.accounts.iter().all(|a| a.oid.is_some()) {
            return Ok(());
        }
        let Some(directory) = self.files.iter().find(|f| f.path == "directory.db") else {
            return Ok(());
        };
        let scratch = ScratchFolder::make_in(&std::env::temp_dir())?;
        let file = scratch.path().join("directory.db");
        fetch_checked(place, key, directory, &file)?;
        let oids = oids_in_directory(&file)?;
        for account in &mut self.accounts {
            account.oid = account.oid.take().or_else(|| oids.get(&account.id).cloned());
        }
        Ok(())
    }

    /// By address then. Errors: NotFound.
    pub fn account(&self, address: &str) -> Result<&StoredAccount> {
        let found = self
            .accounts
            .iter()
            .find(|a| a.address.eq_ignore_ascii_case(address));
        found.ok_or_else(|| Error::not_found(format!("{address} is not in the backup of {}", self.id)))
    }

    /// Sorts by time: `2026-11-23t05-53-00z-07b1a2b3`, where `07b` are the milliseconds, as hex, and the rest is chance.
    pub fn new_id(now_ms: TimeMs) -> String {
        let time = rfc3339(now_ms).to_lowercase().replace(':', "-");
        let seconds = time.split('.').next().unwrap_or(&time).trim_end_matches('z');
        format!(
            "{seconds}z-{:03x}{}",
            now_ms.rem_euclid(1000),
            &random::uuid()[..5]
        )
    }

    /// To the second, by the id alone; None for names that are none of ours.
    pub fn time_of(id: &str) -> Option<TimeMs> {
        let end = id.get(19..)?.strip_prefix("z-")?;
        if end.len() != 8 || !end.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
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

/// Ids of the snapshots, oldest first. What others have put into the folder is none.
pub fn list_snapshots(place: &dyn Place) -> Result<Vec<String>> {
    let mut ids: Vec<String> = place
        .list(FOLDER)?
        .into_iter()
        .filter_map(|(name, _)| Some(name.strip_prefix("snapshots/")?.to_owned()))
        .filter(|id| Snapshot::time_of(id).is_some())
        .collect();
    ids.sort();
    Ok(ids)
}

/// By id or the beginning of it; `latest` is the newest. Errors: NotFound; Unavailable, when it is damaged or newer than
/// this program.
pub fn read_snapshot(place: &dyn Place, key: &Key, id: &str) -> Result<Snapshot> {
    let all = list_snapshots(place)?;
    let found = match id {
        "latest" => newest(&all, SystemClock.now_ms()),
        "" => None,
        id => all
            .iter()
            .rev()
            .find(|known| known.starts_with(&id.to_lowercase())),
    };
    read_listed(place, key, found.ok_or_else(|| not_there(place, id))?)
}

/// One made while the clock was far ahead is not for ever the newest.
fn newest(all: &[String], now_ms: TimeMs) -> Option<&String> {
    let is_past = |id: &&String| Snapshot::time_of(id).is_some_and(|at| at <= now_ms + DAY_MS);
    all.iter().rev().find(is_past).or(all.last())
}

fn not_there(place: &dyn Place, id: &str) -> Error {
    Error::not_found(format!(
        "there is no backup »{id}« in {}; hauspost backup ls shows them",
        place.name()
    ))
}

/// By an id of [`list_snapshots`]. Errors: as [`read_snapshot`].
pub fn read_listed(place: &dyn Place, key: &Key, id: &str) -> Result<Snapshot> {
    if Snapshot::time_of(id).is_none() {
        return Err(not_there(place, id));
    }
    let damaged = |e: Error| match e.kind() {
        Kind::NotFound => not_there(place, id),
        _ => Error::unavailable(format!(
            "the list of the backup {id} cannot be read: {}",
            e.message()
        ))
        .caused_by(e),
    };
    let opened = place
        .open(&format!("{FOLDER}/{id}"))
        .and_then(|file| key.opener(file))
        .map_err(damaged)?;
    let mut text = Vec::new();
    zstd::stream::read::Decoder::new(opened)?
        .take(LONGEST)
        .read_to_end(&mut text)
        .map_err(|e| damaged(Error::unavailable("it is damaged").caused_by(e)))?;
    let snapshot: Snapshot = serde_json::from_slice(&text)
        .map_err(|e| damaged(Error::unavailable("it is damaged").caused_by(e)))?;
    if snapshot.format > FORMAT {
        return Err(Error::unavailable(format!(
            "the backup {id} was made by a newer Hauspost ({}); take that one to read it",
            snapshot.program
        )));
    }
    match snapshot.id == id {
        true => Ok(snapshot),
        false => Err(damaged(Error::unavailable(format!(
            "it is the one of {}",
            snapshot.id
        )))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_time() {
        let id = Snapshot::new_id(1_795_413_180_123);
        assert_eq!(Snapshot::time_of(&id), Some(1_795_413_180_000), "{id}");
        assert!(
            (0..50).all(|_| Snapshot::new_id(1_795_413_180_998) < Snapshot::new_id(1_795_413_180_999)),
            "also within a second"
        );
        assert_eq!(Snapshot::time_of("lost+found"), None);
        assert_eq!(Snapshot::time_of("2026-11-23t05-53"), None);
        // Left by who serves the folder, or by somebody's copying.
        assert_eq!(Snapshot::time_of(&format!("{id}@SynoEAStream")), None);
        assert_eq!(Snapshot::time_of(&id[..19]), None);
    }

    #[test]
    fn a_backup_of_the_future_is_not_the_newest_one() {
        let all = ["2026-11-22t02-30-00z-1a2b3c4d", "2031-01-01t02-30-00z-1a2b3c4d"].map(str::to_owned);
        let now_ms = Snapshot::time_of("2026-11-23t02-30-00z-1a2b3c4d").unwrap();
        assert_eq!(newest(&all, now_ms), Some(&all[0]));
        assert_eq!(newest(&all[1..], now_ms), Some(&all[1]), "better than none");
        assert_eq!(newest(&[], now_ms), None);
    }
}
