//! Bringing the full-text index up to date: before a search, and in quiet moments.

use super::abridged::read_abridged_in;
use crate::base::Result;
use crate::formats::mime::index_text::index_text;
use crate::identity::Ctx;
use crate::model::message::{IndexText, Item};
use crate::model::{AccountId, ItemId};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::blob::INLINE_MAX;

/// Messages that go into the index with one commit.
const BATCH: usize = 100;

/// Indexes what is not indexed yet. Returns how many messages that were.
pub async fn update_index(ctx: &Ctx, account: AccountId) -> Result<usize> {
    let file = ctx.store.account(account)?;
    let mut done = 0;
    loop {
        let texts: Vec<(ItemId, IndexText)> = file
            .read(|s| {
                s.unindexed_items(BATCH)?
                    .into_iter()
                    .map(|item| {
                        // A damaged message must not keep the others from being found.
                        let raw = read(s, &item).unwrap_or_else(|e| {
                            tracing::error!(item = %item.id, error = ?e, "a message cannot be indexed");
                            Vec::new()
                        });
                        Ok((item.id, text_of(&raw)))
                    })
                    .collect()
            })
            .await?;
        if texts.is_empty() {
            return Ok(done);
        }
        done += texts.len();
        file.write(move |tx| tx.index_texts(&texts)).await?;
    }
}

/// Of files the beginning, as far as it is looked at.
fn read(s: &Snapshot<'_, AccountDb>, item: &Item) -> Result<Vec<u8>> {
    match item.size_bytes as usize > INLINE_MAX {
        true => Ok(read_abridged_in(s, item.id)?.short.bytes),
        false => s.open_body(item.body_id)?.read_all(),
    }
}

pub fn text_of(raw: &[u8]) -> IndexText {
    let t = index_text(raw);
    IndexText {
        subject: t.subject,
        from: t.from,
        to: t.to,
        cc: t.cc,
        bcc: t.bcc,
        body: t.body,
        attachments: t.attachments,
    }
}
