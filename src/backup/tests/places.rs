//! Places that break off, change meanwhile, are damaged, or are shared with others.

use super::*;
use crate::backup::claim::{check_sign, take_lock};
use crate::backup::index::data_names;
use crate::backup::keep::remove_unneeded;
use crate::backup::place::Stream;
use crate::backup::run::require_whole;
use std::sync::atomic::{AtomicI64, Ordering};

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
        assert_eq!(damage, NONE, "after {changes} changes");
        if let Ok(done) = done
            && done.problem.is_none()
        {
            assert!(done.given_back_bytes > 0, "packs were written anew: {done:?}");
            break;
        }
        broken_off += 1;
        let next = office.back_up(&[&anna], ONE);
        assert_eq!(next.problem, None, "after {changes} changes");
        assert_eq!(office.verify(true), NONE, "after {changes} changes");
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
    fs::write(known, &bytes).unwrap();
    // Who reads goes to the place; the next run makes the file again.
    let (place, layout, stored) = (office.place(), office.store.layout(), office.newest());
    let stored = stored.past_of(&anna).unwrap();
    let looking = Index::of_account(&place, &office.key, layout, stored).unwrap();
    assert_eq!(office.readable(&looking, &anna), 3);
    fs::write(office.known(".index")[0].with_extension("since"), b"").unwrap();
    office.fill(&anna, 1).await;
    assert_eq!(office.back_up(&[&anna], ONE).new_bodies, 1);
    assert_eq!(office.verify(true), NONE);
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
    assert_eq!(office.verify(true), NONE);
    for name in foreign {
        assert!(office.at.join(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_keeps_everything_until_its_time_has_come() {
    let office = Office::new();
    let (anna, leaver) = (office.add("anna").await, office.add("leaver").await);
    office.fill(&anna, 3).await;
    office.fill(&leaver, 3).await;
    let two = Keep { days: 2, ..ONE };
    office.back_up(&[&anna], two);
    office.back_up(&[&anna, &leaver], two);
    let damaged = office.newest().id;
    let list = office.at.join("snapshots").join(&damaged);
    let whole = fs::read(&list).unwrap();
    let mut bytes = whole.clone();
    bytes[300] ^= 1;
    fs::write(&list, &bytes).unwrap();
    let before = files_below(&office.at.join("data"));
    office.fill(&anna, 1).await;
    // The first is to go, and what it alone needs; what the second needs nobody knows.
    let done = office.back_up(&[&anna], two);
    assert!(done.problem.unwrap().contains(&damaged));
    assert_eq!((done.new_bodies, done.forgotten), (1, Vec::new()));
    assert!(before.iter().all(|file| file.exists()));
    assert!(office.verify(false).iter().any(|d| d.contains(&damaged)));
    fs::write(&list, whole).unwrap();
    assert_eq!(office.verify(true), NONE);
    // Once it is one of those that are to go, it stands in nobody's way.
    fs::write(&list, bytes).unwrap();
    let done = office.back_up(&[&anna], two);
    assert_eq!((done.problem, done.forgotten.len()), (None, 2));
    assert_eq!(office.verify(true), NONE);
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
    assert_eq!(
        remove_unneeded(&place, &[], &Default::default())
            .unwrap_err()
            .kind(),
        Kind::Conflict
    );
    assert_eq!(files_below(&office.at), before);
    // A pack that goes before its list is there.
    let pack = snapshot.accounts[0].packs.first().unwrap();
    require_whole(&place, &office.key, &snapshot).unwrap();
    fs::remove_file(office.at.join("index").join(pack)).unwrap();
    let e = require_whole(&place, &office.key, &snapshot).unwrap_err();
    assert_eq!(e.kind(), Kind::Conflict);
    assert!(list_snapshots(&place).unwrap().is_empty());
    assert_eq!(office.back_up(&[&anna], ONE).new_bodies, 3, "stored again");
    assert_eq!(office.verify(true), NONE);
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
    assert_eq!(office.verify(true), NONE);
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
