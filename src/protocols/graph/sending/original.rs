//! The message that is answered or forwarded.

use super::dispatch::run;
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::OutgoingAttachment;
use crate::formats::mime::digest::{Digest, digest};
use crate::formats::mime::readable::{attachments, html_body, text_body};
use crate::formats::mime::transfer::decode;
use crate::mail;
use crate::mail::change::{MessageChange, change_message};
use crate::model::{Flags, ItemId, Keywords};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;

pub struct Original {
    pub id: ItemId,
    pub digest: Digest,
    pub html: Option<String>,
    pub text: String,
    raw: Vec<u8>,
}

/// Errors: ErrorItemNotFound.
pub async fn read(call: &Call) -> Result<Original, GraphError> {
    let id = call.message_id()?;
    let (_, raw) = mail::read_body(call.ctx(), call.account, id).await?;
    run(move || Original {
        id,
        digest: digest(&raw),
        html: html_body(&raw).map(|b| b.html),
        text: text_body(&raw).unwrap_or_default(),
        raw,
    })
    .await
}

impl Original {
    /// Where an answer goes: Reply-To, else From.
    pub fn reply_to(&self) -> Vec<Mailbox> {
        let d = &self.digest;
        if d.reply_to.is_empty() {
            d.from.clone()
        } else {
            d.reply_to.clone()
        }
    }

    /// RFC 5322 §3.6.4.
    pub fn references(&self) -> Vec<String> {
        let d = &self.digest;
        let mut out = d.references.clone();
        if out.is_empty() {
            out.extend(d.in_reply_to.clone());
        }
        out.extend(d.message_id.clone());
        out
    }

    /// The files, to be taken along; with pictures that the HTML text shows.
    pub fn attachments(&self, with_inline: bool) -> Vec<OutgoingAttachment> {
        let parts = &self.digest.parts;
        let wanted = attachments(parts)
            .into_iter()
            .filter(|a| with_inline || !a.is_inline);
        wanted
            .filter_map(|a| {
                let part = parts.get(a.part)?;
                Some(OutgoingAttachment {
                    name: a.name,
                    content_type: a.content_type,
                    content: decode(part.body(&self.raw), part.encoding, usize::MAX),
                    content_id: a.content_id.filter(|_| a.is_inline),
                })
            })
            .collect()
    }

    /// Notes on it that it was answered or forwarded. It may be gone by now; the mail has left anyway.
    pub async fn note(&self, call: &Call, flags: Flags, keyword: Option<&str>) {
        let change = MessageChange {
            set: flags,
            add_keywords: keyword.into_iter().collect::<Keywords>(),
            ..MessageChange::default()
        };
        if let Err(e) = change_message(call.ctx(), call.account, self.id, change).await {
            tracing::debug!(error = ?e, "an answered message could not be marked");
        }
    }
}
