//! Steps and links of a task: a line each within the VTODO, with an id of its own.

use super::view::{TodoTask, main_component, parse};
use crate::base::clock::rfc3339;
use crate::base::text::one_line;
use crate::base::{Error, random};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_component};
use crate::model::object::Object;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection, entity};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::object::edit::edit;
use crate::protocols::graph::object::{id_of, read};
use crate::protocols::graph::select::{Properties, Select};
use serde_json::{Map, Value};

/// One sort of entries.
pub struct Sort {
    pub properties: Properties,
    /// For addresses.
    pub path: &'static str,
    line: &'static str,
    show: fn(&Object, &Property, &str) -> Value,
    /// Puts what the body names into the line. The last argument: now, as it is shown.
    write: fn(&mut Property, &Value, &str) -> Result<(), GraphError>,
}

pub const CHECKLIST: Sort = Sort {
    properties: Properties {
        resource: "checklistItem",
        usual: &[
            "id",
            "displayName",
            "createdDateTime",
            "checkedDateTime",
            "isChecked",
        ],
        further: &[],
    },
    path: "checklistItems",
    line: "X-HAUSPOST-STEP",
    show: |object, line, name| match name {
        "id" => line.param("ID").into(),
        "displayName" => line.text().into(),
        "isChecked" => line.param("CHECKED").is_some().into(),
        "checkedDateTime" => line.param("CHECKED").into(),
        _ => line
            .param("CREATED")
            .map_or_else(|| rfc3339(object.item.received_at_ms), str::to_owned)
            .into(),
    },
    write: |line, body, now| {
        write_value(line, body)?;
        match crate::protocols::graph::json::boolean(body, "isChecked")? {
            Some(true) if line.param("CHECKED").is_none() => line.set_param("CHECKED", now),
            Some(false) => drop(line.take_param("CHECKED")),
            _ => {}
        }
        Ok(())
    },
};

pub const LINKED: Sort = Sort {
    properties: Properties {
        resource: "linkedResource",
        usual: &["id", "webUrl", "applicationName", "displayName", "externalId"],
        further: &[],
    },
    path: "linkedResources",
    line: "X-HAUSPOST-LINK",
    show: |_, line, name| match name {
        "id" => line.param("ID").into(),
        "displayName" => line.text().into(),
        "webUrl" => line.param("URL").into(),
        "applicationName" => line.param("APPLICATION").into(),
        _ => line.param("EXTERNAL-ID").into(),
    },
    write: |line, body, _| {
        write_value(line, body)?;
        for (name, param) in [
            ("webUrl", "URL"),
            ("applicationName", "APPLICATION"),
            ("externalId", "EXTERNAL-ID"),
        ] {
            if let Some(text) = crate::protocols::graph::json::text(body, name)? {
                line.set_param(param, one_line(text));
            }
        }
        Ok(())
    },
};

/// Of one task.
const MOST: usize = 200;

fn write_value(line: &mut Property, body: &Value) -> Result<(), GraphError> {
    if let Some(name) = crate::protocols::graph::json::text(body, "displayName")? {
        if name.len() > 4096 {
            return Err(GraphError::request("»displayName« is longer than 4 kB"));
        }
        line.value = crate::formats::content_line::print::escape_text(&one_line(name));
    }
    Ok(())
}

fn missing() -> GraphError {
    Error::not_found("the task has no such entry").into()
}

fn view(sort: &Sort, object: &Object, line: &Property, select: &Select) -> Map<String, Value> {
    let names = select.names();
    names
        .map(|n| (n.to_owned(), (sort.show)(object, line, n)))
        .collect()
}

pub fn view_all(sort: &Sort, object: &Object, task: &Component) -> Vec<Value> {
    let select = Select::usual(&sort.properties);
    task.all(sort.line)
        .map(|l| view(sort, object, l, &select).into())
        .collect()
}

fn path(sort: &Sort, call: &Call) -> String {
    format!(
        "todo/lists('{}')/tasks('{}')/{}",
        call.key(0),
        call.key(1),
        sort.path
    )
}

