//! GET mailFolders and childFolders: one level of the tree.

use super::expand::Expansion;
use super::names::{self, Place};
use super::view::{PROPERTIES, select, view};
use crate::mail::{FolderTree, list_folders};
use crate::model::FolderId;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::odata::{fits, parse};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;

pub const ROWS: &[Row] = &[
    row!(GET "me/mailFolders" MailRead [Select, Top, Skip, Count, Filter, Expand, OrderBy] => list_top),
    row!(GET "me/mailFolders/{}/childFolders" MailRead [Select, Top, Skip, Count, Filter, Expand, OrderBy] => list_children),
];

/// Microsoft's 10 makes programs that do not page miss folders.
const PAGE: u64 = 100;

async fn list_top(call: Call) -> Result {
    let tree = list_folders(call.ctx(), call.account).await?;
    list(&call, &tree, None, "mailFolders".into()).await
}

async fn list_children(call: Call) -> Result {
    let (tree, place) = names::find(&call, call.key(0)).await?;
    let path = format!("mailFolders('{}')/childFolders", call.key(0));
    match place {
        Place::Root => list(&call, &tree, None, path).await,
        Place::Folder(folder) => list(&call, &tree, Some(folder.id), path).await,
        Place::Outbox => list(&call, &FolderTree::default(), None, path).await,
    }
}

async fn list(call: &Call, tree: &FolderTree, parent: Option<FolderId>, path: String) -> Result {
    let select = select(call)?;
    let (skip, top) = call.query.page(PAGE)?;
    check_order(call.query.get(Opt::OrderBy))?;
    let filter = call.query.get(Opt::Filter).map(parse).transpose()?;
    let whole = Select::whole(&PROPERTIES);
    let mut all = Vec::new();
    for (_, folder) in tree.iter().filter(|(_, f)| f.parent_id == parent) {
        let place = Place::Folder(folder.clone());
        let is_wanted = match &filter {
            Some(filter) => fits(filter, &view(call, tree, &place, &whole).into())?,
            None => true,
        };
        if is_wanted {
            all.push(place);
        }
    }
    let expansion = Expansion::of(call.query.get(Opt::Expand))?;
    let (from, count) = (usize::try_from(skip).unwrap_or(usize::MAX), top as usize);
    let mut items = Vec::new();
    for place in all.iter().skip(from).take(count) {
        items.push(expansion.view(call, tree, place, &select).await?.into());
    }
    let total = all.len() as u64;
    collection(call, &select, PageOf::of_all(path, items, skip, total))
}

/// Folders come by name, the inbox first. Errors: ErrorInvalidUrlQuery for other orders.
fn check_order(order: Option<&str>) -> Result<(), GraphError> {
    let order = order.unwrap_or_default().to_ascii_lowercase();
    match order.trim() {
        "" | "displayname" | "displayname asc" => Ok(()),
        other => Err(GraphError::bad(
            "ErrorInvalidUrlQuery",
            format!("the order »{other}« is not supported; folders are ordered by displayName"),
        )),
    }
}
