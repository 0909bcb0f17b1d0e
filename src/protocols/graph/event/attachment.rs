//! Files of an event: ATTACH with the bytes in it (RFC 5545 §3.8.1.1). What is only linked to is left alone.

use super::create::stamp;
use super::seen::{Seen, parse, parse_id};
use super::view::Event;
use crate::base::Error;
use crate::base::clock::rfc3339;
use crate::base::text::{hex, one_line};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_component};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::attachment::view::PROPERTIES;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection, entity};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::object::edit::edit;
use crate::protocols::graph::object::{Look, id_of, read};
use crate::protocols::graph::query::Query;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use crate::protocols::graph::sending::wanted;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

pub const ROWS: &[Row] = &[
    row!(GET "me/events/{}/attachments" CalendarRead [Select, Top, Skip, Count] => list),
    row!(POST "me/events/{}/attachments" CalendarWrite [] => create),
    row!(GET "me/events/{}/attachments/{}" CalendarRead [Select] => get),
    row!(GET "me/events/{}/attachments/{}/$value" CalendarRead [] => value),
    row!(DELETE "me/events/{}/attachments/{}" CalendarWrite [] => remove),
];

/// One file as it lies in the event.
struct File<'c> {
    property: &'c Property,
    id: String,
}

impl File<'_> {
    fn bytes(&self) -> Vec<u8> {
        let packed: String = self.property.value.split_ascii_whitespace().collect();
        STANDARD.decode(packed).unwrap_or_default()
    }

    fn name(&self) -> String {
        let param = ["FILENAME", "X-FILENAME", "X-APPLE-FILENAME", "X-LABEL"];
        let name = param.iter().find_map(|p| self.property.param(p));
        name.unwrap_or("attachment").to_owned()
    }

    fn content_type(&self) -> &str {
        self.property
            .param("FMTTYPE")
            .unwrap_or("application/octet-stream")
    }
}

fn files(component: &Component) -> Vec<File<'_>> {
    let is_inside = |p: &&Property| p.param("VALUE").is_some_and(|v| v.eq_ignore_ascii_case("BINARY"));
    let mut out: Vec<File<'_>> = Vec::new();
    for property in component.all("ATTACH").filter(is_inside) {
        let hash = blake3::hash(property.value.as_bytes());
        let id = format!("D{}", hex(&hash.as_bytes()[..8]));
        let twins = out.iter().filter(|f| f.id.starts_with(&id)).count();
        let id = if twins == 0 { id } else { format!("{id}-{twins}") };
        out.push(File { property, id });
    }
    out
}

fn view(seen: &Seen, file: &File, select: &Select) -> Map<String, Value> {
    let bytes = file.bytes();
    let mut out: Map<String, Value> = select
        .names()
        .map(|name| {
            let value: Value = match name {
                "id" => file.id.clone().into(),
                "lastModifiedDateTime" => rfc3339(seen.object.item.received_at_ms).into(),
                "name" => file.name().into(),
                "contentType" => file.content_type().into(),
                "size" => bytes.len().into(),
                "isInline" => false.into(),
                "contentBytes" => STANDARD.encode(&bytes).into(),
                _ => Value::Null,
            };
            (name.to_owned(), value)
        })
        .collect();
    out.insert("@odata.type".into(), "#microsoft.graph.fileAttachment".into());
    out
}

/// For `$expand`.
pub fn all(seen: &Seen, options: &Query) -> Result<Value, GraphError> {
    let select = Select::of(options, &PROPERTIES)?;
    let all = files(seen.component());
    Ok(all.iter().map(|f| Value::from(view(seen, f, &select))).collect())
}

fn missing() -> GraphError {
    Error::not_found("the event has no such attachment").into()
}

