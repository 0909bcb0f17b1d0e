//! Reading JSON whose property names come in any case, as .NET programs (`Comment`) and all others (`comment`) write them.

use super::error::GraphError;
use serde_json::Value;

/// A property that is there and not null.
pub fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let found = value
        .as_object()?
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case(name));
    found.map(|(_, v)| v).filter(|v| !v.is_null())
}

fn wrong(name: &str, wanted: &str) -> GraphError {
    GraphError::request(format!("»{name}« is to be {wanted}"))
}

pub fn text<'v>(value: &'v Value, name: &str) -> Result<Option<&'v str>, GraphError> {
    field(value, name)
        .map(|v| v.as_str().ok_or_else(|| wrong(name, "a text")))
        .transpose()
}

/// Errors: BadRequest when it is missing.
pub fn required_text<'v>(value: &'v Value, name: &str) -> Result<&'v str, GraphError> {
    text(value, name)?.ok_or_else(|| GraphError::request(format!("»{name}« is missing")))
}

pub fn boolean(value: &Value, name: &str) -> Result<Option<bool>, GraphError> {
    field(value, name)
        .map(|v| v.as_bool().ok_or_else(|| wrong(name, "true or false")))
        .transpose()
}

pub fn list<'v>(value: &'v Value, name: &str) -> Result<Option<&'v [Value]>, GraphError> {
    field(value, name)
        .map(|v| {
            v.as_array()
                .map(Vec::as_slice)
                .ok_or_else(|| wrong(name, "a list"))
        })
        .transpose()
}

pub fn object<'v>(value: &'v Value, name: &str) -> Result<Option<&'v Value>, GraphError> {
    field(value, name)
        .map(|v| {
            if v.is_object() {
                Ok(v)
            } else {
                Err(wrong(name, "an object"))
            }
        })
        .transpose()
}
