//! Sending messages: the store's rows become FETCH answers in pieces of bounded size.
//!
//! A piece is filled on a thread that may block, in one short read of the store; while it is written, the next ones
//! are filled. Large bodies are not part of a piece but sent behind it as they are unpacked, so that a folder of
//! any size goes out in about a megabyte of memory.

mod ahead;
mod print;

use self::ahead::Ahead;
use super::error::{Lost, Stop};
use super::selected::Ranges;
use super::session::Session;
use super::wire::Wire;
use crate::base::{Error, Result};
use crate::formats::imap::fetch_item::FetchItem;
use crate::formats::mime::section::What;
use crate::identity::Ctx;
use crate::mail::fetch::{BodyReader, Message, Wanted};
use crate::mail::visit_messages;
use crate::model::{AccountId, FolderId, Uid, UidSet};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// A piece of this size is sent, however many messages it was meant to hold.
const MAX_PIECE: usize = 512 << 10;
/// What is aimed at.
const PIECE: usize = 256 << 10;
/// Answers up to this size wait for the tagged line and go out with it.
const SMALL: usize = 16 << 10;

/// What is to be sent of each message.
pub struct Plan {
    pub items: Vec<FetchItem>,
    /// Message numbers; what is not in it is not sent.
    pub uids: Arc<UidSet>,
    /// Were marked as read just now: the client is told their flags (RFC 9051 §7.5.2).
    pub newly_read: UidSet,
    pub with_modseq: bool,
}

/// What became of it.
#[derive(Default)]
pub struct Sent {
    /// A message could not be read; the others were sent.
    pub failed: Option<Error>,
    /// RFC 3516 §4.3.
    pub has_unknown_encoding: bool,
}

/// A part of the answers.
#[derive(Default)]
struct Piece {
    done: Vec<Segment>,
    /// What comes behind `done`.
    bytes: Vec<u8>,
    last_uid: Uid,
    messages: u32,
    /// There may be more behind `last_uid`.
    is_full: bool,
    sent: Sent,
}

enum Segment {
    Bytes(Vec<u8>),
    Body { reader: BodyReader, range: Range<u64> },
}

impl Plan {
    fn wanted(&self) -> Wanted {
        let has = |test: fn(&FetchItem) -> bool| self.items.iter().any(test);
        Wanted {
            envelope: has(|i| *i == FetchItem::Envelope),
            structure: has(|i| *i == FetchItem::BodyStructure),
            preview: has(|i| matches!(i, FetchItem::Preview { .. })),
            parts: has(|i| match i {
                FetchItem::BodySection { section, .. } => {
                    !section.path.is_empty() || section.what != What::All
                }
                FetchItem::Binary { .. } | FetchItem::BinarySize { .. } => true,
                FetchItem::Rfc822Header | FetchItem::Rfc822Text => true,
                _ => false,
            }),
        }
    }
}

/// Sends what is asked for of the messages of the open folder. `ranges`: UIDs, ascending.
pub async fn send(s: &mut Session, ranges: Ranges, plan: Plan) -> Result<Sent, Stop> {
    let (ctx, account, selected) = s.open()?;
    let place = Place {
        ctx,
        account,
        folder: selected.folder,
        plan: Arc::new(plan),
    };
    let mut all = Sent::default();
    let mut ahead = Ahead::new(place, ranges);
    while let Some(mut piece) = ahead.next().await? {
        let sent = std::mem::take(&mut piece.sent);
        all.failed = all.failed.or(sent.failed);
        all.has_unknown_encoding |= sent.has_unknown_encoding;
        let emptied = write(&mut s.wire, piece).await?;
        ahead.reuse(emptied);
    }
    Ok(all)
}

/// What is read, and for whom.
#[derive(Clone)]
struct Place {
    ctx: Ctx,
    account: AccountId,
    folder: FolderId,
    plan: Arc<Plan>,
}

/// Fills a piece from the first messages of `ranges`; `bytes`: memory to be used for it.
async fn fill(place: Place, ranges: Ranges, bytes: Vec<u8>) -> Result<Piece> {
    let Place {
        ctx,
        account,
        folder,
        plan,
    } = place;
    let wanted = plan.wanted();
    let visit = move |piece: &mut Piece, message: &Message<'_>| {
        let start = piece.bytes.len();
        let segments = piece.done.len();
        piece.last_uid = message.item().uid;
        piece.messages += 1;
        if let Err(e) = print::push_message(piece, &plan, message) {
            // Half an answer must not go out; the other messages still do.
            tracing::error!(item = %message.item().id, error = ?e, "a message cannot be sent");
            if let Some(Segment::Bytes(bytes)) = piece.done.drain(segments..).next() {
                piece.bytes = bytes;
            }
            piece.bytes.truncate(start);
            piece.sent.failed.get_or_insert(e);
        }
        piece.is_full = piece.bytes.len() >= MAX_PIECE || !piece.done.is_empty();
        Ok(match piece.is_full {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    };
    let piece = Piece {
        bytes,
        ..Piece::default()
    };
    visit_messages(&ctx, account, folder, ranges, wanted, piece, visit).await
}

/// Returns the piece's memory.
async fn write(wire: &mut Wire, piece: Piece) -> Result<Vec<u8>, Lost> {
    if piece.done.is_empty() && piece.bytes.len() <= SMALL {
        wire.out.extend_from_slice(&piece.bytes);
        wire.flush_if_full().await?;
        return Ok(piece.bytes);
    }
    wire.flush().await?;
    for segment in piece.done {
        match segment {
            Segment::Bytes(bytes) => wire.write(&bytes).await?,
            Segment::Body { reader, range } => write_body(wire, reader, range).await?,
        }
    }
    wire.write(&piece.bytes).await?;
    Ok(piece.bytes)
}

/// While a piece is on its way the next one is unpacked.
async fn write_body(wire: &mut Wire, reader: BodyReader, range: Range<u64>) -> Result<(), Lost> {
    let mut reading = (!range.is_empty()).then(|| read_piece(reader, range.clone()));
    while let Some(piece) = reading.take() {
        let (reader, read) = piece
            .await
            .map_err(|e| Error::internal("reading a message was broken off").caused_by(e))?;
        let (bytes, rest) = read?;
        if bytes.is_empty() {
            // The literal's size has been announced: nothing else can be said any more.
            return Err(Lost(Error::unavailable(
                "a stored message is shorter than it should be; run: hauspost doctor",
            )));
        }
        reading = (!rest.is_empty()).then(|| read_piece(reader, rest));
        wire.write(&bytes).await?;
    }
    Ok(())
}

/// The bytes at the front of the range, and what is left of it.
type ReadPiece = Result<(Vec<u8>, Range<u64>)>;

fn read_piece(mut reader: BodyReader, range: Range<u64>) -> JoinHandle<(BodyReader, ReadPiece)> {
    tokio::task::spawn_blocking(move || {
        let max = (range.end - range.start) as usize;
        let read = reader.read_at(range.start, max.min(PIECE)).map(|bytes| {
            let rest = range.start + bytes.len() as u64..range.end;
            (bytes.to_vec(), rest)
        });
        (reader, read)
    })
}
