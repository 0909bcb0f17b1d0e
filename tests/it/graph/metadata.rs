//! $metadata, read as libraries for OData read it.

use crate::server::Server;
use crate::web::Web;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeSet;

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).unwrap()?;
    Some(found.value.into_owned())
}

/// What stands behind `Collection(` and the namespace.
fn bare(kind: &str) -> String {
    let inner = kind.strip_prefix("Collection(").and_then(|k| k.strip_suffix(')'));
    let bare = inner.unwrap_or(kind);
    let bare = bare.strip_prefix("microsoft.").unwrap_or(bare);
    bare.strip_prefix("graph.").unwrap_or(bare).to_owned()
}

#[test]
fn the_document_is_well_formed_and_every_type_in_it_is_declared() {
    let server = Server::start();
    let nobody = Web::new(&server);
    let reply = nobody.get("/v1.0/$metadata").expect(200);
    assert_eq!(reply.header("content-type"), "application/xml");
    assert_eq!(nobody.get("/beta/$metadata").expect(200).text(), reply.text());
    let text = reply.text();
    assert!(text.len() < 200_000, "{} bytes", text.len());
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut declared, mut used) = (BTreeSet::new(), BTreeSet::new());
    let (mut within, mut user, mut roots) = (Vec::new(), BTreeSet::new(), 0);
    loop {
        let event = reader.read_event().unwrap();
        let (element, is_open) = match &event {
            Event::Start(e) => (e.clone(), true),
            Event::Empty(e) => (e.clone(), false),
            Event::End(_) => {
                within.pop();
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let tag = element.name().as_ref().to_owned();
        let name = attribute(&element, "Name").unwrap_or_default();
        roots += usize::from(within.is_empty());
        match tag.as_str() {
            "EntityType" | "ComplexType" | "EnumType" => {
                assert!(declared.insert(name.clone()), "{name} twice");
            }
            "Property" | "NavigationProperty" | "Singleton" => {
                used.insert(bare(&attribute(&element, "Type").unwrap()));
            }
            "EntitySet" => {
                used.insert(bare(&attribute(&element, "EntityType").unwrap()));
            }
            _ => {}
        }
        if within.last().is_some_and(|w: &String| w == "user") {
            user.insert(name.clone());
        }
        if is_open {
            within.push(name);
        }
    }
    assert!(within.is_empty() && roots == 1);
    let missing: Vec<_> = used
        .iter()
        .filter(|u| !u.starts_with("Edm.") && !declared.contains(*u))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    for name in [
        "displayName",
        "mailboxSettings",
        "messages",
        "mailFolders",
        "events",
        "contacts",
        "todo",
    ] {
        assert!(user.contains(name), "{name}: {user:?}");
    }
    for name in [
        "message",
        "mailFolder",
        "event",
        "contact",
        "todoTask",
        "messageRule",
        "subscription",
        "itemBody",
        "importance",
    ] {
        assert!(declared.contains(name), "{name}");
    }
    // What is not served is not announced.
    for name in ["team", "driveItem", "onlineMeeting"] {
        assert!(!declared.contains(name), "{name}");
    }
}
