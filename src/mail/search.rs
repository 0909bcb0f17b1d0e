//! Searching a folder: the index is brought up to date first, headers that no column knows are read.

use super::index::update_index;
use crate::base::{Error, Result, TimeMs};
use crate::formats::mime::digest::parse_local_date;
use crate::formats::mime::field::fields;
use crate::formats::mime::text::decode_text;
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::{AccountId, FolderId, ItemId};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
pub use crate::store::search::{Condition, Found};
pub use crate::store::text_index::Field;

/// Deeper conditions are refused: they cost stack, not insight.
pub const MAX_DEPTH: usize = 64;
/// Bytes of a message in which a header field is looked for.
const HEADER_MAX: u64 = 256 << 10;

/// A condition as a user states it.
#[derive(Clone, Debug, PartialEq)]
pub enum Criterion {
    /// What columns and the index answer.
    Stored(Condition),
    /// The field is there and contains the text, in any case (RFC 9051 §6.4.4 HEADER).
    Header {
        name: String,
        text: String,
    },
    /// Date shows this day or a later one in the zone of who wrote it (RFC 9051 §6.4.4 SENTSINCE); the day's
    /// beginning as if it were in UTC.
    WrittenSince(TimeMs),
    And(Vec<Criterion>),
    Or(Box<Criterion>, Box<Criterion>),
    Not(Box<Criterion>),
}

impl Criterion {
    fn has_text(&self) -> bool {
        match self {
            Criterion::Stored(c) => c.has_text(),
            Criterion::Header { .. } | Criterion::WrittenSince(_) => false,
            Criterion::And(all) => all.iter().any(Criterion::has_text),
            Criterion::Or(a, b) => a.has_text() || b.has_text(),
            Criterion::Not(c) => c.has_text(),
        }
    }
}

/// Messages of a folder that fit, ascending by UID. Errors: NotFound (the folder), Invalid (too deep).
pub async fn search_messages(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    criterion: Criterion,
) -> Result<Vec<Found>> {
    ctx.require_owner(account)?;
    if criterion.has_text() {
        update_index(ctx, account).await?;
    }
    ctx.store
        .account(account)?
        .read(move |s| {
            s.mail_folder(folder)?;
            let condition = resolve(s, folder, &criterion, 0)?;
            s.search(folder, &condition)
        })
        .await
}

/// Replaces what has to be read from messages by the items that fit.
fn resolve(s: &Snapshot<'_, AccountDb>, folder: FolderId, c: &Criterion, depth: usize) -> Result<Condition> {
    if depth > MAX_DEPTH {
        return Err(Error::invalid("the search is nested too deeply"));
    }
    let next = |c: &Criterion| resolve(s, folder, c, depth + 1);
    Ok(match c {
        Criterion::Stored(condition) => condition.clone(),
        Criterion::And(all) => Condition::And(all.iter().map(next).collect::<Result<_>>()?),
        Criterion::Or(a, b) => Condition::Or(Box::new(next(a)?), Box::new(next(b)?)),
        Criterion::Not(c) => Condition::Not(Box::new(next(c)?)),
        Criterion::Header { name, text } if name.eq_ignore_ascii_case("message-id") && !text.is_empty() => {
            Condition::MessageId(text.clone())
        }
        Criterion::Header { name, text } => {
            let wanted = text.to_lowercase();
            Condition::Items(items_where(s, folder, &Condition::All, |_, head| {
                values(head, name).any(|value| wanted.is_empty() || value_contains(value, &wanted))
            })?)
        }
        Criterion::WrittenSince(day) => written_since(s, folder, *day)?,
    })
}

/// Zones lie between UTC-12 and UTC+14: only what was sent around that midnight has to be read.
fn written_since(s: &Snapshot<'_, AccountDb>, folder: FolderId, day: TimeMs) -> Result<Condition> {
    const HOUR_MS: TimeMs = 3_600_000;
    let surely = Condition::SentSince(day + 12 * HOUR_MS);
    let perhaps = Condition::And(vec![
        Condition::SentSince(day - 14 * HOUR_MS),
        Condition::Not(Box::new(surely.clone())),
    ]);
    let late = items_where(s, folder, &perhaps, |item, head| {
        // What has no date counts as sent when it was received, here.
        let there = values(head, "Date").find_map(parse_local_date);
        there.unwrap_or(item.received_at_ms) >= day
    })?;
    Ok(Condition::Or(Box::new(surely), Box::new(Condition::Items(late))))
}

/// Items among those that fit `among` of which `fits` is true, by the beginning of the message.
fn items_where(
    s: &Snapshot<'_, AccountDb>,
    folder: FolderId,
    among: &Condition,
    fits: impl Fn(&Item, &[u8]) -> bool,
) -> Result<Vec<ItemId>> {
    let mut out = Vec::new();
    for found in s.search(folder, among)? {
        let Some(item) = s.mail_item(found.id)? else {
            continue;
        };
        let mut body = s.open_body(item.body_id)?;
        let head = body.read_range(0, HEADER_MAX.min(body.size_bytes()))?;
        if fits(&item, &head) {
            out.push(item.id);
        }
    }
    Ok(out)
}

/// Values of the header fields of this name.
fn values<'a>(head: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    fields(head)
        .filter(move |f| f.name.eq_ignore_ascii_case(name.as_bytes()))
        .map(|f| f.value)
}

/// Compares with the decoded value as well as with the bytes as they are.
fn value_contains(value: &[u8], wanted: &str) -> bool {
    decode_text(value).to_lowercase().contains(wanted)
        || String::from_utf8_lossy(value).to_lowercase().contains(wanted)
}
