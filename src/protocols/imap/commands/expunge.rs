//! EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, RFC 4315 §2.1).

use super::Reply;
use crate::formats::imap::sequence_set::SequenceSet;
use crate::mail::expunge_messages;
use crate::model::UidSet;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::news::tell_gone;
use crate::protocols::imap::session::Session;

pub async fn expunge(s: &mut Session, set: Option<SequenceSet>) -> Result<Reply, Stop> {
    let condstore = s.condstore;
    let (ctx, account, selected) = s.open()?;
    if selected.is_read_only {
        return Reply::no("[NOPERM] the folder is open for reading only");
    }
    let ranges = match set {
        Some(set) => Some(selected.resolve(&ctx, &set, true).await?),
        None => None,
    };
    let expunged = expunge_messages(&ctx, account, selected.folder, ranges).await?;
    let gone: UidSet = expunged.uids.iter().copied().collect();
    selected.note_gone(&ctx, &gone).await?;
    selected.note_change(expunged.span);
    tell_gone(s);
    // RFC 7162 §3.2.7.
    Reply::ok(match condstore && !gone.is_empty() {
        true => format!("[HIGHESTMODSEQ {}] removed", expunged.span.after),
        false => "removed".to_owned(),
    })
}
