//! Pages of messages for lists.

use super::body::no_such_message;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::message::ListedMessage;
use crate::model::{AccountId, ItemId};
pub use crate::store::listing::Page;

/// A page with the number of messages that the folder (or the account) holds under the same condition.
#[derive(Clone, Debug)]
pub struct Listed {
    pub total: i64,
    pub messages: Vec<ListedMessage>,
}

/// Errors: NotFound (the folder).
pub async fn list_messages(ctx: &Ctx, account: AccountId, page: Page) -> Result<Listed> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let counts = |f: &crate::model::Folder| match page.is_read {
                Some(false) => f.unread,
                Some(true) => f.total - f.unread,
                None => f.total,
            };
            let total = match page.folder_id {
                Some(id) => counts(&s.folder(id)?),
                None => s
                    .folders(crate::model::FolderKind::Mail)?
                    .iter()
                    .map(counts)
                    .sum(),
            };
            Ok(Listed {
                total,
                messages: s.list_messages(&page)?,
            })
        })
        .await
}

/// Errors: NotFound.
pub async fn get_message(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<ListedMessage> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .peek(move |s| s.listed_message(id)?.ok_or_else(no_such_message))
        .await
}
