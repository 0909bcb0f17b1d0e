//! A small box, and backups of it in which everything goes wrong that can.

mod items;
mod places;
mod rows;

use super::index::Index;
use super::pack::Unpacker;
use super::settings::box_key;
use super::*;
use crate::base::clock::FixedClock;
use crate::base::{Clock, Error, Kind, Result, random};
use crate::identity::Ctx;
use crate::mail::append::Placement;
use crate::mail::{Prepared, append_message};
use crate::model::message::Item;
use crate::model::{Account, AccountId, AccountKind, AccountState, Flags, FolderId, Role};
use crate::store::disk::ScratchFolder;
use crate::store::rows::hashes_in_rows;
use crate::store::{Options, Store};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// No damage.
const NONE: [String; 0] = [];
const DAY_MS: i64 = 86_400_000;
/// 23 November 2026.
const BEGIN_MS: i64 = 1_795_399_200_000;
const ONE: Keep = Keep {
    days: 1,
    weeks: 0,
    months: 0,
};

/// A box, and a place for its backups.
struct Office {
    _folder: ScratchFolder,
    at: PathBuf,
    store: Arc<Store>,
    clock: Arc<FixedClock>,
    ctx: Ctx,
    key: Key,
}

impl Office {
    fn new() -> Office {
        let folder = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        let clock = Arc::new(FixedClock::at(BEGIN_MS));
        let store = Store::open(&folder.path().join("data"), Options::default(), clock.clone()).unwrap();
        let at = folder.path().join("place");
        fs::create_dir(&at).unwrap();
        Office {
            _folder: folder,
            at,
            key: box_key(store.layout()).unwrap(),
            ctx: Ctx::system(&store),
            store,
            clock,
        }
    }

    async fn add(&self, name: &str) -> Account {
        let account = Account {
            id: AccountId(0),
            oid: random::uuid(),
            kind: AccountKind::Person,
            address: format!("{name}@example.test"),
            display_name: name.to_owned(),
            language: "en".into(),
            is_admin: false,
            state: AccountState::Active,
            sign_in_generation: 0,
            quota_bytes: None,
            created_at_ms: 1,
            aliases: Vec::new(),
        };
        let stored = account.clone();
        let id = self
            .store
            .directory()
            .write(move |d| d.insert_account(&stored))
            .await
            .unwrap();
        self.store.create_account(id).unwrap();
        let file = self.store.account(id).unwrap();
        file.write_blocking(|tx| tx.insert_default_folders("en", 1))
            .unwrap();
        Account { id, ..account }
    }

    fn inbox(&self, account: &Account) -> FolderId {
        let file = self.store.account(account.id).unwrap();
        let inbox = file.read_blocking(|s| s.folder_by_role(Role::Inbox)).unwrap();
        inbox.unwrap().id
    }

    async fn append(&self, account: &Account, raw: &[u8]) -> Item {
        let placement = Placement {
            folder_id: self.inbox(account),
            flags: Flags::default(),
            keywords: Default::default(),
            received_at_ms: self.clock.now_ms(),
        };
        let prepared = Prepared::from_bytes(&self.store, raw).unwrap();
        append_message(&self.ctx, account.id, prepared, placement)
            .await
            .unwrap()
            .item
    }

    /// Messages that no packer makes small.
    async fn fill(&self, account: &Account, messages: usize) {
        for n in 0..messages {
            let noise: String = (0..300).map(|_| random::short_id()).collect();
            let raw = format!("Subject: {n} of {}\r\n\r\n{noise}\r\n", account.address);
            self.append(account, raw.as_bytes()).await;
        }
    }

    fn place(&self) -> Folder {
        Folder::open(&self.at).unwrap()
    }

    /// A day later.
    fn back_up_to(&self, place: &dyn Place, accounts: &[&Account], keep: Keep) -> Result<Done> {
        self.clock.advance(DAY_MS);
        let accounts: Vec<Account> = accounts.iter().copied().cloned().collect();
        let options = (keep, Limits::default());
        back_up(&self.store, &accounts, place, &self.key, options, &mut |_, _| {})
    }

    fn back_up(&self, accounts: &[&Account], keep: Keep) -> Done {
        self.back_up_to(&self.place(), accounts, keep).unwrap()
    }

    fn verify(&self, bodies: bool) -> Vec<String> {
        let scratch = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        verify(&self.place(), &self.key, bodies, scratch.path())
            .unwrap()
            .damage
    }

    fn newest(&self) -> Snapshot {
        let place = self.place();
        let id = list_snapshots(&place).unwrap().pop().unwrap();
        read_listed(&place, &self.key, &id).unwrap()
    }

    /// How many bodies of the newest backup of the account can be read by what is known of the place.
    fn readable(&self, index: &Index, account: &Account) -> usize {
        let snapshot = self.newest();
        let (place, scratch) = (
            self.place(),
            ScratchFolder::make_in(&std::env::temp_dir()).unwrap(),
        );
        let rows = scratch.path().join("rows");
        let stored = snapshot.past_of(account).unwrap();
        super::rows::fetch_rows(&place, &self.key, stored, &rows).unwrap();
        let mut hashes = Vec::new();
        hashes_in_rows(&rows, |some| {
            hashes.extend_from_slice(some);
            Ok(())
        })
        .unwrap();
        let mut unpacker = Unpacker::new(&place, &self.key, index);
        hashes
            .iter()
            .filter(|hash| unpacker.read(hash, &mut |_| Ok(())).unwrap())
            .count()
    }

    /// Files of the box beside its data that have this end.
    fn known(&self, end: &str) -> Vec<PathBuf> {
        let all = files_below(&self.store.layout().backups());
        all.into_iter()
            .filter(|p| p.to_str().unwrap().ends_with(end))
            .collect()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => out.extend(files_below(&path)),
            false => out.push(path),
        }
    }
    out.sort();
    out
}
