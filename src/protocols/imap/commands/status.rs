//! STATUS (RFC 9051 §6.3.11, RFC 8438, RFC 7162 §3.1.7, RFC 9208 §4.1.4).

use super::Reply;
use super::delete::no_such_folder;
use crate::formats::imap::command::StatusItem;
use crate::mail::{folders, list_folders};
use crate::model::Folder;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;
use crate::protocols::imap::view;

pub async fn status(s: &mut Session, mailbox: String, items: Vec<StatusItem>) -> Result<Reply, Stop> {
    let (ctx, account) = s.me()?;
    let tree = list_folders(&ctx, account).await?;
    let folder = tree.find(&mailbox).ok_or_else(no_such_folder)?;
    say_status(s, &mailbox, folder, &items).await?;
    Reply::ok("done")
}

pub async fn say_status(
    s: &mut Session,
    path: &str,
    folder: &Folder,
    items: &[StatusItem],
) -> Result<(), Stop> {
    let (ctx, account) = s.me()?;
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        let given = match item {
            StatusItem::DeletedStorage => {
                Some(folders::deleted_bytes(&ctx, account, folder.id).await? as u64)
            }
            StatusItem::AppendLimit => Some(s.house.options.max_message_bytes),
            StatusItem::HighestModSeq => {
                // RFC 7162 §3.1: asking for it is a CONDSTORE enabling command.
                s.condstore = true;
                None
            }
            _ => None,
        };
        values.push((*item, given));
    }
    view::push_status(&mut s.wire.out, path, s.names, folder, &values);
    Ok(())
}
