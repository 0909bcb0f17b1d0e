//! The table of a contact's properties: what each shows of the card, and what each writes. One property has one row.

use super::reach::{
    Phone, Place, address, emails, nth_email, phones, write_address, write_emails, write_phones,
};
use crate::base::clock::rfc3339;
use crate::base::text::one_line;
use crate::formats::content_line::print::escape_text;
use crate::formats::content_line::{Component, Property, unescape};
use crate::formats::ical::value::parse_time;
use crate::formats::ical::zone::plain_seconds;
use crate::model::object::{Object, ObjectKind};
use crate::protocols::graph::call::change_key;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::event::{categories, write_categories};
use crate::protocols::graph::odata::time;
use crate::protocols::graph::select::Properties;
use crate::protocols::http::ids;
use serde_json::{Value, json};
use std::sync::LazyLock;

type Get = fn(&Object, &Component) -> Value;
type Set = fn(&mut Component, &Value) -> Result<(), GraphError>;

pub struct Field {
    pub name: &'static str,
    is_usual: bool,
    pub set: Option<Set>,
    pub get: Get,
}

const fn shown(name: &'static str, get: Get) -> Field {
    Field {
        name,
        is_usual: true,
        set: None,
        get,
    }
}

const fn both(name: &'static str, get: Get, set: Set) -> Field {
    Field {
        name,
        is_usual: true,
        set: Some(set),
        get,
    }
}

/// A property of a card that is one text.
macro_rules! text {
    ($name:literal, $property:literal) => {
        both(
            $name,
            |_, c| text(c, $property),
            |c, v| write_text(c, $property, v),
        )
    };
}

/// A piece of a property with several, such as N.
macro_rules! piece {
    ($name:literal, $property:literal, $at:literal) => {
        both(
            $name,
            |_, c| piece(c, $property, $at),
            |c, v| write_piece(c, $property, $at, v),
        )
    };
}

macro_rules! address {
    ($name:literal, $kind:expr) => {
        both($name, |_, c| address(c, $kind), |c, v| write_address(c, $kind, v))
    };
}

macro_rules! phones {
    ($name:literal, $kind:expr) => {
        both(
            $name,
            |_, c| phones(c, $kind).into(),
            |c, v| write_phones(c, $kind, v),
        )
    };
}

pub const FIELDS: &[Field] = &[
    shown("id", |o, _| ids::print_object(ObjectKind::Card, o.item.id).into()),
    shown("createdDateTime", |o, _| rfc3339(o.item.received_at_ms).into()),
    shown("lastModifiedDateTime", |o, _| {
        rfc3339(o.item.received_at_ms).into()
    }),
    shown("changeKey", |o, _| change_key(o.item.modseq).into()),
    both("categories", |_, c| categories(c).into(), write_categories),
    shown("parentFolderId", |o, _| {
        ids::print_folder(o.item.folder_id).into()
    }),
    both("birthday", |_, c| birthday(c), write_birthday),
    both(
        "fileAs",
        |_, c| file_as(c),
        |c, v| write_text(c, "X-HAUSPOST-FILE-AS", v),
    ),
    text!("displayName", "FN"),
    piece!("surname", "N", 0),
    piece!("givenName", "N", 1),
    piece!("middleName", "N", 2),
    piece!("title", "N", 3),
    piece!("generation", "N", 4),
    text!("initials", "X-HAUSPOST-INITIALS"),
    text!("nickName", "NICKNAME"),
    text!("yomiGivenName", "X-PHONETIC-FIRST-NAME"),
    text!("yomiSurname", "X-PHONETIC-LAST-NAME"),
    text!("yomiCompanyName", "X-PHONETIC-ORG"),
    both(
        "imAddresses",
        |_, c| values(c, "IMPP").into(),
        |c, v| write_values(c, "IMPP", v),
    ),
    text!("jobTitle", "TITLE"),
    piece!("companyName", "ORG", 0),
    piece!("department", "ORG", 1),
    text!("officeLocation", "X-HAUSPOST-OFFICE"),
    text!("profession", "ROLE"),
    both(
        "businessHomePage",
        |_, c| plain(c, "URL"),
        |c, v| write_plain(c, "URL", v),
    ),
    text!("assistantName", "X-ASSISTANT"),
    text!("manager", "X-MANAGER"),
    text!("spouseName", "X-SPOUSE"),
    both(
        "children",
        |_, c| values(c, "X-HAUSPOST-CHILD").into(),
        |c, v| write_values(c, "X-HAUSPOST-CHILD", v),
    ),
    text!("personalNotes", "NOTE"),
    phones!("homePhones", Phone::Home),
    both(
        "mobilePhone",
        |_, c| phones(c, Phone::Mobile).into_iter().next().into(),
        |c, v| match v {
            Value::Null => write_phones(c, Phone::Mobile, &json!([])),
            one => write_phones(c, Phone::Mobile, &json!([one])),
        },
    ),
    phones!("businessPhones", Phone::Business),
    both("emailAddresses", |_, c| emails(c), write_emails),
    address!("homeAddress", Place::Home),
    address!("businessAddress", Place::Business),
    address!("otherAddress", Place::Other),
    Field {
        is_usual: false,
        ..shown("primaryEmailAddress", |_, c| nth_email(c, 0))
    },
    Field {
        is_usual: false,
        ..shown("secondaryEmailAddress", |_, c| nth_email(c, 1))
    },
    Field {
        is_usual: false,
        ..shown("tertiaryEmailAddress", |_, c| nth_email(c, 2))
    },
];

