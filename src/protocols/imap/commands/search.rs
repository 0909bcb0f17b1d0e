//! SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 5182, RFC 7162 §3.1.5).

use super::Reply;
use super::search_key::criterion_of;
use crate::formats::imap::command::Search;
use crate::formats::imap::print::esearch::{push_esearch, push_search};
use crate::formats::imap::sequence_set::NumberSet;
use crate::mail::search::{Found, search_messages};
use crate::model::UidSet;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;

pub async fn search(s: &mut Session, tag: &str, is_uid: bool, search: Search) -> Result<Reply, Stop> {
    let uses_modseq = search.key.uses_modseq();
    s.condstore |= uses_modseq;
    let rev2 = s.rev2;
    let (ctx, account, selected) = s.open()?;
    let criterion = criterion_of(selected, &ctx, &search.key).await?;
    let mut found = search_messages(&ctx, account, selected.folder, criterion).await?;
    // What the client was not told of is not there yet.
    found.retain(|f| f.uid < selected.uid_next);
    let modseq = highest_modseq(&found, &search).filter(|_| uses_modseq);
    let numbers: Vec<u32> = match is_uid {
        true => found.iter().map(|f| f.uid).collect(),
        false => {
            let uids = selected.uids(&ctx).await?;
            found.iter().filter_map(|f| uids.sequence_of(f.uid)).collect()
        }
    };
    let mut returns = search.returns;
    if let Some(r) = returns.filter(|r| r.save) {
        // RFC 5182 §2.4: with MIN or MAX alone, only those are kept.
        let all: UidSet = found.iter().map(|f| f.uid).collect();
        let ends = [found.first().filter(|_| r.min), found.last().filter(|_| r.max)];
        selected.saved = match (r.min || r.max) && !r.all && !r.count {
            true => ends.into_iter().flatten().map(|f| f.uid).collect(),
            false => all,
        };
    }
    // RFC 9051 §7.3.4: IMAP4rev2 has no SEARCH answer any more.
    if rev2 {
        returns.get_or_insert_default();
    }
    let out = &mut s.wire.out;
    match returns {
        // RFC 5182 §2.1: SAVE alone is answered with nothing.
        Some(r) if r.save && !(r.min || r.max || r.all || r.count) => {}
        Some(r) => {
            let numbers = NumberSet::from_numbers(numbers);
            push_esearch(out, tag, is_uid, r, &numbers, modseq.map(|m| m as u64));
        }
        None => push_search(out, numbers, modseq.map(|m| m as u64)),
    }
    s.wire.flush_if_full().await?;
    Reply::ok("done")
}

/// RFC 7162 §3.1.5: of all messages found, or of those that MIN and MAX name.
fn highest_modseq(found: &[Found], search: &Search) -> Option<i64> {
    match search.returns {
        Some(r) if (r.min || r.max) && !r.all && !r.count => {
            let ends = [found.first().filter(|_| r.min), found.last().filter(|_| r.max)];
            ends.into_iter().flatten().map(|f| f.modseq).max()
        }
        _ => found.iter().map(|f| f.modseq).max(),
    }
}
