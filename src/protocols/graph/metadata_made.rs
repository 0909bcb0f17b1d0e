//! Makes `metadata.xml` from the tables of properties and routes; a test keeps it true. HAUSPOST_WRITE_DOCS=1 writes it.
//!
//! Which types and properties are in it is decided by our tables; of which type each property is, by Microsoft's schema.

use super::routes::rows;
use super::select::Properties;
use super::{attachment, calendar, contact, directory, event, folder, message, rule, settings, todo, user};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A property as the schema has it.
#[derive(Clone)]
struct Property {
    name: String,
    kind: String,
    is_nullable: bool,
    is_navigation: bool,
}

#[derive(Default)]
struct Type {
    is_entity: bool,
    base: Option<String>,
    properties: Vec<Property>,
}

/// An action or a function.
#[derive(Clone, Default)]
struct Operation {
    name: String,
    /// As the schema has it, without its end: `<Action Name="move" IsBound="true">`.
    begin: String,
    /// Parameters with their types, that which it is bound to first; then what it returns.
    lines: Vec<(String, String)>,
}

#[derive(Default)]
struct Schema {
    operations: Vec<Operation>,
    types: BTreeMap<String, Type>,
    /// Members with their values.
    enums: BTreeMap<String, Vec<(String, String)>>,
}

fn attribute<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let from = line.find(&format!(" {name}=\""))? + name.len() + 3;
    line[from..].split('"').next()
}

/// The file has one element a line.
fn schema() -> Schema {
    let path = format!("{}/tests/data/graph/v1.0.csdl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let (mut schema, mut current) = (Schema::default(), String::new());
    for line in text.lines().map(str::trim) {
        let name = attribute(line, "Name").unwrap_or_default().to_owned();
        if line.starts_with("<EntityType ") || line.starts_with("<ComplexType ") {
            let made = Type {
                is_entity: line.starts_with("<EntityType "),
                base: attribute(line, "BaseType").map(|b| bare(b).to_owned()),
                properties: Vec::new(),
            };
            schema.types.insert(name.clone(), made);
            current = name;
        } else if line.starts_with("<EnumType ") {
            schema.enums.insert(name.clone(), Vec::new());
            current = name;
        } else if line.starts_with("<Member ") {
            let value = attribute(line, "Value").unwrap_or_default().to_owned();
            schema.enums.get_mut(&current).unwrap().push((name, value));
        } else if line.starts_with("<Action ") || line.starts_with("<Function ") {
            schema.operations.push(Operation {
                name,
                begin: line.to_owned(),
                lines: Vec::new(),
            });
        } else if line.starts_with("<Parameter ") || line.starts_with("<ReturnType ") {
            let kind = attribute(line, "Type").unwrap().to_owned();
            if let Some(operation) = schema.operations.last_mut() {
                operation.lines.push((line.to_owned(), kind));
            }
        } else if line.starts_with("<Property ") || line.starts_with("<NavigationProperty ") {
            let property = Property {
                name,
                kind: attribute(line, "Type").unwrap().to_owned(),
                is_nullable: attribute(line, "Nullable") != Some("false"),
                is_navigation: line.starts_with("<Navigation"),
            };
            if let Some(t) = schema.types.get_mut(&current) {
                t.properties.push(property);
            }
        }
    }
    schema
}

/// `Collection(graph.attendee)` is `attendee`.
fn bare(kind: &str) -> &str {
    let inner = kind.strip_prefix("Collection(").and_then(|k| k.strip_suffix(')'));
    inner
        .unwrap_or(kind)
        .trim_start_matches("microsoft.")
        .trim_start_matches("graph.")
}

impl Schema {
    fn property(&self, kind: &str, name: &str) -> Option<Property> {
        let t = self.types.get(kind)?;
        let own = t.properties.iter().find(|p| p.name.eq_ignore_ascii_case(name));
        own.cloned().or_else(|| self.property(t.base.as_deref()?, name))
    }

    /// All of a complex type, its bases' first.
    fn all(&self, kind: &str) -> Vec<Property> {
        let Some(t) = self.types.get(kind) else {
            return Vec::new();
        };
        let mut out = t.base.as_deref().map_or_else(Vec::new, |b| self.all(b));
        out.extend(t.properties.iter().filter(|p| !p.is_navigation).cloned());
        out
    }
}

/// Every resource that has a table.
fn tables() -> Vec<&'static Properties> {
    vec![
        &user::view::PROPERTIES,
        &message::view::PROPERTIES,
        &folder::view::PROPERTIES,
        &rule::view::PROPERTIES,
        &attachment::view::PROPERTIES,
        &settings::categories::PROPERTIES,
        &calendar::view::PROPERTIES,
        &calendar::groups::PROPERTIES,
        &calendar::permissions::PROPERTIES,
        &event::fields::PROPERTIES,
        &contact::folders::PROPERTIES,
        &contact::fields::PROPERTIES,
        &todo::lists::PROPERTIES,
        &todo::fields::PROPERTIES,
        &todo::entries::CHECKLIST.properties,
        &todo::entries::LINKED.properties,
        &directory::groups::PROPERTIES,
        &directory::people::PROPERTIES,
        &directory::places::PROPERTIES,
    ]
}

