//! Whatever is written, lists by conversation are what looking at every message would tell.

use super::*;
use crate::base::clock::FixedClock;
use crate::base::random;
use crate::model::message::Derived;
use crate::model::{AccountId, BodyId, Flags, Keywords, Role};
use crate::store::blob::Staged;
use crate::store::file::File;
use crate::store::item::{FlagChange, NewItem};
use crate::store::layout::Layout;
use crate::store::{Options, Store};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

struct Mailbox {
    root: PathBuf,
    store: Arc<Store>,
    file: Arc<File<AccountDb>>,
    folders: [FolderId; 3],
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn mailbox() -> Mailbox {
    let root = std::env::temp_dir().join(format!("hauspost-conversation-{}", random::short_id()));
    let store = Store::open(&root, Options::default(), Arc::new(FixedClock::at(1))).unwrap();
    store.create_account(AccountId(1)).unwrap();
    let file = store.account(AccountId(1)).unwrap();
    file.write_blocking(|tx| tx.insert_default_folders("en", 1))
        .unwrap();
    let folder = |role| {
        let found = file.read_blocking(move |s| s.folder_by_role(role)).unwrap();
        found.unwrap().id
    };
    let folders = [folder(Role::Inbox), folder(Role::Archive), folder(Role::Trash)];
    Mailbox {
        root,
        store,
        file,
        folders,
    }
}

/// Numbers that come again with each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

fn key(n: u64) -> Option<Conversation> {
    (n > 0).then(|| [n as u8 + 100; 16])
}

fn derived(conversation: Option<Conversation>, from: u64) -> Derived {
    Derived {
        from_address: Some(format!("a{from}@other.test")),
        conversation,
        ..Derived::default()
    }
}

/// A body that nobody has had before; its derived row comes with it, as with a delivery.
fn body(
    tx: &mut Tx<'_, AccountDb>,
    layout: &Layout,
    text: &str,
    conversation: Option<Conversation>,
) -> Result<BodyId> {
    let (id, _) = tx.put_body(&Staged::from_bytes(layout, text.as_bytes())?)?;
    tx.put_derived(id, &derived(conversation, text.len() as u64))?;
    Ok(id)
}

fn all_items(s: &Snapshot<'_, AccountDb>) -> Result<Vec<Item>> {
    Ok(s.items_after(0, 10_000)?
        .into_iter()
        .map(|(item, _)| item)
        .collect())
}

/// One change of any kind.
fn change(
    tx: &mut Tx<'_, AccountDb>,
    layout: &Layout,
    folders: &[FolderId],
    dice: &mut Dice,
    n: u64,
) -> Result<()> {
    let folder = folders[dice.roll(3) as usize];
    let items: Vec<Item> = all_items(tx)?
        .into_iter()
        .filter(|i| i.folder_id == folder)
        .collect();
    let some: Vec<Item> = items.iter().filter(|_| dice.roll(3) == 0).cloned().collect();
    let to = folders[dice.roll(3) as usize];
    match dice.roll(9) {
        0..=3 => {
            let body_id = body(tx, layout, &format!("message {n}"), key(dice.roll(6)))?;
            tx.insert_item(&NewItem {
                folder_id: folder,
                body_id,
                flags: Flags::NONE,
                keywords: &Keywords::default(),
                // Some come at the same moment, some are older than what is there, some from before 1970.
                received_at_ms: dice.roll(20) as i64 - 3,
                size_bytes: 1,
            })?;
        }
        4 if to != folder => drop(tx.move_items(&some, to, 1)?),
        5 => tx.remove_items(&some, 1)?,
        6 => {
            for item in &some {
                tx.insert_copy(item, to)?;
            }
        }
        7 => {
            if let Some(item) = some.first() {
                let new = body(tx, layout, &format!("draft {n}"), key(dice.roll(6)))?;
                tx.renew_item(item, new, 2, 1)?;
            }
        }
        // As when derived rows are computed again by a program that sees conversations otherwise.
        8 => {
            for item in &some {
                tx.put_derived(item.body_id, &derived(key(dice.roll(6)), 1))?;
            }
        }
        _ => {
            for item in &some {
                let (flags, before) = (Flags::SEEN, item.flags);
                let keywords = Keywords::default();
                let change = FlagChange {
                    id: item.id,
                    before,
                    flags,
                    keywords,
                };
                tx.change_flags(folder, &[change])?;
            }
        }
    }
    Ok(())
}

/// Conversations of a folder, told by looking at every message: each with its newest, its messages here and everywhere.
fn plain(s: &Snapshot<'_, AccountDb>, folder: FolderId) -> Vec<(Conversation, ItemId, usize, usize)> {
    let mut all: BTreeMap<Conversation, Vec<Item>> = BTreeMap::new();
    for item in all_items(s).unwrap() {
        let listed = s.listed_message(item.id).unwrap().unwrap();
        let alone = u128::try_from(item.id.0).unwrap().to_be_bytes();
        all.entry(listed.conversation.unwrap_or(alone))
            .or_default()
            .push(item);
    }
    let mut out = Vec::new();
    for (key, items) in all {
        let here: Vec<&Item> = items.iter().filter(|i| i.folder_id == folder).collect();
        if let Some(newest) = here.iter().max_by_key(|i| (i.received_at_ms, i.id)) {
            out.push((newest.received_at_ms, newest.id, key, here.len(), items.len()));
        }
    }
    out.sort_by_key(|(at, id, ..)| std::cmp::Reverse((*at, *id)));
    out.into_iter()
        .map(|(_, id, key, here, all)| (key, id, here, all))
        .collect()
}

fn listed(
    s: &Snapshot<'_, AccountDb>,
    folder: FolderId,
    skip: u64,
    top: u64,
) -> Vec<(Conversation, ItemId, usize, usize)> {
    let found = s.list_conversations(folder, skip, top).unwrap();
    found
        .iter()
        .map(|c| {
            let here = s.items_of_conversation(folder, &c.key).unwrap().len();
            (c.key, c.newest.item.id, here, c.members.len())
        })
        .collect()
}

#[test]
fn after_any_writes_lists_show_what_looking_at_every_message_tells() {
    let m = mailbox();
    let layout = m.store.layout().clone();
    let mut dice = Dice(4711);
    let mut most = 0;
    for n in 0..300 {
        let (layout, folders) = (layout.clone(), m.folders);
        let rolled = m
            .file
            .write_blocking(move |tx| {
                change(tx, &layout, &folders, &mut dice, n)?;
                Ok(dice.0)
            })
            .unwrap();
        dice = Dice(rolled);
        let length = m
            .file
            .read_blocking(|s| {
                for folder in m.folders {
                    let want = plain(s, folder);
                    assert_eq!(listed(s, folder, 0, 1_000), want, "after change {n}");
                    assert_eq!(
                        listed(s, folder, 2, 3),
                        want.iter().skip(2).take(3).copied().collect::<Vec<_>>()
                    );
                    assert_eq!(s.count_conversations(folder)?, want.len() as u64);
                }
                assert_eq!(s.wrong_heads()?, 0);
                Ok(all_items(s)?.len())
            })
            .unwrap();
        most = most.max(length);
    }
    assert!(most > 50, "there was something to be listed: {most}");
}

#[test]
fn what_is_wrong_is_found_and_computed_anew() {
    let m = mailbox();
    let layout = m.store.layout().clone();
    let folder = m.folders[0];
    m.file
        .write_blocking(move |tx| {
            for n in 0..20 {
                let body_id = body(tx, &layout, &format!("{n}"), key(1 + n % 4))?;
                let keywords = Keywords::default();
                tx.insert_item(&NewItem { folder_id: folder, body_id, flags: Flags::NONE, keywords: &keywords, received_at_ms: n as i64, size_bytes: 1 })?;
            }
            tx.conn.execute_batch("DELETE FROM conversation_head WHERE newest_id % 2 = 0; UPDATE conversation_head SET newest_at_ms = 77")?;
            assert!(tx.wrong_heads()? > 0);
            tx.renew_heads()?;
            assert_eq!(tx.wrong_heads()?, 0);
            assert_eq!(listed(tx, folder, 0, 10), plain(tx, folder));
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_was_stored_before_is_there_after_the_migration() {
    let migrations = <AccountDb as crate::store::tx::Database>::MIGRATIONS;
    let mut conn = rusqlite::Connection::open_in_memory().unwrap();
    let path = std::path::Path::new("test");
    crate::store::migrate::migrate(&mut conn, &migrations[..17], path).unwrap();
    conn.execute_batch(
        "INSERT INTO folder (id, kind, name, uid_validity, highest_modseq, modseq, created_modseq) VALUES (1, 1, 'a', 1, 1, 1, 1);
         INSERT INTO body (id, hash, size_bytes, refs, storage) VALUES (1, x'01', 1, 1, 0), (2, x'02', 1, 1, 0), (3, x'03', 1, 1, 0);
         INSERT INTO message (body_id, subject, preview, has_attachments, importance, envelope, structure, parts, conversation)
         VALUES (1, '', '', 0, 1, x'', x'', x'', zeroblob(16)), (2, '', '', 0, 1, x'', x'', x'', zeroblob(16)), (3, '', '', 0, 1, x'', x'', x'', NULL);
         INSERT INTO item (id, folder_id, uid, created_modseq, modseq, flags, received_at_ms, size_bytes, body_id)
         VALUES (5, 1, 1, 5, 5, 0, 20, 1, 1), (6, 1, 2, 6, 6, 0, 10, 1, 2), (7, 1, 3, 7, 7, 0, 15, 1, 3);",
    )
    .unwrap();
    crate::store::migrate::migrate(&mut conn, migrations, path).unwrap();
    let mut st = conn
        .prepare("SELECT newest_id, lower(hex(conversation)) FROM conversation_head ORDER BY newest_at_ms")
        .unwrap();
    let rows = st.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
    let got: Vec<(i64, String)> = rows.map(|r| r.unwrap()).collect();
    assert_eq!(got, [(7, format!("{:032x}", 7)), (5, "0".repeat(32))]);
}

#[test]
fn no_trigger_and_no_list_reads_a_whole_folder() {
    let m = mailbox();
    m.file
        .read_blocking(|s| {
            for sql in [
                "SELECT conversation, newest_id FROM conversation_head INDEXED BY conversation_head_by_newest
                 WHERE folder_id = 1 ORDER BY newest_at_ms DESC, newest_id DESC LIMIT 50 OFFSET 100",
                "INSERT OR REPLACE INTO conversation_head (folder_id, conversation, newest_at_ms, newest_id)
                 SELECT h.folder_id, h.conversation, i.received_at_ms, i.id
                 FROM conversation_head h CROSS JOIN message m CROSS JOIN item i
                 WHERE h.folder_id = 1 AND h.newest_at_ms = 2 AND h.newest_id = 3
                 AND m.conversation = h.conversation AND i.body_id = m.body_id AND +i.folder_id = h.folder_id
                 ORDER BY i.received_at_ms DESC, i.id DESC LIMIT 1",
            ] {
                let mut st = s.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let rows = st.query_map([], |r| r.get::<_, String>(3))?;
                let steps: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
                for step in steps
                    .iter()
                    .filter(|s| s.starts_with("SCAN") || s.starts_with("SEARCH"))
                {
                    let fits = [
                        "conversation_head_by_newest",
                        "message_by_conversation",
                        "item_by_body",
                    ];
                    assert!(
                        step.starts_with("SEARCH") && fits.iter().any(|i| step.contains(i)),
                        "{steps:#?}"
                    );
                }
            }
            Ok(())
        })
        .unwrap();
}

/// `cargo test --release --lib -- --ignored --nocapture a_hundred_thousand`
#[test]
#[ignore = "prints times"]
fn times_in_a_folder_of_a_hundred_thousand() {
    let m = mailbox();
    let layout = m.store.layout().clone();
    let folder = m.folders[0];
    let put = |from: u64, to: u64| {
        let layout = layout.clone();
        m.file
            .write_blocking(move |tx| {
                for n in from..to {
                    let (id, _) = tx.put_body(&Staged::from_bytes(&layout, n.to_string().as_bytes())?)?;
                    let mut conversation = [7; 16];
                    conversation[..8]
                        .copy_from_slice(&(n / 5).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
                    let about = Derived {
                        envelope: vec![1; 400],
                        structure: vec![1; 600],
                        parts: vec![1; 300],
                        preview: "x".repeat(200),
                        ..derived(Some(conversation), n % 7)
                    };
                    tx.put_derived(id, &about)?;
                    tx.insert_item(&NewItem {
                        folder_id: folder,
                        body_id: id,
                        flags: Flags::NONE,
                        keywords: &Keywords::default(),
                        received_at_ms: n as i64,
                        size_bytes: 1,
                    })?;
                }
                Ok(())
            })
            .unwrap();
    };
    for part in 0..10 {
        put(part * 10_000, (part + 1) * 10_000);
    }
    for skip in [0, 50, 10_000, 19_950] {
        for _ in 0..3 {
            let begun = Instant::now();
            let found = m
                .file
                .read_blocking(|s| {
                    Ok((
                        s.count_conversations(folder)?,
                        s.list_conversations(folder, skip, 50)?,
                    ))
                })
                .unwrap();
            println!(
                "page of {} at {skip} of {}: {:?}",
                found.1.len(),
                found.0,
                begun.elapsed()
            );
            assert_eq!(found.0, 20_000);
        }
    }
    // What a delivery pays: one commit for each, with the triggers and without them.
    let triggers: Vec<String> = m
        .file
        .read_blocking(|s| {
            let mut st = s
                .conn
                .prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")?;
            let all = st.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok(all)
        })
        .unwrap();
    let mut n = 100_000;
    for _ in 0..4 {
        let mut took = |what: &str| {
            let begun = Instant::now();
            for _ in 0..250 {
                put(n, n + 1);
                n += 1;
            }
            println!("250 messages, a commit each, {what}: {:?}", begun.elapsed());
        };
        took("with triggers");
        let drop_all = "DROP TRIGGER conversation_head_of_new; DROP TRIGGER conversation_head_of_derived;
            DROP TRIGGER conversation_head_of_gone; DROP TRIGGER conversation_head_of_moved";
        m.file
            .write_blocking(move |tx| Ok(tx.conn.execute_batch(drop_all)?))
            .unwrap();
        took("without triggers");
        let again = triggers.join(";\n");
        m.file
            .write_blocking(move |tx| Ok(tx.conn.execute_batch(&again)?))
            .unwrap();
    }
}
