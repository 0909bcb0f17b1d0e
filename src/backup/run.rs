//! Making a backup: bodies that are not at the place yet go there in packs, then the rows of each account, then the list
//! of it all. Broken off before its list is written, a run leaves packs that the next one finds and need not repeat.

use super::index::{Index, data_names};
use super::keep::{Keep, forget_old};
use super::pack::{Packer, hash_of, send_file};
use super::place::Place;
use super::seal::Key;
use super::snapshot::{FORMAT, Snapshot, StoredAccount, StoredFile, list_snapshots, read_snapshot};
use crate::base::{Error, Kind, Result};
use crate::model::{Account, BodyId};
use crate::store::Store;
use crate::store::account::AccountDb;
use crate::store::copy::copy_database;
use crate::store::disk::ScratchFolder;
use crate::store::file::File;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that are packed before the store's snapshot is let go: while one is held, the log of that account grows.
const SLICE_BYTES: u64 = 64 << 20;
const SLICE_BODIES: usize = 2000;
/// What says that a place holds backups of this box.
const SIGN: &str = "hauspost-backup.json";

#[derive(Serialize, Deserialize)]
struct Sign {
    format: u32,
    /// Whom everything is encrypted to.
    recipient: String,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    pub bytes_per_s: Option<u64>,
}

/// How a run went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    pub id: String,
    pub place: String,
    pub accounts: u64,
    /// Of all accounts together, what several have counted once each.
    pub bodies: u64,
    pub bytes: u64,
    /// What was not there yet.
    pub new_bodies: u64,
    pub new_bytes: u64,
    /// Old snapshots that were let go.
    pub forgotten: Vec<String>,
}

/// How far a run is: bytes of bodies looked at, and of all accounts.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// Backs everything up that belongs to the box. Blocks, for as long as it takes; writers are not held up.
/// Errors: Conflict, when another box or another key has its backups there, or another run is under way.
pub fn back_up(
    store: &Arc<Store>,
    accounts: &[Account],
    place: &dyn Place,
    key: &Key,
    (keep, limits): (Keep, Limits),
    progress: &mut Progress<'_>,
) -> Result<Done> {
    let _lock = take_lock(store)?;
    claim(place, key)?;
    clear_waiting_room(place)?;
    let before = list_snapshots(place)?
        .last()
        .and_then(|id| read_snapshot(place, key, id).ok());
    let there = data_names(place)?;
    let mut run = Run {
        place,
        key,
        scratch: ScratchFolder::make_in(&store.layout().backups())?,
        before: before
            .iter()
            .flat_map(known_files)
            .filter(|(_, f)| there.contains(&f.data))
            .collect(),
        packer: Packer::new(place, key, Index::load(place, key)?, limits.bytes_per_s)?,
        looked_at: 0,
        total: 0,
    };
    let now_ms = store.clock().now_ms();
    let mut snapshot = Snapshot {
        format: FORMAT,
        id: Snapshot::new_id(now_ms),
        taken_at_ms: now_ms,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        files: run.office_files(store)?,
        accounts: Vec::new(),
    };
    let mut packs = Vec::new();
    for account in accounts {
        run.total += open(store, account)?.map_or(Ok(0), |f| f.read_blocking(|s| s.body_bytes()))?;
    }
    for account in accounts {
        if let Some(file) = open(store, account)? {
            let (stored, used) = run.account(account, &file, progress)?;
            snapshot.accounts.push(stored);
            packs.push(used);
        }
    }
    run.packer.close()?;
    for (account, used) in snapshot.accounts.iter_mut().zip(packs) {
        let name = |n: &u32| run.packer.index.packs[*n as usize].clone();
        account.packs = used.iter().map(name).collect();
    }
    snapshot.send(place, key)?;
    let done = run.done(&snapshot);
    drop(run);
    Ok(Done {
        forgotten: forget_old(place, key, keep)?,
        ..done
    })
}

