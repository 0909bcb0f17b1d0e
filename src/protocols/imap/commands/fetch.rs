//! FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 7162 §3.1.4, §3.2.6).

use super::Reply;
use crate::formats::imap::command::Fetch;
use crate::formats::imap::fetch_item::FetchItem;
use crate::mail::mark_read;
use crate::model::UidSet;
use crate::protocols::imap::error::{self, Stop};
use crate::protocols::imap::fetch::{Plan, send};
use crate::protocols::imap::selected::Ranges;
use crate::protocols::imap::session::Session;
use crate::protocols::imap::view;
use crate::sync::view::missed_changes;

pub async fn fetch(s: &mut Session, is_uid: bool, fetch: Fetch) -> Result<Reply, Stop> {
    if fetch.vanished && !s.qresync {
        return Err(Stop::Bad("VANISHED needs ENABLE QRESYNC"));
    }
    let items = items_of(&fetch, is_uid);
    s.condstore |= items.contains(&FetchItem::ModSeq);
    let with_modseq = s.condstore;
    let is_qresync = s.qresync;
    let (ctx, account, selected) = s.open()?;
    let mut ranges = selected.resolve(&ctx, &fetch.set, is_uid).await?;
    let folder = selected.folder;
    if let Some(since) = fetch.changed_since {
        let asked = UidSet::from_ranges(ranges);
        let since = i64::try_from(since).unwrap_or(i64::MAX);
        let missed = missed_changes(&ctx, account, folder, since).await?;
        if fetch.vanished {
            // The UIDs are the client's; it may know some that were gone before this session.
            let known = selected.uids(&ctx).await?;
            let set = fetch.set.resolve(known.last().unwrap_or(0), &Default::default());
            let asked = UidSet::from_ranges(set.ranges().iter().copied());
            say_vanished(s, &vanished(missed.gone, &asked, &known));
        }
        ranges = asked.intersection(&missed.changed).ranges().collect();
    }
    if ranges.is_empty() {
        return Reply::ok("done");
    }
    let mut newly_read = UidSet::default();
    let (ctx, account, selected) = s.open()?;
    if !selected.is_read_only && items.iter().any(FetchItem::sets_seen) {
        newly_read = mark_seen(selected, &ctx, account, &ranges).await?;
    }
    let uids = selected.uids(&ctx).await?;
    let plan = Plan {
        items,
        uids,
        newly_read,
        with_modseq: with_modseq || is_qresync,
    };
    let sent = send(s, ranges, plan).await?;
    match sent {
        sent if sent.has_unknown_encoding => {
            Reply::no("[UNKNOWN-CTE] a part travels in an encoding that is not known here")
        }
        sent => match sent.failed {
            Some(e) => Reply::no(error::answer(&e).trim_start_matches("NO ")),
            None => Reply::ok("done"),
        },
    }
}

fn items_of(fetch: &Fetch, is_uid: bool) -> Vec<FetchItem> {
    let mut items = Vec::with_capacity(fetch.items.len() + 2);
    // RFC 9051 §6.4.8: with the UID prefix the UID is always there.
    if is_uid {
        items.push(FetchItem::Uid);
    }
    for item in &fetch.items {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    // RFC 7162 §3.1.4.1.
    if fetch.changed_since.is_some() && !items.contains(&FetchItem::ModSeq) {
        items.push(FetchItem::ModSeq);
    }
    items
}

async fn mark_seen(
    selected: &mut crate::protocols::imap::selected::Selected,
    ctx: &crate::identity::Ctx,
    account: crate::model::AccountId,
    ranges: &Ranges,
) -> Result<UidSet, Stop> {
    let read = mark_read(ctx, account, selected.folder, ranges.clone()).await?;
    if !read.items.is_empty() {
        selected.note_change(read.span);
    }
    Ok(read.items.iter().map(|i| i.uid).collect())
}

/// What to report as gone: from the tombstones, or, when those are older than the change log, everything that the
/// client asked about and that is not there (RFC 7162 §3.2.5.2, §3.2.6).
pub fn vanished(gone: Option<UidSet>, asked: &UidSet, present: &UidSet) -> UidSet {
    match gone {
        Some(gone) => gone.intersection(asked),
        None => asked.difference(present),
    }
}

pub fn say_vanished(s: &mut Session, gone: &UidSet) {
    if !gone.is_empty() {
        let out = &mut s.wire.out;
        out.extend_from_slice(b"* VANISHED (EARLIER) ");
        view::push_uids(out, gone);
        out.extend_from_slice(b"\r\n");
    }
}
