//! The frame around answers: context, count and link to the next page.

use super::answer::Answer;
use super::call::Call;
use super::query::Opt;
use super::select::Select;
use serde_json::{Map, Value, json};

/// One page of a collection.
pub struct PageOf {
    /// `messages`, `mailFolders('F1')/childFolders`, ...
    pub path: String,
    pub items: Vec<Value>,
    /// Of all pages; None: it was not counted.
    pub total: Option<u64>,
    /// None: this is the last one.
    pub next: Option<Link>,
}

/// What the address of the next page ends with.
pub enum Link {
    Skip(u64),
    Token(String),
}

impl PageOf {
    /// Of a list whose length is known.
    pub fn of_all(path: String, items: Vec<Value>, skip: u64, total: u64) -> PageOf {
        let end = skip + items.len() as u64;
        PageOf {
            path,
            next: (!items.is_empty() && end < total).then_some(Link::Skip(end)),
            items,
            total: Some(total),
        }
    }
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
    if let Some(next) = page.next {
        let (option, value) = match next {
            Link::Skip(skip) => (Opt::Skip, skip.to_string()),
            Link::Token(token) => (Opt::SkipToken, token),
        };
        let link = format!(
            "{}/{}?{}",
            call.site.base(),
            call.asked_path.trim_matches('/'),
            call.query.with_last(option, &value)
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

pub fn context(call: &Call, path: &str, suffix: &str) -> Value {
    let path = if path.is_empty() {
        "users".to_owned()
    } else {
        format!("users('{}')/{path}", call.oid())
    };
    format!("{}/$metadata#{path}{suffix}", call.site.base()).into()
}
