//! A calendar as Graph's calendar.

use crate::base::Error;
use crate::model::access::AccessLevel;
use crate::model::object::{Collection, ObjectKind};
use crate::model::{FolderId, FolderKind};
use crate::objects::collections::list_collections;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::{Call, change_key};
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::http::ids;
use serde_json::{Map, Value, json};

pub const PROPERTIES: Properties = Properties {
    resource: "calendar",
    usual: &[
        "id",
        "name",
        "color",
        "hexColor",
        "isDefaultCalendar",
        "changeKey",
        "canShare",
        "canViewPrivateItems",
        "canEdit",
        "allowedOnlineMeetingProviders",
        "defaultOnlineMeetingProvider",
        "isTallyingResponses",
        "isRemovable",
        "owner",
    ],
    further: &[],
};

/// Graph's names of colours, with what the page and DAV programs show for them.
const COLOURS: [(&str, &str); 9] = [
    ("lightBlue", "#A6D1F5"),
    ("lightGreen", "#87D28E"),
    ("lightOrange", "#FCAB73"),
    ("lightGray", "#C0C0C0"),
    ("lightYellow", "#FBE272"),
    ("lightTeal", "#4ADACC"),
    ("lightPink", "#F08CC0"),
    ("lightBrown", "#CBA287"),
    ("lightRed", "#F88C9B"),
];

/// Errors: BadRequest with the names. None for »auto«.
pub fn colour(word: &str) -> Result<Option<String>, GraphError> {
    if word.eq_ignore_ascii_case("auto") || word.eq_ignore_ascii_case("maxColor") {
        return Ok(None);
    }
    let found = COLOURS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, hex)| Some((*hex).to_owned())).ok_or_else(|| {
        let known: Vec<&str> = COLOURS.iter().map(|(n, _)| *n).collect();
        GraphError::request(format!(
            "»{}« is no colour of a calendar; known: auto, {}",
            crate::base::text::one_line(word),
            known.join(", ")
        ))
    })
}

/// `#RRGGBB`; Apple writes two digits more.
pub fn hex_colour(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix('#')?;
    let is_hex = matches!(digits.len(), 6 | 8) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then(|| format!("#{}", digits[..6].to_ascii_uppercase()))
}

/// Those that hold events, the first one first.
pub async fn calendars(call: &Call) -> Result<Vec<Collection>> {
    let mut all = list_collections(call.ctx(), call.account, &[FolderKind::Calendar]).await?;
    all.retain(|c| c.components().contains(ObjectKind::Event));
    all.sort_by_key(|c| c.folder.id);
    Ok(all)
}

pub fn view(call: &Call, calendar: &Collection, is_default: bool, select: &Select) -> Map<String, Value> {
    select
        .names()
        .map(|name| (name.to_owned(), property(call, calendar, is_default, name)))
        .collect()
}

fn property(call: &Call, calendar: &Collection, is_default: bool, name: &str) -> Value {
    let hex = calendar.properties.colour.as_deref().and_then(hex_colour);
    let owner = call.ctx().account().ok();
    match name {
        "id" => ids::print_folder(calendar.folder.id).into(),
        "name" => calendar.display_name().into(),
        "color" => {
            let found = COLOURS.iter().find(|(_, h)| Some(*h) == hex.as_deref());
            found.map_or("auto", |(name, _)| name).into()
        }
        "hexColor" => hex.unwrap_or_default().into(),
        "isDefaultCalendar" => is_default.into(),
        "changeKey" => change_key(calendar.folder.modseq).into(),
        "canShare" | "canViewPrivateItems" => (call.access == AccessLevel::Full).into(),
        "canEdit" => (call.access >= AccessLevel::Edit).into(),
        "allowedOnlineMeetingProviders" => json!([]),
        "defaultOnlineMeetingProvider" => "unknown".into(),
        "isTallyingResponses" => true.into(),
        "isRemovable" => (!is_default).into(),
        "owner" => owner
            .map(|a| json!({"name": a.display_name, "address": a.address}))
            .into(),
        _ => Value::Null,
    }
}

/// The calendar as it is now, in its envelope. Errors: ErrorItemNotFound.
pub async fn answer_with(call: &Call, id: FolderId) -> Result<Value> {
    let all = calendars(call).await?;
    let select = Select::of(&call.query, &PROPERTIES)?;
    let found = all.iter().position(|c| c.folder.id == id);
    let at = found.ok_or_else(|| Error::not_found("there is no such calendar"))?;
    Ok(entity(
        call,
        "calendars",
        &select,
        view(call, &all[at], at == 0, &select),
    ))
}
