//! STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).

use super::Reply;
use crate::formats::imap::command::{Store, StoreMode};
use crate::formats::imap::print::string::push_number;
use crate::mail::{FlagMode, FlagRequest, store_flags};
use crate::model::message::Item;
use crate::model::{Modseq, UidSet};
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;
use crate::protocols::imap::view;
use std::collections::HashSet;

pub async fn store(s: &mut Session, is_uid: bool, store: Store) -> Result<Reply, Stop> {
    s.condstore |= store.unchanged_since.is_some();
    let (condstore, with_uid) = (s.condstore, is_uid || s.qresync);
    let (ctx, account, selected) = s.open()?;
    if selected.is_read_only {
        return Reply::no("[NOPERM] the folder is open for reading only");
    }
    let ranges = selected.resolve(&ctx, &store.set, is_uid).await?;
    if ranges.is_empty() {
        return Reply::ok("done");
    }
    let (flags, keywords) = view::flags_of(&store.flags);
    let request = FlagRequest {
        mode: match store.mode {
            StoreMode::Replace => FlagMode::Replace,
            StoreMode::Add => FlagMode::Add,
            StoreMode::Remove => FlagMode::Remove,
        },
        flags,
        keywords,
        unchanged_since: store
            .unchanged_since
            .map(|n| Modseq::try_from(n).unwrap_or(Modseq::MAX)),
    };
    let before = selected.modseq;
    let outcome = store_flags(&ctx, account, selected.folder, ranges, request).await?;
    selected.note_change(outcome.span);
    let is_changed = |item: &Item| item.modseq > before.max(outcome.span.before);
    // Without CONDSTORE, .SILENT leaves nothing to tell, and no message numbers are needed.
    if !store.silent || condstore {
        let uids = selected.uids(&ctx).await?;
        let out = &mut s.wire.out;
        for item in &outcome.items {
            let Some(number) = uids.sequence_of(item.uid) else {
                continue;
            };
            if !store.silent || is_changed(item) {
                push_answer(out, number, item, with_uid, !store.silent, condstore);
            }
        }
        s.wire.flush_if_full().await?;
    }
    if outcome.modified.is_empty() {
        return Reply::ok("done");
    }
    let (ctx, _, selected) = s.open()?;
    let uids = selected.uids(&ctx).await?;
    let modified: HashSet<u32> = match is_uid {
        true => outcome.modified.into_iter().collect(),
        false => outcome
            .modified
            .iter()
            .filter_map(|uid| uids.sequence_of(*uid))
            .collect(),
    };
    let modified: UidSet = modified.into_iter().collect();
    Reply::ok(format!(
        "[MODIFIED {}] some had changed meanwhile",
        view::uids(&modified)
    ))
}

/// RFC 7162 §3.1.3: with CONDSTORE the new modseq is told even when the flags are not.
fn push_answer(
    out: &mut Vec<u8>,
    number: u32,
    item: &Item,
    with_uid: bool,
    with_flags: bool,
    with_modseq: bool,
) {
    out.extend_from_slice(b"* ");
    push_number(out, u64::from(number));
    out.extend_from_slice(b" FETCH (");
    let start = out.len();
    let blank = |out: &mut Vec<u8>| {
        if out.len() > start {
            out.push(b' ');
        }
    };
    if with_uid {
        out.extend_from_slice(b"UID ");
        push_number(out, u64::from(item.uid));
    }
    if with_flags {
        blank(out);
        out.extend_from_slice(b"FLAGS ");
        view::push_flags(out, item.flags, &item.keywords);
    }
    if with_modseq {
        blank(out);
        out.extend_from_slice(b"MODSEQ (");
        push_number(out, item.modseq as u64);
        out.push(b')');
    }
    out.extend_from_slice(b")\r\n");
}
