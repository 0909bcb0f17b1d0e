//! Filters of CalDAV and CardDAV (RFC 4791 §9.7, RFC 6352 §10.5) from XML.

use super::error::DavError;
use super::xml::Element;
use crate::formats::filter::{Collation, CompFilter, How, ParamFilter, PropFilter, TextMatch};
use crate::formats::ical::value::parse_time;
use crate::formats::ical::zone::plain_seconds;

/// Conditions in one filter.
const MAX_PARTS: usize = 100;

fn invalid(what: impl Into<String>) -> DavError {
    DavError::precondition("<C:valid-filter/>", what)
}

fn name_of(e: &Element) -> Result<String, DavError> {
    let name = e
        .attribute("name")
        .ok_or_else(|| invalid(format!("{} has no name", e.name)))?;
    Ok(name.to_ascii_uppercase())
}

/// `start` and `end` of an element, in seconds since 1970; what is left out has no end.
pub fn window(e: &Element) -> Result<(i64, i64), DavError> {
    let read = |name: &str, otherwise: i64| match e.attribute(name) {
        None => Ok::<i64, DavError>(otherwise),
        Some(text) => {
            let time = parse_time(text).filter(|t| t.is_utc);
            let time =
                time.ok_or_else(|| invalid(format!("»{text}« is no time in UTC; write 20261123T000000Z")))?;
            Ok(plain_seconds(time.local))
        }
    };
    let (from_s, to_s) = (read("start", i64::MIN)?, read("end", i64::MAX)?);
    match from_s < to_s {
        true => Ok((from_s, to_s)),
        false => Err(invalid("the time range ends before it begins")),
    }
}

/// Of a comp-filter. `top`: a component within the calendar.
pub fn comp_filter(e: &Element, depth: usize) -> Result<CompFilter, DavError> {
    let mut out = CompFilter {
        name: name_of(e)?,
        ..CompFilter::default()
    };
    if depth == 0 && out.name != "VCALENDAR" {
        return Err(invalid("the filter must begin with VCALENDAR"));
    }
    if depth > 4 || e.children.len() > MAX_PARTS {
        return Err(invalid("the filter is too deep or too long"));
    }
    for child in &e.children {
        match child.name.as_str() {
            "is-not-defined" => out.is_not_defined = true,
            "time-range" if depth == 1 => out.window = Some(window(child)?),
            "time-range" if depth == 2 && out.name == "VALARM" => out.window = Some(window(child)?),
            "time-range" => {
                return Err(DavError::precondition(
                    "<C:supported-filter/>",
                    format!("time ranges of {} are not answered", out.name),
                ));
            }
            "prop-filter" => out.properties.push(prop_filter(child)?),
            "comp-filter" => out.components.push(comp_filter(child, depth + 1)?),
            other => return Err(invalid(format!("»{other}« is not known in a filter"))),
        }
    }
    Ok(out)
}

pub fn prop_filter(e: &Element) -> Result<PropFilter, DavError> {
    let mut out = PropFilter {
        name: name_of(e)?,
        // In CalDAV all must fit, in CardDAV one, unless it says otherwise.
        is_any: match e.attribute("test") {
            Some(test) => test == "anyof",
            None => e.ns == super::xml::CARDDAV,
        },
        ..PropFilter::default()
    };
    if e.children.len() > MAX_PARTS {
        return Err(invalid("the filter is too long"));
    }
    for child in &e.children {
        match child.name.as_str() {
            "is-not-defined" => out.is_not_defined = true,
            "time-range" => out.window = Some(window(child)?),
            "text-match" => out.texts.push(text_match(child)?),
            "param-filter" => {
                let mut param = ParamFilter {
                    name: name_of(child)?,
                    ..ParamFilter::default()
                };
                for condition in &child.children {
                    match condition.name.as_str() {
                        "is-not-defined" => param.is_not_defined = true,
                        "text-match" => param.text = Some(text_match(condition)?),
                        other => return Err(invalid(format!("»{other}« is not known in a filter"))),
                    }
                }
                out.params.push(param);
            }
            other => return Err(invalid(format!("»{other}« is not known in a filter"))),
        }
    }
    Ok(out)
}

fn text_match(e: &Element) -> Result<TextMatch, DavError> {
    let is_card = e.ns == super::xml::CARDDAV;
    let collation = match e.attribute("collation") {
        // RFC 4791 §9.7.5, RFC 6352 §10.5.4.
        None if !is_card => Collation::Ascii,
        None | Some("i;unicode-casemap" | "default") => Collation::Unicode,
        Some("i;ascii-casemap") => Collation::Ascii,
        Some("i;octet") => Collation::Octet,
        Some(other) => {
            return Err(DavError::precondition(
                if is_card {
                    "<A:supported-collation/>"
                } else {
                    "<C:supported-collation/>"
                },
                format!("the collation »{other}« is not known"),
            ));
        }
    };
    Ok(TextMatch {
        text: e.text.clone(),
        how: match e.attribute("match-type") {
            None | Some("contains") => How::Contains,
            Some("equals") => How::Equals,
            Some("starts-with") => How::StartsWith,
            Some("ends-with") => How::EndsWith,
            Some(other) => return Err(invalid(format!("»{other}« is no match-type"))),
        },
        is_negated: e.attribute("negate-condition") == Some("yes"),
        collation,
    })
}
