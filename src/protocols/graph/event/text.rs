//! What an event says: its body and its places.

use super::seen::Seen;
use crate::base::text::{cut_chars, one_line};
use crate::formats::content_line::{Component, Property};
use crate::formats::html::from_text::plain_to_html;
use crate::formats::html::sanitize::{Images, Options, sanitize};
use crate::formats::html::to_text::html_to_text;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::prefer::Prefer;
use serde_json::{Value, json};

/// Of a body, and of the text that is made of it.
const MAX_BODY: usize = 4 << 20;
/// Places as Graph says them, as long as LOCATION says the same names.
const PLACES: &str = "X-HAUSPOST-LOCATIONS";

/// HTML that a program has put beside the text.
fn html_of(component: &Component) -> Option<String> {
    let html = component.all("X-ALT-DESC").find(|p| {
        p.param("FMTTYPE")
            .is_none_or(|f| f.eq_ignore_ascii_case("text/html"))
    });
    if let Some(property) = html {
        return Some(property.text());
    }
    // Thunderbird's place for it.
    let embedded = component.property("DESCRIPTION")?.param("ALTREP")?;
    let encoded = embedded.strip_prefix("data:text/html,")?;
    crate::protocols::graph::path::decode(encoded)
}

fn text_of(component: &Component) -> String {
    let text = component.text("DESCRIPTION").filter(|t| !t.is_empty());
    text.unwrap_or_else(|| html_of(component).map_or_else(String::new, |h| html_to_text(&h, MAX_BODY)))
}

/// As HTML unless text is preferred, as with messages.
pub fn body(component: &Component, prefer: &Prefer) -> Value {
    if prefer.is_text_body {
        return json!({"contentType": "text", "content": text_of(component)});
    }
    let content = match html_of(component) {
        Some(html) if prefer.allows_unsafe_html => html,
        Some(html) => {
            let options = Options {
                images: Images::Keep,
                cid: &|id| Some(format!("cid:{id}")),
            };
            sanitize(&html, &options).html
        }
        None => match text_of(component).as_str() {
            "" => String::new(),
            text => plain_to_html(text),
        },
    };
    json!({"contentType": "html", "content": content})
}

pub fn preview(seen: &Seen) -> Value {
    let text = text_of(seen.component());
    let words: Vec<&str> = text.split_whitespace().collect();
    cut_chars(&words.join(" "), 255).into()
}

pub fn write_body(component: &mut Component, wanted: &Value) -> Result<(), GraphError> {
    let (content, is_html) = match wanted {
        Value::Null => ("", false),
        body => (
            json::text(body, "content")?.unwrap_or_default(),
            json::text(body, "contentType")?.is_some_and(|t| t.eq_ignore_ascii_case("html")),
        ),
    };
    if content.len() > MAX_BODY {
        return Err(GraphError::request("the body is larger than 4 MB"));
    }
    component.remove("X-ALT-DESC");
    if is_html {
        component.put_text("DESCRIPTION", Some(&html_to_text(content, MAX_BODY)));
        if !content.is_empty() {
            component.put(Property::of_text("X-ALT-DESC", content).with("FMTTYPE", "text/html"));
        }
    } else {
        component.put_text("DESCRIPTION", Some(content));
    }
    Ok(())
}

fn plain_location(name: &str) -> Value {
    json!({"displayName": name, "locationType": "default", "uniqueIdType": "unknown"})
}

/// All places; the kept ones as long as nobody has written others over their names.
pub fn locations(seen: &Seen) -> Vec<Value> {
    let component = seen.component();
    let Some(text) = component.text("LOCATION").filter(|t| !t.trim().is_empty()) else {
        return Vec::new();
    };
    let kept: Option<Vec<Value>> = component.text(PLACES).and_then(|t| serde_json::from_str(&t).ok());
    // Anybody may have written the line: only what is a place is given out.
    let kept = kept.and_then(|all| all.iter().map(read_location).collect::<Result<Vec<_>, _>>().ok());
    match kept {
        Some(kept) if names(&kept) == text => kept,
        _ => vec![plain_location(&text)],
    }
}

pub fn location(seen: &Seen) -> Value {
    let first = locations(seen).into_iter().next();
    // Programs read the name without looking whether there is a place.
    first.unwrap_or_else(|| {
        json!({"displayName": "", "locationType": "default", "uniqueIdType": "unknown",
        "address": {}, "coordinates": {}})
    })
}

fn names(all: &[Value]) -> String {
    let each = all.iter().filter_map(|l| l["displayName"].as_str());
    each.filter(|n| !n.is_empty()).collect::<Vec<_>>().join("; ")
}

pub fn write_location(component: &mut Component, wanted: &Value) -> Result<(), GraphError> {
    match wanted {
        Value::Null => write_locations(component, &json!([])),
        one => write_locations(component, &json!([one])),
    }
}

pub fn write_locations(component: &mut Component, wanted: &Value) -> Result<(), GraphError> {
    let wanted = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
    let all: Vec<Value> = wanted.iter().map(read_location).collect::<Result<_, _>>()?;
    let all: Vec<Value> = all
        .into_iter()
        .filter(|l| l["displayName"].as_str().is_some_and(|n| !n.is_empty()))
        .collect();
    component.put_text("LOCATION", Some(&names(&all)));
    let is_plain = all.iter().all(|l| {
        let name = l["displayName"].as_str().unwrap_or_default();
        *l == plain_location(name)
    });
    let kept = (all.len() > 1 || !is_plain).then(|| Value::Array(all).to_string());
    component.put_text(PLACES, kept.as_deref());
    Ok(())
}

/// Only what the schema has, in its spelling: it is given out again as it is.
fn read_location(given: &Value) -> Result<Value, GraphError> {
    let mut out = plain_location("");
    for name in ["displayName", "locationUri", "locationEmailAddress", "uniqueId"] {
        if let Some(text) = json::text(given, name)? {
            out[name] = one_line(text).trim().into();
        }
    }
    const TYPES: [&str; 10] = [
        "default",
        "conferenceRoom",
        "homeAddress",
        "businessAddress",
        "geoCoordinates",
        "streetAddress",
        "hotel",
        "restaurant",
        "localBusiness",
        "postalAddress",
    ];
    if let Some(kind) = json::text(given, "locationType")? {
        let known = TYPES.iter().find(|t| t.eq_ignore_ascii_case(kind));
        out["locationType"] = (*known.unwrap_or(&"default")).into();
    }
    if let Some(address) = json::object(given, "address")? {
        let mut kept = json!({});
        for name in ["street", "city", "state", "countryOrRegion", "postalCode"] {
            if let Some(text) = json::text(address, name)? {
                kept[name] = one_line(text).into();
            }
        }
        out["address"] = kept;
    }
    if let Some(place) = json::object(given, "coordinates")? {
        let mut kept = json!({});
        for name in [
            "latitude",
            "longitude",
            "altitude",
            "accuracy",
            "altitudeAccuracy",
        ] {
            if let Some(number) = json::field(place, name).and_then(Value::as_f64) {
                kept[name] = number.into();
            }
        }
        out["coordinates"] = kept;
    }
    Ok(out)
}
