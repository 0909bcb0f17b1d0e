//! Every Graph answer that any test gets is held against Microsoft's schema: names, types, enums, what may be null,
//! shapes of collections, absolute links.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

#[derive(Default)]
struct Type {
    base: Option<String>,
    properties: HashMap<String, Property>,
}

struct Property {
    kind: String,
    is_collection: bool,
    is_nullable: bool,
}

#[derive(Default)]
struct Schema {
    types: HashMap<String, Type>,
    enums: HashMap<String, Vec<String>>,
}

/// What Microsoft has in its beta only, or gives without saying so.
const BEYOND: [(&str, &str); 1] = [("mailFolder", "wellKnownName")];

/// The last word of a context and what it is a collection of.
const COLLECTIONS: [(&str, &str); 32] = [
    ("messages", "message"),
    ("messageRules", "messageRule"),
    ("mailFolders", "mailFolder"),
    ("childFolders", "mailFolder"),
    ("attachments", "attachment"),
    ("masterCategories", "outlookCategory"),
    ("users", "user"),
    ("subscriptions", "subscription"),
    ("photo", "profilePhoto"),
    ("mailboxSettings", "mailboxSettings"),
    ("microsoft.graph.uploadSession", "uploadSession"),
    ("calendars", "calendar"),
    ("calendar", "calendar"),
    ("calendarGroups", "calendarGroup"),
    ("calendarPermissions", "calendarPermission"),
    ("events", "event"),
    ("calendarView", "event"),
    ("instances", "event"),
    (
        "microsoft.graph.meetingTimeSuggestionsResult",
        "meetingTimeSuggestionsResult",
    ),
    ("contactFolders", "contactFolder"),
    ("contacts", "contact"),
    ("lists", "todoTaskList"),
    ("tasks", "todoTask"),
    ("checklistItems", "checklistItem"),
    ("linkedResources", "linkedResource"),
    ("people", "person"),
    ("groups", "group"),
    ("directoryObjects", "directoryObject"),
    ("places", "place"),
    ("microsoft.graph.roomList", "roomList"),
    ("microsoft.graph.room", "room"),
    ("uploadSession", "uploadSession"),
];

fn attribute<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The file has one element a line.
fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let path = format!("{}/tests/data/graph/v1.0.csdl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let (mut schema, mut current, mut current_enum) = (Schema::default(), String::new(), String::new());
        for line in text.lines().map(str::trim) {
            let name = attribute(line, "Name").unwrap_or_default().to_owned();
            if line.starts_with("<EntityType ") || line.starts_with("<ComplexType ") {
                current = name.clone();
                let base = attribute(line, "BaseType").map(|b| b.trim_start_matches("graph.").to_owned());
                schema.types.insert(
                    name,
                    Type {
                        base,
                        ..Type::default()
                    },
                );
            } else if line.starts_with("<EnumType ") {
                current_enum = name.clone();
                schema.enums.insert(name, Vec::new());
            } else if line.starts_with("<Member ") {
                schema.enums.get_mut(&current_enum).unwrap().push(name);
            } else if line.starts_with("<Property ") || line.starts_with("<NavigationProperty ") {
                let kind = attribute(line, "Type").unwrap();
                let inner = kind.strip_prefix("Collection(").and_then(|k| k.strip_suffix(')'));
                let property = Property {
                    kind: inner.unwrap_or(kind).to_owned(),
                    is_collection: inner.is_some(),
                    is_nullable: attribute(line, "Nullable") != Some("false"),
                };
                if let Some(t) = schema.types.get_mut(&current) {
                    t.properties.insert(name, property);
                }
            }
        }
        assert!(schema.types.len() > 1_000 && schema.enums.len() > 500);
        schema
    })
}

impl Schema {
    fn property(&self, kind: &str, name: &str) -> Option<&Property> {
        let t = self.types.get(kind)?;
        t.properties
            .get(name)
            .or_else(|| self.property(t.base.as_deref()?, name))
    }

    fn is_a(&self, kind: &str, base: &str) -> bool {
        kind == base
            || self
                .types
                .get(kind)
                .and_then(|t| t.base.as_deref())
                .is_some_and(|b| self.is_a(b, base))
    }
}

