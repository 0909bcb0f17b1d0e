//! A message read, and made anew, without ever having the middle of its large files in memory.

use super::body::{BodyReader, no_such_message};
use super::intake::{Intake, Prepared, check_room, derive_around, large_turn, prepare};
use crate::base::{Error, Result};
use crate::formats::mime::abridged::{Abridged, Stretch, abridge};
use crate::formats::mime::gap::Gap;
use crate::formats::mime::part::Part;
use crate::formats::mime::part_codec::decode_parts;
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::{AccountId, ItemId};
use crate::store::Snapshot;
use crate::store::account::AccountDb;

pub struct AbridgedMessage {
    pub item: Item,
    /// As they are stored: offsets are those of the whole message.
    pub parts: Vec<Part>,
    pub short: Abridged,
    pub body: BodyReader,
}

/// Errors: NotFound; what the store says.
pub async fn read_abridged(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<AbridgedMessage> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| read_abridged_in(s, id))
        .await
}

/// As [`read_abridged`], of an account that is being read.
pub fn read_abridged_in(s: &Snapshot<'_, AccountDb>, id: ItemId) -> Result<AbridgedMessage> {
    let listed = s.listed_message(id)?.ok_or_else(no_such_message)?;
    let mut body = s.open_body(listed.item.body_id)?;
    let parts = decode_parts(&listed.parts).unwrap_or_default();
    let size_bytes = body.size_bytes();
    let short = abridge(&parts, size_bytes, |from, to| body.read_range(from, to))?;
    Ok(AbridgedMessage {
        item: listed.item,
        parts,
        short,
        body,
    })
}

impl AbridgedMessage {
    /// Writes what `made`, which came of the bytes at hand, is in full. Returns what lacks in `made`. Blocks.
    pub fn write_made(&mut self, made: &[u8], out: &mut Intake) -> Result<Vec<Gap>> {
        for stretch in self.short.stretches(made) {
            match stretch {
                Stretch::Made(range) => out.write(&made[range])?,
                Stretch::Stored { from, to } => self.copy_stored(from, to, out)?,
            }
        }
        Ok(self.short.gaps(made))
    }

    fn copy_stored(&mut self, mut at: u64, end: u64, out: &mut Intake) -> Result<()> {
        while at < end {
            let piece = self
                .body
                .read_at(at, usize::try_from(end - at).unwrap_or(usize::MAX))?;
            if piece.is_empty() {
                return Err(Error::unavailable(
                    "a stored message is shorter than it should be; run: hauspost doctor",
                ));
            }
            out.write(piece)?;
            at += piece.len() as u64;
        }
        Ok(())
    }

    /// What `made` is in full, ready to be stored. Errors: TooLarge, OverQuota.
    pub async fn prepare_made(mut self, ctx: &Ctx, made: Vec<u8>, max_bytes: u64) -> Result<Prepared> {
        let size_bytes = made.len() as u64;
        check_room(ctx, size_bytes)?;
        let mut intake = Intake::new(ctx, max_bytes);
        prepare(size_bytes, move || {
            let gaps = self.write_made(&made, &mut intake)?;
            let _one_at_a_time = large_turn(size_bytes);
            intake.finish_as(derive_around(&made, &gaps))
        })
        .await
    }
}