pub static PROPERTIES: LazyLock<Properties> = LazyLock::new(|| {
    let names = |is_usual: bool| {
        let all = FIELDS.iter().filter(|f| f.is_usual == is_usual).map(|f| f.name);
        Vec::leak(all.collect())
    };
    Properties {
        resource: "contact",
        usual: names(true),
        further: names(false),
    }
});

/// Values of one sort that are taken.
pub const MOST: usize = 50;

/// Writes what the body names. A card has a name that is shown: made of the others, where none was given.
/// Errors: 400, naming the property.
pub fn write(card: &mut Component, body: &Value) -> Result<(), GraphError> {
    let given = body.as_object();
    let named = |name: &str| given.and_then(|o| o.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)));
    let mut names_somebody = false;
    for field in FIELDS {
        if let (Some(set), Some((_, value))) = (field.set, named(field.name)) {
            set(card, value)?;
            names_somebody |= matches!(field.name, "surname" | "givenName" | "middleName" | "companyName");
        }
    }
    let has_shown = named("displayName").is_some_and(|(_, v)| v.as_str().is_some_and(|t| !t.is_empty()));
    if !has_shown && (names_somebody || card.property("FN").is_none()) {
        let shown = made_name(card);
        card.put(Property::of_text("FN", &shown));
    }
    // vCard 3 needs it (RFC 2426 §3.1.2).
    if card.property("N").is_none() {
        card.put(Property::new("N", ";;;;"));
    }
    Ok(())
}

fn made_name(card: &Component) -> String {
    let part = |at| pieces(card, "N").get(at).cloned().unwrap_or_default();
    let both = [part(1), part(2), part(0)].join(" ");
    let name = both.split_whitespace().collect::<Vec<_>>().join(" ");
    let company = || pieces(card, "ORG").into_iter().next().unwrap_or_default();
    let email = || card.property("EMAIL").map(Property::text).unwrap_or_default();
    [name, company(), email()]
        .into_iter()
        .find(|n| !n.is_empty())
        .unwrap_or_else(|| "-".into())
}

pub fn wrong(name: &str, what: &str) -> GraphError {
    GraphError::request(format!("»{name}« is to be {what}"))
}

fn given_text(name: &str, value: &Value) -> Result<String, GraphError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) if text.len() <= 64 << 10 => Ok(text.clone()),
        _ => Err(wrong(name, "a text of at most 64 kB")),
    }
}

fn text(card: &Component, name: &str) -> Value {
    card.text(name).filter(|t| !t.is_empty()).into()
}

fn write_text(card: &mut Component, name: &str, value: &Value) -> Result<(), GraphError> {
    let new = given_text(name, value)?;
    card.put_text(name, Some(&new));
    Ok(())
}

/// A value that is no text, such as an address of a page.
fn plain(card: &Component, name: &str) -> Value {
    card.property(name)
        .map(|p| p.value.trim().to_owned())
        .filter(|t| !t.is_empty())
        .into()
}

fn write_plain(card: &mut Component, name: &str, value: &Value) -> Result<(), GraphError> {
    match one_line(given_text(name, value)?.trim()) {
        text if text.is_empty() => card.remove(name),
        text => card.put(Property::new(name, text)),
    }
    Ok(())
}