/// Panics, naming the place, when an answer is not as the schema says. `address`: what was asked, for the message.
#[track_caller]
pub fn check(address: &str, status: u16, body: &Value) {
    let wrong = |what: String| panic!("{address} ({status}): {what}\n{body:#}");
    if let Err(what) = check_body(status, body) {
        wrong(what);
    }
}

fn check_body(status: u16, body: &Value) -> Result<(), String> {
    if let Some(responses) = body.get("responses") {
        for item in responses.as_array().ok_or("responses is no list")? {
            item["id"].as_str().ok_or("the id of a response is no text")?;
            let status = item["status"]
                .as_u64()
                .ok_or("the status of a response is no number")?;
            item["headers"].as_object().ok_or("a response has no headers")?;
            let is_json = item["headers"]["Content-Type"] == "application/json";
            if let Some(inner) = item.get("body").filter(|_| is_json) {
                check_body(status as u16, inner)?;
            }
        }
        return Ok(());
    }
    if status >= 400 {
        return check_error(body);
    }
    let Some(context) = body["@odata.context"].as_str() else {
        let is_progress = body.get("nextExpectedRanges").is_some();
        let kind = if is_progress { Some("uploadSession") } else { None };
        let kind = kind.ok_or("there is no @odata.context")?;
        return check_entity(kind, body);
    };
    let (base, path) = context
        .split_once("$metadata#")
        .ok_or("the context has no $metadata#")?;
    if !base.starts_with("https://") {
        return Err(format!("the context is not absolute: {context}"));
    }
    // What no set of entities holds.
    let inner = path.strip_prefix("Collection(").and_then(|p| p.strip_suffix(')'));
    if let Some(kind) = inner {
        return check_collection(kind.trim_start_matches("microsoft.graph."), body, &body["value"]);
    }
    let is_entity = path.ends_with("/$entity");
    let path = path.trim_end_matches("/$entity");
    // What was selected stands in the last parenthesis, keys in those before it.
    let path = match path.rfind('(') {
        Some(at) if path.ends_with(')') && !path[at..].starts_with("('") => &path[..at],
        _ => path,
    };
    let (path, last) = path.rsplit_once('/').unwrap_or(("", path));
    if path.ends_with("mailboxSettings") {
        return check_setting(last, body);
    }
    // Files of tasks are of a kind of their own.
    let is_of_task = last == "attachments" && path.contains("/tasks(");
    let found = COLLECTIONS.iter().find(|(name, _)| *name == last);
    let (_, kind) = found.ok_or_else(|| format!("nobody knows what »{last}« in the context is"))?;
    let kind = if is_of_task { &"attachmentBase" } else { kind };
    match body.get("value") {
        Some(value) if !is_entity => check_collection(kind, body, value),
        _ => check_entity(kind, body),
    }
}

/// Holds the answers of a file against the schema: one a line, `{"address", "status", "body"}`. Returns how many there are.
pub fn check_recorded(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let status = line["status"].as_u64().unwrap() as u16;
        check(line["address"].as_str().unwrap(), status, &line["body"]);
    }
    text.lines().count()
}

/// Called with what the libraries of tests/sdk got.
#[test]
#[ignore = "needs recorded answers: make sdk-test"]
fn recorded_answers_are_as_the_schema_says() {
    let path = std::env::var("HAUSPOST_ANSWERS").expect("HAUSPOST_ANSWERS names the file");
    let count = check_recorded(Path::new(&path));
    assert!(count > 100, "only {count} answers were recorded");
    println!("{count} answers are as the schema says");
}

/// Panics when what a program is sent is no changeNotificationCollection.
#[track_caller]
pub fn check_notifications(body: &Value) {
    let mut body = body.clone();
    for notice in body["value"].as_array_mut().expect("value is no list") {
        // An open type: whatever is in it is right.
        if let Some(data) = notice.as_object_mut().unwrap().remove("resourceData") {
            assert!(
                data["@odata.type"]
                    .as_str()
                    .unwrap()
                    .starts_with("#Microsoft.Graph.")
            );
            assert!(data["id"].is_string() && data["@odata.id"].is_string(), "{data}");
        }
    }
    if let Err(what) = check_entity("changeNotificationCollection", &body) {
        panic!("a notification: {what}\n{body:#}");
    }
}

