//! A card as Graph's contact.

use super::fields::{FIELDS, PROPERTIES};
use crate::base::Error;
use crate::formats::content_line::{Component, read_component};
use crate::model::object::{Object, ObjectKind};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::expand::Expanded;
use crate::protocols::graph::object::{Look, Resource, etag};
use crate::protocols::graph::select::{Properties, Select};
use serde_json::{Map, Value};

pub struct Contact;

/// What is stored can be read: it was, once. Errors: Internal.
pub fn parse(raw: &[u8]) -> Result<Component, GraphError> {
    read_component(raw).map_err(|e| {
        Error::internal("a stored card cannot be read")
            .caused_by(e)
            .into()
    })
}

impl Resource for Contact {
    const KIND: ObjectKind = ObjectKind::Card;
    const EXPANDS: &'static [&'static str] = &["photo"];

    fn properties() -> &'static Properties {
        &PROPERTIES
    }

    fn view(
        _look: &Look,
        object: &Object,
        raw: &[u8],
        select: &Select,
    ) -> Result<Map<String, Value>, GraphError> {
        let card = parse(raw)?;
        let mut out: Map<String, Value> = select
            .names()
            .filter_map(|name| FIELDS.iter().find(|f| f.name == name))
            .map(|f| (f.name.to_owned(), (f.get)(object, &card)))
            .collect();
        out.insert("@odata.etag".into(), etag(object));
        Ok(out)
    }

    fn expand(
        _look: &Look,
        _object: &Object,
        raw: &[u8],
        _expanded: &Expanded,
    ) -> Result<(&'static str, Value), GraphError> {
        Ok(("photo", super::photo::describe_card(&parse(raw)?)))
    }
}