/// What is printed without a table: all that the schema has of it.
const WHOLE: [&str; 2] = ["subscription", "profilePhoto"];

/// Structural properties of each entity.
fn entities(schema: &Schema) -> BTreeMap<String, Vec<Property>> {
    let mut out: BTreeMap<String, Vec<Property>> = BTreeMap::new();
    for table in tables() {
        let names = table.usual.iter().chain(table.further);
        let all = names.filter_map(|n| schema.property(table.resource, n));
        out.insert(table.resource.to_owned(), all.collect());
    }
    for name in WHOLE {
        out.insert(name.to_owned(), schema.all(name));
    }
    // Not selected with a user, but reached through one.
    let settings = schema.property("user", "mailboxSettings");
    out.get_mut("user").unwrap().extend(settings);
    for properties in out.values_mut() {
        properties.sort_by(|a, b| a.name.cmp(&b.name));
        properties.dedup_by(|a, b| a.name == b.name);
        properties.retain(|p| p.name != "id");
    }
    out
}

/// What the routes lead through: `user` has `messages`, `mailFolder` has `messages`.
fn ways(
    schema: &Schema,
    entities: &BTreeMap<String, Vec<Property>>,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut out: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows() {
        let mut steps = row.path.split('/');
        let mut at = match steps.next() {
            Some("me") => "user".to_owned(),
            Some("users") => {
                steps.next();
                "user".to_owned()
            }
            _ => continue,
        };
        for step in steps.filter(|s| *s != "{}") {
            let Some(found) = schema.property(&at, step) else {
                break;
            };
            let target = bare(&found.kind).to_owned();
            // What is in between (outlook, todo) has no properties of its own.
            let is_between = schema.types.get(&target).is_some_and(|t| t.is_entity);
            if !found.is_navigation || !is_between {
                break;
            }
            out.entry(at).or_default().insert(found.name, found.kind);
            if !entities.contains_key(&target) {
                out.entry(target.clone()).or_default();
            }
            at = target;
        }
    }
    out
}

/// What can be done at the end of a route: `me/messages/{}/move` is bound to a message, `me/messages/delta` to many.
fn operations(schema: &Schema) -> Vec<Operation> {
    let mut ends = BTreeSet::new();
    for row in rows() {
        let mut steps = row.path.split('/');
        let mut at = match steps.next() {
            Some("me") => "graph.user".to_owned(),
            Some("users") => "Collection(graph.user)".to_owned(),
            _ => continue,
        };
        for step in steps {
            match schema.property(bare(&at), step) {
                Some(found) if found.is_navigation => at = found.kind,
                _ if step == "{}" => at = format!("graph.{}", bare(&at)),
                _ => {
                    ends.insert((at, step.to_ascii_lowercase()));
                    break;
                }
            }
        }
    }
    let all = schema.operations.iter().filter(|o| {
        let bound_to = o.lines.first().map(|(_, kind)| kind.clone()).unwrap_or_default();
        ends.contains(&(bound_to, o.name.to_ascii_lowercase()))
    });
    all.cloned().collect()
}

