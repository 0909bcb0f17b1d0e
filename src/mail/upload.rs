//! Large files for drafts, in pieces: begun by somebody who may write, then carried on by whoever holds the secret.

use super::draft::{attach_file, get_draft, max_draft_bytes};
use crate::base::text::hex;
use crate::base::{Error, Result, TimeMs, random};
use crate::formats::mime::edit::NewPart;
use crate::identity::Ctx;
use crate::identity::sessions::token_hash;
use crate::model::message::Item;
pub use crate::store::upload::{Upload, UploadTarget, UploadWriter};
use std::io::Read;
use std::sync::Arc;

/// An upload that nobody goes on with is forgotten after this.
pub const LIFETIME_MS: TimeMs = 24 * 3600 * 1000;
/// As Microsoft.
pub const MAX_BYTES: u64 = 150 << 20;

fn key(token: &str) -> String {
    hex(&token_hash(token))
}

/// Returns the secret that the pieces are sent with. `expires_at_ms` is filled in.
/// Errors: NotFound; Invalid when the message is no draft; TooLarge; OverQuota when the disk has no room.
pub async fn begin_upload(ctx: &Ctx, upload: Upload, max_message_bytes: u64) -> Result<(String, Upload)> {
    let item = get_draft(ctx, upload.account, upload.item).await?;
    // Base64 makes four letters of three bytes, and there are line ends.
    let becomes = item.size_bytes as u64 + upload.size_bytes / 57 * 78 + 1_000;
    let max_bytes = max_draft_bytes(max_message_bytes);
    if upload.size_bytes > MAX_BYTES || becomes > max_bytes {
        return Err(Error::too_large(format!(
            "the file is too large: a file may have {} MB, and with it the draft would have {} MB of {} MB",
            MAX_BYTES >> 20,
            becomes >> 20,
            max_bytes >> 20
        )));
    }
    ctx.store.check_room(upload.size_bytes + becomes)?;
    open_upload(ctx, upload).await
}

/// As [`begin_upload`], once it is known that the file fits where it goes.
pub async fn open_upload(ctx: &Ctx, upload: Upload) -> Result<(String, Upload)> {
    let token = random::token();
    let upload = Upload {
        expires_at_ms: ctx.now_ms() + LIFETIME_MS,
        ..upload
    };
    let (store, kept, key) = (ctx.store.clone(), upload.clone(), key(&token));
    blocking(move || store.put_upload(&key, &kept)).await?;
    Ok((token, upload))
}

/// The upload and how much of it has arrived. Errors: NotFound.
pub async fn find_upload(ctx: &Ctx, token: &str) -> Result<(Upload, u64)> {
    let (store, key) = (ctx.store.clone(), key(token));
    blocking(move || store.upload(&key)).await
}

/// Errors: Busy, while another piece is on its way.
pub async fn continue_upload(ctx: &Ctx, token: &str) -> Result<UploadWriter> {
    let (store, key) = (ctx.store.clone(), key(token));
    blocking(move || store.write_upload(&key)).await
}

/// Hands what has arrived over piece by piece, and gives back what has taken it.
pub async fn read_upload<T: Send + 'static>(
    ctx: &Ctx,
    token: &str,
    mut taker: T,
    take: impl Fn(&mut T, &[u8]) -> Result<()> + Send + 'static,
) -> Result<T> {
    const PIECE: usize = 256 << 10;
    let (store, key) = (ctx.store.clone(), key(token));
    blocking(move || {
        let (mut file, mut piece) = (store.read_upload(&key)?, vec![0; PIECE]);
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(taker),
                n => take(&mut taker, &piece[..n])?,
            }
        }
    })
    .await
}

/// Everything has arrived: the file becomes an attachment of the draft. Errors: as [`attach_file`].
pub async fn attach_upload(ctx: &Ctx, token: &str, upload: &Upload, max_message_bytes: u64) -> Result<Item> {
    let part = NewPart {
        is_message: false,
        name: upload.name.clone(),
        content_type: upload.content_type.clone(),
        content_id: upload.content_id.clone(),
    };
    let (store, key) = (ctx.store.clone(), Arc::<str>::from(key(token)));
    let open = move || store.read_upload(&key);
    let max_bytes = max_draft_bytes(max_message_bytes);
    attach_file(ctx, upload.account, upload.item, part, open, max_bytes).await
}

/// Keeps what is said of it, for those who ask again, and forgets its content.
pub async fn finish_upload(ctx: &Ctx, token: &str, upload: Upload, outcome: String) -> Result<()> {
    let (store, key) = (ctx.store.clone(), key(token));
    let done = Upload {
        outcome: Some(outcome),
        ..upload
    };
    blocking(move || store.finish_upload(&key, &done)).await
}

pub async fn cancel_upload(ctx: &Ctx, token: &str) -> Result<()> {
    let (store, key) = (ctx.store.clone(), key(token));
    blocking(move || store.remove_upload(&key)).await
}

/// Forgets those that have expired.
pub async fn prune_uploads(ctx: &Ctx) -> Result<usize> {
    let store = ctx.store.clone();
    blocking(move || store.prune_uploads()).await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("an upload was broken off").caused_by(e))?
}
