//! The attachments of a message, their ids, and the bytes of one.

use crate::base::Error;
use crate::formats::mime::part::Part;
use crate::formats::mime::part_codec::decode_parts;
use crate::formats::mime::readable::{AttachmentInfo, attachments};
use crate::identity::Ctx;
use crate::mail;
use crate::mail::BodyReader;
use crate::mail::abridged::AbridgedMessage;
use crate::mail::listing::get_message;
use crate::mail::stored_part::StoredPart;
use crate::model::message::ListedMessage;
use crate::model::{AccountId, Flags, ItemId};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::sending::dispatch::run;

pub struct Attachments {
    pub message: ListedMessage,
    pub parts: Vec<Part>,
    pub all: Vec<AttachmentInfo>,
    /// Of each of `all`.
    ids: Vec<String>,
}

/// Errors: ErrorItemNotFound.
pub async fn attachments_of(call: &Call) -> Result<Attachments, GraphError> {
    let message = get_message(call.ctx(), call.account, call.message_id()?).await?;
    attachments_in(call, message).await
}

/// Errors: ErrorItemNotFound, when it is gone meanwhile.
pub async fn attachments_in(call: &Call, message: ListedMessage) -> Result<Attachments, GraphError> {
    let parts = decode_parts(&message.parts).unwrap_or_default();
    let all = attachments(&parts);
    let ids = if message.item.flags.contains(Flags::DRAFT) && !all.is_empty() {
        let mut body = mail::open_body(call.ctx(), call.account, &message.item).await?;
        let (parts, all) = (parts.clone(), all.clone());
        run(move || draft_ids(&parts, &all, |part, hasher| hash_stored(&mut body, part, hasher))).await??
    } else {
        all.iter().map(|info| format!("A{:x}", info.part)).collect()
    };
    Ok(Attachments {
        message,
        parts,
        all,
        ids,
    })
}

/// The ids of a draft's attachments with the index of their part.
pub fn ids_in(draft: &mut AbridgedMessage) -> Result<Vec<(String, usize)>, Error> {
    let all = attachments(&draft.parts);
    let body = &mut draft.body;
    let ids = draft_ids(&draft.parts, &all, |part, hasher| hash_stored(body, part, hasher))?;
    let indexes = all.iter().map(|info| info.part);
    Ok(ids.into_iter().zip(indexes).collect())
}

/// The id of a draft's last attachment. Reads the draft piece by piece.
pub async fn last_id(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<String, GraphError> {
    let message = get_message(ctx, account, id).await?;
    let parts = decode_parts(&message.parts).unwrap_or_default();
    let mut body = mail::open_body(ctx, account, &message.item).await?;
    let ids = run(move || {
        let all = attachments(&parts);
        draft_ids(&parts, &all, |part, hasher| hash_stored(&mut body, part, hasher))
    });
    Ok(ids.await??.pop().unwrap_or_default())
}

fn hash_stored(body: &mut BodyReader, part: &Part, hasher: &mut blake3::Hasher) -> Result<(), Error> {
    let (mut at, end) = (u64::from(part.header_start), u64::from(part.body_end));
    while at < end {
        let piece = body.read_at(at, usize::try_from(end - at).unwrap_or(usize::MAX))?;
        if piece.is_empty() {
            return Ok(());
        }
        at += piece.len() as u64;
        hasher.update(piece);
    }
    Ok(())
}

/// A received message never changes, so the number of a part is its id. A draft's parts move when others come and go,
/// so theirs are made of their bytes. Errors: what reading them says.
fn draft_ids(
    parts: &[Part],
    all: &[AttachmentInfo],
    mut hash: impl FnMut(&Part, &mut blake3::Hasher) -> Result<(), Error>,
) -> Result<Vec<String>, Error> {
    let mut ids: Vec<String> = Vec::with_capacity(all.len());
    for info in all {
        let mut hasher = blake3::Hasher::new();
        if let Some(part) = parts.get(info.part) {
            hash(part, &mut hasher)?;
        }
        let id = format!("D{}", crate::base::text::hex(&hasher.finalize().as_bytes()[..8]));
        let twins = ids.iter().filter(|i| i.starts_with(&id)).count();
        ids.push(if twins == 0 { id } else { format!("{id}-{twins}") });
    }
    Ok(ids)
}

impl Attachments {
    pub fn id(&self, at: usize) -> &str {
        self.ids.get(at).map_or("", String::as_str)
    }

    /// Its place among all. Errors: ErrorItemNotFound.
    pub fn by_id(&self, id: &str) -> Result<usize, GraphError> {
        let found = self.ids.iter().position(|i| i == id);
        found.ok_or_else(|| Error::not_found("the message has no such attachment").into())
    }

    /// Decoded, to be read piece by piece. Errors: what the store says.
    pub async fn open(&self, call: &Call, info: &AttachmentInfo) -> Result<StoredPart, GraphError> {
        let body = mail::open_body(call.ctx(), call.account, &self.message.item).await?;
        let part = self.parts.get(info.part);
        let part = part.ok_or_else(|| Error::internal("a part has vanished"))?;
        Ok(StoredPart::content(part, body))
    }

    /// Decoded. Errors: what the store says.
    pub async fn content(&self, call: &Call, info: &AttachmentInfo) -> Result<Vec<u8>, GraphError> {
        let part = self.open(call, info).await?;
        Ok(run(move || part.read_all()).await??)
    }
}
