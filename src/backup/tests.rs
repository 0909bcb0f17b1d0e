//! Backups of a small box in which everything goes wrong that can: places that break off, change meanwhile, or are damaged.

use super::claim::{check_sign, take_lock};
use super::index::{Index, data_names};
use super::keep::remove_unneeded;
use super::pack::Unpacker;
use super::place::Stream;
use super::run::require_whole;
use super::settings::box_key;
use super::*;
use crate::base::clock::FixedClock;
use crate::base::{Clock, Error, Kind, Result, random};
use crate::calendar::put::put_event;
use crate::calendar::remove::remove_event;
use crate::identity::Ctx;
use crate::mail::append::Placement;
use crate::mail::{Prepared, append_message};
use crate::model::message::Item;
use crate::model::{Account, AccountId, AccountKind, AccountState, Flags, FolderId, FolderKind, Role};
use crate::objects::Condition;
use crate::objects::collections::default_collection;
use crate::store::disk::ScratchFolder;
use crate::store::item::FlagChange;
use crate::store::rows::hashes_in_rows;
use crate::store::{Options, Store};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

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
        let accounts: Vec<Account> = accounts.iter().map(|a| Account::clone(a)).collect();
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
        keep::fetch_rows(&place, &self.key, stored, &rows).unwrap();
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

fn copy_folder(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for file in files_below(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

/// A folder that is unplugged after so many changes.
struct Unplugged {
    folder: Folder,
    left: AtomicI64,
}

impl Unplugged {
    fn after(office: &Office, changes: i64) -> Unplugged {
        Unplugged {
            folder: office.place(),
            left: AtomicI64::new(changes),
        }
    }

    fn change(&self) -> Result<()> {
        match self.left.fetch_sub(1, Ordering::Relaxed) > 0 {
            true => Ok(()),
            false => Err(Error::unavailable("it was unplugged")),
        }
    }
}

impl Place for Unplugged {
    fn waiting_room(&self) -> PathBuf {
        self.folder.waiting_room()
    }
    fn put(&self, file: &Path, name: &str) -> Result<()> {
        self.change()?;
        self.folder.put(file, name)
    }
    fn open(&self, name: &str) -> Result<Box<dyn Stream>> {
        self.folder.open(name)
    }
    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        self.folder.list(folder)
    }
    fn remove(&self, name: &str) -> Result<()> {
        self.change()?;
        self.folder.remove(name)
    }
    fn name(&self) -> String {
        self.folder.name()
    }
}

#[tokio::test]
async fn wherever_a_run_is_broken_off_every_list_finds_what_it_names() {
    let office = Office::new();
    let (anna, leaver) = (office.add("anna").await, office.add("leaver").await);
    office.fill(&anna, 4).await;
    office.fill(&leaver, 20).await;
    office.back_up(&[&anna, &leaver], ONE);
    let saved = office.at.with_extension("saved");
    copy_folder(&office.at, &saved);
    office.fill(&anna, 2).await;
    let (mut changes, mut broken_off) = (0, 0);
    loop {
        copy_folder(&saved, &office.at);
        office
            .known(".repacked")
            .iter()
            .for_each(|f| fs::remove_file(f).unwrap());
        let place = Unplugged::after(&office, changes);
        let done = office.back_up_to(&place, &[&anna], ONE);
        let damage = office.verify(true);
        assert_eq!(damage, [String::new(); 0], "after {changes} changes");
        if let Ok(done) = done
            && done.problem.is_none()
        {
            assert!(done.given_back_bytes > 0, "packs were written anew: {done:?}");
            break;
        }
        broken_off += 1;
        let next = office.back_up(&[&anna], ONE);
        assert_eq!(next.problem, None, "after {changes} changes");
        assert_eq!(office.verify(true), [String::new(); 0], "after {changes} changes");
        assert_eq!(list_snapshots(&office.place()).unwrap().len(), 1);
        changes += 1;
    }
    assert!(broken_off > 8, "{broken_off}");
}

#[tokio::test]
async fn who_reads_while_packs_are_written_anew_finds_everything() {
    let office = Office::new();
    let (anna, leaver) = (office.add("anna").await, office.add("leaver").await);
    office.fill(&anna, 4).await;
    office.fill(&leaver, 20).await;
    office.back_up(&[&anna, &leaver], ONE);
    let before = Index::load(&office.place(), &office.key).unwrap();
    assert_eq!(office.readable(&before, &anna), 4);
    let done = office.back_up(&[&anna], ONE);
    assert!(done.given_back_bytes > 0, "{done:?}");
    assert_eq!(office.readable(&before, &anna), 4);
}

#[tokio::test]
async fn who_looks_at_something_leaves_a_run_what_it_knows() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill(&anna, 3).await;
    office.back_up(&[&anna], ONE);
    let (place, layout) = (office.place(), office.store.layout());
    let there = data_names(&place).unwrap();
    let mut running = Index::known(&place, &office.key, layout, &there).unwrap();
    // A pack that has come to the place since the look began.
    running.db.add_pack(None, &"ab".repeat(32), &[]).unwrap();
    let mut stored = office.newest().past_of(&anna).unwrap().clone();
    stored.packs.insert("cd".repeat(32));
    let looking = Index::of_account(&place, &office.key, layout, &stored).unwrap();
    assert_eq!(office.readable(&looking, &anna), 3);
    assert!(running.db.pack_number(&"ab".repeat(32)).unwrap().is_some());
    drop(running);
    let looking = Index::of_account(&place, &office.key, layout, &stored).unwrap();
    assert_eq!(
        looking.db.pack_number(&"ab".repeat(32)).unwrap(),
        None,
        "read anew"
    );
}

