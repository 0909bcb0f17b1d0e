//! Making a backup: bodies that are not at the place yet go there in packs, then the rows of each account, then the list
//! of it all. Broken off before its list is written, a run leaves packs that the next one finds and need not repeat.

use super::claim::{claim, clear_waiting_room, take_lock};
use super::index::{self, Index, data_names};
use super::keep::{Keep, data_of, forget_old};
use super::pack::{Packer, data_name, hash_of, send_file};
use super::place::Place;
use super::repack::repack;
use super::rows::{AccountRows, KnownRows, RowsWriter, SentRows};
use super::seal::Key;
use super::snapshot::{FORMAT, Snapshot, StoredAccount, StoredFile, read_listed, read_snapshot};
use crate::base::{Error, Kind, Result};
use crate::model::{Account, BodyId};
use crate::store::Store;
use crate::store::account::AccountDb;
use crate::store::copy::copy_database;
use crate::store::disk::ScratchFolder;
use crate::store::file::File;
use crate::store::rows::account_state;
use crate::store::rows_pieces::Piece;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that are packed before the store's snapshot is let go: while one is held, the log of that account grows.
const SLICE_BYTES: u64 = 64 << 20;
const SLICE_BODIES: usize = 2000;

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
    /// Of those, how many had to be read, because they have changed since the last backup to this place.
    pub read_accounts: u64,
    /// Of all accounts together, what several have counted once each.
    pub bodies: u64,
    pub bytes: u64,
    /// What was not there yet.
    pub new_bodies: u64,
    pub new_bytes: u64,
    /// Old snapshots that were let go.
    pub forgotten: Vec<String>,
    /// Of packs that were written anew, because most of what was in them had gone.
    pub given_back_bytes: u64,
    /// The backup is made; why old ones could not be let go, or no room be given back.
    pub problem: Option<String>,
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
    match run_once(store, accounts, (place, key), (keep, limits), progress) {
        Err(e) if index::is_damage(&e) => {
            tracing::warn!(place = place.name(), error = ?e, "what is known of a place is read anew");
            Index::distrust(place, store.layout())?;
            run_once(store, accounts, (place, key), (keep, limits), progress)
        }
        done => done,
    }
}

