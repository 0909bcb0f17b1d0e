//! SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7, §6.3.8).

use super::Reply;
use super::delete::no_such_folder;
use crate::mail::{list_folders, subscribe_folder};
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;

pub async fn subscribe(s: &mut Session, mailbox: String, is_subscribed: bool) -> Result<Reply, Stop> {
    let (ctx, account) = s.me()?;
    let tree = list_folders(&ctx, account).await?;
    match tree.find(&mailbox) {
        Some(folder) => subscribe_folder(&ctx, account, folder.id, is_subscribed).await?,
        // A folder that is gone is subscribed to by nobody.
        None if !is_subscribed => {}
        None => return Err(no_such_folder().into()),
    }
    Reply::ok("done")
}
