//! POST messages/{id}/attachments/createUploadSession: a large file that will come in pieces.

use crate::base::clock::rfc3339;
use crate::mail::upload::{Upload, UploadTarget, begin_upload};
use crate::model::ItemId;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use serde_json::json;

pub const ROWS: &[Row] =
    &[row!(POST "me/messages/{}/attachments/createUploadSession" MailWrite [] => create)];

async fn create(call: Call) -> Result {
    let upload = wanted(&call, UploadTarget::Draft, call.message_id()?)?;
    let max_bytes = call.house().options.max_message_bytes;
    let begun = begin_upload(call.ctx(), upload, max_bytes).await;
    answer(&call, begun)
}

/// What the body says about the file. Errors: 400.
pub fn wanted(call: &Call, target: UploadTarget, item: ItemId) -> std::result::Result<Upload, GraphError> {
    let body = call.json()?;
    // Tasks have another word for it.
    let file = match json::object(&body, "attachmentItem")? {
        Some(file) => Some(file),
        None => json::object(&body, "attachmentInfo")?,
    };
    let file = file.ok_or_else(|| GraphError::request("»AttachmentItem« is missing"))?;
    let kind = json::text(file, "attachmentType")?.unwrap_or("file");
    if !kind.eq_ignore_ascii_case("file") {
        return Err(GraphError::request(format!(
            "attachments of the type {kind} cannot be uploaded; only files can"
        )));
    }
    let size = json::field(file, "size").and_then(serde_json::Value::as_u64);
    let size_bytes = size
        .filter(|n| *n > 0)
        .ok_or_else(|| GraphError::request("»size« is to be the number of bytes of the file"))?;
    let name = json::required_text(file, "name")?.to_owned();
    let is_inline = json::boolean(file, "isInline")?.unwrap_or(false);
    let content_id = json::text(file, "contentId")?.map(|id| id.trim_matches(['<', '>']).to_owned());
    Ok(Upload {
        account: call.account,
        target,
        item,
        content_type: json::text(file, "contentType")?
            .map_or_else(|| guess_type(&name).to_owned(), str::to_owned),
        name,
        content_id: content_id.filter(|id| is_inline && !id.is_empty()),
        size_bytes,
        expires_at_ms: 0,
        outcome: None,
    })
}

/// The session, for who sends the file.
pub fn answer(call: &Call, begun: crate::base::Result<(String, Upload)>) -> Result {
    let (token, upload) =
        begun.map_err(|e| GraphError::from(e).with_code_for_too_large("ErrorAttachmentSizeLimitExceeded"))?;
    let url = format!("{}/uploads/{token}", call.site.base());
    let session = json!({
        "@odata.context": format!("{}/$metadata#microsoft.graph.uploadSession", call.site.base()),
        "uploadUrl": url,
        "expirationDateTime": rfc3339(upload.expires_at_ms),
        // A range with an end: Microsoft's Python library cannot do without.
        "nextExpectedRanges": [format!("0-{}", upload.size_bytes - 1)],
    });
    Ok(Answer::created(session, url))
}

/// Those that offices send; programs open files by their names anyway.
fn guess_type(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "zip" => "application/zip",
        "mp4" => "video/mp4",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _ => "application/octet-stream",
    }
}