fn run_once(
    store: &Arc<Store>,
    accounts: &[Account],
    (place, key): (&dyn Place, &Key),
    (keep, limits): (Keep, Limits),
    progress: &mut Progress<'_>,
) -> Result<Done> {
    clear_waiting_room(place)?;
    let before = read_snapshot(place, key, "latest").ok();
    let there = data_names(place)?;
    let index = Index::known(place, key, store.layout(), &there)?;
    let mut run = Run {
        place,
        key,
        scratch: ScratchFolder::make_in(&store.layout().backups())?,
        before: before
            .iter()
            .flat_map(|snapshot| &snapshot.files)
            .filter(|f| there.contains(&f.data))
            .map(|f| (f.hash.clone(), f.clone()))
            .collect(),
        packs: index.db.pack_numbers()?,
        packer: Packer::new(place, key, index, limits.bytes_per_s)?,
        rows: RowsWriter::new(place, key)?,
        there,
        read_accounts: 0,
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
    let mut changed = Vec::new();
    for account in accounts {
        let state = account_state(store.layout(), account.id)?;
        if let Some(known) = run.unchanged(account, state.as_deref())? {
            snapshot.accounts.push(known);
        } else if let Some(file) = open(store, account)? {
            run.total += run.bytes_of(account, &file)?;
            changed.push((account, state, file));
        }
    }
    let mut used = Vec::new();
    for (account, state, file) in changed {
        used.push((run.account(account, &file, progress)?, state));
        run.read_accounts += 1;
        if run.rows.is_full() {
            run.close_rows(&mut used)?;
        }
    }
    run.close_rows(&mut used)?;
    run.packer.close()?;
    let mut notes = Vec::new();
    for (read, state) in used {
        let stored = StoredAccount {
            rows: read.rows.stored.clone(),
            packs: run.names(&read.packs)?,
            ..read.stored
        };
        snapshot.accounts.push(stored.clone());
        notes.push((stored, state, read.rows.known()?));
    }
    snapshot.accounts.sort_by_key(|a| a.id);
    snapshot.send(place, key)?;
    for (stored, state, pieces) in notes {
        run.remember(&stored, state.as_deref(), &pieces)?;
    }
    require_whole(place, key, &snapshot)?;
    let mut done = run.done(&snapshot);
    // The backup is made by now: what fails from here on is told, and tried again with the next one.
    if let Err(e) = run.tidy_up(store, keep, &mut done) {
        tracing::warn!(place = place.name(), error = ?e, "no room was given back at a place with backups");
        done.problem = Some(e.message().to_owned());
    }
    Ok(done)
}

/// A list is worth what is there of what it names. Errors: Conflict; there is no such list then.
pub(super) fn require_whole(place: &dyn Place, key: &Key, snapshot: &Snapshot) -> Result<()> {
    let there = data_names(place)?;
    let packs = snapshot
        .accounts
        .iter()
        .flat_map(|a| &a.packs)
        .collect::<BTreeSet<_>>();
    let indexes: HashSet<String> = place
        .list(index::FOLDER)?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let has_index = |pack: &&String| indexes.contains(&format!("{}/{pack}", index::FOLDER));
    if data_of(snapshot).iter().all(|name| there.contains(name)) && packs.iter().all(has_index) {
        // It can be read, too.
        return read_listed(place, key, &snapshot.id).map(drop);
    }
    Snapshot::remove(place, &snapshot.id)?;
    Err(Error::conflict(format!(
        "files have gone from {} while the backup was being made; does another program tidy up there, or another box back up to it?",
        place.name()
    )))
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
    rows: RowsWriter<'a>,
    /// Names below `data/`, as of the beginning.
    there: HashSet<String>,
    /// Numbers of the packs that were there at the beginning.
    packs: HashSet<u32>,
    read_accounts: u64,
    looked_at: u64,
    total: u64,
}

/// An account that was read.
struct ReadAccount {
    /// Without what is known only when all files are closed.
    stored: StoredAccount,
    rows: SentRows,
    packs: BTreeSet<u32>,
}

/// Bodies of an account, and the packs in which they are.
#[derive(Default)]
struct Found {
    bodies: u64,
    bytes: u64,
    packs: BTreeSet<u32>,
}

impl Found {
    fn take(&mut self, piece: &Piece<'_>, packs: &BTreeSet<u32>) {
        self.packs.extend(packs);
        self.bodies += piece.bodies.len() as u64;
        self.bytes += piece.bodies.iter().map(|body| body.size_bytes).sum::<u64>();
    }
}

impl Run<'_> {
    /// What the last backup says of an account that has not been written to since, when all of that is still at the place.
    fn unchanged(&self, account: &Account, state: Option<&str>) -> Result<Option<StoredAccount>> {
        let Some(state) = state else { return Ok(None) };
        let known = self.packer.index.db.account(account.id, state)?;
        let known: Option<StoredAccount> = known.and_then(|text| serde_json::from_str(&text).ok());
        let is_there = |known: &StoredAccount| {
            known.packs.iter().all(|pack| self.is_readable(pack))
                && known.rows.files().all(|name| self.there.contains(name))
        };
        Ok(known.filter(is_there).map(|known| StoredAccount {
            oid: Some(account.oid.clone()),
            address: account.address.clone(),
            ..known
        }))
    }

    /// Whether a pack and its index are there.
    fn is_readable(&self, pack: &str) -> bool {
        self.there.contains(&data_name(pack)) && matches!(self.packer.index.db.pack_number(pack), Ok(Some(_)))
    }

    fn remember(&mut self, stored: &StoredAccount, state: Option<&str>, pieces: &str) -> Result<()> {
        let about = serde_json::to_string(stored)
            .map_err(|e| Error::internal("an account of a backup cannot be noted").caused_by(e))?;
        let id = crate::model::AccountId(stored.id);
        self.packer.index.db.put_account(id, state, (&about, pieces))
    }

    fn names(&self, packs: &BTreeSet<u32>) -> Result<BTreeSet<String>> {
        let name = |number: &u32| {
            let name = self.packer.index.db.pack_name(*number)?;
            name.ok_or_else(|| Error::internal("a pack without a name"))
        };
        packs.iter().map(name).collect()
    }

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

    /// How much there is to be looked at, about.
    fn bytes_of(&self, account: &Account, file: &File<AccountDb>) -> Result<u64> {
        let known = self.packer.index.db.last_account(account.id)?;
        match known.and_then(|(about, _)| serde_json::from_str::<StoredAccount>(&about).ok()) {
            Some(known) => Ok(known.bytes),
            None => file.read_blocking(|s| s.body_bytes()),
        }
    }

    /// The rows and all bodies that they name, as of one moment. Where much is new it goes first, in slices, so that no
    /// snapshot is held for long.
    fn account(
        &mut self,
        account: &Account,
        file: &File<AccountDb>,
        progress: &mut Progress<'_>,
    ) -> Result<ReadAccount> {
        let begun_at = self.looked_at;
        let known = match self.packer.index.db.last_account(account.id)? {
            Some((about, pieces)) => KnownRows::read(&about, &pieces, &self.there),
            None => KnownRows::default(),
        };
        let mut found = Found::default();
        let rows_before = self.rows.bytes();
        let mut sent = self.rows((account, file), &known, SLICE_BYTES, &mut found, progress)?;
        if sent.is_none() {
            let mut after = BodyId(0);
            while let Some(next) = file.read_blocking(|s| self.slice(s, after))? {
                after = next;
                progress(self.looked_at, self.total);
            }
            (found, self.looked_at) = (Found::default(), begun_at);
            sent = self.rows((account, file), &known, u64::MAX, &mut found, progress)?;
        }
        let rows = sent.ok_or_else(|| Error::internal("rows that do not end"))?;
        self.packer.brake.after(self.rows.bytes() - rows_before);
        let stored = StoredAccount {
            id: account.id.0,
            oid: Some(account.oid.clone()),
            address: account.address.clone(),
            rows: rows.stored.clone(),
            bodies: found.bodies,
            bytes: found.bytes,
            packs: BTreeSet::new(),
        };
        Ok(ReadAccount {
            stored,
            rows,
            packs: found.packs,
        })
    }

    /// The file with rows that is open gets its name.
    fn close_rows<T>(&mut self, used: &mut [(ReadAccount, T)]) -> Result<()> {
        if let Some(name) = self.rows.close()? {
            used.iter_mut().for_each(|(read, _)| read.rows.name(&name));
        }
        Ok(())
    }

    /// Writes what is new of the rows, and packs the bodies that they name. None: more than `most` bytes of bodies are new, and
    /// the rows wait for them.
    fn rows(
        &mut self,
        (account, file): (&Account, &File<AccountDb>),
        known: &KnownRows,
        most: u64,
        found: &mut Found,
        progress: &mut Progress<'_>,
    ) -> Result<Option<SentRows>> {
        let mut rows = AccountRows::new(known);
        let end = self.packer.new_bytes.saturating_add(most);
        let is_whole = file.read_aside(|s| {
            s.each_piece(&mut |piece| {
                let Some(packs) = self.bodies(s, piece, known, end)? else {
                    return Ok(ControlFlow::Break(()));
                };
                found.take(piece, &packs);
                self.looked_at += piece.bodies.iter().map(|body| body.size_bytes).sum::<u64>();
                self.rows.add(s, piece, packs, &mut rows)?;
                progress(self.looked_at, self.total);
                Ok(ControlFlow::Continue(()))
            })
        })?;
        match is_whole {
            true => Ok(Some(self.rows.end(account.id, rows)?)),
            // What is in the file already is found there.
            false => Ok(None),
        }
    }

    /// Packs what is new of the bodies that a piece names. Returns the packs of all of them; None, when `end` bytes are packed.
    fn bodies(
        &mut self,
        s: &crate::store::Snapshot<'_, AccountDb>,
        piece: &Piece<'_>,
        known: &KnownRows,
        end: u64,
    ) -> Result<Option<BTreeSet<u32>>> {
        // Where the bodies of rows that are the same lay, they lie, as long as the packs are there.
        if let Some(packs) = known
            .packs(piece)
            .filter(|packs| packs.iter().all(|pack| self.packs.contains(pack)))
        {
            return Ok(Some(packs.clone()));
        }
        let mut packs = BTreeSet::new();
        for body in piece.bodies {
            packs.insert(self.packer.add(s, body)?);
            if self.packer.new_bytes >= end {
                return Ok(None);
            }
        }
        Ok(Some(packs))
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
            read_accounts: self.read_accounts,
            bodies: snapshot.accounts.iter().map(|a| a.bodies).sum(),
            bytes: snapshot.accounts.iter().map(|a| a.bytes).sum(),
            new_bodies: self.packer.new_bodies,
            new_bytes: self.packer.new_bytes,
            forgotten: Vec::new(),
            given_back_bytes: 0,
            problem: None,
        }
    }

    /// Lets old backups go; now and then, when some have gone, writes packs anew, for which the rows of all that are there are
    /// read.
    fn tidy_up(&mut self, store: &Store, keep: Keep, done: &mut Done) -> Result<()> {
        let (place, key) = (self.place, self.key);
        let kept = forget_old(place, key, keep, &done.id)?;
        for pack in &kept.removed {
            self.packer.index.db.remove_pack(pack)?;
        }
        done.forgotten = kept.forgotten;
        if done.forgotten.is_empty() || !index::is_time_to_repack(place, store.layout())? {
            return Ok(());
        }
        let reading = self.packer.index.beside(place, store.layout())?;
        done.given_back_bytes = repack(
            (place, key),
            &mut self.packer,
            &reading,
            &kept.left,
            self.scratch.path(),
        )?;
        Ok(())
    }
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
