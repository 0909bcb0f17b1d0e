//! A rule as Graph shows it, and how one is found and read.

use super::{actions, predicates};
use crate::mail::rules::book::{Listed, RuleChange};
use crate::model::Role;
use crate::model::rule::RuleText;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::folder::names::{Place, find};
use crate::protocols::graph::json;
use crate::protocols::graph::select::{Properties, Select};
use serde_json::{Map, Value, json};

pub const PROPERTIES: Properties = Properties {
    resource: "messageRule",
    usual: &[
        "id",
        "displayName",
        "sequence",
        "conditions",
        "actions",
        "exceptions",
        "isEnabled",
        "hasError",
        "isReadOnly",
    ],
    further: &[],
};

pub const PATH: &str = "mailFolders('inbox')/messageRules";

/// Rules are the inbox's. Errors: as [`find`]; ErrorItemNotFound for every other folder.
pub async fn require_inbox(call: &Call) -> Result<(), GraphError> {
    match find(call, call.key(0)).await?.1 {
        Place::Folder(folder) if folder.role == Some(Role::Inbox) => Ok(()),
        _ => Err(crate::base::Error::not_found("only the inbox has rules").into()),
    }
}

/// Errors: ErrorItemNotFound.
pub fn rule_id(call: &Call) -> Result<i64, GraphError> {
    let digits = call.key(1).strip_prefix('R').unwrap_or_default();
    let id = i64::from_str_radix(digits, 16).ok().filter(|id| *id > 0);
    id.ok_or_else(|| GraphError::bad_id(call.key(1)))
}

pub fn print_id(id: i64) -> String {
    format!("R{id:x}")
}

pub fn view(listed: &Listed, select: &Select) -> Map<String, Value> {
    let (rule, text) = (&listed.rule, &listed.rule.text);
    let property = |name: &str| match name {
        "id" => print_id(rule.id).into(),
        "displayName" => json!(text.name),
        "sequence" => json!(rule.sequence),
        "isEnabled" => json!(rule.is_enabled),
        "hasError" => json!(listed.has_error),
        "isReadOnly" => json!(false),
        "conditions" => predicates::print(&text.conditions),
        "exceptions" => predicates::print(&text.exceptions),
        _ => actions::print(&text.actions),
    };
    let names = select.names();
    names.map(|n| (n.to_owned(), property(n))).collect()
}

/// What a body says, over what was there. Errors: 400.
pub async fn read(call: &Call, body: &Value, before: Option<RuleText>) -> Result<RuleChange, GraphError> {
    let is_new = before.is_none();
    let mut text = before.unwrap_or_default();
    let mut is_changed = is_new;
    if let Some(name) = json::text(body, "displayName")? {
        (text.name, is_changed) = (name.trim().to_owned(), true);
    }
    for (name, place) in [
        ("conditions", &mut text.conditions),
        ("exceptions", &mut text.exceptions),
    ] {
        // Null takes them away; json::object takes it for nothing.
        let is_null = body
            .as_object()
            .is_some_and(|o| o.iter().any(|(k, v)| k.eq_ignore_ascii_case(name) && v.is_null()));
        if let Some(given) = json::object(body, name)? {
            (*place, is_changed) = (predicates::read(given)?, true);
        } else if is_null {
            (*place, is_changed) = (Vec::new(), true);
        }
    }
    if let Some(given) = json::object(body, "actions")? {
        (text.actions, is_changed) = (actions::read(call, given).await?, true);
    }
    let sequence = match json::field(body, "sequence") {
        None => None,
        Some(v) => Some(
            v.as_i64()
                .and_then(|n| i32::try_from(n).ok())
                .filter(|n| *n >= 0)
                .ok_or_else(|| GraphError::request("»sequence« is a whole number from 0"))?,
        ),
    };
    Ok(RuleChange {
        sequence,
        is_enabled: json::boolean(body, "isEnabled")?,
        text: is_changed.then_some(text),
    })
}
