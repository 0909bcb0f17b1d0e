//! Changing what a draft says. Its bytes are replaced and it gets another UID, because messages never change in IMAP
//! (RFC 9051 §2.3.1.1); its id stays.

use super::abridged::{AbridgedMessage, read_abridged};
use super::append::check_quota;
use super::body::no_such_message;
use super::change::check_unchanged;
use super::index::text_of;
use super::intake::{Intake, Prepared, derive_around};
use crate::base::{Error, Result};
use crate::formats::mime::abridged::{LINE_BYTES, LINES_SEEN};
use crate::formats::mime::edit::{NewPart, insertion};
use crate::formats::mime::gap::Gap;
use crate::identity::Ctx;
use crate::model::message::{IndexText, Item};
use crate::model::{AccountId, BodyId, Flags, ItemId, Modseq};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Read;

/// How many lines of base64 are made at once.
const LINES: usize = 1_000;

/// What a draft may have, whatever the largest message is that is sent or received: a file of 150 MB as base64, and a text.
const MAX_BYTES: u64 = 210 << 20;

/// Largest draft. `max_message_bytes`: largest message that is sent or received.
pub fn max_draft_bytes(max_message_bytes: u64) -> u64 {
    max_message_bytes.max(MAX_BYTES)
}

/// A draft with its bytes. `unchanged`: only if that still is its modseq.
/// Errors: NotFound; Invalid when it is no draft; Conflict.
pub async fn read_draft(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    unchanged: Option<Modseq>,
) -> Result<AbridgedMessage> {
    let draft = read_abridged(ctx, account, id).await?;
    check_draft(&draft.item)?;
    check_unchanged(&draft.item, unchanged)?;
    Ok(draft)
}

fn check_draft(item: &Item) -> Result<()> {
    if item.flags.contains(Flags::DRAFT) {
        return Ok(());
    }
    Err(Error::invalid(
        "the message is not a draft; what was sent or received cannot be changed",
    ))
}

/// A draft without its bytes. Errors: NotFound; Invalid when it is no draft.
pub async fn get_draft(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<Item> {
    ctx.require_owner(account)?;
    let found = ctx.store.account(account)?.read(move |s| s.mail_item(id)).await?;
    let item = found.ok_or_else(no_such_message)?;
    check_draft(&item)?;
    Ok(item)
}

/// Puts other bytes in the place of a draft's. `before`: the body that was changed. `text`: for the full-text index.
/// Errors: NotFound; Invalid when it is no draft any more; Conflict when somebody else was faster; OverQuota.
pub async fn replace_draft(
    ctx: &Ctx,
    account: AccountId,
    id: ItemId,
    before: BodyId,
    prepared: Prepared,
    text: IndexText,
) -> Result<Item> {
    ctx.require_owner(account)?;
    ctx.store.check_room(prepared.size_bytes())?;
    check_quota(ctx, account, prepared.size_bytes()).await?;
    let now_ms = ctx.now_ms();
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

/// Adds a file to a draft, reading it piece by piece: of the file no more than its beginning and its end are in memory.
/// `open` gives it from its beginning; it is called again when somebody else has changed the draft meanwhile.
/// Errors: as [`replace_draft`], and TooLarge.
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
        let draft = read_draft(ctx, account, id, None).await?;
        let before = draft.item.body_id;
        let (of, part, open) = (ctx.clone(), part.clone(), open.clone());
        let (prepared, text) = blocking(move || with_file(&of, draft, &part, open()?, max_bytes)).await?;
        tries += 1;
        match replace_draft(ctx, account, id, before, prepared, text).await {
            Err(e) if e.kind() == crate::base::Kind::Conflict && tries < 5 => {}
            other => return other,
        }
    }
}

fn with_file(
    ctx: &Ctx,
    mut draft: AbridgedMessage,
    part: &NewPart,
    content: impl Read,
    max_bytes: u64,
) -> Result<(Prepared, IndexText)> {
    let (head, tail) = insertion(&draft.short.bytes, part);
    let mut intake = Intake::expecting(ctx, draft.body.size_bytes(), max_bytes)?;
    draft.write_made(&head, &mut intake)?;
    let (mut short, gap) = match part.is_message {
        true => write_plain(&mut intake, content, head)?,
        false => write_base64(&mut intake, content, head)?,
    };
    draft.write_made(&tail, &mut intake)?;
    short.extend_from_slice(&tail);
    let mut gaps = draft.short.gaps(&short);
    gaps.extend(gap);
    gaps.sort_by_key(|gap| gap.at);
    let prepared = intake.finish_as(derive_around(&short, &gaps))?;
    Ok((prepared, text_of(&short)))
}

/// As it is: a message, which was in memory when it was composed.
fn write_plain(
    out: &mut Intake,
    mut content: impl Read,
    mut seen: Vec<u8>,
) -> Result<(Vec<u8>, Option<Gap>)> {
    let before = seen.len();
    content.read_to_end(&mut seen)?;
    out.write(&seen[before..])?;
    Ok((seen, None))
}

/// Returns `seen` with the beginning and the last lines, and what is left out between them.
fn write_base64(
    out: &mut Intake,
    mut content: impl Read,
    mut seen: Vec<u8>,
) -> Result<(Vec<u8>, Option<Gap>)> {
    let mut piece = vec![0; LINE_BYTES * LINES];
    let (mut lines_seen, mut gap) = (0, None::<Gap>);
    loop {
        let filled = fill(&mut piece, &mut content)?;
        let mut lines = String::with_capacity(filled / LINE_BYTES * 78 + 80);
        for line in piece[..filled].chunks(LINE_BYTES) {
            STANDARD.encode_string(line, &mut lines);
            lines.push_str("\r\n");
        }
        if filled < piece.len() {
            // The line end before the delimiter belongs to the delimiter.
            let last = lines.strip_suffix("\r\n").unwrap_or(&lines);
            out.write(last.as_bytes())?;
            seen.extend_from_slice(last.as_bytes());
            return Ok((seen, gap));
        }
        out.write(lines.as_bytes())?;
        if lines_seen < LINES_SEEN {
            seen.extend_from_slice(lines.as_bytes());
            lines_seen += LINES;
            continue;
        }
        let gap = gap.get_or_insert(Gap {
            at: seen.len(),
            bytes: 0,
            lines: 0,
            decoded_bytes: 0,
        });
        gap.bytes += lines.len();
        gap.lines += LINES;
        gap.decoded_bytes += piece.len();
    }
}

/// How much of `piece` there was to read; less than all of it only at the end.
fn fill(piece: &mut [u8], content: &mut impl Read) -> Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match content.read(&mut piece[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("changing a draft was broken off").caused_by(e))?
}
