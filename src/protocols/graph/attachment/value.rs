//! GET messages/{id}/attachments/{id}/$value: the content itself; of an attached message its bytes.

use super::find::attachments_of;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(GET "me/messages/{}/attachments/{}/$value" MailRead [] => value)];

async fn value(call: Call) -> Result {
    let of = attachments_of(&call).await?;
    let info = &of.all[of.by_id(call.key(1))?];
    let content = of.open(&call, info).await?;
    Answer::stored(info.content_type.clone(), content).await
}
