//! What a rule does, to the room's actions and back.

use super::predicates::{
    importance, keywords, people, print_importance, print_keywords, print_people, unknown,
};
use crate::model::FolderId;
use crate::model::rule::Actions;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::folder::names::find_target;
use crate::protocols::graph::json;
use crate::protocols::http::ids;
use serde_json::{Map, Value, json};

const KNOWN: [&str; 11] = [
    "assignCategories",
    "copyToFolder",
    "delete",
    "forwardAsAttachmentTo",
    "forwardTo",
    "markAsRead",
    "markImportance",
    "moveToFolder",
    "permanentDelete",
    "redirectTo",
    "stopProcessingRules",
];

/// Errors: 400 for what is not known; ErrorItemNotFound for a folder.
pub async fn read(call: &Call, given: &Value) -> Result<Actions, GraphError> {
    let names = given.as_object().into_iter().flatten().map(|(name, _)| name);
    for name in names.filter(|n| !n.starts_with('@')) {
        if !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(unknown(name, "messageRuleActions"));
        }
    }
    let is = |name: &str| Ok::<_, GraphError>(json::boolean(given, name)?.unwrap_or(false));
    let to = |name: &str| Ok::<_, GraphError>(people(given, name)?.unwrap_or_default());
    Ok(Actions {
        move_to: folder(call, given, "moveToFolder").await?,
        copy_to: folder(call, given, "copyToFolder").await?,
        delete: is("delete")?,
        permanent_delete: is("permanentDelete")?,
        mark_as_read: is("markAsRead")?,
        importance: json::text(given, "markImportance")?.map(importance).transpose()?,
        keywords: keywords(given, "assignCategories")?.unwrap_or_default(),
        forward_to: to("forwardTo")?,
        forward_as_attachment_to: to("forwardAsAttachmentTo")?,
        redirect_to: to("redirectTo")?,
        stop: is("stopProcessingRules")?,
    })
}

async fn folder(call: &Call, given: &Value, name: &str) -> Result<Option<FolderId>, GraphError> {
    match json::text(given, name)? {
        Some(text) => Ok(Some(find_target(call, text).await?)),
        None => Ok(None),
    }
}

/// As Graph writes them: only what is done.
pub fn print(actions: &Actions) -> Value {
    let mut out = Map::new();
    let folder = |id: Option<FolderId>| id.map(ids::print_folder).into();
    let all: [(&str, Value); 11] = [
        ("moveToFolder", folder(actions.move_to)),
        ("copyToFolder", folder(actions.copy_to)),
        ("delete", json!(actions.delete)),
        ("permanentDelete", json!(actions.permanent_delete)),
        ("markAsRead", json!(actions.mark_as_read)),
        (
            "markImportance",
            actions.importance.map_or(Value::Null, print_importance),
        ),
        ("assignCategories", print_keywords(&actions.keywords)),
        ("forwardTo", print_people(&actions.forward_to)),
        (
            "forwardAsAttachmentTo",
            print_people(&actions.forward_as_attachment_to),
        ),
        ("redirectTo", print_people(&actions.redirect_to)),
        ("stopProcessingRules", json!(actions.stop)),
    ];
    for (name, value) in all {
        let is_done = match &value {
            Value::Null => false,
            Value::Bool(done) => *done,
            Value::Array(list) => !list.is_empty(),
            _ => true,
        };
        if is_done {
            out.insert(name.to_owned(), value);
        }
    }
    out.into()
}