fn check_error(body: &Value) -> Result<(), String> {
    let error = &body["error"];
    for name in ["code", "message"] {
        let text = error[name].as_str().unwrap_or_default();
        if text.is_empty() {
            return Err(format!("an error without {name}"));
        }
    }
    let inner = &error["innerError"];
    for name in ["date", "request-id", "client-request-id"] {
        inner[name]
            .as_str()
            .ok_or_else(|| format!("an innerError without {name}"))?;
    }
    Ok(())
}

fn check_collection(kind: &str, body: &Value, value: &Value) -> Result<(), String> {
    for (name, member) in body.as_object().into_iter().flatten() {
        let is_right = match name.as_str() {
            "value" | "@odata.context" => true,
            "@odata.count" => member.is_u64(),
            "@odata.nextLink" | "@odata.deltaLink" => {
                member.as_str().is_some_and(|l| l.starts_with("https://"))
            }
            _ => false,
        };
        if !is_right {
            return Err(format!("{name} of a collection is {member}"));
        }
    }
    if body.get("@odata.nextLink").is_some() && body.get("@odata.deltaLink").is_some() {
        return Err("a page has both links".into());
    }
    let all = value.as_array().ok_or("value is no list")?;
    all.iter().try_for_each(|entity| check_entity(kind, entity))
}

fn check_setting(name: &str, body: &Value) -> Result<(), String> {
    let property = schema()
        .property("mailboxSettings", name)
        .ok_or_else(|| format!("no setting {name}"))?;
    match body.get("value") {
        Some(value) => check_value(&property.kind, value, name),
        None => check_entity(property.kind.trim_start_matches("graph."), body),
    }
}

fn check_entity(kind: &str, entity: &Value) -> Result<(), String> {
    let schema = schema();
    let object: &Map<String, Value> = entity
        .as_object()
        .ok_or_else(|| format!("a {kind} is no object"))?;
    let mut kind = kind.to_owned();
    if let Some(actual) = object.get("@odata.type") {
        let actual = actual.as_str().unwrap_or_default();
        let name = actual
            .strip_prefix("#microsoft.graph.")
            .ok_or_else(|| format!("the type »{actual}«"))?;
        if !schema.is_a(name, &kind) {
            return Err(format!("a {name} is no {kind}"));
        }
        name.clone_into(&mut kind);
    }
    if let Some(removed) = object.get("@removed") {
        // Nothing but which one, and why.
        let is_known = ["changed", "deleted"].iter().any(|r| removed["reason"] == *r);
        let is_bare = object
            .keys()
            .all(|k| ["@removed", "@odata.type", "@odata.id", "id"].contains(&k.as_str()));
        return match is_known && is_bare && object.get("id").is_some_and(Value::is_string) {
            true => Ok(()),
            false => Err(format!("a removed {kind} is {object:?}")),
        };
    }
    // Of the notes of OData only those that stand for something.
    const NOTES: [&str; 10] = [
        "@odata.context",
        "@odata.type",
        "@odata.etag",
        "@odata.id",
        "@odata.count",
        "@odata.nextLink",
        "@odata.deltaLink",
        "@odata.mediaContentType",
        "@odata.mediaEtag",
        "@odata.editLink",
    ];
    if let Some(unknown) = object
        .keys()
        .find(|k| k.starts_with('@') && !NOTES.contains(&k.as_str()))
    {
        return Err(format!("a {kind} has the note {unknown}"));
    }
    if object.contains_key("@odata.etag")
        && !object.get("id").is_some_and(|id| id.is_null() || id.is_string())
    {
        return Err(format!("a {kind} has an etag and no id"));
    }
    for (name, value) in object.iter().filter(|(n, _)| !n.starts_with("@odata.")) {
        if BEYOND.contains(&(kind.as_str(), name.as_str())) {
            continue;
        }
        let property = schema
            .property(&kind, name)
            .ok_or_else(|| format!("a {kind} has no property {name}"))?;
        let place = format!("{kind}.{name}");
        match value {
            Value::Null if property.is_nullable && !property.is_collection => {}
            Value::Null => return Err(format!("{place} is null and must not be")),
            Value::Array(all) if property.is_collection => {
                all.iter()
                    .try_for_each(|v| check_value(&property.kind, v, &place))?;
            }
            _ if property.is_collection => return Err(format!("{place} is no list")),
            value => check_value(&property.kind, value, &place)?,
        }
    }
    Ok(())
}