async fn list(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, top) = call.query.page(crate::protocols::graph::query::MAX_TOP)?;
    let (object, raw) = read::<Event>(&call, parse_id(call.key(0))?.0).await?;
    let (look, calendar) = (Look::of(&call)?, parse(&raw)?);
    let seen = Seen::whole(&look, &object, &calendar);
    let all = files(seen.component());
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let page = all.iter().skip(from).take(top as usize);
    let items = page.map(|f| view(&seen, f, &select).into()).collect();
    let path = format!("events('{}')/attachments", call.key(0));
    collection(
        &call,
        &select,
        PageOf::of_all(path, items, skip, all.len() as u64),
    )
}

async fn get(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    Ok(Answer::json(shown(&call, call.key(1), &select).await?))
}

async fn shown(call: &Call, id: &str, select: &Select) -> Result<Value> {
    let (object, raw) = read::<Event>(call, parse_id(call.key(0))?.0).await?;
    let (look, calendar) = (Look::of(call)?, parse(&raw)?);
    let seen = Seen::whole(&look, &object, &calendar);
    let all = files(seen.component());
    let file = all.iter().find(|f| f.id == id).ok_or_else(missing)?;
    let path = format!("events('{}')/attachments", call.key(0));
    Ok(entity(call, &path, select, view(&seen, file, select)))
}

async fn value(call: Call) -> Result {
    let (_, raw) = read::<Event>(&call, parse_id(call.key(0))?.0).await?;
    let calendar = parse(&raw)?;
    let component = &calendar.calendar.parts[calendar.parts[0].component];
    let all = files(component);
    let file = all.iter().find(|f| f.id == call.key(1)).ok_or_else(missing)?;
    let kind = file.content_type();
    // It becomes a header of the answer.
    let is_sane = kind.is_ascii() && !kind.contains(|c: char| c.is_control());
    let kind = if is_sane { kind } else { "application/octet-stream" };
    Ok(Answer::bytes(kind, file.bytes()))
}

async fn create(call: Call) -> Result {
    let file = wanted::attachment(&call.json()?)?;
    let property = Property::new("ATTACH", STANDARD.encode(&file.content))
        .with("ENCODING", "BASE64")
        .with("VALUE", "BINARY")
        .with("FMTTYPE", one_line(&file.content_type))
        .with("X-FILENAME", one_line(&file.name));
    let id = id_of::<Event>(parse_id(call.key(0))?.0)?;
    edit::<Event>(&call, id, None, |_, raw| {
        change(&call, raw, |event| event.properties.push(property.clone())).map(Some)
    })
    .await?;
    let (_, raw) = read::<Event>(&call, parse_id(call.key(0))?.0).await?;
    let calendar = parse(&raw)?;
    let made = files(&calendar.calendar.parts[calendar.parts[0].component])
        .pop()
        .map(|f| f.id)
        .ok_or_else(missing)?;
    let select = Select::usual(&PROPERTIES);
    let location = format!(
        "{}/me/events/{}/attachments/{made}",
        call.site.base(),
        call.key(0)
    );
    Ok(Answer::created(shown(&call, &made, &select).await?, location))
}

async fn remove(call: Call) -> Result {
    let id = id_of::<Event>(parse_id(call.key(0))?.0)?;
    edit::<Event>(&call, id, None, |_, raw| {
        let calendar = parse(raw)?;
        let all = files(&calendar.calendar.parts[calendar.parts[0].component]);
        let file = all.iter().find(|f| f.id == call.key(1)).ok_or_else(missing)?;
        let line = file.property.line;
        change(&call, raw, |event| event.properties.retain(|p| p.line != line)).map(Some)
    })
    .await?;
    Ok(Answer::no_content())
}

fn change(call: &Call, raw: &[u8], change: impl Fn(&mut Component)) -> Result<Vec<u8>, GraphError> {
    let at = parse(raw)?.parts[0].component;
    let mut calendar = read_component(raw)?;
    if let Some(event) = calendar.parts.get_mut(at) {
        change(event);
        stamp(call, event, false);
    }
    Ok(print_component(&calendar).into_bytes())
}
