//! DELETE messages/{id}/attachments/{id}: out of a draft.

use super::find::ids_in;
use crate::base::Error;
use crate::formats::mime::edit::remove_part;
use crate::formats::mime::part::from_structure;
use crate::formats::mime::structure::Structure;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::message::contents::edit_draft;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(DELETE "me/messages/{}/attachments/{}" MailWrite [] => remove)];

async fn remove(call: Call) -> Result {
    let (id, key) = (call.message_id()?, call.key(1).to_owned());
    edit_draft(&call, id, call.unchanged()?, move |draft| {
        let ids = ids_in(draft)?;
        // Where they lie in the bytes at hand.
        let parts = from_structure(&Structure::parse(&draft.short.bytes));
        let missing = || GraphError::from(Error::not_found("the message has no such attachment"));
        let (_, part) = ids.iter().find(|(id, _)| *id == key).ok_or_else(missing)?;
        let part = parts.get(*part).ok_or_else(missing)?;
        remove_part(&draft.short.bytes, part).ok_or_else(|| {
            GraphError::from(Error::invalid(
                "this draft is nothing but the attachment; delete the draft",
            ))
        })
    })
    .await?;
    Ok(Answer::no_content())
}
