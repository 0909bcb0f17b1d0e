//! Lists find the same messages as looking at each one would, and no plan looks at all of them.

use super::*;
use crate::base::clock::FixedClock;
use crate::base::random;
use crate::model::message::{Derived, IndexText};
use crate::model::{AccountId, Keywords, Role};
use crate::store::blob::Staged;
use crate::store::file::File;
use crate::store::item::NewItem;
use crate::store::text_index::Field;
use crate::store::{Options, Store};
use std::path::PathBuf;
use std::sync::Arc;

struct Mailbox {
    root: PathBuf,
    _store: Arc<Store>,
    file: Arc<File<AccountDb>>,
    folders: [FolderId; 2],
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// Message n of folder n % 2: authors repeat every 5, subjects every 7, threads every 3, files every 4.
fn mailbox(count: i64) -> Mailbox {
    let root = std::env::temp_dir().join(format!("hauspost-listing-{}", random::short_id()));
    let store = Store::open(&root, Options::default(), Arc::new(FixedClock::at(1))).unwrap();
    store.create_account(AccountId(1)).unwrap();
    let file = store.account(AccountId(1)).unwrap();
    file.write_blocking(|tx| tx.insert_default_folders("en", 1))
        .unwrap();
    let folder = |role| {
        file.read_blocking(move |s| s.folder_by_role(role))
            .unwrap()
            .unwrap()
            .id
    };
    let folders = [folder(Role::Inbox), folder(Role::Archive)];
    let layout = store.layout().clone();
    file.write_blocking(move |tx| {
        for n in 0..count {
            let staged = Staged::from_bytes(&layout, format!("{n}").as_bytes())?;
            let (body_id, _) = tx.put_body(&staged)?;
            tx.put_derived(
                body_id,
                &Derived {
                    message_id: Some(format!("{n}@x")),
                    subject: format!("Subject {}", n % 7),
                    from_address: Some(format!("A{}@other.test", n % 5)),
                    sender_address: (n % 11 == 0).then(|| "s@other.test".into()),
                    sent_at_ms: Some(10_000 - n),
                    has_attachments: n % 4 == 0,
                    importance: if n % 6 == 0 { 2 } else { 1 },
                    conversation: Some([(n % 3) as u8; 16]),
                    ..Derived::default()
                },
            )?;
            let mut flags = Flags::NONE;
            for (every, flag) in [(2, Flags::SEEN), (9, Flags::FLAGGED), (13, Flags::DRAFT)] {
                if (n / 2) % every == 0 {
                    flags = flags.with(flag);
                }
            }
            let keywords: Keywords = (n % 8 == 0).then_some("work").into_iter().collect();
            let item = tx.insert_item(&NewItem {
                folder_id: folders[(n % 2) as usize],
                body_id,
                flags,
                keywords: &keywords,
                received_at_ms: 1_000 + n / 3,
                size_bytes: 1,
            })?;
            let words = IndexText {
                subject: format!("Subject {}", n % 7),
                from: format!("A{}@other.test", n % 5),
                body: format!("words {}", n % 3),
                ..IndexText::default()
            };
            tx.index_texts(&[(item.id, words)])?;
        }
        Ok(())
    })
    .unwrap();
    Mailbox {
        root,
        _store: store,
        file,
        folders,
    }
}

fn text(column: Column, how: Matching, text: &str) -> Condition {
    Condition::Compare {
        column,
        how,
        text: text.into(),
    }
}

fn not(c: Condition) -> Condition {
    Condition::Not(Box::new(c))
}

fn conditions() -> Vec<Condition> {
    use Column::*;
    use Matching::*;
    let or = |a, b| Condition::Or(Box::new(a), Box::new(b));
    vec![
        Condition::All,
        Condition::Has(Flags::SEEN),
        not(Condition::Has(Flags::SEEN)),
        Condition::Has(Flags::FLAGGED),
        Condition::And(vec![
            Condition::Has(Flags::FLAGGED),
            not(Condition::Has(Flags::SEEN)),
        ]),
        Condition::Has(Flags::DRAFT),
        Condition::Keyword("WORK".into()),
        Condition::MessageIdIs("17@x".into()),
        text(FromAddress, Is, "a3@OTHER.test"),
        text(FromAddress, StartsWith, "a"),
        text(FromAddress, EndsWith, "2@other.test"),
        text(SenderAddress, Is, "s@other.test"),
        text(SenderAddress, Is, "a1@other.test"),
        text(Subject, Is, "subject 3"),
        text(Subject, StartsWith, "SUBJ"),
        text(Subject, Contains, "ject 5"),
        not(text(Subject, Contains, "ject 5")),
        Condition::Conversation([2; 16]),
        Condition::HasAttachments,
        Condition::Importance(2),
        Condition::Importance(1),
        Condition::And(vec![
            Condition::ReceivedSince(1_010),
            Condition::ReceivedBefore(1_030),
        ]),
        Condition::Text {
            text: "words 1".into(),
            fields: Vec::new(),
        },
        Condition::And(vec![
            Condition::Text {
                text: "words".into(),
                fields: vec![Field::Body],
            },
            Condition::HasAttachments,
            Condition::Text {
                text: "2".into(),
                fields: vec![Field::Subject, Field::Body],
            },
        ]),
        not(Condition::Text {
            text: "words 1".into(),
            fields: Vec::new(),
        }),
        or(
            text(Subject, Is, "subject 1"),
            Condition::MessageIdIs("3@x".into()),
        ),
        Condition::And(vec![
            text(FromAddress, Is, "a1@other.test"),
            Condition::HasAttachments,
            not(Condition::Has(Flags::SEEN)),
        ]),
    ]
}

fn pages(m: &Mailbox) -> Vec<Page> {
    let mut out = Vec::new();
    for condition in conditions() {
        for folder_id in [None, Some(m.folders[0]), Some(m.folders[1])] {
            for (order, is_ascending) in [
                (Order::Received, false),
                (Order::Received, true),
                (Order::Sent, false),
            ] {
                if folder_id.is_some() || order == Order::Received {
                    out.push(Page {
                        folder_id,
                        condition: condition.clone(),
                        order,
                        is_ascending,
                        after: None,
                        skip: 0,
                        top: 7,
                    });
                }
            }
        }
    }
    out
}

/// As a program does that follows the links.
fn read_all(s: &Snapshot<'_, AccountDb>, page: &Page) -> Vec<i64> {
    let (mut page, mut out) = (page.clone(), Vec::new());
    loop {
        let listing = s.list_messages(&page).unwrap();
        out.extend(listing.messages.iter().map(|m| m.item.id.0));
        match listing.next {
            Some(next) => (page.after, page.skip) = (Some(next.after), next.skip),
            None => return out,
        }
    }
}

fn expected(s: &Snapshot<'_, AccountDb>, page: &Page) -> Vec<i64> {
    let mut fits = Statement::default();
    fits.push(&page.condition);
    let at = if page.order == Order::Sent {
        "sent_at_ms"
    } else {
        "received_at_ms"
    };
    let direction = if page.is_ascending { "" } else { "DESC" };
    let folder = page
        .folder_id
        .map_or("1".into(), |f| format!("item.folder_id = {}", f.0));
    let sql = format!(
        "SELECT item.id FROM item JOIN message m USING (body_id) WHERE {} AND {folder}
         ORDER BY item.{at} {direction}, item.id {direction}",
        fits.sql
    );
    let mut st = s.conn.prepare(&sql).unwrap();
    let rows = st.query_map(params_from_iter(fits.values), |r| r.get(0)).unwrap();
    rows.map(|r| r.unwrap()).collect()
}

#[test]
fn every_list_holds_what_fits_in_its_order_and_ends() {
    let m = mailbox(300);
    for page in pages(&m) {
        let (want, got, total) = m
            .file
            .read_blocking(|s| Ok((expected(s, &page), read_all(s, &page), s.count_messages(&page)?)))
            .unwrap();
        assert_eq!(got, want, "{page:?}");
        assert!(total.is_none_or(|t| t == want.len() as u64), "{total:?} {page:?}");
        let skipped = Page { skip: 5, ..page };
        let got = m.file.read_blocking(|s| Ok(read_all(s, &skipped))).unwrap();
        assert_eq!(got, want.get(5..).unwrap_or_default(), "{skipped:?}");
    }
}

#[test]
fn a_walk_goes_on_where_it_broke_off() {
    // More than a walk looks at, and more of each kind than are gathered.
    let m = mailbox(2 * WALK_MOST as i64 + 100);
    for condition in [
        text(Column::Subject, Matching::Is, "subject 3"),
        text(Column::Subject, Matching::Contains, "nothing"),
        Condition::And(vec![
            text(Column::FromAddress, Matching::Is, "a0@other.test"),
            Condition::Text {
                text: "words".into(),
                fields: Vec::new(),
            },
            text(Column::Subject, Matching::EndsWith, " 0"),
        ]),
    ] {
        let page = Page {
            folder_id: None,
            condition,
            order: Order::Received,
            is_ascending: false,
            after: None,
            skip: 3,
            top: 1_000,
        };
        let (want, got) = m
            .file
            .read_blocking(|s| Ok((expected(s, &page), read_all(s, &page))))
            .unwrap();
        assert_eq!(got, want.get(3..).unwrap_or_default());
    }
}

#[test]
fn no_plan_looks_at_every_message() {
    let m = mailbox(20);
    // The text index is always asked for words.
    let is_match = |step: &String| step.starts_with("SCAN item_text VIRTUAL TABLE INDEX");
    let explain = |s: &Snapshot<'_, AccountDb>, (sql, values): (String, Vec<Value>)| {
        let mut st = s.conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = st
            .query_map(params_from_iter(values), |r| r.get::<_, String>(3))
            .unwrap();
        rows.map(|r| r.unwrap()).collect::<Vec<_>>()
    };
    m.file
        .read_blocking(|s| {
            for page in pages(&m) {
                let plan = plan(&page)?;
                let walk = explain(s, walk_statement(&plan, &page));
                let is_bounded = |step: &String| {
                    // The indexes over all folders are walked from one end; the limit ends the walk.
                    !step.contains("TEMP B-TREE")
                        && (!step.starts_with("SCAN item")
                            || is_match(step)
                            || step.contains(&format!("USING INDEX {}", plan.index))
                            || step.contains(&format!("USING COVERING INDEX {}", plan.index)))
                        && !step.starts_with("SCAN m")
                };
                assert!(walk.iter().all(is_bounded), "{page:?}\n{walk:#?}");
                for lead in leads(&plan) {
                    let gathered = explain(s, lead_statement(&plan, &page, &lead, "item.id"));
                    let is_search = |step: &String| {
                        !step.starts_with("SCAN ") || is_match(step) || step.starts_with("SCAN folder ")
                    };
                    assert!(gathered.iter().all(is_search), "{page:?}\n{gathered:#?}");
                }
            }
            Ok(())
        })
        .unwrap();
}
