//! The frame around answers: context, count and link to the next page.

use super::answer::Answer;
use super::call::Call;
use super::select::Select;
use serde_json::{Map, Value, json};

/// One page of a collection.
pub struct PageOf {
    /// `messages`, `mailFolders('F1')/childFolders`, ...
    pub path: String,
    pub items: Vec<Value>,
    pub skip: u64,
    /// Of all pages.
    pub total: u64,
}

/// A collection. The link to the next page is there as long as there is one, so that page iterators end.
pub fn collection(call: &Call, select: &Select, page: PageOf) -> Result<Answer, super::error::GraphError> {
    let mut out = Map::new();
    out.insert(
        "@odata.context".into(),
        context(call, &page.path, &select.context()),
    );
    if call.query.wants_count()? {
        out.insert("@odata.count".into(), json!(page.total));
    }
    let next = page.skip + page.items.len() as u64;
    if !page.items.is_empty() && next < page.total {
        let link = format!(
            "{}/{}?{}",
            call.site.base(),
            call.asked_path.trim_matches('/'),
            call.query.with_skip(next)
        );
        out.insert("@odata.nextLink".into(), link.into());
    }
    out.insert("value".into(), page.items.into());
    Ok(Answer::json(out.into()))
}

/// One entity: its properties and its context.
pub fn entity(call: &Call, path: &str, select: &Select, mut properties: Map<String, Value>) -> Value {
    let suffix = format!("{}/$entity", select.context());
    properties.insert("@odata.context".into(), context(call, path, &suffix));
    properties.into()
}

fn context(call: &Call, path: &str, suffix: &str) -> Value {
    let path = if path.is_empty() {
        "users".to_owned()
    } else {
        format!("users('{}')/{path}", call.oid())
    };
    format!("{}/$metadata#{path}{suffix}", call.site.base()).into()
}
