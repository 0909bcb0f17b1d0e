//! POST calendars.

use super::view::{answer_with, colour, hex_colour};
use crate::base::{Error, random};
use crate::model::FolderKind;
use crate::model::object::{CollectionProperties, Components, ObjectKind};
use crate::objects::collections::create_collection;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::extended;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::http::ids;
use serde_json::Value;

pub const ROWS: &[Row] = &[row!(POST "me/calendars" CalendarWrite [] => create)];

async fn create(call: Call) -> Result {
    let body = call.json()?;
    let name = shown_name(json::required_text(&body, "name")?)?;
    let properties = CollectionProperties {
        display_name: Some(name),
        colour: given_colour(&body)?.flatten(),
        components: Some(Components::of(&[
            ObjectKind::Event,
            ObjectKind::Journal,
            ObjectKind::FreeBusy,
            ObjectKind::Availability,
        ])),
        ..CollectionProperties::default()
    };
    let kept = extended::given(&body)?;
    let (ctx, address) = (call.ctx(), random::uuid());
    let id = create_collection(
        ctx,
        call.account,
        FolderKind::Calendar,
        &address,
        properties,
        kept,
    )
    .await?;
    let location = format!("{}/me/calendars/{}", call.site.base(), ids::print_folder(id));
    Ok(Answer::created(answer_with(&call, id).await?, location))
}

/// Errors: ErrorInvalidRequest.
pub fn shown_name(name: &str) -> Result<String, Error> {
    let name = crate::base::text::one_line(name).trim().to_owned();
    match name.is_empty() || name.len() > 255 {
        true => Err(Error::invalid("a name has 1 to 255 bytes")),
        false => Ok(name),
    }
}

/// None: nothing was said about it.
pub fn given_colour(body: &Value) -> Result<Option<Option<String>>, GraphError> {
    if let Some(hex) = json::text(body, "hexColor")?.filter(|h| !h.is_empty()) {
        let hex = hex_colour(hex).ok_or_else(|| GraphError::request("»hexColor« is written #RRGGBB"))?;
        return Ok(Some(Some(hex)));
    }
    json::text(body, "color")?.map(colour).transpose()
}
