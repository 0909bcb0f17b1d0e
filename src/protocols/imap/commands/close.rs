//! CLOSE and UNSELECT (RFC 9051 §6.4.1, §6.4.2).

use super::Reply;
use crate::mail::expunge_messages;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;

/// Removes what is marked as deleted, without telling of it.
pub async fn close(s: &mut Session) -> Result<Reply, Stop> {
    let (ctx, account, selected) = s.open()?;
    if !selected.is_read_only {
        let folder = selected.folder;
        expunge_messages(&ctx, account, folder, None).await?;
    }
    unselect(s).await
}

pub async fn unselect(s: &mut Session) -> Result<Reply, Stop> {
    s.selected = None;
    Reply::ok("closed")
}
