//! What is given along with a folder: the folders in it and what programs keep with it.

use super::names::Place;
use super::view::{PROPERTIES, view};
use crate::mail::FolderTree;
use crate::mail::properties::folder_properties;
use crate::model::Folder;
use crate::model::folder::MAX_DEPTH;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::expand::{self, Expanded};
use crate::protocols::graph::extended::{self, Id};
use crate::protocols::graph::odata::{Expr, fits, parse};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::select::Select;
use serde_json::{Map, Value};

/// What was asked for, checked once for all folders.
#[derive(Default)]
pub struct Expansion {
    children: Option<Box<Children>>,
    properties: Vec<(&'static str, Vec<Id>)>,
}

struct Children {
    select: Select,
    top: usize,
    filter: Option<Expr>,
    inner: Expansion,
}

impl Expansion {
    /// Errors: BadRequest.
    pub fn of(text: Option<&str>) -> Result<Expansion, GraphError> {
        Expansion::nested(text, 0)
    }

    fn nested(text: Option<&str>, depth: usize) -> Result<Expansion, GraphError> {
        let known = [
            "childfolders",
            "singlevalueextendedproperties",
            "multivalueextendedproperties",
        ];
        let mut out = Expansion::default();
        for expanded in expand::parse(text, &known)? {
            match expanded.name.as_str() {
                "childfolders" if depth < MAX_DEPTH => {
                    out.children = Some(Box::new(children(&expanded, depth)?))
                }
                "childfolders" => return Err(GraphError::request("$expand is nested too deeply")),
                "singlevalueextendedproperties" => {
                    out.properties
                        .push(("singleValueExtendedProperties", extended::asked(&expanded)?));
                }
                _ => out
                    .properties
                    .push(("multiValueExtendedProperties", extended::asked(&expanded)?)),
            }
        }
        Ok(out)
    }

    /// A folder with everything that was asked for along with it.
    pub async fn view(
        &self,
        call: &Call,
        tree: &FolderTree,
        place: &Place,
        select: &Select,
    ) -> Result<Map<String, Value>, GraphError> {
        let mut out = view(call, tree, place, select);
        if let Some(children) = &self.children {
            let parent = match place {
                Place::Folder(folder) => Some(folder.id),
                Place::Root | Place::Outbox => None,
            };
            let mut all: Vec<Value> = Vec::new();
            let has_any = !matches!(place, Place::Outbox);
            for (_, folder) in tree.iter().filter(|(_, f)| has_any && f.parent_id == parent) {
                let place = Place::Folder(folder.clone());
                if children.takes(call, tree, &place)? && all.len() < children.top {
                    let inner = Box::pin(children.inner.view(call, tree, &place, &children.select));
                    all.push(inner.await?.into());
                }
            }
            out.insert("childFolders".into(), all.into());
        }
        for (name, ids) in &self.properties {
            let value = match place {
                Place::Folder(folder) => {
                    let kept = folder_properties(call.ctx(), call.account, folder.id).await?;
                    extended::print(ids, &kept, |key| computed(folder, key))
                }
                Place::Root | Place::Outbox => Value::Array(Vec::new()),
            };
            out.insert((*name).to_owned(), value);
        }
        Ok(out)
    }
}

impl Children {
    fn takes(&self, call: &Call, tree: &FolderTree, place: &Place) -> Result<bool, GraphError> {
        match &self.filter {
            None => Ok(true),
            Some(filter) => fits(
                filter,
                &view(call, tree, place, &Select::whole(&PROPERTIES)).into(),
            ),
        }
    }
}

fn children(expanded: &Expanded, depth: usize) -> Result<Children, GraphError> {
    let options = &expanded.options;
    options.check(&[
        Opt::Select,
        Opt::Top,
        Opt::Filter,
        Opt::Expand,
        Opt::Count,
        Opt::OrderBy,
    ])?;
    let top = options.get(Opt::Top).map_or(Some(usize::MAX), |t| t.parse().ok());
    Ok(Children {
        select: Select::of(options, &PROPERTIES)?,
        top: top.ok_or_else(|| GraphError::request("$top of $expand is to be a number"))?,
        filter: options.get(Opt::Filter).map(parse).transpose()?,
        inner: Expansion::nested(options.get(Opt::Expand), depth + 1)?,
    })
}

/// PidTagContainerClass, PidTagArticleNumNext, PidTagContentCount, PidTagContentUnreadCount ([MS-OXPROPS]).
fn computed(folder: &Folder, key: &str) -> Option<String> {
    match key {
        "0x3613" => Some("IPF.Note".into()),
        "0x6751" => Some(folder.uid_next.to_string()),
        "0x3602" => Some(folder.total.to_string()),
        "0x3603" => Some(folder.unread.to_string()),
        _ => None,
    }
}
