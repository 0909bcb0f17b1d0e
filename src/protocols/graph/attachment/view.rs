//! An attachment as Graph's fileAttachment or itemAttachment.

use super::find::Attachments;
use crate::base::Error;
use crate::base::clock::rfc3339;
use crate::formats::mime::readable::AttachmentInfo;
use crate::mail::intake::derive;
use crate::model::Flags;
use crate::model::message::{Item, ListedMessage};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::expand;
use crate::protocols::graph::message::view::view_inner;
use crate::protocols::graph::query::{Opt, Query};
use crate::protocols::graph::select::{Properties, Select};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

pub const PROPERTIES: Properties = Properties {
    resource: "attachment",
    usual: &[
        "id",
        "lastModifiedDateTime",
        "name",
        "contentType",
        "size",
        "isInline",
        "contentId",
        "contentLocation",
        "contentBytes",
    ],
    further: &[],
};

/// What only files have.
const OF_FILES: [&str; 3] = ["contentId", "contentLocation", "contentBytes"];

/// `$expand=microsoft.graph.itemAttachment/item`. Errors: BadRequest for anything else.
pub fn expands_item(query: &Query) -> Result<bool, GraphError> {
    let all = expand::parse(query.get(Opt::Expand), &["itemattachment/item"])?;
    Ok(!all.is_empty())
}

/// The attached message itself.
async fn inner_message(
    call: &Call,
    of: &Attachments,
    info: &AttachmentInfo,
) -> Result<Map<String, Value>, GraphError> {
    let raw = of.content(call, info).await?;
    let derived = derive(&raw);
    let message = ListedMessage {
        item: Item {
            flags: Flags::SEEN,
            received_at_ms: derived.sent_at_ms.unwrap_or(of.message.item.received_at_ms),
            ..of.message.item.clone()
        },
        message_id: derived.message_id,
        subject: derived.subject,
        from_name: derived.from_name,
        from_address: derived.from_address,
        sent_at_ms: derived.sent_at_ms,
        preview: derived.preview,
        has_attachments: derived.has_attachments,
        importance: derived.importance,
        envelope: derived.envelope,
        parts: derived.parts,
        conversation: derived.conversation,
        changed_at_ms: of.message.changed_at_ms,
    };
    Ok(view_inner(&message, raw, &call.prefer))
}

pub async fn view(
    call: &Call,
    of: &Attachments,
    at: usize,
    select: &Select,
    with_item: bool,
) -> Result<Map<String, Value>, GraphError> {
    let info = of
        .all
        .get(at)
        .ok_or_else(|| Error::internal("an attachment has vanished"))?;
    let is_item = info.content_type.eq_ignore_ascii_case("message/rfc822");
    let mut out = Map::new();
    for name in select.names().filter(|n| !is_item || !OF_FILES.contains(n)) {
        let value = match name {
            "id" => of.id(at).into(),
            "lastModifiedDateTime" => rfc3339(of.message.item.received_at_ms).into(),
            "name" => info.name.clone().into(),
            "contentType" => info.content_type.clone().into(),
            "size" => info.size_bytes.into(),
            "isInline" => info.is_inline.into(),
            "contentId" => info.content_id.clone().into(),
            "contentBytes" => STANDARD.encode(of.content(call, info).await?).into(),
            _ => Value::Null,
        };
        out.insert(name.to_owned(), value);
    }
    let kind = if is_item {
        "itemAttachment"
    } else {
        "fileAttachment"
    };
    if is_item && with_item {
        let item = inner_message(call, of, info).await?;
        out.insert("item".into(), item.into());
    }
    out.insert("@odata.type".into(), format!("#microsoft.graph.{kind}").into());
    Ok(out)
}
