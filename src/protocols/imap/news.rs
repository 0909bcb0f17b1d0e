//! News of the open folder: what others did to it while this connection looked elsewhere (RFC 9051 §5.2, §7.5.1).

use super::error::{Lost, Stop};
use super::session::Session;
use super::view;
use crate::base::{Error, Kind};
use crate::formats::imap::print::string::push_number;
use crate::model::message::Item;
use crate::sync::view::folder_news;

/// Changed messages that are told of with one look.
const MAX_CHANGED: usize = 2000;

/// What the client may be told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Nothing,
    /// All but EXPUNGE: the client may have sent further commands with message numbers.
    NoExpunge,
    Everything,
    /// The client asks for news: look, whether or not any was heard of.
    Look,
}

pub async fn tell(s: &mut Session, after: After) -> Result<(), Stop> {
    let Some(selected) = &mut s.selected else {
        return Ok(());
    };
    if after == After::Nothing {
        return Ok(());
    }
    let has_heard = selected.listener.has_heard(selected.folder, selected.modseq);
    if has_heard || selected.must_look || after == After::Look {
        selected.must_look = false;
        // Boxed: IDLE waits around this call.
        let looked = Box::pin(look(s)).await;
        if let Err(Stop::Refused(e)) = looked {
            return Err(lose(s, e));
        }
        looked?;
    }
    if after != After::NoExpunge {
        tell_gone(s);
    }
    Ok(())
}

/// The folder cannot be followed any more; only a new connection gets a right picture of it.
fn lose(s: &mut Session, e: Error) -> Stop {
    let text = match e.kind() {
        Kind::NotFound => "* BYE the open folder was deleted",
        Kind::TooOld => "* BYE [UNAVAILABLE] too much has happened meanwhile; connect again",
        _ => "* BYE [UNAVAILABLE] the open folder cannot be read; try again later",
    };
    s.wire.say(text);
    Stop::Lost(Lost(e))
}

async fn look(s: &mut Session) -> Result<(), Stop> {
    let (ctx, account) = s.me()?;
    let Some(selected) = &mut s.selected else {
        return Ok(());
    };
    loop {
        let news = folder_news(
            &ctx,
            account,
            selected.folder,
            selected.modseq,
            selected.uid_next,
            MAX_CHANGED,
        )
        .await?;
        if !news.changed.is_empty() {
            let uids = selected.uids(&ctx).await?;
            for item in &news.changed {
                if let Some(number) = uids.sequence_of(item.uid) {
                    push_change(&mut s.wire.out, number, item, s.qresync || s.rev2, s.condstore);
                }
            }
        }
        selected.note_gone(&ctx, &news.gone).await?;
        if news.folder.uid_next > selected.uid_next {
            selected.note_arrived(&news.arrived, news.folder.uid_next);
        }
        if !news.arrived.is_empty() {
            s.wire.out.extend_from_slice(b"* ");
            push_number(&mut s.wire.out, u64::from(selected.exists));
            s.wire.out.extend_from_slice(b" EXISTS\r\n");
        }
        selected.modseq = news.modseq;
        if !news.has_more {
            return Ok(());
        }
        s.wire.flush_if_full().await?;
    }
}

/// `* 3 FETCH (UID 9 FLAGS (\Seen) MODSEQ (12))`. RFC 7162 §3.2.4: with QRESYNC the UID is always there.
pub fn push_change(out: &mut Vec<u8>, number: u32, item: &Item, with_uid: bool, with_modseq: bool) {
    out.extend_from_slice(b"* ");
    push_number(out, u64::from(number));
    out.extend_from_slice(b" FETCH (");
    if with_uid {
        out.extend_from_slice(b"UID ");
        push_number(out, u64::from(item.uid));
        out.push(b' ');
    }
    out.extend_from_slice(b"FLAGS ");
    view::push_flags(out, item.flags, &item.keywords);
    if with_modseq {
        out.extend_from_slice(b" MODSEQ (");
        push_number(out, item.modseq as u64);
        out.push(b')');
    }
    out.extend_from_slice(b")\r\n");
}

/// EXPUNGE for each message that left, or one VANISHED (RFC 7162 §3.2.10).
pub fn tell_gone(s: &mut Session) {
    let Some(selected) = &mut s.selected else {
        return;
    };
    let (gone, numbers) = selected.take_gone();
    let out = &mut s.wire.out;
    if s.qresync && !gone.is_empty() {
        out.extend_from_slice(b"* VANISHED ");
        view::push_uids(out, &gone);
        out.extend_from_slice(b"\r\n");
        return;
    }
    for number in numbers {
        out.extend_from_slice(b"* ");
        push_number(out, u64::from(number));
        out.extend_from_slice(b" EXPUNGE\r\n");
    }
}
