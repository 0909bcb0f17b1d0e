//! Pages of messages for lists.

use super::body::no_such_message;
use super::index::update_index;
use crate::base::Result;
use crate::identity::Ctx;
use crate::model::message::ListedMessage;
use crate::model::{AccountId, Flags, Folder, FolderKind, ItemId};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
pub use crate::store::listing::{Next, Order, Page, Position};
pub use crate::store::search::{Column, Condition, Matching};

/// A page, and what was asked about all of them.
#[derive(Clone, Debug)]
pub struct Listed {
    /// How many messages the folder (or the account) holds under the same condition.
    pub total: Total,
    pub messages: Vec<ListedMessage>,
    pub next: Option<Next>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    Known(u64),
    /// Nobody asked, and it is not known anyway.
    NotCounted,
    /// Finding out would mean looking at every message.
    TooCostly,
}

/// `wants_total`: count even if it costs something.
/// Errors: NotFound (the folder); Invalid, for an order that no index has.
pub async fn list_messages(ctx: &Ctx, account: AccountId, page: Page, wants_total: bool) -> Result<Listed> {
    ctx.require_owner(account)?;
    if page.condition.has_text() {
        update_index(ctx, account).await?;
    }
    let is_short = page.is_short();
    let file = ctx.store.account(account)?;
    let list = move |s: &Snapshot<'_, AccountDb>| {
        let total = match counted(s, &page)? {
            Some(total) => Total::Known(total),
            None if wants_total => s.count_messages(&page)?.map_or(Total::TooCostly, Total::Known),
            None => Total::NotCounted,
        };
        let listing = s.list_messages(&page)?;
        Ok(Listed {
            total,
            messages: listing.messages,
            next: listing.next,
        })
    };
    match is_short {
        true => file.peek(list).await,
        false => file.read(list).await,
    }
}

/// What the folders' own counters answer. Errors: NotFound (the folder).
fn counted(s: &Snapshot<'_, AccountDb>, page: &Page) -> Result<Option<u64>> {
    let seen = Condition::Has(Flags::SEEN);
    let count: fn(&Folder) -> i64 = match &page.condition {
        Condition::All => |f| f.total,
        c if *c == seen => |f| f.total - f.unread,
        Condition::Not(c) if **c == seen => |f| f.unread,
        _ => {
            if let Some(id) = page.folder_id {
                s.mail_folder(id)?;
            }
            return Ok(None);
        }
    };
    let total: i64 = match page.folder_id {
        Some(id) => count(&s.mail_folder(id)?),
        None => s.folders(FolderKind::Mail)?.iter().map(count).sum(),
    };
    Ok(Some(u64::try_from(total).unwrap_or(0)))
}

/// Errors: NotFound.
pub async fn get_message(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<ListedMessage> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .peek(move |s| s.listed_message(id)?.ok_or_else(no_such_message))
        .await
}
