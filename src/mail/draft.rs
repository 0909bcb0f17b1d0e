//! Changing what a draft says. Its bytes are replaced and it gets another UID, because messages never change in IMAP
//! (RFC 9051 §2.3.1.1); its id stays.

use super::append::check_quota;
use super::body::no_such_message;
use super::change::check_unchanged;
use super::index::text_of;
use super::intake::{Intake, Prepared};
use crate::base::{Error, Result};
use crate::formats::mime::edit::{NewPart, insertion};
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::{AccountId, BodyId, Flags, ItemId, Modseq};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Read;

/// What a line of base64 holds (RFC 2045 §6.8), and how many lines are made at once.
const LINE_BYTES: usize = 57;
const LINES: usize = 1_000;

/// A draft with its bytes. `unchanged`: only if that still is its modseq.
/// Errors: NotFound; Invalid when it is no draft; Conflict.
pub async fn read_draft(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    unchanged: Option<Modseq>,
) -> Result<(Item, Vec<u8>)> {
    let (item, raw) = super::read_body(ctx, account, id).await?;
    check_draft(&item)?;
    check_unchanged(&item, unchanged)?;
    Ok((item, raw))
}

fn check_draft(item: &Item) -> Result<()> {
    if item.flags.contains(Flags::DRAFT) {
        return Ok(());
    }
    Err(Error::invalid(
        "the message is not a draft; what was sent or received cannot be changed",
    ))
}

/// Puts other bytes in the place of a draft's. `before`: the body that was changed.
/// Errors: NotFound; Invalid when it is no draft any more; Conflict when somebody else was faster; OverQuota.
pub async fn replace_draft(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    before: BodyId,
    prepared: Prepared,
) -> Result<Item> {
    ctx.require_owner(account)?;
    ctx.store.check_room(prepared.size_bytes())?;
    check_quota(ctx, account, prepared.size_bytes()).await?;
    let now_ms = ctx.now_ms();
    let staged = prepared.staged.clone();
    let text = blocking(move || Ok(text_of(&staged.read_all()?))).await?;
    ctx.store
        .account(account)?
        .write(move |tx| {
            let item = tx.mail_item(id)?.ok_or_else(no_such_message)?;
            check_draft(&item)?;
            if item.body_id != before {
                return Err(Error::conflict(
                    "the draft was changed meanwhile; look at it again first",
                ));
            }
            let (body, is_new) = tx.put_body(&prepared.staged)?;
            if is_new || !tx.has_derived(body)? {
                tx.put_derived(body, &prepared.derived)?;
            }
            let item = tx.renew_item(&item, body, prepared.size_bytes() as i64, now_ms)?;
            tx.replace_text(id, &text)?;
            Ok(item)
        })
        .await
}

/// Adds a file to a draft, reading it piece by piece. `open` gives it from its beginning; it is called again when
/// somebody else has changed the draft meanwhile. Errors: as [`replace_draft`], and TooLarge.
pub async fn attach_file<R: Read>(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    part: NewPart,
    open: impl Fn() -> Result<R> + Clone + Send + 'static,
    max_bytes: u64,
) -> Result<Item> {
    let mut tries = 0;
    loop {
        let (item, raw) = read_draft(ctx, account, id, None).await?;
        let (of, part, open) = (ctx.clone(), part.clone(), open.clone());
        let prepared = blocking(move || {
            let (head, tail) = insertion(&raw, &part);
            let mut intake = Intake::expecting(&of, head.len() as u64, max_bytes)?;
            intake.write(&head)?;
            write_base64(&mut intake, open()?)?;
            intake.write(&tail)?;
            intake.finish()
        })
        .await?;
        tries += 1;
        match replace_draft(ctx, account, id, item.body_id, prepared).await {
            Err(e) if e.kind() == crate::base::Kind::Conflict && tries < 5 => {}
            other => return other,
        }
    }
}

fn write_base64(out: &mut Intake, mut content: impl Read) -> Result<()> {
    let mut piece = vec![0; LINE_BYTES * LINES];
    loop {
        let mut filled = 0;
        while filled < piece.len() {
            match content.read(&mut piece[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        let mut lines = String::with_capacity(filled / LINE_BYTES * 78 + 80);
        for line in piece[..filled].chunks(LINE_BYTES) {
            STANDARD.encode_string(line, &mut lines);
            lines.push_str("\r\n");
        }
        if filled < piece.len() {
            // The line end before the delimiter belongs to the delimiter.
            let last = lines.strip_suffix("\r\n").unwrap_or(&lines);
            return out.write(last.as_bytes());
        }
        out.write(lines.as_bytes())?;
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("changing a draft was broken off").caused_by(e))?
}
