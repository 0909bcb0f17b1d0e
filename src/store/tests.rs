//! The cellar's promises, tested on real files.

use super::account::AccountDb;
use super::file::File;
use super::folder::NewFolder;
use super::item::{FlagChange, NewItem};
use super::search::Condition;
use super::{Options, Store, blob::Staged};
use crate::base::clock::FixedClock;
use crate::base::{Kind, random};
use crate::model::message::{Derived, IndexText, Item};
use crate::model::{AccountId, Flags, FolderId, FolderKind, Keywords, Role};
use std::path::PathBuf;
use std::sync::Arc;

struct Fixture {
    root: PathBuf,
    store: Arc<Store>,
    file: Arc<File<AccountDb>>,
    inbox: FolderId,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn fixture() -> Fixture {
    let root = std::env::temp_dir().join(format!("hauspost-store-{}", random::short_id()));
    let store = Store::open(
        &root,
        Options::default(),
        Arc::new(FixedClock::at(1_000_000_000_000)),
    )
    .unwrap();
    store.create_account(AccountId(1)).unwrap();
    let file = store.account(AccountId(1)).unwrap();
    file.write_blocking(|tx| tx.insert_default_folders("de", 1_000_000_000_000))
        .unwrap();
    let inbox = file
        .read_blocking(|s| s.folder_by_role(Role::Inbox))
        .unwrap()
        .unwrap()
        .id;
    Fixture {
        root,
        store,
        file,
        inbox,
    }
}

impl Fixture {
    fn add(&self, folder: FolderId, raw: &[u8]) -> Item {
        let staged = Staged::from_bytes(self.store.layout(), raw).unwrap();
        self.file
            .write_blocking(move |tx| {
                let (body_id, is_new) = tx.put_body(&staged)?;
                if is_new {
                    tx.put_derived(body_id, &Derived::default())?;
                }
                tx.insert_item(&NewItem {
                    folder_id: folder,
                    body_id,
                    flags: Flags::NONE,
                    keywords: &Keywords::default(),
                    received_at_ms: 5,
                    size_bytes: staged.size_bytes() as i64,
                })
            })
            .unwrap()
    }

    fn findings(&self) -> Vec<String> {
        self.file
            .read_blocking(|s| {
                let mut all = s.check_file()?;
                all.extend(s.check_account()?);
                all.extend(s.check_bodies()?);
                Ok(all)
            })
            .unwrap()
            .into_iter()
            .map(|f| f.what)
            .collect()
    }

