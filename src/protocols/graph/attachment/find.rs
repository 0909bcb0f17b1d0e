//! The attachments of a message, and the bytes of one.

use crate::base::Error;
use crate::formats::mime::part::Part;
use crate::formats::mime::part_codec::decode_parts;
use crate::formats::mime::readable::{AttachmentInfo, attachments};
use crate::formats::mime::transfer::decode;
use crate::mail;
use crate::mail::listing::get_message;
use crate::model::message::ListedMessage;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;

pub struct Attachments {
    pub message: ListedMessage,
    pub parts: Vec<Part>,
    pub all: Vec<AttachmentInfo>,
}

/// Errors: ErrorItemNotFound.
pub async fn attachments_of(call: &Call) -> Result<Attachments, GraphError> {
    let message = get_message(call.ctx(), call.account, call.message_id()?).await?;
    Ok(attachments_in(message))
}

pub fn attachments_in(message: ListedMessage) -> Attachments {
    let parts = decode_parts(&message.parts).unwrap_or_default();
    Attachments {
        message,
        all: attachments(&parts),
        parts,
    }
}

/// An attachment's id: the number of its part, which stays as long as the message does.
pub fn print_id(info: &AttachmentInfo) -> String {
    format!("A{:x}", info.part)
}

impl Attachments {
    /// Errors: ErrorItemNotFound.
    pub fn by_id(&self, id: &str) -> Result<&AttachmentInfo, GraphError> {
        let found = self.all.iter().find(|a| print_id(a) == id);
        found.ok_or_else(|| Error::not_found("the message has no such attachment").into())
    }

    /// Decoded. Errors: what the store says.
    pub async fn content(&self, call: &Call, info: &AttachmentInfo) -> Result<Vec<u8>, GraphError> {
        let mut body = mail::open_body(call.ctx(), call.account, &self.message.item).await?;
        let part = self.parts.get(info.part).cloned();
        let part = part.ok_or_else(|| Error::internal("a part has vanished"))?;
        let content = tokio::task::spawn_blocking(move || {
            let raw = body.read_range(u64::from(part.body_start), u64::from(part.body_end))?;
            Ok::<_, Error>(decode(&raw, part.encoding, usize::MAX))
        })
        .await
        .map_err(|e| Error::internal("reading was broken off").caused_by(e))??;
        Ok(content)
    }
}
