//! SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3), with CONDSTORE and QRESYNC (RFC 7162 §3.1.8, §3.2.5).

use super::Reply;
use super::delete::no_such_folder;
use super::fetch::{say_vanished, vanished};
use crate::formats::imap::command::{QResync, Select};
use crate::formats::imap::fetch_item::FetchItem;
use crate::formats::imap::print::list::push_mailbox;
use crate::formats::imap::sequence_set::NumberSet;
use crate::mail::folders::first_unread;
use crate::mail::list_folders;
use crate::model::{Folder, UidSet};
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::fetch::{Plan, send};
use crate::protocols::imap::selected::Selected;
use crate::protocols::imap::session::Session;
use crate::protocols::imap::view::{KNOWN_FLAGS, PERMANENT_FLAGS};
use crate::sync::listen::listen;
use crate::sync::view::missed_changes;

pub async fn select(s: &mut Session, select: Select, is_read_only: bool) -> Result<Reply, Stop> {
    if select.qresync.is_some() && !s.qresync {
        return Err(Stop::Bad("QRESYNC needs ENABLE QRESYNC"));
    }
    if s.selected.take().is_some() {
        // RFC 9051 §7.1: what comes before belongs to the old folder.
        s.wire.say("* OK [CLOSED] the other folder is closed");
    }
    s.condstore |= select.condstore;
    let (ctx, account) = s.me()?;
    let listener = listen(&ctx, account)?;
    let tree = list_folders(&ctx, account).await?;
    let folder = tree.find(&select.mailbox).ok_or_else(no_such_folder)?;
    // RFC 3501 §6.3.1 asks for it, RFC 9051 no more.
    let unseen = match s.rev2 {
        true => None,
        false => first_unread(&ctx, account, folder).await?,
    };
    say_folder(s, &select.mailbox, folder, unseen, is_read_only);
    s.selected = Some(Box::new(Selected::new(folder, is_read_only, listener)));
    if let Some(resync) = select.qresync.filter(|r| r.uid_validity == folder.uid_validity) {
        resynchronize(s, resync, folder).await?;
    }
    Reply::ok(match is_read_only {
        true => "[READ-ONLY] open",
        false => "[READ-WRITE] open",
    })
}

fn say_folder(s: &mut Session, path: &str, folder: &Folder, unseen: Option<u32>, is_read_only: bool) {
    let permanent = if is_read_only { "()" } else { PERMANENT_FLAGS };
    let recent = if s.rev2 { "" } else { "* 0 RECENT\r\n" };
    let text = format!(
        "* FLAGS {KNOWN_FLAGS}\r\n* OK [PERMANENTFLAGS {permanent}] kept\r\n* {} EXISTS\r\n{recent}\
         * OK [UIDVALIDITY {}] UIDs are valid\r\n* OK [UIDNEXT {}] next\r\n* OK [HIGHESTMODSEQ {}] highest",
        folder.total, folder.uid_validity, folder.uid_next, folder.highest_modseq
    );
    s.wire.say(&text);
    if let Some(number) = unseen {
        s.wire.say(&format!("* OK [UNSEEN {number}] first"));
    }
    if s.rev2 {
        // RFC 9051 §6.3.2: the LIST answer is required, for the name as it is now.
        s.wire.out.extend_from_slice(b"* LIST () \"/\" ");
        push_mailbox(&mut s.wire.out, path, s.names);
        s.wire.out.extend_from_slice(b"\r\n");
    }
}

/// Tells a client that was away what it missed (RFC 7162 §3.2.5.1).
async fn resynchronize(s: &mut Session, resync: QResync, folder: &Folder) -> Result<(), Stop> {
    let since = i64::try_from(resync.modseq).unwrap_or(i64::MAX);
    if since >= folder.highest_modseq {
        return Ok(());
    }
    let (ctx, account, selected) = s.open()?;
    let missed = missed_changes(&ctx, account, folder.id, since).await?;
    let present = selected.uids(&ctx).await?;
    let max = folder.uid_next - 1;
    let known = match &resync.known_uids {
        Some(set) => set.resolve(max, &NumberSet::default()),
        None => NumberSet::from_ranges(vec![(1, max)]),
    };
    let mut asked = UidSet::from_ranges(known.ranges().iter().map(|(a, b)| (*a, (*b).min(max))));
    if let Some((numbers, uids)) = &resync.sequence_match
        && missed.gone.is_none()
    {
        // RFC 7162 §3.2.5.2: up to the last pair that still fits, nothing has gone.
        let numbers = numbers.resolve(u32::MAX - 1, &NumberSet::default());
        let uids = uids.resolve(u32::MAX - 1, &NumberSet::default());
        let fits = |(number, uid): &(u32, u32)| present.uid_at(*number) == Some(*uid);
        let limit = present.len() as usize;
        let last = numbers.iter().zip(uids.iter()).take(limit).filter(fits).last();
        if let Some((_, uid)) = last {
            asked = asked.difference(&UidSet::from_ranges([(1, uid)]));
        }
    }
    let gone = vanished(missed.gone, &asked, &present);
    say_vanished(s, &gone);
    let plan = Plan {
        items: vec![FetchItem::Uid, FetchItem::Flags, FetchItem::ModSeq],
        uids: present.clone(),
        newly_read: UidSet::default(),
        with_modseq: true,
    };
    // What arrived is not among the known UIDs, and is told of all the same.
    let changed = missed.changed.intersection(&present);
    if !changed.is_empty() {
        send(s, changed.ranges().collect(), plan).await?;
    }
    Ok(())
}
