//! Rows in pieces: what is new goes, what is there is found again, and the lists of older programs are read as ever.

use super::*;
use crate::backup::pack::{hash_in, send_file};
use crate::backup::rows::fetch_rows;
use crate::mail::append::append_message_in;
use crate::store::rows_look::stored_items;
use crate::store::rows_pieces::{Assembly, all_rows};
use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};
use std::process::Command;

const MANY: usize = 3000;

impl Office {
    /// Small messages, some hundred with one commit.
    fn fill_quickly(&self, account: &Account, from: usize, messages: usize) {
        let file = self.store.account(account.id).unwrap();
        let (inbox, now_ms) = (self.inbox(account), self.clock.now_ms());
        let end = from + messages;
        for from in (from..end).step_by(500) {
            let prepared: Vec<Prepared> = (from..end.min(from + 500))
                .map(|n| {
                    let raw = format!("Subject: it's number {n}\r\n\r\nof {}\r\n", account.address);
                    Prepared::from_bytes(&self.store, raw.as_bytes()).unwrap()
                })
                .collect();
            let placement = Placement {
                folder_id: inbox,
                flags: Flags::default(),
                keywords: Default::default(),
                received_at_ms: now_ms,
            };
            file.write_blocking(move |tx| {
                for one in &prepared {
                    append_message_in(tx, one, &placement)?;
                }
                Ok(())
            })
            .unwrap();
        }
    }

    fn remove(&self, account: &Account, which: impl Fn(usize) -> bool) {
        let file = self.store.account(account.id).unwrap();
        let items = file.read_blocking(|s| s.items_after(0, 100_000)).unwrap();
        let gone: Vec<Item> = items
            .into_iter()
            .enumerate()
            .filter(|(n, _)| which(*n))
            .map(|(_, (item, _))| item)
            .collect();
        file.write_blocking(move |tx| tx.remove_items(&gone, 1)).unwrap();
    }

    fn rows(&self, account: &Account) -> (ScratchFolder, PathBuf) {
        let scratch = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        let rows = scratch.path().join("rows");
        let newest = self.newest();
        let stored = newest.past_of(account).unwrap();
        fetch_rows(&self.place(), &self.key, stored, &rows).unwrap();
        (scratch, rows)
    }

    /// Subjects in the newest backup, sorted.
    fn stored_subjects(&self, account: &Account) -> Vec<String> {
        let (_scratch, rows) = self.rows(account);
        let items = stored_items(&rows, &Default::default(), usize::MAX).unwrap();
        let mut out: Vec<String> = items.into_iter().map(|item| item.title).collect();
        out.sort();
        out
    }

    fn size(&self, name: &str) -> u64 {
        fs::metadata(self.at.join(name)).unwrap().len()
    }
}

#[tokio::test]
async fn what_has_changed_of_the_rows_goes_and_nothing_else() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill_quickly(&anna, 0, MANY);
    office.back_up(&[&anna], Keep::default());
    let first = office.newest().past_of(&anna).unwrap().rows.clone();
    assert!(first.others.is_empty());
    office.fill_quickly(&anna, MANY, 5);
    // In the middle, so that what comes behind has another place.
    office.remove(&anna, |n| n == MANY / 2);
    let done = office.back_up(&[&anna], Keep::default());
    assert_eq!((done.read_accounts, done.new_bodies), (1, 5));
    let second = office.newest().past_of(&anna).unwrap().rows.clone();
    assert_eq!(second.others, BTreeSet::from([first.data.clone()]));
    let (whole, new) = (office.size(&first.data), office.size(&second.data));
    assert!(new * 3 < whole, "{new} bytes of {whole}");
    assert_eq!(office.stored_subjects(&anna).len(), MANY + 4);
    // Nothing new: the same rows.
    office.back_up(&[&anna], Keep::default());
    assert_eq!(office.newest().past_of(&anna).unwrap().rows, second);
    assert_eq!(office.verify(true), NONE);
}

