//! Extended properties: MAPI's, by tag or by name, of which some are computed and all others are kept as they come.
//!
//! Ids are `Type 0xTAG`, `Type {guid} Name x` or `Type {guid} Id 0xN`; case and leading zeros do not matter, and the
//! answer names the type that was asked for, because programs compare.

use super::error::GraphError;
use super::expand::Expanded;
use super::json;
use super::odata::{self, Expr, Op};
use super::query::Opt;
use crate::model::property::{MAX_VALUE_BYTES, Property, PropertyValue};
use serde_json::{Value, json};

const TYPES: [&str; 12] = [
    "ApplicationTime",
    "Binary",
    "Boolean",
    "Currency",
    "Double",
    "Float",
    "Guid",
    "Integer",
    "Long",
    "Short",
    "String",
    "SystemTime",
];

/// One id, brought to one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    /// With its type, for answers.
    pub shown: String,
    /// Without, for comparing: `0xe08`, `{guid} name x`.
    pub key: String,
    pub is_list: bool,
}

/// Errors: ErrorInvalidProperty for what is no id.
pub fn parse_id(text: &str) -> Result<Id, GraphError> {
    let wrong = || {
        GraphError::bad(
            "ErrorInvalidProperty",
            format!(
                "»{text}« is no id of an extended property; write Integer 0xE08 or String {{guid}} Name x"
            ),
        )
    };
    let mut words = text.trim().splitn(2, char::is_whitespace);
    let (kind, rest) = (
        words.next().unwrap_or_default(),
        words.next().map(str::trim).ok_or_else(wrong)?,
    );
    let lower = kind.to_ascii_lowercase();
    let (base, is_list) = match lower.strip_suffix("array") {
        Some(base) => (base, true),
        None => (lower.as_str(), false),
    };
    let kind = TYPES
        .iter()
        .find(|t| t.eq_ignore_ascii_case(base))
        .ok_or_else(wrong)?;
    let rest = if rest.starts_with('{') {
        let (guid, name) = rest.split_once('}').ok_or_else(wrong)?;
        let guid = guid[1..].trim().to_ascii_lowercase();
        let mut words = name.trim().splitn(2, char::is_whitespace);
        let (what, name) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default().trim(),
        );
        match what.to_ascii_lowercase().as_str() {
            "name" if !name.is_empty() && name.len() <= 255 => format!("{{{guid}}} Name {name}"),
            "id" => format!("{{{guid}}} Id {}", hex(name).ok_or_else(wrong)?),
            _ => return Err(wrong()),
        }
    } else {
        hex(rest).ok_or_else(wrong)?
    };
    Ok(Id {
        shown: format!("{kind}{} {rest}", if is_list { "Array" } else { "" }),
        key: rest.to_lowercase(),
        is_list,
    })
}

/// `0x0E08` as `0xe08`.
fn hex(text: &str) -> Option<String> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"))?;
    u32::from_str_radix(digits, 16).ok().map(|n| format!("0x{n:x}"))
}

/// The ids that `$expand=...ExtendedProperties($filter=id eq 'a' or id eq 'b')` asks for.
/// Errors: BadRequest for any other filter.
pub fn asked(expanded: &Expanded) -> Result<Vec<Id>, GraphError> {
    let filter = expanded.options.get(Opt::Filter).ok_or_else(|| {
        GraphError::request("extended properties are given when they are named: $expand=singleValueExtendedProperties($filter=id eq '...')")
    })?;
    let mut out = Vec::new();
    collect(&odata::parse(filter)?, &mut out)?;
    Ok(out)
}

fn collect(expr: &Expr, out: &mut Vec<Id>) -> Result<(), GraphError> {
    let texts = match expr {
        Expr::Or(all) => return all.iter().try_for_each(|e| collect(e, out)),
        Expr::Compare(path, Op::Eq, literal) if path.key().ends_with("id") => vec![literal],
        Expr::In(path, all) if path.key().ends_with("id") => all.iter().collect(),
        _ => {
            return Err(GraphError::request(
                "extended properties are asked for by id eq '...', several joined by or",
            ));
        }
    };
    for literal in texts {
        out.push(parse_id(literal.text().unwrap_or_default())?);
    }
    Ok(())
}

/// The array of an answer. `computed`: what we know of ourselves; everything else is what was kept.
pub fn print(ids: &[Id], kept: &[Property], computed: impl Fn(&str) -> Option<String>) -> Value {
    let one = |id: &Id| {
        let found = kept.iter().find(|p| p.name == id.key).map(|p| &p.value);
        let value: Value = match (computed(&id.key), found) {
            (Some(value), _) => value.into(),
            (None, Some(PropertyValue::One(value))) => value.clone().into(),
            (None, Some(PropertyValue::List(values))) => json!(values),
            (None, _) => return None,
        };
        // A list is asked for as a list.
        (value.is_array() == id.is_list).then(|| json!({"id": id.shown, "value": value}))
    };
    ids.iter().filter_map(one).collect()
}

/// Those of a body that are to be kept. Errors: ErrorInvalidProperty; BadRequest for values that are none.
pub fn given(body: &Value) -> Result<Vec<Property>, GraphError> {
    let mut out = Vec::new();
    for name in ["singleValueExtendedProperties", "multiValueExtendedProperties"] {
        for entry in json::list(body, name)?.unwrap_or_default() {
            let id = parse_id(json::required_text(entry, "id")?)?;
            let value = match json::field(entry, "value") {
                None => PropertyValue::Gone,
                Some(Value::Array(all)) => PropertyValue::List(all.iter().map(text_of).collect()),
                Some(value) => PropertyValue::One(text_of(value)),
            };
            let length = match &value {
                PropertyValue::One(v) => v.len(),
                PropertyValue::List(all) => all.iter().map(String::len).sum(),
                PropertyValue::Gone => 0,
            };
            if length > MAX_VALUE_BYTES {
                return Err(GraphError::request(format!(
                    "the value of the extended property »{}« is larger than {} kB",
                    id.shown,
                    MAX_VALUE_BYTES >> 10
                )));
            }
            out.push(Property { name: id.key, value });
        }
    }
    Ok(out)
}

/// Programs write numbers with and without quotes.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_every_spelling_are_one() {
        for (text, shown, key) in [
            ("LONG 0x0E08", "Long 0xe08", "0xe08"),
            ("Integer 0xe08", "Integer 0xe08", "0xe08"),
            (
                "string {00062002-0000-0000-C000-000000000046} Name Foo",
                "String {00062002-0000-0000-c000-000000000046} Name Foo",
                "{00062002-0000-0000-c000-000000000046} name foo",
            ),
            ("Binary {A} Id 0x08216", "Binary {a} Id 0x8216", "{a} id 0x8216"),
            ("StringArray {a} name b", "StringArray {a} Name b", "{a} name b"),
        ] {
            let id = parse_id(text).unwrap();
            assert_eq!((id.shown.as_str(), id.key.as_str()), (shown, key));
        }
        for bad in [
            "",
            "Integer",
            "Foo 0x1",
            "Integer 1",
            "String {a",
            "String {a} Foo b",
            "String {a} Name",
        ] {
            assert!(parse_id(bad).is_err(), "{bad}");
        }
    }
}
