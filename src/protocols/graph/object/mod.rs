//! What events, contacts and tasks have in common: they are objects in collections, listed along an index, changed by
//! what a request names, and told about by delta.

pub mod delta;
pub mod edit;
pub mod files;
pub mod list;
mod place;
pub mod shown;

use super::call::{Call, change_key};
use super::error::GraphError;
use super::expand::{self, Expanded};
use super::extended::{self, Id};
use super::prefer::Prefer;
use super::select::{Properties, Select};
use super::zones::NamedZone;
use crate::model::access::AccessLevel;
use crate::model::object::{Object, ObjectKind};
use crate::model::{Account, ItemId};
use crate::objects::get::get_object;
use crate::objects::properties::object_properties;
use crate::protocols::http::ids;
use serde_json::{Map, Value};
use std::sync::Arc;

/// How a request wants to see things.
#[derive(Clone)]
pub struct Look {
    pub zone: NamedZone,
    pub prefer: Prefer,
    /// Whose mailbox it is.
    pub owner: Arc<Account>,
    /// What is private is for who may do everything.
    pub sees_private: bool,
}

impl Look {
    /// Errors: ErrorInvalidTimeZone.
    pub fn of(call: &Call) -> Result<Look, GraphError> {
        Ok(Look {
            zone: NamedZone::preferred(call)?,
            prefer: call.prefer.clone(),
            owner: call.owner()?.clone(),
            sees_private: call.access == AccessLevel::Full,
        })
    }

    /// The same in UTC, as filters are asked.
    pub fn in_utc(&self) -> Look {
        Look {
            zone: NamedZone::utc(),
            ..self.clone()
        }
    }
}

/// One kind of thing, as lists, single answers and delta show it.
pub trait Resource {
    const KIND: ObjectKind;
    /// What can be expanded beside extended properties, in lower case.
    const EXPANDS: &'static [&'static str];

    fn properties() -> &'static Properties;

    /// What was selected of it. Errors: Internal for bytes that cannot be read any more.
    fn view(
        look: &Look,
        object: &Object,
        raw: &[u8],
        select: &Select,
    ) -> Result<Map<String, Value>, GraphError>;

    /// The property and its value for one of [`Resource::EXPANDS`].
    fn expand(
        look: &Look,
        object: &Object,
        raw: &[u8],
        expanded: &Expanded,
    ) -> Result<(&'static str, Value), GraphError>;
}

/// What is given along.
#[derive(Default)]
pub struct Expansion {
    properties: Vec<(&'static str, Vec<Id>)>,
    own: Vec<Expanded>,
}

impl Expansion {
    /// Errors: BadRequest.
    pub fn of<R: Resource>(text: Option<&str>) -> Result<Expansion, GraphError> {
        let common = [
            "singlevalueextendedproperties",
            "multivalueextendedproperties",
            "extensions",
        ];
        let known: Vec<&str> = common.iter().chain(R::EXPANDS).copied().collect();
        let mut out = Expansion::default();
        for expanded in expand::parse(text, &known)? {
            match expanded.name.as_str() {
                "singlevalueextendedproperties" => out
                    .properties
                    .push(("singleValueExtendedProperties", extended::asked(&expanded)?)),
                "multivalueextendedproperties" => out
                    .properties
                    .push(("multiValueExtendedProperties", extended::asked(&expanded)?)),
                "extensions" => out.properties.push(("extensions", Vec::new())),
                _ => out.own.push(expanded),
            }
        }
        Ok(out)
    }

    pub async fn add<R: Resource>(
        &self,
        call: &Call,
        look: &Look,
        (object, raw): (&Object, &[u8]),
        out: &mut Map<String, Value>,
    ) -> Result<(), GraphError> {
        for (name, ids) in &self.properties {
            let kept = object_properties(call.ctx(), call.account, object.item.id).await?;
            let size = object.item.size_bytes;
            let value = extended::print(ids, &kept, |key| (key == "0xe08").then(|| size.to_string()));
            out.insert((*name).to_owned(), value);
        }
        let mut filled = None;
        if self.own.iter().any(|e| e.name == "attachments") {
            filled = Some(files::filled(call, raw.to_vec(), None).await?);
        }
        let raw = filled.as_deref().unwrap_or(raw);
        for expanded in &self.own {
            let (name, value) = R::expand(look, object, raw, expanded)?;
            out.insert(name.to_owned(), value);
        }
        Ok(())
    }
}

/// The number behind a key of the path. Errors: ErrorInvalidIdMalformed.
pub fn id_of<R: Resource>(text: &str) -> Result<ItemId, GraphError> {
    ids::parse_object(R::KIND, text).map_err(|_| GraphError::bad_id(text))
}

/// Errors: ErrorInvalidIdMalformed, ErrorItemNotFound.
pub async fn read<R: Resource>(call: &Call, text: &str) -> Result<(Object, Vec<u8>), GraphError> {
    let id = id_of::<R>(text)?;
    Ok(get_object(call.ctx(), call.account, id, R::KIND).await?)
}

pub fn etag(object: &Object) -> Value {
    format!("W/\"{}\"", change_key(object.item.modseq)).into()
}
