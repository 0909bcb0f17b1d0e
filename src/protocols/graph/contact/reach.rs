//! How somebody is reached: numbers, mail addresses and postal ones. Those that a change does not name keep what the card
//! says about them.

use super::fields::{MOST, pieces_of, texts, wrong};
use crate::base::text::one_line;
use crate::formats::content_line::print::escape_text;
use crate::formats::content_line::{Component, Property};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use serde_json::{Value, json};

fn has_type(property: &Property, wanted: &str) -> bool {
    let types = property
        .params
        .iter()
        .filter(|(n, _)| n == "TYPE")
        .flat_map(|(_, v)| v);
    types
        .flat_map(|v| v.split(','))
        .any(|t| t.trim().eq_ignore_ascii_case(wanted))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phone {
    Home,
    Mobile,
    Business,
    /// Faxes and pagers: Graph has no place for them.
    Other,
}

fn phone_kind(property: &Property) -> Phone {
    let is = |t| has_type(property, t);
    if is("fax") || is("pager") {
        Phone::Other
    } else if is("cell") || is("iphone") {
        Phone::Mobile
    } else if is("home") {
        Phone::Home
    } else {
        Phone::Business
    }
}

fn number(property: &Property) -> String {
    let text = property.text();
    text.trim().strip_prefix("tel:").unwrap_or(text.trim()).to_owned()
}

pub fn phones(card: &Component, kind: Phone) -> Vec<String> {
    let of_kind = card.all("TEL").filter(|p| phone_kind(p) == kind);
    of_kind.map(number).filter(|n| !n.is_empty()).take(MOST).collect()
}

pub fn write_phones(card: &mut Component, kind: Phone, value: &Value) -> Result<(), GraphError> {
    let wanted = texts("phones", value)?;
    let word = match kind {
        Phone::Home => "HOME",
        Phone::Mobile => "CELL",
        Phone::Business | Phone::Other => "WORK",
    };
    let (old, mut all): (Vec<Property>, Vec<Property>) =
        card.all("TEL").cloned().partition(|p| phone_kind(p) == kind);
    // One mobile number is shown; further ones are not taken away with it.
    if kind == Phone::Mobile {
        all.extend(old.iter().skip(1).cloned());
    }
    for text in wanted {
        let known = old.iter().find(|p| number(p) == text).cloned();
        all.push(known.unwrap_or_else(|| Property::of_text("TEL", &text).with("TYPE", word)));
    }
    card.put_all("TEL", all);
    Ok(())
}

pub fn emails(card: &Component) -> Value {
    let all = card.all("EMAIL").take(MOST).map(|p| {
        let address = p.text().trim().to_owned();
        let name = p.param("X-CN").or(p.param("CN")).map(str::to_owned);
        let name = name
            .or_else(|| card.text("FN"))
            .unwrap_or_else(|| address.clone());
        json!({"name": name, "address": address})
    });
    all.collect()
}

pub fn nth_email(card: &Component, at: usize) -> Value {
    emails(card).get(at).cloned().unwrap_or(Value::Null)
}

pub fn write_emails(card: &mut Component, value: &Value) -> Result<(), GraphError> {
    let wanted = match value {
        Value::Null => &[][..],
        Value::Array(all) if all.len() <= MOST => all.as_slice(),
        _ => return Err(wrong("emailAddresses", "a list")),
    };
    let old: Vec<Property> = card.all("EMAIL").cloned().collect();
    let shown = card.text("FN").unwrap_or_default();
    let mut all: Vec<Property> = Vec::new();
    for email in wanted {
        let Some(address) = json::text(email, "address")?
            .map(str::trim)
            .filter(|a| !a.is_empty())
        else {
            continue;
        };
        let known = old
            .iter()
            .find(|p| p.text().trim().eq_ignore_ascii_case(address))
            .cloned();
        let mut property =
            known.unwrap_or_else(|| Property::of_text("EMAIL", &one_line(address)).with("TYPE", "INTERNET"));
        match json::text(email, "name")?.filter(|n| !n.is_empty() && *n != shown && *n != address) {
            Some(name) => property.set_param("X-CN", one_line(name)),
            None => drop(property.take_param("X-CN")),
        }
        all.push(property);
    }
    card.put_all("EMAIL", all);
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Home,
    Business,
    Other,
}

fn place_kind(property: &Property) -> Place {
    if has_type(property, "home") {
        Place::Home
    } else if has_type(property, "work") {
        Place::Business
    } else {
        Place::Other
    }
}

/// Graph's names with their pieces of ADR (RFC 6350 §6.3.1).
const ADDRESS: [(&str, usize); 5] = [
    ("street", 2),
    ("city", 3),
    ("state", 4),
    ("postalCode", 5),
    ("countryOrRegion", 6),
];

pub fn address(card: &Component, kind: Place) -> Value {
    let found = card.all("ADR").find(|p| place_kind(p) == kind);
    let all = found.map(|p| pieces_of(&p.value)).unwrap_or_default();
    let mut out = json!({});
    for (name, at) in ADDRESS {
        if let Some(text) = all.get(at).filter(|t| !t.is_empty()) {
            out[name] = text.as_str().into();
        }
    }
    out
}

pub fn write_address(card: &mut Component, kind: Place, value: &Value) -> Result<(), GraphError> {
    let at = card
        .properties
        .iter()
        .position(|p| p.name == "ADR" && place_kind(p) == kind);
    let mut all = at
        .map(|i| pieces_of(&card.properties[i].value))
        .unwrap_or_default();
    all.resize(all.len().max(7), String::new());
    for (name, at) in ADDRESS {
        let is_named = value
            .as_object()
            .is_some_and(|o| o.keys().any(|k| k.eq_ignore_ascii_case(name)));
        if value.is_null() || is_named {
            all[at] = json::text(value, name)?.unwrap_or_default().to_owned();
        }
    }
    let text: Vec<String> = all.iter().map(|p| escape_text(p)).collect();
    let is_empty = all.iter().all(String::is_empty);
    let word = match kind {
        Place::Home => "HOME",
        Place::Business => "WORK",
        Place::Other => "",
    };
    match (at, is_empty) {
        (Some(i), true) => drop(card.properties.remove(i)),
        (Some(i), false) => card.properties[i].value = text.join(";"),
        (None, true) => {}
        (None, false) if word.is_empty() => card.properties.push(Property::new("ADR", text.join(";"))),
        (None, false) => {
            let property = Property::new("ADR", text.join(";"));
            card.properties.push(property.with("TYPE", word));
        }
    }
    Ok(())
}