/// None for an account that was never made to its end, or was removed just now.
fn open(store: &Arc<Store>, account: &Account) -> Result<Option<Arc<File<AccountDb>>>> {
    match store.account(account.id) {
        Err(e) if e.kind() == Kind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

struct Run<'a> {
    place: &'a dyn Place,
    key: &'a Key,
    scratch: ScratchFolder,
    /// Files of the snapshot before, by their hash: what has not changed is not sent again.
    before: HashMap<String, StoredFile>,
    packer: Packer<'a>,
    looked_at: u64,
    total: u64,
}

impl Run<'_> {
    /// The directory comes first: whoever is in it has data later, too.
    fn office_files(&mut self, store: &Store) -> Result<Vec<StoredFile>> {
        let layout = store.layout();
        let mut out = Vec::new();
        for (from, name) in [(layout.directory(), "directory.db"), (layout.queue(), "queue.db")] {
            let copy = self.scratch.new_file();
            copy_database(&from, &copy)?;
            out.push(self.send(&copy, name)?);
            fs::remove_file(&copy)?;
        }
        let mut plain = vec![layout.root().join("format")];
        for folder in [layout.keys(), layout.tls(), layout.queue_blobs()] {
            files_below(&folder, &mut plain)?;
        }
        for path in plain {
            let name = path.strip_prefix(layout.root()).ok().and_then(Path::to_str);
            let name =
                name.ok_or_else(|| Error::invalid(format!("the name {} is not UTF-8", path.display())))?;
            match self.send(&path, name) {
                // What waited in the queue a moment ago may have left.
                Err(e) if e.kind() == Kind::NotFound => {}
                other => out.push(other?),
            }
        }
        Ok(out)
    }

    fn send(&mut self, file: &Path, name: &str) -> Result<StoredFile> {
        let hash = hash_of(fs::File::open(file)?)?;
        if let Some(known) = self.before.get(&hash) {
            return Ok(StoredFile {
                path: name.to_owned(),
                ..known.clone()
            });
        }
        let size = fs::metadata(file)?.len();
        let data = send_file(self.place, self.key, file)?;
        self.packer.brake.after(size);
        Ok(StoredFile {
            path: name.to_owned(),
            data,
            hash,
            size,
        })
    }

    /// Bodies first, in slices; then the rows with what has come meanwhile, all as of one moment.
    fn account(
        &mut self,
        account: &Account,
        file: &File<AccountDb>,
        progress: &mut Progress<'_>,
    ) -> Result<(StoredAccount, BTreeSet<u32>)> {
        let mut after = BodyId(0);
        while let Some(next) = file.read_blocking(|s| self.slice(s, after))? {
            after = next;
            progress(self.looked_at, self.total);
        }
        let rows = self.scratch.new_file();
        let (mut bodies, mut bytes, mut packs) = (0, 0, BTreeSet::new());
        file.copy_rows(&rows, |s| {
            let mut after = BodyId(0);
            loop {
                let found = s.bodies_after(after, SLICE_BODIES)?;
                let Some(last) = found.last() else { return Ok(()) };
                after = last.id;
                for body in &found {
                    packs.insert(self.packer.add(s, body)?);
                    bodies += 1;
                    bytes += body.size_bytes;
                }
            }
        })?;
        let stored = StoredAccount {
            id: account.id.0,
            address: account.address.clone(),
            rows: self.send(&rows, &format!("accounts/{}/rows.db", account.id))?,
            bodies,
            bytes,
            packs: BTreeSet::new(),
        };
        fs::remove_file(&rows)?;
        Ok((stored, packs))
    }

    /// Packs some bodies behind `after`. Returns the last; None when there are no more.
    fn slice(&mut self, s: &crate::store::Snapshot<'_, AccountDb>, after: BodyId) -> Result<Option<BodyId>> {
        let end = self.packer.new_bytes + SLICE_BYTES;
        let mut last = None;
        for body in s.bodies_after(after, SLICE_BODIES)? {
            if self.packer.new_bytes >= end {
                break;
            }
            self.packer.add(s, &body)?;
            self.looked_at += body.size_bytes;
            last = Some(body.id);
        }
        Ok(last)
    }

    fn done(&self, snapshot: &Snapshot) -> Done {
        Done {
            id: snapshot.id.clone(),
            place: self.place.name(),
            accounts: snapshot.accounts.len() as u64,
            bodies: snapshot.accounts.iter().map(|a| a.bodies).sum(),
            bytes: snapshot.accounts.iter().map(|a| a.bytes).sum(),
            new_bodies: self.packer.new_bodies,
            new_bytes: self.packer.new_bytes,
            forgotten: Vec::new(),
        }
    }
}

fn known_files(snapshot: &Snapshot) -> Vec<(String, StoredFile)> {
    let rows = snapshot.accounts.iter().map(|a| &a.rows);
    let files = snapshot.files.iter().chain(rows);
    files.map(|f| (f.hash.clone(), f.clone())).collect()
}

/// One run of a box at a time; the kernel lets go of it when the process ends.
fn take_lock(store: &Store) -> Result<fs::File> {
    let file = fs::File::create(store.layout().backups().join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::conflict(
            "a backup is being made already; let it come to its end",
        )),
        Err(fs::TryLockError::Error(e)) => Err(e.into()),
    }
}

/// What a run that was broken off has left half written.
fn clear_waiting_room(place: &dyn Place) -> Result<()> {
    match fs::remove_dir_all(place.waiting_room()) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

/// The place's sign, which is put up when there is none. Errors: Conflict, when it is another key's.
fn claim(place: &dyn Place, key: &Key) -> Result<()> {
    let mut text = String::new();
    match place.open(SIGN) {
        Ok(mut file) => std::io::Read::read_to_string(&mut file, &mut text)?,
        Err(e) if e.kind() == Kind::NotFound => return put_sign(place, key),
        Err(e) => return Err(e),
    };
    let sign: Sign = serde_json::from_str(&text)
        .map_err(|e| Error::unavailable(format!("{SIGN} in {} is damaged", place.name())).caused_by(e))?;
    if sign.format > FORMAT {
        return Err(Error::conflict(format!(
            "the backups in {} are of a newer Hauspost",
            place.name()
        )));
    }
    match sign.recipient == key.recipient() {
        true => Ok(()),
        false => Err(Error::conflict(format!(
            "{} holds backups for another recovery key; choose an empty folder",
            place.name()
        ))),
    }
}

fn put_sign(place: &dyn Place, key: &Key) -> Result<()> {
    let sign = Sign {
        format: FORMAT,
        recipient: key.recipient(),
    };
    let text = serde_json::to_vec_pretty(&sign).map_err(|e| Error::internal("no sign").caused_by(e))?;
    fs::create_dir_all(place.waiting_room())?;
    let path = place.waiting_room().join("sign");
    fs::File::create(&path)?.write_all(&text)?;
    place.put(&path, SIGN)
}

fn files_below(folder: &Path, out: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => files_below(&entry.path(), out)?,
            false => out.push(entry.path()),
        }
    }
    Ok(())
}
