//! POST messages/{id}/attachments: a file or an item for a draft.

use super::find::attachments_of;
use super::view::{PROPERTIES, view};
use crate::base::Error;
use crate::formats::mime::edit::NewPart;
use crate::mail::draft::{attach_file, max_draft_bytes};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::graph::sending::{item, wanted};
use std::io::Cursor;
use std::sync::Arc;

pub const ROWS: &[Row] = &[row!(POST "me/messages/{}/attachments" MailWrite [] => create)];

async fn create(call: Call) -> Result {
    let id = call.message_id()?;
    let body = call.json()?;
    let file = wanted::attachment(&call, &body, 0)?;
    let part = NewPart {
        is_message: file.content_type == item::MESSAGE && item::is_item(&body),
        name: file.name,
        content_type: file.content_type,
        content_id: file.content_id,
    };
    let content: Arc<[u8]> = file.content.into();
    let open = move || Ok(Cursor::new(content.clone()));
    let max_bytes = max_draft_bytes(call.house().options.max_message_bytes);
    attach_file(call.ctx(), call.account, id, part, open, max_bytes).await?;
    let of = attachments_of(&call).await?;
    // The new one is behind all others.
    let made = of
        .all
        .len()
        .checked_sub(1)
        .ok_or_else(|| Error::internal("the attachment is not there"))?;
    let select = Select::usual(&PROPERTIES);
    let properties = view(&call, &of, made, &select, false).await?;
    let path = format!("messages('{}')/attachments", call.key(0));
    let location = format!(
        "{}/me/messages/{}/attachments/{}",
        call.site.base(),
        call.key(0),
        of.id(made)
    );
    Ok(Answer::created(
        entity(&call, &path, &select, properties),
        location,
    ))
}