#[tokio::test]
async fn rows_lie_in_few_files_and_what_no_list_needs_goes() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill_quickly(&anna, 0, 1000);
    for night in 0..24 {
        office.back_up(&[&anna], ONE);
        let rows = office.newest().past_of(&anna).unwrap().rows.clone();
        let files: BTreeSet<&String> = rows.files().collect();
        assert!(files.len() <= 16, "{} files", files.len());
        assert!(files.iter().all(|name| office.at.join(name).exists()));
        // Another row far away from those of the night before.
        office.remove(&anna, |n| n == night * 37 % 900);
        office.fill_quickly(&anna, 1000 + night, 1);
        if night % 6 == 0 {
            assert_eq!(office.verify(true), NONE, "night {night}");
        }
    }
    office.back_up(&[&anna], ONE);
    assert_eq!(office.stored_subjects(&anna).len(), 1000);
    let snapshot = office.newest();
    let needed: BTreeSet<String> = keep::data_of(&snapshot).into_iter().collect();
    let data: BTreeSet<String> = files_below(&office.at.join("data"))
        .iter()
        .map(|p| p.strip_prefix(&office.at).unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(data, needed, "no other file is left");
    assert_eq!(office.verify(true), NONE);
}

#[tokio::test]
async fn numbers_that_come_again_hide_nothing() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill(&anna, 3).await;
    let last = office.append(&anna, b"Subject: last\r\n\r\none\r\n").await;
    office.back_up(&[&anna], ONE);
    let old_body = last.body_id;
    let file = office.store.account(anna.id).unwrap();
    file.write_blocking(move |tx| tx.remove_items(&[last], 1))
        .unwrap();
    deleted::prune_deleted(&office.ctx, anna.id, i64::MAX)
        .await
        .unwrap();
    let other = office.append(&anna, b"Subject: other\r\n\r\ntwo\r\n").await;
    assert_eq!(other.body_id, old_body, "what this is about");
    assert_eq!(office.back_up(&[&anna], ONE).new_bodies, 1);
    let index = Index::load(&office.place(), &office.key).unwrap();
    assert_eq!(office.readable(&index, &anna), 4);
    assert!(office.stored_subjects(&anna).contains(&"other".to_owned()));
    assert_eq!(office.verify(true), NONE);
}

#[tokio::test]
async fn pieces_and_packs_that_have_gone_are_stored_again() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill(&anna, 3).await;
    office.back_up(&[&anna], ONE);
    office.append(&anna, b"Subject: more\r\n\r\none\r\n").await;
    office.back_up(&[&anna], Keep::default());
    let rows = office.newest().past_of(&anna).unwrap().rows.clone();
    let pack = office.newest().accounts[0].packs.first().unwrap().clone();
    for gone in [
        rows.others.first().unwrap().clone(),
        format!("data/{}/{pack}", &pack[..2]),
    ] {
        fs::remove_file(office.at.join(gone)).unwrap();
        assert_ne!(office.verify(false), NONE);
        office.back_up(&[&anna], ONE);
        assert_eq!(office.verify(true), NONE);
        let index = Index::load(&office.place(), &office.key).unwrap();
        assert_eq!(office.readable(&index, &anna), 4);
    }
}

#[tokio::test]
async fn every_value_comes_back_as_it_was() {
    let office = Office::new();
    let anna = office.add("anna").await;
    let file = office.store.account(anna.id).unwrap();
    let values: Vec<(String, Vec<u8>)> = vec![
        ("it's".into(), b"'; DROP TABLE item; --".to_vec()),
        ("nul\0inside".into(), vec![0, 1, 2, 255]),
        ("two\nlines".into(), Vec::new()),
        ("ünï".into(), vec![b'x'; 700_000]),
    ];
    let put = values.clone();
    file.write_blocking(move |tx| {
        for (key, value) in &put {
            tx.put_account_setting(key, Some(value))?;
        }
        Ok(())
    })
    .unwrap();
    office.fill(&anna, 2).await;
    office.back_up(&[&anna], ONE);
    let (_scratch, rows) = office.rows(&anna);
    let (back, here) = (all_rows(&rows), all_rows(file.path()));
    assert!(back.len() > 20, "{:?}", back.keys());
    for (table, rows) in &back {
        assert_eq!(Some(rows), here.get(table), "{table}");
    }
    assert!(back["setting"].iter().any(|row| row.contains("nul\\0inside")));
}

