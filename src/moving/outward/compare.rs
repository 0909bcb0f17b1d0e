//! The proof that mail is on the other server: both sides are read and compared.

use super::imap::{FolderRun, There};
use crate::base::Result;
use crate::model::message::Item;
use crate::model::{Flags, ItemId};
use crate::moving::import::Report;
use crate::moving::import::source::Marks;
use std::collections::HashMap;

impl FolderRun<'_> {
    /// The proof: every message of ours is there, with the same bytes, flags and date.
    pub(super) async fn compare(&mut self, report: &mut Report) -> Result<()> {
        let there = self.list().await?;
        let hashes: HashMap<u32, [u8; 32]> = self.hashes(&there).await?.into_iter().collect();
        let by_uid: HashMap<u32, There> = there.into_iter().map(|t| (t.uid, t)).collect();
        let rows = self.rows().await?;
        let mut by_item: HashMap<ItemId, u32> = HashMap::new();
        for row in &rows {
            if let (Some(item), Ok(uid)) = (row.item_id, row.name.parse()) {
                by_item.insert(item, uid);
            }
        }
        let file = self.run.ctx.store.account(self.run.account.id)?;
        let folder = self.folder;
        for item in file.read(move |s| s.items_by_uid(folder, 1, u32::MAX)).await? {
            report.compared += 1;
            let (id, name, marks) = (item.id, format!("UID {}", item.uid), marks_of(&item));
            let received_s = item.received_at_ms.div_euclid(1000);
            let title = file
                .read(move |s| s.listed_message(id))
                .await?
                .map(|m| m.subject)
                .unwrap_or_default();
            let found = by_item.get(&id).and_then(|uid| by_uid.get(uid));
            let Some(found) = found else {
                report.differ(&self.path, &name, &title, "is not there");
                continue;
            };
            match self.letter(item).await {
                Err(e) => report.differ(
                    &self.path,
                    &name,
                    &title,
                    format!("cannot be read here: {}", e.message()),
                ),
                Ok(letter) if hashes.get(&found.uid) != Some(&letter.hash) => {
                    report.differ(&self.path, &name, &title, "has other contents there");
                }
                Ok(_) => {}
            }
            if flag_set(&found.marks) != flag_set(&marks) {
                report.differ(&self.path, &name, &title, "has other flags there");
            }
            if found
                .received_at_ms
                .is_some_and(|ms| ms.div_euclid(1000) != received_s)
            {
                report.differ(&self.path, &name, &title, "has another date there");
            }
        }
        Ok(())
    }
}

fn marks_of(item: &Item) -> Marks {
    Marks {
        flags: item.flags,
        keywords: item.keywords.clone(),
    }
}

/// In an order of its own, without regard to case.
fn flag_set(marks: &Marks) -> (Flags, Vec<String>) {
    let mut words: Vec<String> = marks.keywords.iter().map(str::to_ascii_lowercase).collect();
    words.sort();
    (marks.flags, words)
}
