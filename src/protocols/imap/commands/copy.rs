//! COPY, MOVE and their UID forms (RFC 9051 §6.4.7, §6.4.8, RFC 6851, RFC 4315 §3).

use super::Reply;
use super::delete::no_such_folder;
use crate::base::{Error, Kind};
use crate::formats::imap::sequence_set::SequenceSet;
use crate::mail::copy::Transferred;
use crate::mail::{copy_messages, list_folders, move_messages};
use crate::model::{FolderId, UidSet};
use crate::protocols::imap::error::{self, Stop};
use crate::protocols::imap::news::tell_gone;
use crate::protocols::imap::session::Session;
use crate::protocols::imap::view::numbers_in_order;

pub async fn copy(s: &mut Session, is_uid: bool, set: SequenceSet, to: String) -> Result<Reply, Stop> {
    let (ctx, account, selected) = s.open()?;
    let ranges = selected.resolve(&ctx, &set, is_uid).await?;
    let Some(target) = target(s, &to).await? else {
        return refuse(&no_such_folder());
    };
    let (ctx, account) = (ctx, account);
    let (_, _, selected) = s.open()?;
    match copy_messages(&ctx, account, selected.folder, ranges, target).await {
        Ok(copied) => {
            selected.must_look |= target == selected.folder;
            Reply::ok(match copy_uid(&copied) {
                Some(code) => format!("{code} copied"),
                None => "nothing to copy".to_owned(),
            })
        }
        Err(e) => refuse(&e),
    }
}

pub async fn move_to(s: &mut Session, is_uid: bool, set: SequenceSet, to: String) -> Result<Reply, Stop> {
    let (ctx, account, selected) = s.open()?;
    if selected.is_read_only {
        return Reply::no("[NOPERM] the folder is open for reading only");
    }
    let ranges = selected.resolve(&ctx, &set, is_uid).await?;
    let Some(target) = target(s, &to).await? else {
        return refuse(&no_such_folder());
    };
    let condstore = s.condstore;
    let (_, _, selected) = s.open()?;
    let moved = match move_messages(&ctx, account, selected.folder, ranges, target).await {
        Ok(moved) => moved,
        Err(e) => return refuse(&e),
    };
    let gone: UidSet = moved.uids.iter().map(|(old, _)| *old).collect();
    if target == selected.folder {
        // The new UIDs are news as well.
        selected.must_look = true;
    } else {
        selected.note_gone(&ctx, &gone).await?;
        selected.note_change(moved.span);
    }
    // RFC 6851 §4.3: the pairs come before the numbers change.
    if let Some(code) = copy_uid(&moved) {
        s.wire.say(&format!("* OK {code} moved"));
    }
    tell_gone(s);
    Reply::ok(match condstore && !gone.is_empty() {
        true => format!("[HIGHESTMODSEQ {}] moved", moved.span.after),
        false => "moved".to_owned(),
    })
}

async fn target(s: &Session, path: &str) -> Result<Option<FolderId>, Error> {
    let (ctx, account) = s.me()?;
    Ok(list_folders(&ctx, account).await?.find(path).map(|f| f.id))
}

fn refuse(e: &Error) -> Result<Reply, Stop> {
    let text = match e.kind() {
        Kind::NotFound => error::answer_for_target(e),
        _ => error::answer(e),
    };
    Reply::no(text.trim_start_matches("NO "))
}

fn copy_uid(done: &Transferred) -> Option<String> {
    let old = numbers_in_order(done.uids.iter().map(|(old, _)| *old));
    let new = numbers_in_order(done.uids.iter().map(|(_, new)| *new));
    (!done.uids.is_empty()).then(|| format!("[COPYUID {} {old} {new}]", done.uid_validity))
}