pub async fn list(sort: &Sort, call: &Call) -> Result {
    let select = Select::of(&call.query, &sort.properties)?;
    let (skip, top) = call.query.page(MOST as u64)?;
    let (object, raw) = read::<TodoTask>(call, call.key(1)).await?;
    let calendar = parse(&raw)?;
    let all: Vec<&Property> = main_component(&calendar).all(sort.line).collect();
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let page = all.iter().skip(from).take(top as usize);
    let items = page.map(|l| view(sort, &object, l, &select).into()).collect();
    collection(
        call,
        &select,
        PageOf::of_all(path(sort, call), items, skip, all.len() as u64),
    )
}

/// By its id. Errors: ErrorItemNotFound.
pub async fn get(sort: &Sort, call: &Call, id: &str) -> Result<Value> {
    let select = Select::of(&call.query, &sort.properties)?;
    let (object, raw) = read::<TodoTask>(call, call.key(1)).await?;
    let calendar = parse(&raw)?;
    let found = main_component(&calendar)
        .all(sort.line)
        .find(|l| l.param("ID") == Some(id));
    let line = found.ok_or_else(missing)?;
    Ok(entity(
        call,
        &path(sort, call),
        &select,
        view(sort, &object, line, &select),
    ))
}

pub async fn create(sort: &Sort, call: &Call) -> Result {
    let body = call.json()?;
    let now = rfc3339(call.ctx().now_ms());
    let line = new_line(sort, &body, &now)?;
    let id = line.param("ID").unwrap_or_default().to_owned();
    change(call, |task| {
        if task.all(sort.line).count() >= MOST {
            return Err(GraphError::request(format!("a task has at most {MOST} of these")));
        }
        task.properties.push(line.clone());
        Ok(())
    })
    .await?;
    let place = path(sort, call).replace("('", "/").replace("')", "");
    let location = format!("{}/me/{place}/{id}", call.site.base());
    Ok(Answer::created(get(sort, call, &id).await?, location))
}

/// Errors: 400.
pub fn new_line(sort: &Sort, body: &Value, now: &str) -> Result<Property, GraphError> {
    let mut line = Property::new(sort.line, "").with("ID", random::uuid());
    if sort.path == "checklistItems" {
        line.set_param("CREATED", now);
    }
    (sort.write)(&mut line, body, now)?;
    Ok(line)
}

pub async fn patch(sort: &Sort, call: &Call) -> Result {
    let body = call.json()?;
    let now = rfc3339(call.ctx().now_ms());
    change(call, |task| {
        let found = task
            .properties
            .iter_mut()
            .find(|p| p.name == sort.line && p.param("ID") == Some(call.key(2)));
        (sort.write)(found.ok_or_else(missing)?, &body, &now)
    })
    .await?;
    Ok(Answer::json(get(sort, call, call.key(2)).await?))
}

pub async fn remove(sort: &Sort, call: &Call) -> Result {
    change(call, |task| {
        let before = task.properties.len();
        task.properties
            .retain(|p| !(p.name == sort.line && p.param("ID") == Some(call.key(2))));
        match task.properties.len() == before {
            true => Err(missing()),
            false => Ok(()),
        }
    })
    .await?;
    Ok(Answer::no_content())
}

async fn change(
    call: &Call,
    change: impl Fn(&mut Component) -> Result<(), GraphError>,
) -> Result<(), GraphError> {
    let id = id_of::<TodoTask>(call.key(1))?;
    edit::<TodoTask>(call, id, None, |_, raw| {
        let at = parse(raw)?.parts[0].component;
        let mut calendar = read_component(raw)?;
        if let Some(task) = calendar.parts.get_mut(at) {
            change(task)?;
            crate::protocols::graph::event::stamp(call, task, false);
        }
        Ok(Some(print_component(&calendar).into_bytes()))
    })
    .await
    .map(drop)
}