/// As a program of format 1 left it: the rows in one file of SQLite.
fn make_old(office: &Office, account: &Account) {
    let (_scratch, rows) = office.rows(account);
    let (place, mut snapshot) = (office.place(), office.newest());
    for stored in &mut snapshot.accounts {
        stored.rows = snapshot::StoredRows {
            path: format!("accounts/{}/rows.db", stored.id),
            data: send_file(&place, &office.key, &rows).unwrap(),
            hash: blake3::hash(&fs::read(&rows).unwrap()).to_hex().to_string(),
            size: fs::metadata(&rows).unwrap().len(),
            at: None,
            stored: None,
            others: BTreeSet::new(),
        };
    }
    snapshot.format = 1;
    let text = serde_json::to_string(&snapshot).unwrap();
    assert!(
        !text.contains("\"at\"") && !text.contains("\"others\""),
        "as ever: {text}"
    );
    snapshot.send(&place, &office.key).unwrap();
}

#[tokio::test]
async fn lists_of_older_programs_are_read_beside_those_in_pieces() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill(&anna, 3).await;
    office.back_up(&[&anna], Keep::default());
    make_old(&office, &anna);
    assert_eq!(office.stored_subjects(&anna).len(), 3);
    assert_eq!(office.verify(true), NONE);
    let old = office.newest();
    office.append(&anna, b"Subject: more\r\n\r\none\r\n").await;
    office.back_up(&[&anna], Keep::default());
    assert_eq!(office.stored_subjects(&anna).len(), 4);
    // What the first run has left in pieces no list names any more by now; both that do are whole.
    assert_eq!((old.format, office.newest().format), (1, 2));
    assert_eq!(office.verify(true), NONE);
    let data = old.accounts[0].rows.data.clone();
    assert!(hash_in(&data).is_some());
    let whole = fs::read(office.at.join(&data)).unwrap();
    let mut bytes = whole.clone();
    bytes[whole.len() / 2] ^= 4;
    fs::write(office.at.join(&data), bytes).unwrap();
    assert!(office.verify(false).iter().any(|d| d.contains(&data)));
    fs::write(office.at.join(&data), whole).unwrap();
    // The old list goes, and its rows with it.
    office.append(&anna, b"Subject: again\r\n\r\none\r\n").await;
    assert_eq!(office.back_up(&[&anna], ONE).forgotten.len(), 2);
    assert!(!office.at.join(&data).exists());
    assert_eq!(office.verify(true), NONE);
}

#[tokio::test]
async fn a_list_of_a_newer_program_is_not_taken_for_one_of_ours() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.back_up(&[&anna], ONE);
    let mut snapshot = office.newest();
    snapshot.format += 1;
    snapshot.program = "9.9".into();
    snapshot.send(&office.place(), &office.key).unwrap();
    let e = read_listed(&office.place(), &office.key, &snapshot.id).unwrap_err();
    assert!(e.message().contains("newer Hauspost (9.9)"), "{e}");
}

/// The bytes of a file, as `age -d` shows them.
fn unsealed(office: &Office, name: &str) -> Vec<u8> {
    let mut opened = office.key.opener(office.place().open(name).unwrap()).unwrap();
    let mut out = Vec::new();
    opened.read_to_end(&mut out).unwrap();
    out
}

