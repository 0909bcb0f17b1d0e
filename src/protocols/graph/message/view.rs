//! A message as Graph's message.

use super::body::{headers, item_body};
use super::expand::Expansion;
use super::recipient::{first, recipient, recipients};
use crate::base::clock::rfc3339;
use crate::base::text::hex;
use crate::formats::imap::parse::envelope::{Envelope, parse_envelope};
use crate::formats::mime::address::Mailbox;
use crate::mail::abridged::read_abridged;
use crate::mail::category::categories;
pub use crate::mail::conversations::COMPLETE;
use crate::model::Flags;
use crate::model::message::ListedMessage;
use crate::protocols::graph::call::{Call, change_key};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::prefer::Prefer;
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::http::ids;
use serde_json::{Map, Value, json};
use std::cell::OnceCell;

pub const PROPERTIES: Properties = Properties {
    resource: "message",
    usual: &[
        "id",
        "createdDateTime",
        "lastModifiedDateTime",
        "changeKey",
        "categories",
        "receivedDateTime",
        "sentDateTime",
        "hasAttachments",
        "internetMessageId",
        "subject",
        "bodyPreview",
        "importance",
        "parentFolderId",
        "conversationId",
        "conversationIndex",
        "isDeliveryReceiptRequested",
        "isReadReceiptRequested",
        "isRead",
        "isDraft",
        "webLink",
        "inferenceClassification",
        "body",
        "sender",
        "from",
        "toRecipients",
        "ccRecipients",
        "bccRecipients",
        "replyTo",
        "flag",
    ],
    further: &["internetMessageHeaders", "uniqueBody"],
};

/// What is read from the message itself, and not from the row that lists have.
const OF_BODY: [&str; 3] = ["body", "uniqueBody", "internetMessageHeaders"];

pub fn needs_body(select: &Select) -> bool {
    OF_BODY.iter().any(|n| select.has(n))
}

/// The message with what was selected; its body is read only when that was.
pub async fn view(
    call: &Call,
    message: &ListedMessage,
    select: &Select,
    expansion: &Expansion,
) -> Result<Map<String, Value>, GraphError> {
    let raw = match needs_body(select) {
        true => Some(
            read_abridged(call.ctx(), call.account, message.item.id)
                .await?
                .short
                .bytes,
        ),
        false => None,
    };
    let row = Row::of(message, raw.unwrap_or_default(), &call.prefer);
    let mut out: Map<String, Value> = select
        .names()
        .map(|name| (name.to_owned(), row.property(name)))
        .collect();
    out.insert("@odata.etag".into(), etag(message).into());
    expansion.add(call, message, &mut out).await?;
    Ok(out)
}

/// A message within another one: it has no place and no number of its own.
pub fn view_inner(message: &ListedMessage, raw: Vec<u8>, prefer: &Prefer) -> Map<String, Value> {
    const OF_A_PLACE: [&str; 8] = [
        "id",
        "changeKey",
        "parentFolderId",
        "conversationId",
        "categories",
        "createdDateTime",
        "lastModifiedDateTime",
        "inferenceClassification",
    ];
    let row = Row::of(message, raw, prefer);
    let names = PROPERTIES.usual.iter().filter(|n| !OF_A_PLACE.contains(n));
    let mut out: Map<String, Value> = names.map(|n| ((*n).to_owned(), row.property(n))).collect();
    out.insert("@odata.type".into(), "#microsoft.graph.message".into());
    out
}

fn etag(message: &ListedMessage) -> String {
    format!("W/\"{}\"", change_key(message.item.modseq))
}

struct Row<'m> {
    message: &'m ListedMessage,
    /// Read when somebody wants to know more of it than lists usually show.
    envelope: OnceCell<Envelope>,
    raw: Vec<u8>,
    prefer: &'m Prefer,
}

impl<'m> Row<'m> {
    fn of(message: &'m ListedMessage, raw: Vec<u8>, prefer: &'m Prefer) -> Row<'m> {
        Row {
            message,
            envelope: OnceCell::new(),
            raw,
            prefer,
        }
    }

    fn envelope(&self) -> &Envelope {
        let read = || parse_envelope(&self.message.envelope).unwrap_or_default();
        self.envelope.get_or_init(read)
    }

    fn property(&self, name: &str) -> Value {
        let m = self.message;
        let item = &m.item;
        match name {
            "id" => ids::print_item(item.id).into(),
            "createdDateTime" | "receivedDateTime" => rfc3339(item.received_at_ms).into(),
            "lastModifiedDateTime" => rfc3339(m.changed_at_ms).into(),
            "sentDateTime" => rfc3339(m.sent_at_ms.unwrap_or(item.received_at_ms)).into(),
            "changeKey" => change_key(item.modseq).into(),
            "categories" => categories(&item.keywords).into(),
            "hasAttachments" => m.has_attachments.into(),
            "internetMessageId" => m.message_id.as_ref().map(|id| format!("<{id}>")).into(),
            "subject" => m.subject.clone().into(),
            "bodyPreview" => m.preview.clone().into(),
            "importance" => ["low", "normal", "high"]
                .get(usize::from(m.importance))
                .copied()
                .into(),
            "parentFolderId" => ids::print_folder(item.folder_id).into(),
            "conversationId" => self.conversation().into(),
            "isDeliveryReceiptRequested" | "isReadReceiptRequested" => false.into(),
            "isRead" => item.flags.contains(Flags::SEEN).into(),
            "isDraft" => item.flags.contains(Flags::DRAFT).into(),
            "inferenceClassification" => "focused".into(),
            "body" | "uniqueBody" => item_body(&self.raw, self.prefer),
            "internetMessageHeaders" => headers(&self.raw),
            "sender" => first(&self.envelope().sender),
            "from" => self.from(),
            "toRecipients" => recipients(&self.envelope().to),
            "ccRecipients" => recipients(&self.envelope().cc),
            "bccRecipients" => recipients(&self.envelope().bcc),
            "replyTo" => self.reply_to(),
            "flag" => json!({"flagStatus": self.flag_status()}),
            _ => Value::Null,
        }
    }

    fn from(&self) -> Value {
        let m = self.message;
        match &m.from_address {
            Some(address) => recipient(&Mailbox {
                name: m.from_name.clone(),
                address: address.clone(),
            }),
            None => Value::Null,
        }
    }

    /// IMAP's form fills it up with the sender; Graph leaves it empty.
    fn reply_to(&self) -> Value {
        let e = self.envelope();
        let list = if e.reply_to == e.from {
            &[][..]
        } else {
            &e.reply_to[..]
        };
        recipients(list)
    }

    fn conversation(&self) -> String {
        let m = self.message;
        match &m.conversation {
            Some(hash) => format!("C{}", hex(hash)),
            // A message without any id is a conversation of its own.
            None => format!("C{:032x}", m.item.id.0),
        }
    }

    fn flag_status(&self) -> &'static str {
        let item = &self.message.item;
        if item.keywords.contains(COMPLETE) {
            "complete"
        } else if item.flags.contains(Flags::FLAGGED) {
            "flagged"
        } else {
            "notFlagged"
        }
    }
}
