//! RENAME (RFC 9051 §6.3.6).

use super::Reply;
use super::delete::no_such_folder;
use crate::mail::{create_folder, list_folders, move_messages, rename_folder};
use crate::model::{Role, Uid};
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;

pub async fn rename(s: &mut Session, from: String, to: String) -> Result<Reply, Stop> {
    let (ctx, account) = s.me()?;
    let tree = list_folders(&ctx, account).await?;
    let folder = tree.find(&from).ok_or_else(no_such_folder)?;
    if folder.role == Some(Role::Inbox) {
        // RFC 9051 §6.3.6: renaming INBOX moves its messages to a new folder and leaves it empty.
        let new = create_folder(&ctx, account, &to, None).await?;
        move_messages(&ctx, account, folder.id, vec![(1, Uid::MAX)], new).await?;
        if let Some(selected) = &mut s.selected {
            selected.must_look = true;
        }
    } else {
        rename_folder(&ctx, account, folder.id, &to).await?;
    }
    Reply::ok("renamed")
}
