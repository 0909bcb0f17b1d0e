//! APPEND (RFC 9051 §6.3.12, RFC 4315 §3, RFC 7888, RFC 6855 §4).

use super::Reply;
use super::delete::no_such_folder;
use crate::base::{Error, Kind};
use crate::formats::imap::command::Append;
use crate::mail::append::Placement;
use crate::mail::intake::prepare as prepare_message;
use crate::mail::{Intake, append_message, list_folders};
use crate::model::Folder;
use crate::protocols::imap::error::{self, Lost, Stop};
use crate::protocols::imap::session::Session;
use crate::protocols::imap::view;

const MAX_TAIL: usize = 1000;

pub async fn append(s: &mut Session, append: Append) -> Result<Reply, Stop> {
    let (folder, mut intake) = match prepare(s, &append).await {
        Ok(prepared) => prepared,
        Err(e) => {
            // What the client sends unasked has to be read; otherwise it is never sent (RFC 7888 §4).
            s.wire.drop_command(append.literal).await?;
            return refuse(&e);
        }
    };
    if !append.literal.non_sync {
        s.wire.say("+ OK");
    }
    let mut failed = None;
    let take = |bytes: &[u8]| {
        if failed.is_none() {
            failed = intake.write(bytes).err();
        }
    };
    if !s.wire.stream_literal(append.literal.size, take).await? {
        return Err(hung_up().into());
    }
    let tail = match s.wire.line(MAX_TAIL).await? {
        Some(tail) => tail.unwrap_or_else(|()| b"?".to_vec()),
        None => return Err(hung_up().into()),
    };
    let expected: &[u8] = if append.is_utf8 { b")" } else { b"" };
    if tail.trim_ascii() != expected {
        return Ok(Reply::Bad("nothing may follow the message".to_owned()));
    }
    if let Some(e) = failed {
        return refuse(&e);
    }
    match put(s, &append, &folder, intake).await {
        Ok(code) => Reply::ok(format!("[APPENDUID {code}] stored")),
        Err(e) => refuse(&e),
    }
}

fn hung_up() -> Lost {
    Lost(Error::unavailable("the other side has hung up"))
}

/// A full mailbox or disk is no reason to make a folder; a missing folder is.
fn refuse(e: &Error) -> Result<Reply, Stop> {
    let text = match e.kind() {
        Kind::NotFound => error::answer_for_target(e),
        _ => error::answer(e),
    };
    Reply::no(text.trim_start_matches("NO "))
}

async fn prepare(s: &Session, append: &Append) -> Result<(Folder, Intake), Error> {
    let (ctx, account) = s.me()?;
    let tree = list_folders(&ctx, account).await?;
    let folder = tree.find(&append.mailbox).ok_or_else(no_such_folder)?.clone();
    crate::mail::append::check_quota(&ctx, account, append.literal.size).await?;
    let max = s.house.options.max_message_bytes;
    let intake = Intake::expecting(&ctx, append.literal.size, max)?;
    Ok((folder, intake))
}

/// Stores the message for good; returns UIDVALIDITY and UID.
async fn put(s: &mut Session, append: &Append, folder: &Folder, intake: Intake) -> Result<String, Error> {
    let (ctx, account) = s.me()?;
    let prepared = prepare_message(intake.size_bytes(), move || intake.finish()).await?;
    let (flags, keywords) = view::flags_of(&append.flags);
    let place = Placement {
        folder_id: folder.id,
        flags,
        keywords,
        received_at_ms: append.received_at_ms.unwrap_or_else(|| ctx.now_ms()),
    };
    let appended = append_message(&ctx, account, prepared, place).await?;
    if let Some(selected) = s.selected.as_mut().filter(|sel| sel.folder == folder.id) {
        // RFC 9051 §6.3.12: the client is told of its own message at once.
        selected.must_look = true;
    }
    Ok(format!("{} {}", appended.uid_validity, appended.item.uid))
}
