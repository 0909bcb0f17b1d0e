//! Bringing the full-text index up to date: before a search, and in quiet moments.

use crate::base::Result;
use crate::formats::mime::index_text::index_text;
use crate::identity::Ctx;
use crate::model::message::IndexText;
use crate::model::{AccountId, ItemId};

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
                        let raw = s
                            .open_body(item.body_id)
                            .and_then(|b| b.read_all())
                            .unwrap_or_else(|e| {
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

pub(in crate::mail) fn text_of(raw: &[u8]) -> IndexText {
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
