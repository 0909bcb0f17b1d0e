//! A calendar as Graph's calendar.

use crate::base::Error;
use crate::model::object::{Collection, ObjectKind};
use crate::model::share::ShareLevel;
use crate::model::{Account, FolderId, FolderKind};
use crate::objects::collections::list_collections;
use crate::objects::shares::list_shared;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::{Call, change_key};
use crate::protocols::graph::envelope::entity;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::mailbox::print_prefix;
use crate::protocols::graph::object::edit::default_collection;
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::http::ids;
use serde_json::{Map, Value, json};
use std::sync::Arc;

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

/// A calendar as the caller sees it.
pub struct Shown {
    pub calendar: Collection,
    pub owner: Arc<Account>,
    pub level: ShareLevel,
    pub is_default: bool,
    pub id: String,
    pub name: String,
}

/// Those that hold events, the first one first; at home also those that others share.
pub async fn calendars(call: &Call) -> Result<Vec<Shown>> {
    let mut all = list_collections(call.ctx(), call.account, &[FolderKind::Calendar]).await?;
    all.retain(|c| c.components().contains(ObjectKind::Event));
    all.sort_by_key(|c| c.folder.id);
    let first = default_collection(call, FolderKind::Calendar).await;
    let first = first.ok().map(|c| c.folder.id);
    let mut out = Vec::new();
    for calendar in all {
        out.push(Shown {
            owner: call.owner()?.clone(),
            level: call.level_in(calendar.folder.id).await?,
            is_default: first == Some(calendar.folder.id),
            id: ids::print_folder(calendar.folder.id),
            name: calendar.display_name().to_owned(),
            calendar,
        });
    }
    if call.is_at_home() {
        let shared = list_shared(call.ctx(), &[FolderKind::Calendar]).await?;
        let shared = shared
            .into_iter()
            .filter(|r| r.collection.components().contains(ObjectKind::Event));
        out.extend(shared.map(|r| Shown {
            id: format!("{}{}", print_prefix(r.account()), ids::print_folder(r.folder())),
            name: r.display_name(),
            owner: r.owner,
            level: r.level,
            is_default: false,
            calendar: r.collection,
        }));
    }
    Ok(out)
}

pub fn view(shown: &Shown, select: &Select) -> Map<String, Value> {
    select
        .names()
        .map(|name| (name.to_owned(), property(shown, name)))
        .collect()
}

fn property(shown: &Shown, name: &str) -> Value {
    let calendar = &shown.calendar;
    let hex = calendar.properties.colour.as_deref().and_then(hex_colour);
    match name {
        "id" => shown.id.clone().into(),
        "name" => shown.name.clone().into(),
        "color" => {
            let found = COLOURS.iter().find(|(_, h)| Some(*h) == hex.as_deref());
            found.map_or("auto", |(name, _)| name).into()
        }
        "hexColor" => hex.unwrap_or_default().into(),
        "isDefaultCalendar" => shown.is_default.into(),
        "changeKey" => change_key(calendar.folder.modseq).into(),
        "canShare" | "canViewPrivateItems" => (shown.level == ShareLevel::Manage).into(),
        "canEdit" => (calendar.level_within(shown.level) >= ShareLevel::Write).into(),
        "allowedOnlineMeetingProviders" => json!([]),
        "defaultOnlineMeetingProvider" => "unknown".into(),
        "isTallyingResponses" => true.into(),
        "isRemovable" => (!shown.is_default).into(),
        "owner" => json!({"name": shown.owner.display_name, "address": shown.owner.address}),
        _ => Value::Null,
    }
}

/// The calendar as it is now, in its envelope. Errors: ErrorItemNotFound.
pub async fn answer_with(call: &Call, id: FolderId) -> Result<Value> {
    let all = calendars(call).await?;
    let select = Select::of(&call.query, &PROPERTIES)?;
    let id = ids::print_folder(id);
    let found = all.iter().find(|c| c.id == id);
    let found = found.ok_or_else(|| Error::not_found("there is no such calendar"))?;
    Ok(entity(call, "calendars", &select, view(found, &select)))
}
