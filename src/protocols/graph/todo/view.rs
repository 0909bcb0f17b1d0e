//! A VTODO as Graph's todoTask.

use super::entries::{CHECKLIST, LINKED, view_all};
use super::fields::{FIELDS, PROPERTIES};
use crate::base::Error;
use crate::formats::content_line::Component;
use crate::formats::ical::{CalendarObject, read_object};
use crate::model::object::{Object, ObjectKind};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::expand::Expanded;
use crate::protocols::graph::object::files;
use crate::protocols::graph::object::{Look, Resource, etag};
use crate::protocols::graph::select::{Properties, Select};
use serde_json::{Map, Value};

/// One task with how it is to be shown.
pub struct Task<'t> {
    pub look: &'t Look,
    pub object: &'t Object,
    pub calendar: &'t CalendarObject,
    pub component: &'t Component,
}

/// What is stored can be read: it was, once. Errors: Internal.
pub fn parse(raw: &[u8]) -> Result<CalendarObject, GraphError> {
    read_object(raw).map_err(|e| {
        Error::internal("a stored task cannot be read")
            .caused_by(e)
            .into()
    })
}

/// The task itself among the components.
pub fn main_component(calendar: &CalendarObject) -> &Component {
    &calendar.calendar.parts[calendar.parts[0].component]
}

pub struct TodoTask;

impl Resource for TodoTask {
    const KIND: ObjectKind = ObjectKind::Task;
    const EXPANDS: &'static [&'static str] = &["checklistitems", "linkedresources", "attachments"];

    fn properties() -> &'static Properties {
        &PROPERTIES
    }

    fn view(
        look: &Look,
        object: &Object,
        raw: &[u8],
        select: &Select,
    ) -> Result<Map<String, Value>, GraphError> {
        let calendar = parse(raw)?;
        let task = Task {
            look,
            object,
            calendar: &calendar,
            component: main_component(&calendar),
        };
        let mut out: Map<String, Value> = select
            .names()
            .filter_map(|name| FIELDS.iter().find(|f| f.name == name))
            .map(|f| (f.name.to_owned(), (f.get)(&task)))
            .collect();
        out.insert("@odata.etag".into(), etag(object));
        Ok(out)
    }

    fn expand(
        _look: &Look,
        object: &Object,
        raw: &[u8],
        expanded: &Expanded,
    ) -> Result<(&'static str, Value), GraphError> {
        let calendar = parse(raw)?;
        let component = main_component(&calendar);
        Ok(match expanded.name.as_str() {
            "checklistitems" => ("checklistItems", view_all(&CHECKLIST, object, component).into()),
            "linkedresources" => ("linkedResources", view_all(&LINKED, object, component).into()),
            _ => ("attachments", files::all(object, component, &expanded.options)?),
        })
    }
}
