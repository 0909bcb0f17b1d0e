//! DELETE (RFC 9051 §6.3.5).

use super::Reply;
use crate::base::{Error, Kind};
use crate::mail::{delete_folder, list_folders};
use crate::protocols::imap::error::{Stop, plain_text};
use crate::protocols::imap::session::Session;

pub async fn delete(s: &mut Session, mailbox: String) -> Result<Reply, Stop> {
    let (ctx, account) = s.me()?;
    let tree = list_folders(&ctx, account).await?;
    let folder = tree.find(&mailbox).ok_or_else(no_such_folder)?;
    match delete_folder(&ctx, account, folder.id, false).await {
        Ok(()) => {}
        Err(e) if e.kind() == Kind::Conflict => {
            return Reply::no(format!("[HASCHILDREN] {}", plain_text(e.message())));
        }
        Err(e) if e.kind() == Kind::Forbidden => {
            return Reply::no(format!("[CANNOT] {}", plain_text(e.message())));
        }
        Err(e) => return Err(e.into()),
    }
    if s.selected.as_ref().is_some_and(|sel| sel.folder == folder.id) {
        s.selected = None;
        s.wire.say("* OK [CLOSED] the open folder is gone");
    }
    Reply::ok("deleted")
}

pub fn no_such_folder() -> Error {
    Error::not_found("there is no such folder")
}