/// Complex types and enums that the properties and operations need.
fn needed(
    schema: &Schema,
    entities: &BTreeMap<String, Vec<Property>>,
    operations: &[Operation],
) -> BTreeSet<String> {
    let of_operations = operations
        .iter()
        .flat_map(|o| o.lines.iter().map(|(_, kind)| kind));
    let of_properties = entities.values().flatten().map(|p| &p.kind);
    let all = of_properties.chain(of_operations);
    let mut open: Vec<String> = all.map(|kind| bare(kind).to_owned()).collect();
    let mut out = BTreeSet::new();
    while let Some(kind) = open.pop() {
        let is_entity = schema.types.get(&kind).is_some_and(|t| t.is_entity);
        if kind.starts_with("Edm.") || is_entity || !out.insert(kind.clone()) {
            continue;
        }
        open.extend(schema.all(&kind).iter().map(|p| bare(&p.kind).to_owned()));
    }
    out
}

fn print_property(out: &mut String, p: &Property) {
    let nullable = if p.is_nullable { "" } else { " Nullable=\"false\"" };
    let _ = writeln!(
        out,
        "<Property Name=\"{}\" Type=\"{}\"{nullable}/>",
        p.name, p.kind
    );
}

fn document() -> String {
    let schema = schema();
    let mut entities = entities(&schema);
    let ways = ways(&schema, &entities);
    let operations = operations(&schema);
    for kind in operations
        .iter()
        .flat_map(|o| o.lines.iter().map(|(_, kind)| bare(kind)))
    {
        let is_entity = schema.types.get(kind).is_some_and(|t| t.is_entity);
        if is_entity && !ways.contains_key(kind) && !entities.contains_key(kind) {
            let mut all = schema.all(kind);
            all.retain(|p| p.name != "id");
            entities.insert(kind.to_owned(), all);
        }
    }
    let mut out = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
        <edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\n<edmx:DataServices>\n\
        <Schema Namespace=\"microsoft.graph\" Alias=\"graph\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\n"
        .to_owned();
    for kind in needed(&schema, &entities, &operations) {
        if let Some(members) = schema.enums.get(&kind) {
            let _ = writeln!(out, "<EnumType Name=\"{kind}\">");
            for (name, value) in members {
                let _ = writeln!(out, "<Member Name=\"{name}\" Value=\"{value}\"/>");
            }
            out.push_str("</EnumType>\n");
        } else if schema.types.contains_key(&kind) {
            let _ = writeln!(out, "<ComplexType Name=\"{kind}\">");
            schema.all(&kind).iter().for_each(|p| print_property(&mut out, p));
            out.push_str("</ComplexType>\n");
        }
    }
    let names: BTreeSet<&String> = entities.keys().chain(ways.keys()).collect();
    for name in names {
        let _ = writeln!(
            out,
            "<EntityType Name=\"{name}\" OpenType=\"true\">\n<Key><PropertyRef Name=\"id\"/></Key>\n<Property Name=\"id\" Type=\"Edm.String\" Nullable=\"false\"/>"
        );
        entities
            .get(name)
            .into_iter()
            .flatten()
            .for_each(|p| print_property(&mut out, p));
        for (way, kind) in ways.get(name).into_iter().flatten() {
            let _ = writeln!(
                out,
                "<NavigationProperty Name=\"{way}\" Type=\"{kind}\" ContainsTarget=\"true\"/>"
            );
        }
        out.push_str("</EntityType>\n");
    }
    for operation in &operations {
        let lines: String = operation
            .lines
            .iter()
            .map(|(line, _)| format!("{line}\n"))
            .collect();
        let end = match operation.begin.starts_with("<Action ") {
            true => "</Action>",
            false => "</Function>",
        };
        let _ = writeln!(out, "{}\n{lines}{end}", operation.begin);
    }
    out.push_str("<EntityContainer Name=\"GraphService\">\n");
    for (set, kind) in [
        ("groups", "group"),
        ("places", "room"),
        ("subscriptions", "subscription"),
        ("users", "user"),
    ] {
        let _ = writeln!(
            out,
            "<EntitySet Name=\"{set}\" EntityType=\"microsoft.graph.{kind}\"/>"
        );
    }
    out.push_str("<Singleton Name=\"me\" Type=\"microsoft.graph.user\"/>\n</EntityContainer>\n</Schema>\n</edmx:DataServices>\n</edmx:Edmx>\n");
    out
}

#[test]
fn graph_metadata_is_current() {
    let path = format!("{}/src/protocols/graph/metadata.xml", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("HAUSPOST_WRITE_DOCS").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        written,
        document(),
        "write it anew: HAUSPOST_WRITE_DOCS=1 cargo test --lib graph_metadata"
    );
}
