//! From SEARCH's keys to the mail room's criteria.

use crate::base::{Error, Result};
use crate::formats::imap::flag::Flag;
use crate::formats::imap::search_key::SearchKey;
use crate::formats::imap::sequence_set::SequenceSet;
use crate::identity::Ctx;
use crate::mail::search::{Condition, Criterion, Field, MAX_DEPTH};
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::selected::{Ranges, Selected};
use crate::protocols::imap::view;
use jiff::civil::Date;
use std::collections::VecDeque;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Sets of messages are resolved first, in the order of the keys, because that may read the store.
pub async fn criterion_of(selected: &mut Selected, ctx: &Ctx, key: &SearchKey) -> Result<Criterion, Stop> {
    let mut sets = Vec::new();
    collect_sets(key, &mut sets);
    let mut resolved = VecDeque::with_capacity(sets.len());
    for (set, is_uid) in sets {
        resolved.push_back(selected.resolve(ctx, set, is_uid).await?);
    }
    let mut reader = Reader {
        resolved,
        now_ms: ctx.now_ms(),
    };
    Ok(reader.criterion(key, 0)?)
}

fn collect_sets<'k>(key: &'k SearchKey, sets: &mut Vec<(&'k SequenceSet, bool)>) {
    match key {
        SearchKey::Sequence(set) => sets.push((set, false)),
        SearchKey::Uid(set) => sets.push((set, true)),
        SearchKey::And(keys) => keys.iter().for_each(|k| collect_sets(k, sets)),
        SearchKey::Or(a, b) => {
            collect_sets(a, sets);
            collect_sets(b, sets);
        }
        SearchKey::Not(key) => collect_sets(key, sets),
        _ => {}
    }
}

struct Reader {
    resolved: VecDeque<Ranges>,
    now_ms: i64,
}

impl Reader {
    fn criterion(&mut self, key: &SearchKey, depth: usize) -> Result<Criterion> {
        if depth > MAX_DEPTH {
            return Err(Error::invalid("the search is nested too deeply"));
        }
        let stored = |c| Ok(Criterion::Stored(c));
        match key {
            SearchKey::And(keys) => {
                let all = keys.iter().map(|k| self.criterion(k, depth + 1));
                Ok(Criterion::And(all.collect::<Result<_>>()?))
            }
            SearchKey::Or(a, b) => Ok(Criterion::Or(
                Box::new(self.criterion(a, depth + 1)?),
                Box::new(self.criterion(b, depth + 1)?),
            )),
            SearchKey::Not(key) => Ok(not(self.criterion(key, depth + 1)?)),
            SearchKey::Sequence(_) | SearchKey::Uid(_) => {
                stored(Condition::Uids(self.resolved.pop_front().unwrap_or_default()))
            }
            SearchKey::HasFlag(flag) => stored(has_flag(flag)),
            SearchKey::LacksFlag(flag) => stored(Condition::Not(Box::new(has_flag(flag)))),
            SearchKey::Header { name, text } => Ok(Criterion::Header {
                name: name.clone(),
                text: text.clone(),
            }),
            SearchKey::SentBefore(day) => Ok(not(Criterion::WrittenSince(start_of(*day)))),
            SearchKey::SentSince(day) => Ok(Criterion::WrittenSince(start_of(*day))),
            SearchKey::SentOn(day) => Ok(Criterion::And(vec![
                Criterion::WrittenSince(start_of(*day)),
                not(Criterion::WrittenSince(end_of(*day))),
            ])),
            SearchKey::Older(seconds) => stored(Condition::ReceivedBefore(
                self.now_ms - i64::from(*seconds) * 1000 + 1,
            )),
            SearchKey::Younger(seconds) => {
                stored(Condition::ReceivedSince(self.now_ms - i64::from(*seconds) * 1000))
            }
            other => stored(plain(other)),
        }
    }
}

/// Keys that mean the same at any time and in any session.
fn plain(key: &SearchKey) -> Condition {
    use Condition::{ReceivedBefore, ReceivedSince};
    match key {
        SearchKey::Subject(t) => text(t, &[Field::Subject]),
        SearchKey::From(t) => text(t, &[Field::From]),
        SearchKey::To(t) => text(t, &[Field::To]),
        SearchKey::Cc(t) => text(t, &[Field::Cc]),
        SearchKey::Bcc(t) => text(t, &[Field::Bcc]),
        SearchKey::Body(t) => text(t, &[Field::Body]),
        SearchKey::Text(t) => text(t, &[]),
        SearchKey::Before(day) => ReceivedBefore(start_of(*day)),
        SearchKey::On(day) => within(ReceivedSince(start_of(*day)), ReceivedBefore(end_of(*day))),
        SearchKey::Since(day) => ReceivedSince(start_of(*day)),
        SearchKey::Larger(n) => Condition::Larger(i64::try_from(*n).unwrap_or(i64::MAX)),
        SearchKey::Smaller(n) => Condition::Smaller(i64::try_from(*n).unwrap_or(i64::MAX)),
        SearchKey::ModSeq(n) => Condition::ModseqSince(i64::try_from(*n).unwrap_or(i64::MAX)),
        SearchKey::All => Condition::All,
        // Nothing is recent, and threads have no ids here.
        _ => Condition::Not(Box::new(Condition::All)),
    }
}

fn not(c: Criterion) -> Criterion {
    Criterion::Not(Box::new(c))
}

fn within(from: Condition, to: Condition) -> Condition {
    Condition::And(vec![from, to])
}

fn text(text: &str, fields: &[Field]) -> Condition {
    Condition::Text {
        text: text.to_owned(),
        fields: fields.to_vec(),
    }
}

fn has_flag(flag: &Flag) -> Condition {
    match flag {
        Flag::Keyword(word) => Condition::Keyword(word.clone()),
        system => Condition::Has(view::flags_of(std::slice::from_ref(system)).0),
    }
}

/// Days are those of UTC: whose zone it would be otherwise, nobody says (RFC 9051 §6.4.4).
fn start_of(day: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    let days = day.since(epoch).map_or(0, |span| i64::from(span.get_days()));
    days * DAY_MS
}

fn end_of(day: Date) -> i64 {
    start_of(day) + DAY_MS
}