/// The commands that the description of the format has, behind those of age. False, when this machine lacks their programs.
fn by_commands(office: &Office, rows: &snapshot::StoredRows, folder: &Path) -> bool {
    let has = |program: &&'static str| Command::new(program).arg("--version").output().is_ok();
    if !["jq", "zstd", "sqlite3", "sh"].iter().all(has) {
        return false;
    }
    fs::create_dir(folder.join("open")).unwrap();
    for name in rows.files() {
        let hash = name.rsplit('/').next().unwrap();
        fs::write(folder.join("open").join(hash), unsealed(office, name)).unwrap();
    }
    let format = include_str!("../../../docs/backup-format.md");
    let from = format.find("tail -c +$((at + 1)) open/").unwrap();
    let end = from + format[from..].find("rows.db\n").unwrap() + 8;
    let commands = format[from..end]
        .replace("<hash of data>", rows.data.rsplit('/').next().unwrap())
        .replace("<data of rows>", &rows.data)
        .replace("| sqlite3", "| tee sql | sqlite3");
    let (at, stored) = (rows.at.unwrap(), rows.stored.unwrap());
    let mut running = Command::new("sh");
    running.args(["-e", "-c", &format!("at={at} stored={stored}\n{commands}")]);
    assert!(running.current_dir(folder).status().unwrap().success());
    true
}

#[tokio::test]
async fn rows_are_put_together_by_hand_as_the_format_says() {
    let office = Office::new();
    let anna = office.add("anna").await;
    office.fill_quickly(&anna, 0, 700);
    office.back_up(&[&anna], Keep::default());
    office.fill_quickly(&anna, 700, 1);
    office.back_up(&[&anna], Keep::default());
    let rows = office.newest().past_of(&anna).unwrap().rows.clone();
    assert!(!rows.others.is_empty());
    let mut at_hand = std::io::Cursor::new(unsealed(&office, &rows.data));
    at_hand.seek(SeekFrom::Start(rows.at.unwrap())).unwrap();
    let at_hand = at_hand.take(rows.stored.unwrap());
    let list = String::from_utf8(zstd::decode_all(at_hand).unwrap()).unwrap();
    let mut sql = Vec::new();
    for line in list.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = unsealed(&office, line["data"].as_str().unwrap_or(&rows.data));
        let [at, stored] = ["at", "stored"].map(|name| line[name].as_u64().unwrap() as usize);
        let piece = zstd::decode_all(&file[at..at + stored]).unwrap();
        assert_eq!(
            blake3::hash(&piece).to_hex().as_str(),
            line["hash"].as_str().unwrap()
        );
        sql.extend(piece);
    }
    let scratch = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
    let made = scratch.path().join("rows.db");
    match by_commands(&office, &rows, scratch.path()) {
        true => assert_eq!(fs::read(scratch.path().join("sql")).unwrap(), sql),
        false => {
            let assembly = Assembly::begin(&made).unwrap();
            assembly.add(&sql).unwrap();
            assembly.finish().unwrap();
        }
    }
    let items = stored_items(&made, &Default::default(), usize::MAX).unwrap();
    let meant = items.iter().filter(|item| item.title.starts_with("it's number "));
    assert_eq!(meant.count(), 701);
}

#[tokio::test]
async fn accounts_share_files_and_each_keeps_what_it_needs() {
    let office = Office::new();
    let (anna, bert) = (office.add("anna").await, office.add("bert").await);
    office.fill(&anna, 3).await;
    office.fill(&bert, 3).await;
    office.back_up(&[&anna, &bert], ONE);
    let rows = |account: &Account| office.newest().past_of(account).unwrap().rows.clone();
    let first = rows(&anna).data;
    assert_eq!(rows(&bert).data, first);
    for n in 0..3 {
        office
            .append(&anna, format!("Subject: {n}\r\n\r\nmore\r\n").as_bytes())
            .await;
        office.back_up(&[&anna, &bert], ONE);
        assert!(rows(&anna).others.contains(&first));
        assert_eq!(rows(&bert).data, first, "nothing of it is new");
        assert_eq!(office.verify(true), NONE);
    }
    // Also when the other has gone.
    office.back_up(&[&bert], ONE);
    assert_eq!(office.stored_subjects(&bert).len(), 3);
    assert_eq!(office.verify(true), NONE);
}
