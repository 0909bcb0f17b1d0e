//! GET mailFolders and childFolders: one level of the tree.

use super::names::{self, Place};
use super::view::{display_name, select, view};
use crate::mail::{FolderTree, list_folders};
use crate::model::FolderId;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(GET "me/mailFolders" MailRead [Select, Top, Skip, Count, Filter] => list_top),
    row!(GET "me/mailFolders/{}/childFolders" MailRead [Select, Top, Skip, Count, Filter] => list_children),
];

/// Microsoft's 10 makes programs that do not page miss folders.
const PAGE: u64 = 100;

async fn list_top(call: Call) -> Result {
    let tree = list_folders(call.ctx(), call.account).await?;
    list(&call, &tree, None, "mailFolders".into())
}

async fn list_children(call: Call) -> Result {
    let (tree, place) = names::find(&call, call.key(0)).await?;
    let path = format!("mailFolders('{}')/childFolders", call.key(0));
    match place {
        Place::Root => list(&call, &tree, None, path),
        Place::Folder(folder) => list(&call, &tree, Some(folder.id), path),
        Place::Outbox => list(&call, &FolderTree::default(), None, path),
    }
}

fn list(call: &Call, tree: &FolderTree, parent: Option<FolderId>, path: String) -> Result {
    let select = select(call)?;
    let (skip, top) = call.query.page(PAGE)?;
    let wanted = call.query.get(Opt::Filter).map(wanted_name).transpose()?;
    let is_german = call.ctx().account()?.language == "de";
    let fits = |name: &str| {
        wanted
            .as_ref()
            .is_none_or(|w| w.to_lowercase() == name.to_lowercase())
    };
    let all: Vec<_> = tree
        .iter()
        .filter(|(_, f)| f.parent_id == parent && fits(display_name(f, is_german)))
        .collect();
    let (from, count) = (usize::try_from(skip).unwrap_or(usize::MAX), top as usize);
    let page = all.iter().skip(from).take(count);
    let items = page
        .map(|(_, f)| view(call, tree, &Place::Folder((*f).clone()), &select).into())
        .collect();
    let total = all.len() as u64;
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

/// The one filter that clients use here: `displayName eq 'x'`.
fn wanted_name(filter: &str) -> Result<String, GraphError> {
    let unsupported = || {
        GraphError::request(format!(
            "the filter »{filter}« is not supported here; supported: displayName eq '...'"
        ))
    };
    let mut words = filter.splitn(3, ' ');
    let is_name = words
        .next()
        .is_some_and(|w| w.eq_ignore_ascii_case("displayName"));
    let is_equal = words.next().is_some_and(|w| w.eq_ignore_ascii_case("eq"));
    let literal = words.next().map(str::trim).filter(|_| is_name && is_equal);
    let inner = literal.and_then(|l| l.strip_prefix('\'')?.strip_suffix('\''));
    inner.map(|l| l.replace("''", "'")).ok_or_else(unsupported)
}