/// At semicolons that are not escaped.
pub fn pieces_of(value: &str) -> Vec<String> {
    let (mut out, mut piece, mut is_escaped) = (Vec::new(), String::new(), false);
    for c in value.chars() {
        if c == ';' && !is_escaped {
            out.push(unescape(&std::mem::take(&mut piece)));
        } else {
            piece.push(c);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    out.push(unescape(&piece));
    out
}

fn pieces(card: &Component, name: &str) -> Vec<String> {
    card.property(name)
        .map(|p| pieces_of(&p.value))
        .unwrap_or_default()
}

fn piece(card: &Component, name: &str, at: usize) -> Value {
    pieces(card, name)
        .into_iter()
        .nth(at)
        .filter(|t| !t.is_empty())
        .into()
}

fn write_piece(card: &mut Component, name: &str, at: usize, value: &Value) -> Result<(), GraphError> {
    let new = one_line(&given_text(name, value)?);
    let mut all = pieces(card, name);
    let least = if name == "N" { 5 } else { at + 1 };
    all.resize(all.len().max(least), String::new());
    all[at] = new;
    if name != "N" && all.iter().all(String::is_empty) {
        card.remove(name);
        return Ok(());
    }
    let value: Vec<String> = all.iter().map(|p| escape_text(p)).collect();
    let mut property = card
        .property(name)
        .cloned()
        .unwrap_or_else(|| Property::new(name, ""));
    property.value = value.join(";");
    card.put(property);
    Ok(())
}

fn values(card: &Component, name: &str) -> Vec<String> {
    let all = card.all(name).map(Property::text).filter(|t| !t.is_empty());
    all.take(MOST).collect()
}

/// Those that stay keep what is said about them.
fn write_values(card: &mut Component, name: &str, value: &Value) -> Result<(), GraphError> {
    let wanted = texts(name, value)?;
    let old: Vec<Property> = card.all(name).cloned().collect();
    let new = wanted.iter().map(|text| {
        let known = old.iter().find(|p| p.text() == *text).cloned();
        known.unwrap_or_else(|| Property::of_text(name, text))
    });
    let new = new.collect();
    card.put_all(name, new);
    Ok(())
}

pub fn texts(name: &str, value: &Value) -> Result<Vec<String>, GraphError> {
    let all = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(all) if all.len() <= MOST => all,
        _ => return Err(wrong(name, &format!("a list of at most {MOST} texts"))),
    };
    let mut out = Vec::new();
    for one in all {
        let text = one_line(given_text(name, one)?.trim());
        if !text.is_empty() && !out.contains(&text) {
            out.push(text);
        }
    }
    Ok(out)
}

/// Exchange keeps a day as its noon.
fn birthday(card: &Component) -> Value {
    let text = plain(card, "BDAY");
    let digits = text.as_str().unwrap_or_default().replace('-', "");
    let day = parse_time(digits.get(..8).unwrap_or_default());
    day.map(|w| rfc3339((plain_seconds(w.local) + 43_200 - 60) * 1000))
        .into()
}

fn write_birthday(card: &mut Component, value: &Value) -> Result<(), GraphError> {
    if value.is_null() {
        card.remove("BDAY");
        return Ok(());
    }
    let ms = value
        .as_str()
        .and_then(time::parse)
        .ok_or_else(|| wrong("birthday", "a date"))?;
    let day = crate::formats::ical::zone::plain_time(ms.div_euclid(1000)).date();
    let shown = rfc3339((plain_seconds(day.at(12, 0, 0, 0)) - 60) * 1000);
    if birthday(card).as_str() != Some(&shown) {
        card.put(Property::new("BDAY", day.strftime("%Y-%m-%d").to_string()).with("VALUE", "date"));
    }
    Ok(())
}

/// As the program wrote it, else surname first.
fn file_as(card: &Component) -> Value {
    if let Some(text) = card.text("X-HAUSPOST-FILE-AS").filter(|t| !t.is_empty()) {
        return text.into();
    }
    let all = pieces(card, "N");
    let part = |at: usize| all.get(at).map(|p| p.trim()).filter(|p| !p.is_empty());
    match (part(0), part(1)) {
        (Some(surname), Some(given)) => format!("{surname}, {given}").into(),
        (Some(one), None) | (None, Some(one)) => one.into(),
        (None, None) => text(card, "FN"),
    }
}
