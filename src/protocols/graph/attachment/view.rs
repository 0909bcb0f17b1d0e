//! An attachment as Graph's fileAttachment or itemAttachment.

use super::find::{Attachments, print_id};
use crate::base::clock::rfc3339;
use crate::formats::mime::readable::AttachmentInfo;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
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

pub async fn view(
    call: &Call,
    of: &Attachments,
    info: &AttachmentInfo,
    select: &Select,
) -> Result<Map<String, Value>, GraphError> {
    let is_item = info.content_type.eq_ignore_ascii_case("message/rfc822");
    let mut out = Map::new();
    for name in select.names().filter(|n| !is_item || !OF_FILES.contains(n)) {
        let value = match name {
            "id" => print_id(info).into(),
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
    out.insert("@odata.type".into(), format!("#microsoft.graph.{kind}").into());
    Ok(out)
}