fn check_value(kind: &str, value: &Value, place: &str) -> Result<(), String> {
    let schema = schema();
    let text = value.as_str();
    let is_right = match kind {
        "Edm.String" => text.is_some(),
        "Edm.Binary" => text.is_some_and(|t| STANDARD.decode(t).is_ok()),
        "Edm.Guid" => text.is_some_and(|t| t.len() == 36 && t.bytes().filter(|b| *b == b'-').count() == 4),
        "Edm.Boolean" => value.is_boolean(),
        "Edm.Byte" => value.as_u64().is_some_and(|n| n < 256),
        "Edm.Int16" => value.as_i64().is_some_and(|n| i16::try_from(n).is_ok()),
        "Edm.Int32" => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        "Edm.Int64" => value.is_i64(),
        "Edm.Double" | "Edm.Single" | "Edm.Decimal" => value.is_number(),
        "Edm.DateTimeOffset" => {
            text.is_some_and(|t| t.ends_with('Z') && t.parse::<jiff::Timestamp>().is_ok())
        }
        "Edm.Date" => text.is_some_and(|t| t.parse::<jiff::civil::Date>().is_ok()),
        "Edm.Duration" => text.is_some_and(|t| t.starts_with('P') || t.starts_with("-P")),
        "Edm.TimeOfDay" => text.is_some_and(|t| t.len() >= 8 && t.as_bytes()[2] == b':'),
        _ => {
            let name = kind.trim_start_matches("graph.");
            if let Some(members) = schema.enums.get(name) {
                text.is_some_and(|t| members.iter().any(|m| m == t))
            } else {
                return check_entity(name, value).map_err(|e| format!("{place}: {e}"));
            }
        }
    };
    if is_right {
        Ok(())
    } else {
        Err(format!("{place} is {value} and should be {kind}"))
    }
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let base = "https://x/v1.0/$metadata#users('a')/messages";
    let entity = |name: &str, value: Value| {
        let mut body = serde_json::json!({"@odata.context": format!("{base}/$entity"), "id": "M1"});
        body[name] = value;
        check_body(200, &body)
    };
    assert_eq!(entity("isRead", true.into()), Ok(()));
    for (name, value) in [
        ("isread", Value::Bool(true)),
        ("isRead", "yes".into()),
        ("id", Value::Null),
        ("importance", "urgent".into()),
        ("receivedDateTime", "2026-01-01".into()),
        ("toRecipients", Value::Null),
        (
            "toRecipients",
            serde_json::json!([{"emailAddress": {"adress": "a"}}]),
        ),
        ("body", serde_json::json!({"contentType": "rtf"})),
        ("@odata.type", "#microsoft.graph.event".into()),
        ("@odata.nonsense", "x".into()),
        ("@removed", serde_json::json!({"reason": "because"})),
        ("receivedDateTime", "2026-13-01T00:00:00Z".into()),
        ("conversationIndex", "no base64!".into()),
    ] {
        assert!(entity(name, value.clone()).is_err(), "{name} {value}");
    }
    let page = |name: &str, value: Value| {
        let mut body = serde_json::json!({"@odata.context": format!("{base}(id)"), "value": []});
        body[name] = value;
        check_body(200, &body)
    };
    assert_eq!(page("@odata.count", 3.into()), Ok(()));
    assert!(page("@odata.count", "3".into()).is_err());
    assert!(page("@odata.nextLink", "/v1.0/me".into()).is_err());
    assert!(check_body(404, &serde_json::json!({"error": "x"})).is_err());
}
