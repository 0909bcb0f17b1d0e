//! GET messages, of one folder or of all, newest first.

use super::view::{PROPERTIES, needs_body, view};
use crate::mail::listing::{Page, list_messages};
use crate::model::FolderId;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::folder::names::{self, Place};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] = &[
    row!(GET "me/messages" MailRead [Select, Top, Skip, OrderBy, Filter, Count] => list_all),
    row!(GET "me/mailFolders/{}/messages" MailRead [Select, Top, Skip, OrderBy, Filter, Count] => list_folder),
];

/// Microsoft's.
const PAGE: u64 = 10;
/// With bodies a page is shorter than asked for; the link to the next one leads on.
const MOST_WITH_BODIES: u64 = 50;

async fn list_all(call: Call) -> Result {
    list(&call, None, "messages".into()).await
}

async fn list_folder(call: Call) -> Result {
    let path = format!("mailFolders('{}')/messages", call.key(0));
    match names::find(&call, call.key(0)).await?.1 {
        Place::Folder(folder) => list(&call, Some(folder.id), path).await,
        Place::Root | Place::Outbox => {
            let select = Select::of(&call.query, &PROPERTIES)?;
            let (skip, total, items) = (0, 0, Vec::new());
            collection(
                &call,
                &select,
                PageOf {
                    path,
                    items,
                    skip,
                    total,
                },
            )
        }
    }
}

async fn list(call: &Call, folder_id: Option<FolderId>, path: String) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, mut top) = call.query.page(call.prefer.max_page_size.unwrap_or(PAGE))?;
    if needs_body(&select) {
        top = top.min(MOST_WITH_BODIES);
    }
    let wanted_read = call.query.get(Opt::Filter).map(wanted_read).transpose()?;
    let page = Page {
        folder_id,
        is_read: wanted_read,
        is_ascending: is_ascending(call.query.get(Opt::OrderBy))?,
        skip,
        top,
    };
    let listed = list_messages(call.ctx(), call.account, page).await?;
    let mut items = Vec::with_capacity(listed.messages.len());
    for message in &listed.messages {
        items.push(view(call, message, &select).await?.into());
    }
    let total = u64::try_from(listed.total).unwrap_or(0);
    collection(
        call,
        &select,
        PageOf {
            path,
            items,
            skip,
            total,
        },
    )
}

fn wanted_read(filter: &str) -> Result<bool, GraphError> {
    let words: Vec<String> = filter
        .split_ascii_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["isread", "eq", "true"] | ["isread", "ne", "false"] | ["isread"] => Ok(true),
        ["isread", "eq", "false"] | ["isread", "ne", "true"] | ["not", "isread"] => Ok(false),
        _ => Err(GraphError::bad(
            "ErrorInvalidUrlQueryFilter",
            format!("the filter »{filter}« is not supported; supported: isRead eq true, isRead eq false"),
        )),
    }
}

fn is_ascending(order: Option<&str>) -> Result<bool, GraphError> {
    let order = order.unwrap_or("receivedDateTime desc").to_ascii_lowercase();
    let words: Vec<&str> = order.split_ascii_whitespace().collect();
    match words[..] {
        ["receiveddatetime", "desc"] => Ok(false),
        ["receiveddatetime"] | ["receiveddatetime", "asc"] => Ok(true),
        _ => Err(GraphError::bad(
            "ErrorInvalidUrlQuery",
            format!("the order »{order}« is not supported; supported: receivedDateTime, asc or desc"),
        )),
    }
}