#[tokio::test]
async fn what_is_known_of_a_place_is_read_anew_when_it_is_damaged() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill(&anna, 3).await;
    office.back_up(&[&anna], ONE);
    let [known] = &office.known(".index")[..] else {
        panic!()
    };
    let mut bytes = fs::read(known).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(known, bytes).unwrap();
    office.fill(&anna, 1).await;
    assert_eq!(office.back_up(&[&anna], ONE).new_bodies, 1);
    assert_eq!(office.verify(true), [String::new(); 0]);
}

#[tokio::test]
async fn what_others_leave_in_a_place_is_neither_damage_nor_ours_to_remove() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill(&anna, 3).await;
    office.back_up(&[&anna], ONE);
    let foreign = [
        "snapshots/@eaDir/list@SynoEAStream",
        "snapshots/.DS_Store",
        "data/@eaDir/SYNO@.fileindexdb",
        "data/Thumbs.db",
        "index/.nfs000000000001",
    ];
    for name in foreign {
        let path = office.at.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"somebody else's").unwrap();
    }
    office.fill(&anna, 1).await;
    let done = office.back_up(&[&anna], ONE);
    assert_eq!((done.problem, done.forgotten.len()), (None, 1));
    assert_eq!(office.verify(true), [String::new(); 0]);
    for name in foreign {
        assert!(office.at.join(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_keeps_everything_and_the_backup_is_made() {
    let office = Office::new();
    let (anna, leaver) = (office.add("anna").await, office.add("leaver").await);
    office.fill(&anna, 3).await;
    office.fill(&leaver, 3).await;
    office.back_up(&[&anna, &leaver], ONE);
    let damaged = office.newest().id;
    let list = office.at.join("snapshots").join(&damaged);
    let whole = fs::read(&list).unwrap();
    let mut bytes = whole.clone();
    bytes[300] ^= 1;
    fs::write(&list, bytes).unwrap();
    let before = files_below(&office.at.join("data"));
    office.fill(&anna, 1).await;
    let done = office.back_up(&[&anna], ONE);
    assert!(done.problem.unwrap().contains(&damaged));
    assert_eq!(done.new_bodies, 1);
    assert!(before.iter().all(|file| file.exists()));
    assert!(office.verify(false).iter().any(|d| d.contains(&damaged)));
    fs::write(&list, whole).unwrap();
    assert_eq!(office.verify(true), [String::new(); 0]);
}

#[tokio::test]
async fn a_place_that_two_change_at_once_loses_nothing() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill(&anna, 3).await;
    office.back_up(&[&anna], ONE);
    let (place, snapshot) = (office.place(), office.newest());
    // A list that has come since the others were read.
    let before = files_below(&office.at);
    assert_eq!(remove_unneeded(&place, &[]).unwrap_err().kind(), Kind::Conflict);
    assert_eq!(files_below(&office.at), before);
    // A pack that goes before its list is there.
    let pack = snapshot.accounts[0].packs.first().unwrap();
    require_whole(&place, &office.key, &snapshot).unwrap();
    fs::remove_file(office.at.join("index").join(pack)).unwrap();
    let e = require_whole(&place, &office.key, &snapshot).unwrap_err();
    assert_eq!(e.kind(), Kind::Conflict);
    assert!(list_snapshots(&place).unwrap().is_empty());
    assert_eq!(office.back_up(&[&anna], ONE).new_bodies, 3, "stored again");
    assert_eq!(office.verify(true), [String::new(); 0]);
}

#[tokio::test]
async fn every_flipped_bit_is_found_and_what_it_hits_is_named() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill(&anna, 3).await;
    // An older list with something that the newest does not have any more.
    let gone = office.append(&anna, b"Subject: gone\r\n\r\nlater\r\n").await;
    office.back_up(&[&anna], Keep::default());
    let file = office.store.account(anna.id).unwrap();
    file.write_blocking(move |tx| tx.remove_items(&[gone], 1))
        .unwrap();
    deleted::prune_deleted(&office.ctx, anna.id, i64::MAX)
        .await
        .unwrap();
    office.back_up(&[&anna], Keep::default());
    assert_eq!(office.verify(true), [String::new(); 0]);
    let place = office.place();
    for path in files_below(&office.at) {
        let whole = fs::read(&path).unwrap();
        let flip = |at: usize, bit: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&path, bytes).unwrap();
        };
        if path.ends_with("hauspost-backup.json") {
            for n in 0..whole.len() * 8 {
                flip(n / 8, n % 8);
                assert!(check_sign(&place, &office.key).is_err(), "bit {n} of the sign");
            }
        }
        for at in (0..whole.len()).step_by((whole.len() / 12).max(1)) {
            flip(at, at % 8);
            let damage = office.verify(false);
            let about = || format!("{} byte {at}: {damage:?}", path.display());
            assert!(!damage.is_empty(), "{}", about());
            let is_index = path.parent().unwrap().ends_with("index");
            if is_index {
                assert!(
                    damage.iter().any(|d| d.starts_with("anna@example.test: ")),
                    "{}",
                    about()
                );
            }
        }
        fs::write(&path, whole).unwrap();
    }
    // What only an older backup has is named as well.
    let oldest = list_snapshots(&office.place()).unwrap().remove(0);
    let packs = files_below(&office.at.join("index"));
    packs.iter().for_each(|p| fs::remove_file(p).unwrap());
    let named = office
        .verify(false)
        .iter()
        .filter(|d| d.starts_with("anna@"))
        .count();
    assert_eq!(named, 4, "of {oldest} and the newest");
}