    fn blob_count(&self) -> usize {
        // Files are removed after the answer; one more turn of the writer is behind that.
        self.file.write_blocking(|_| Ok(())).unwrap();
        let blobs = self.store.layout().account_blobs(AccountId(1));
        std::fs::read_dir(blobs)
            .unwrap()
            .map(|d| std::fs::read_dir(d.unwrap().path()).unwrap().count())
            .sum()
    }
}

fn large(n: u8) -> Vec<u8> {
    (0..500_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ n)
        .collect()
}

#[test]
fn every_change_takes_the_next_number_and_removal_leaves_a_tombstone() {
    let f = fixture();
    let (a, b) = (f.add(f.inbox, b"one"), f.add(f.inbox, b"two"));
    assert_eq!((a.uid, b.uid), (1, 2));
    assert!(b.modseq > a.modseq);
    let changed = FlagChange {
        id: a.id,
        before: a.flags,
        flags: Flags::SEEN,
        keywords: Keywords::default(),
    };
    let modseqs = f
        .file
        .write_blocking(move |tx| tx.change_flags(FolderId(2), &[changed]))
        .unwrap();
    assert!(modseqs[0] > b.modseq);
    let folder = f.file.read_blocking(|s| s.folder(FolderId(2))).unwrap();
    assert_eq!(
        (folder.id, folder.total, folder.unread, folder.highest_modseq),
        (f.inbox, 2, 1, modseqs[0])
    );
    let gone = b.clone();
    f.file
        .write_blocking(move |tx| tx.remove_items(&[gone], 7))
        .unwrap();
    let inbox = f.inbox;
    let tombstones = f
        .file
        .read_blocking(move |s| s.tombstones_since(inbox, modseqs[0], 10))
        .unwrap();
    assert_eq!(tombstones.iter().map(|t| t.uid).collect::<Vec<_>>(), [2]);
    assert_eq!(f.findings(), Vec::<String>::new());
}

#[test]
fn a_move_keeps_the_id_and_takes_a_new_uid() {
    let f = fixture();
    let item = f.add(f.inbox, b"one");
    let trash = f
        .file
        .read_blocking(|s| s.folder_by_role(Role::Trash))
        .unwrap()
        .unwrap()
        .id;
    let moved = item.clone();
    let uids = f
        .file
        .write_blocking(move |tx| tx.move_items(&[moved], trash, 7))
        .unwrap();
    let after = f.file.read_blocking(move |s| s.item(item.id)).unwrap().unwrap();
    assert_eq!((after.id, after.folder_id, after.uid), (item.id, trash, uids[0]));
    assert!(after.modseq > item.modseq);
    assert_eq!(f.findings(), Vec::<String>::new());
}

#[test]
fn an_item_that_is_named_twice_is_refused_and_nothing_is_changed() {
    let f = fixture();
    let item = f.add(f.inbox, b"one");
    let inbox = f.inbox;
    let twice = [item.clone(), item.clone()];
    let moved = twice.clone();
    let outcome = f.file.write_blocking(move |tx| {
        let trash = tx.folder_by_role(Role::Trash)?.expect("a trash").id;
        tx.move_items(&moved, trash, 7)
    });
    assert!(outcome.is_err());
    assert!(
        f.file
            .write_blocking(move |tx| tx.remove_items(&twice, 7))
            .is_err()
    );
    let folder = f.file.read_blocking(move |s| s.folder(inbox)).unwrap();
    let after = f.file.read_blocking(move |s| s.item(item.id)).unwrap();
    assert_eq!((folder.total, after.map(|i| i.uid)), (1, Some(item.uid)));
    assert_eq!(f.findings(), Vec::<String>::new());
}

#[test]
fn pruning_moves_the_horizon() {
    let f = fixture();
    let item = f.add(f.inbox, b"one");
    f.file
        .write_blocking(move |tx| tx.remove_items(&[item], 100))
        .unwrap();
    assert_eq!(f.file.read_blocking(|s| s.horizon()).unwrap(), 0);
    assert_eq!(
        f.file.write_blocking(|tx| tx.prune_tombstones(100)).unwrap(),
        0,
        "not older"
    );
    assert_eq!(f.file.write_blocking(|tx| tx.prune_tombstones(101)).unwrap(), 1);
    let horizon = f.file.read_blocking(|s| s.horizon()).unwrap();
    assert!(horizon > 0);
    assert_eq!(f.file.read_blocking(|s| s.modseq()).unwrap(), horizon);
}

#[test]
fn the_same_bytes_are_stored_once_and_go_with_their_last_use() {
    let f = fixture();
    let raw = large(1);
    let (a, b) = (f.add(f.inbox, &raw), f.add(f.inbox, &raw));
    assert_eq!(a.body_id, b.body_id);
    assert_eq!(f.blob_count(), 1);
    let body = a.body_id;
    assert_eq!(
        f.file
            .read_blocking(move |s| s.open_body(body)?.read_all())
            .unwrap(),
        raw
    );
    f.file.write_blocking(move |tx| tx.remove_items(&[a], 7)).unwrap();
    assert_eq!(f.blob_count(), 1);
    f.file.write_blocking(move |tx| tx.remove_items(&[b], 7)).unwrap();
    assert_eq!(f.blob_count(), 0);
    assert_eq!(f.findings(), Vec::<String>::new());
}

#[test]
fn what_is_deleted_keeps_its_bytes_until_it_is_forgotten() {
    let f = fixture();
    let item = f.add(f.inbox, &large(3));
    let body = item.body_id;
    f.file
        .write_blocking(move |tx| {
            tx.dump_items(std::slice::from_ref(&item), 7)?;
            tx.remove_items(&[item], 7)
        })
        .unwrap();
    assert_eq!((f.blob_count(), f.findings()), (1, Vec::<String>::new()));
    assert_eq!(
        f.file.read_blocking(|s| s.used_bytes()).unwrap(),
        0,
        "no quota counts it"
    );
    let old = |before| {
        f.file
            .write_blocking(move |tx| tx.deleted_before(before, 10))
            .unwrap()
    };
    assert!(old(7).is_empty());
    let deleted = old(8).remove(0);
    assert_eq!((deleted.body_id, &deleted.folder[..]), (body, "INBOX"));
    f.file
        .write_blocking(move |tx| tx.forget_deleted(&deleted))
        .unwrap();
    assert_eq!((f.blob_count(), f.findings()), (0, Vec::<String>::new()));
}

#[test]
fn bytes_that_come_back_in_the_same_group_stay() {
    let f = fixture();
    let raw = large(2);
    let item = f.add(f.inbox, &raw);
    let staged = Staged::from_bytes(f.store.layout(), &raw).unwrap();
    let inbox = f.inbox;
    f.file
        .write_blocking(move |tx| {
            tx.remove_items(&[item], 7)?;
            let (body_id, _) = tx.put_body(&staged)?;
            tx.put_derived(body_id, &Derived::default())?;
            let none = Keywords::default();
            let new = NewItem {
                folder_id: inbox,
                body_id,
                flags: Flags::NONE,
                keywords: &none,
                received_at_ms: 5,
                size_bytes: staged.size_bytes() as i64,
            };
            tx.insert_item(&new)
        })
        .unwrap();
    assert_eq!(f.blob_count(), 1);
    assert_eq!(f.findings(), Vec::<String>::new());
}

#[test]
fn accounts_share_the_file_of_a_large_body() {
    use std::os::unix::fs::MetadataExt;
    let f = fixture();
    f.store.create_account(AccountId(2)).unwrap();
    let other = f.store.account(AccountId(2)).unwrap();
    let staged = Staged::from_bytes(f.store.layout(), &large(3)).unwrap();
    for file in [&f.file, &other] {
        let staged = staged.clone();
        file.write_blocking(move |tx| tx.put_body(&staged).map(drop))
            .unwrap();
    }
    let path = super::blob::blob_path(&f.store.layout().account_blobs(AccountId(2)), staged.hash());
    drop(staged);
    assert_eq!(std::fs::metadata(path).unwrap().nlink(), 2);
}

#[test]
fn a_change_that_fails_is_undone_alone() {
    let f = fixture();
    let inbox = f.inbox;
    let before = f.file.read_blocking(|s| s.modseq()).unwrap();
    let failed = f.file.write_blocking(move |tx| {
        tx.insert_folder(&NewFolder {
            parent_id: Some(inbox),
            kind: FolderKind::Mail,
            role: None,
            name: "x",
            now_ms: 1,
        })?;
        Err::<(), _>(crate::base::Error::invalid("on purpose"))
    });
    assert_eq!(failed.unwrap_err().kind(), Kind::Invalid);
    assert_eq!(
        f.file.read_blocking(|s| s.modseq()).unwrap(),
        before,
        "its numbers are given back"
    );
    assert_eq!(
        f.file
            .read_blocking(move |s| s.child_folders(inbox))
            .unwrap()
            .len(),
        0
    );
    let panicked = f
        .file
        .write_blocking(|_| -> crate::base::Result<()> { panic!("on purpose") });
    assert_eq!(panicked.unwrap_err().kind(), Kind::Internal);
    f.add(f.inbox, b"the writer lives on");
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let f = fixture();
    std::thread::scope(|scope| {
        for t in 0..8 {
            let f = &f;
            scope.spawn(move || (0..50).for_each(|i| drop(f.add(f.inbox, format!("{t} {i}").as_bytes()))));
        }
    });
    let inbox = f.inbox;
    let folder = f.file.read_blocking(move |s| s.folder(inbox)).unwrap();
    assert_eq!((folder.total, folder.uid_next), (400, 401));
    assert_eq!(f.findings(), Vec::<String>::new());
}

#[test]
fn words_are_found_with_accents_folded_and_by_their_beginning() {
    let f = fixture();
    let item = f.add(f.inbox, b"one");
    let text = IndexText {
        subject: "Angebot für Fenster".into(),
        body: "Grüße aus Köln, naïve résumé".into(),
        ..IndexText::default()
    };
    f.file
        .write_blocking(move |tx| tx.index_texts(&[(item.id, text)]))
        .unwrap();
    let inbox = f.inbox;
    let count = |text: &str| {
        let condition = Condition::Text {
            text: text.to_owned(),
            fields: vec![],
        };
        f.file
            .read_blocking(|s| s.search(inbox, &condition))
            .unwrap()
            .len()
    };
    for found in [
        "koln",
        "KÖLN",
        "grüss",
        "Gruße",
        "resume",
        "fenst",
        "Angebot für",
        "angebot fur fen",
    ] {
        let expected = usize::from(found != "grüss");
        assert_eq!(count(found), expected, "{found}");
    }
    assert_eq!(count("Tür"), 0);
    f.file
        .write_blocking(move |tx| tx.remove_items(&[item], 7))
        .unwrap();
    assert_eq!(count("koln"), 0);
    assert_eq!(f.findings(), Vec::<String>::new());
}

#[test]
fn doctor_finds_damage_and_rebuilds_what_is_counted() {
    let f = fixture();
    f.add(f.inbox, b"one");
    f.file
        .write_blocking(|tx| {
            tx.conn.execute_batch("UPDATE folder SET total = 7 WHERE role = 'inbox'; UPDATE body SET refs = 9; UPDATE state SET used_bytes = 1")?;
            Ok(())
        })
        .unwrap();
    assert_eq!(f.findings().len(), 3, "{:?}", f.findings());
    f.file.write_blocking(|tx| tx.recount()).unwrap();
    assert_eq!(f.findings(), Vec::<String>::new());
    f.file
        .write_blocking(|tx| Ok(tx.conn.execute_batch("UPDATE body_data SET packed = x'0058'")?))
        .unwrap();
    assert_eq!(f.findings().len(), 1, "other bytes than were stored");
}

#[test]
fn the_bell_rings_after_the_commit() {
    let f = fixture();
    // Commits ring after their answer; one more turn of the writer is behind the fixture's.
    f.file.write_blocking(|_| Ok(())).unwrap();
    let mut bell = f.store.listen(AccountId(1));
    let item = f.add(f.inbox, b"one");
    let change = bell.blocking_recv().unwrap();
    assert_eq!(
        (change.modseq, &change.folders[..]),
        (item.modseq, &[f.inbox][..])
    );
    assert!(bell.try_recv().is_err(), "once");
}

#[test]
fn a_writer_that_was_woken_has_its_log_ready_and_tells_nobody() {
    let f = fixture();
    let log = f.file.path().with_extension("db-wal");
    super::file::connect(f.file.path())
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    assert_eq!(log.metadata().unwrap().len(), 0);
    // As after a rest: the writer of the fixture's store is awake already.
    let clock = Arc::new(FixedClock::at(1_000_000_000_000));
    let rested = Store::open(&f.root, Options::default(), clock).unwrap();
    let file = rested.account(AccountId(1)).unwrap();
    let before = file.read_blocking(|s| s.modseq()).unwrap();
    let mut bell = rested.listen(AccountId(1));
    rested.wake_writer(AccountId(1)).unwrap();
    // Behind it; a change of nothing writes nothing itself.
    file.write_blocking(|_| Ok(())).unwrap();
    assert!(log.metadata().unwrap().len() > 4096, "the head and a page");
    assert!(bell.try_recv().is_err());
    assert_eq!(file.read_blocking(|s| s.modseq()).unwrap(), before);
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let f = fixture();
    let _first = super::layout::ServerLock::take(f.store.layout()).unwrap();
    let e = super::layout::ServerLock::take(f.store.layout()).err().unwrap();
    assert!(e.message().contains("another hauspost already serves"), "{e}");
}
