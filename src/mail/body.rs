//! The bytes of messages.

use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::{AccountId, ItemId};
pub use crate::store::body::BodyReader;

/// Opens the bytes of an item that the caller has just seen. Errors: NotFound when it is gone meanwhile.
pub async fn open_body(ctx: &Ctx, account: AccountId, item: &Item) -> Result<BodyReader> {
    ctx.require_owner(account)?;
    let body = item.body_id;
    ctx.store.account(account)?.read(move |s| s.open_body(body)).await
}

/// An item with all its bytes, in memory. Errors: NotFound.
pub async fn read_body(ctx: &Ctx, account: AccountId, id: ItemId) -> Result<(Item, Vec<u8>)> {
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let item = s.mail_item(id)?.ok_or_else(no_such_message)?;
            let raw = s.read_body(item.body_id)?;
            Ok((item, raw))
        })
        .await
}

pub fn no_such_message() -> Error {
    Error::not_found("there is no such message; it may have been moved or deleted")
}