#[tokio::test]
async fn who_has_the_number_and_the_address_of_somebody_who_left_has_not_their_past() {
    let office = Office::new();
    let leaver = office.add("leaver").await;
    office.fill(&leaver, 2).await;
    office.back_up(&[&leaver], ONE);
    let successor = Account {
        oid: random::uuid(),
        ..leaver.clone()
    };
    let mut snapshot = office.newest();
    let e = snapshot.past_of(&successor).unwrap_err();
    assert!(e.kind() == Kind::NotFound && e.message().contains("--of"), "{e}");
    // Under another number and address it is still theirs.
    let renamed = Account {
        id: AccountId(99),
        address: "other@example.test".into(),
        ..leaver.clone()
    };
    assert_eq!(snapshot.past_of(&renamed).unwrap().bodies, 2);
    // A list that does not say so yet has it from its directory.
    snapshot.accounts[0].oid = None;
    assert!(snapshot.past_of(&leaver).is_err());
    snapshot.know_owners(&office.place(), &office.key).unwrap();
    assert!(snapshot.past_of(&leaver).is_ok() && snapshot.past_of(&successor).is_err());
}

async fn bring_all(office: &Office, account: &Account, over: bool) -> Brought {
    let (place, snapshot) = (office.place(), office.newest());
    let stored = snapshot.past_of(account).unwrap();
    let wanted = Wanted {
        over,
        ..Wanted::default()
    };
    let from = (snapshot.id.as_str(), stored, None);
    bring_back(&office.ctx, (&place, &office.key), from, account, &wanted)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_has_the_name_of_something_lost_by_now_stays_beside_it() {
    let office = Office::new();
    let anna = office.add("anna").await;
    let calendar = default_collection(&office.ctx, anna.id, FolderKind::Calendar)
        .await
        .unwrap();
    let folder = calendar.folder.id;
    let calendar = &calendar;
    let event = |uid: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261101T000000Z\r\n\
             DTSTART:20261201T100000Z\r\nSUMMARY:{uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        .into_bytes()
    };
    let put = async |uid: &str| {
        put_event(
            &office.ctx,
            anna.id,
            calendar,
            "1.ics",
            event(uid),
            Condition::Always,
        )
        .await
        .unwrap()
    };
    put("then").await;
    office.back_up(&[&anna], ONE);
    remove_event(&office.ctx, anna.id, folder, "1.ics", Condition::Present, false)
        .await
        .unwrap();
    put("now").await;
    let brought = bring_all(&office, &anna, true).await;
    assert_eq!((brought.objects, brought.replaced), (1, 0), "{brought:?}");
    let file = office.store.account(anna.id).unwrap();
    let mut uids: Vec<String> = file
        .read_blocking(|s| s.objects(folder))
        .unwrap()
        .into_iter()
        .filter_map(|o| o.uid)
        .collect();
    uids.sort();
    assert_eq!(uids, ["now", "then"]);
    assert_eq!(
        bring_all(&office, &anna, true).await.present,
        1,
        "it is there by now"
    );
}

#[tokio::test]
async fn of_two_that_are_the_same_each_comes_back_as_it_was() {
    let office = Office::new();
    let anna = office.add("anna").await;
    let raw = b"Subject: twice\r\n\r\nthe same\r\n";
    let (first, second) = (office.append(&anna, raw).await, office.append(&anna, raw).await);
    let file = office.store.account(anna.id).unwrap();
    let inbox = office.inbox(&anna);
    let flag = FlagChange {
        id: second.id,
        before: second.flags,
        flags: Flags::FLAGGED,
        keywords: Default::default(),
    };
    file.write_blocking(move |tx| tx.change_flags(inbox, &[flag]).map(drop))
        .unwrap();
    office.back_up(&[&anna], ONE);
    let nothing = bring_all(&office, &anna, true).await;
    assert_eq!((nothing.present, nothing.replaced), (2, 0), "{nothing:?}");
    file.write_blocking(move |tx| tx.remove_items(&[first], 1))
        .unwrap();
    let one = bring_all(&office, &anna, false).await;
    assert_eq!((one.messages, one.present), (1, 1), "{one:?}");
    let again = bring_all(&office, &anna, true).await;
    assert_eq!(
        (again.messages, again.present, again.replaced),
        (0, 2, 0),
        "{again:?}"
    );
}

#[tokio::test]
async fn one_backup_is_made_at_a_time_and_others_know() {
    let office = Office::new();
    let anna = office.add("anna").await;
    assert!(!is_running(office.store.layout()).unwrap());
    let lock = take_lock(&office.store).unwrap();
    assert!(is_running(office.store.layout()).unwrap());
    let e = office.back_up_to(&office.place(), &[&anna], ONE).unwrap_err();
    assert_eq!(e.kind(), Kind::Conflict);
    drop(lock);
    assert!(!is_running(office.store.layout()).unwrap());
    office.back_up(&[&anna], ONE);
}
