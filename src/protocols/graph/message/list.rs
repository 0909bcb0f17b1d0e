//! GET messages, of one folder or of all, newest first.

use super::expand::Expansion;
use super::filter;
use super::page_token;
use super::view::{PROPERTIES, needs_body, view};
use crate::mail::listing::{Condition, Order, Page, Total, list_messages};
use crate::mail::{kql, list_folders};
use crate::model::FolderId;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{Link, PageOf, collection};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::folder::names::{self, Place};
use crate::protocols::graph::odata::{Expr, parse};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] = &[
    row!(GET "me/messages" MailRead [Select, Top, Skip, OrderBy, Filter, Count, Search, Expand, SkipToken] => list_all),
    row!(GET "me/mailFolders/{}/messages" MailRead [Select, Top, Skip, OrderBy, Filter, Count, Search, Expand, SkipToken] => list_folder),
];

pub const COUNT_ROWS: &[Row] = &[
    row!(GET "me/messages/$count" MailRead [Filter, Search] => count_all),
    row!(GET "me/mailFolders/{}/messages/$count" MailRead [Filter, Search] => count_folder),
];

async fn count_all(call: Call) -> Result {
    count(&call, None).await
}

async fn count_folder(call: Call) -> Result {
    match names::find(&call, call.key(0)).await?.1 {
        Place::Folder(folder) => count(&call, Some(folder.id)).await,
        Place::Root | Place::Outbox => Ok(Answer::text("0")),
    }
}

/// Only the number, as text.
async fn count(call: &Call, folder_id: Option<FolderId>) -> Result {
    let filter = call.query.get(Opt::Filter).map(parse).transpose()?;
    let condition = condition_of(call, filter.as_ref()).await?;
    let page = Page {
        folder_id: folder_id.or_else(|| filter::folder_of(&condition)),
        condition,
        order: Order::Received,
        is_ascending: false,
        after: None,
        skip: 0,
        top: 1,
    };
    let listed = list_messages(call.ctx(), call.account, page, true).await?;
    match listed.total {
        Total::Known(total) => Ok(Answer::text(total.to_string())),
        Total::NotCounted | Total::TooCostly => Err(too_costly()),
    }
}

fn too_costly() -> GraphError {
    GraphError::bad(
        "InefficientFilter",
        "under this filter messages cannot be counted without looking at every one; leave $count out, or filter by a \
         sender, a subject, a conversation, a time or a flag",
    )
}

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
            collection(&call, &select, PageOf::of_all(path, Vec::new(), 0, 0))
        }
    }
}

async fn list(call: &Call, folder_id: Option<FolderId>, path: String) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let expansion = Expansion::of(call.query.get(Opt::Expand))?;
    let (skip, mut top) = call.query.page(call.prefer.max_page_size.unwrap_or(PAGE))?;
    if needs_body(&select) || expansion.is_heavy() {
        top = top.min(MOST_WITH_BODIES);
    }
    let filter = call.query.get(Opt::Filter).map(parse).transpose()?;
    let condition = condition_of(call, filter.as_ref()).await?;
    let (order, is_ascending) = filter::order(call.query.get(Opt::OrderBy), filter.as_ref())?;
    let mut page = Page {
        folder_id: folder_id.or_else(|| filter::folder_of(&condition)),
        condition,
        order,
        is_ascending,
        after: None,
        skip,
        top,
    };
    if let Some(token) = call.query.get(Opt::SkipToken) {
        let next = page_token::parse(token)?;
        (page.after, page.skip) = (Some(next.after), next.skip);
    }
    let wants_total = call.query.wants_count()?;
    let listed = list_messages(call.ctx(), call.account, page, wants_total)
        .await
        .map_err(|e| GraphError::from(e).with_code_for_invalid("ErrorInvalidUrlQuery"))?;
    let total = match listed.total {
        Total::Known(total) => Some(total),
        Total::TooCostly if wants_total => {
            return Err(too_costly());
        }
        _ => None,
    };
    let mut items = Vec::with_capacity(listed.messages.len());
    for message in &listed.messages {
        items.push(view(call, message, &select, &expansion).await?.into());
    }
    // Where numbers lead as fast as places, they are what some programs look for in the link.
    let is_whole = filter.is_none() && call.query.get(Opt::Search).is_none();
    let is_numbered = is_whole && call.query.get(Opt::SkipToken).is_none();
    let next = listed.next.map(|next| match is_numbered {
        true => Link::Skip(skip + items.len() as u64),
        false => Link::Token(page_token::print(&next)),
    });
    collection(
        call,
        &select,
        PageOf {
            path,
            items,
            total,
            next,
        },
    )
}

async fn condition_of(call: &Call, filter: Option<&Expr>) -> Result<Condition, GraphError> {
    let filtered = match filter {
        None => Condition::All,
        Some(filter) => {
            let tree = list_folders(call.ctx(), call.account).await?;
            filter::condition(filter, &tree)?
        }
    };
    match call.query.get(Opt::Search) {
        None => Ok(filtered),
        Some(search) => {
            let searched = kql::condition(search, call.ctx().now_ms())
                .map_err(|e| GraphError::request(e.message().to_owned()))?;
            Ok(Condition::And(vec![filtered, searched]))
        }
    }
}
