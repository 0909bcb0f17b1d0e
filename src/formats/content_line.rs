//! Content lines, the common ground of iCalendar and vCard (RFC 5545 §3.1, RFC 6350 §3.2, RFC 6868), as a tree of
//! components. Every property knows its line, so that what is wrong can be named. What values mean is read elsewhere.
//! [`print`] writes a tree back, `edit` changes one.

mod edit;
pub mod print;

use crate::base::{Error, Result};
use std::borrow::Cow;

/// More than any calendar program writes; bounds the memory that one object can ask for.
pub const MAX_LINES: usize = 200_000;
const MAX_DEPTH: usize = 16;
const MAX_COMPONENTS: usize = 20_000;

/// `NAME;PARAM=value:value`, unfolded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Property {
    /// Of its first physical line, from 1.
    pub line: usize,
    /// `item1` of `item1.EMAIL`, as cards write what belongs together.
    pub group: Option<String>,
    /// Upper case, without a group.
    pub name: String,
    /// Names in upper case.
    pub params: Vec<(String, Vec<String>)>,
    /// As written, still escaped.
    pub value: String,
}

impl Property {
    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(n, _)| n == name);
        found.and_then(|(_, v)| v.first()).map(String::as_str)
    }

    /// The value as text (RFC 5545 §3.3.11).
    pub fn text(&self) -> String {
        unescape(&self.value)
    }

    /// Invalid, naming this line.
    pub fn wrong(&self, what: &str) -> Error {
        let shown: String = self.value.chars().take(60).collect();
        Error::invalid(format!("line {}: {} »{shown}« {what}", self.line, self.name))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// Line of its BEGIN.
    pub line: usize,
    /// Upper case.
    pub name: String,
    pub properties: Vec<Property>,
    pub parts: Vec<Component>,
}

impl Component {
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|p| p.name == name)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |p| p.name == name)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.property(name).map(Property::text)
    }
}

/// `\n`, `\,`, `\;`, `\\`.
pub fn unescape(value: &str) -> String {
    if !value.contains('\\') {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

/// The one component that the text holds. Errors: Invalid, with the line.
pub fn read_component(raw: &[u8]) -> Result<Component> {
    let mut all = read_stream(raw)?;
    if let Some(second) = all.get(1) {
        return Err(Error::invalid(format!(
            "line {}: something follows the end of the object",
            second.line
        )));
    }
    all.pop()
        .ok_or_else(|| Error::invalid("line 1: there is no BEGIN"))
}

/// The components of a text that may hold several, one behind the other. Errors: Invalid, with the line.
pub fn read_stream(raw: &[u8]) -> Result<Vec<Component>> {
    let text = std::str::from_utf8(raw).map_err(|e| {
        let line = raw[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        Error::invalid(format!("line {line}: the object is not in UTF-8"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut open: Vec<Component> = Vec::new();
    let mut done: Vec<Component> = Vec::new();
    let mut count = 0;
    for (line, content) in logical_lines(text)? {
        let property = read_property(line, &content)?;
        match property.name.as_str() {
            "BEGIN" => {
                count += 1;
                if open.len() >= MAX_DEPTH || count > MAX_COMPONENTS {
                    return Err(Error::invalid(format!("line {line}: too many components")));
                }
                open.push(Component {
                    line,
                    name: property.value.trim().to_ascii_uppercase(),
                    ..Component::default()
                });
            }
            "END" => {
                let ended = open
                    .pop()
                    .ok_or_else(|| property.wrong("ends what was not begun"))?;
                if !property.value.trim().eq_ignore_ascii_case(&ended.name) {
                    return Err(property.wrong(&format!("but {} of line {} is open", ended.name, ended.line)));
                }
                match open.last_mut() {
                    Some(parent) => parent.parts.push(ended),
                    None => done.push(ended),
                }
            }
            _ => match open.last_mut() {
                Some(component) => component.properties.push(property),
                None => return Err(property.wrong("stands outside of BEGIN and END")),
            },
        }
    }
    match open.last() {
        Some(left) => Err(Error::invalid(format!(
            "line {}: {} is begun and never ended",
            left.line, left.name
        ))),
        None => Ok(done),
    }
}

/// Folded lines put together, empty ones left out.
/// Unfolded; nearly all lines are one already.
fn logical_lines(text: &str) -> Result<Vec<(usize, Cow<'_, str>)>> {
    let mut out: Vec<(usize, Cow<'_, str>)> = Vec::new();
    for (i, physical) in text.split('\n').enumerate() {
        if i >= MAX_LINES {
            return Err(Error::invalid(format!(
                "the object has more than {MAX_LINES} lines"
            )));
        }
        let physical = physical.strip_suffix('\r').unwrap_or(physical);
        match (physical.strip_prefix([' ', '\t']), out.last_mut()) {
            (Some(rest), Some((_, last))) => last.to_mut().push_str(rest),
            _ if physical.trim().is_empty() => {}
            _ => out.push((i + 1, physical.into())),
        }
    }
    Ok(out)
}

fn read_property(line: usize, content: &str) -> Result<Property> {
    let wrong = |what: &str| {
        let shown: String = content.chars().take(60).collect();
        Error::invalid(format!("line {line}: »{shown}« {what}"))
    };
    let name_end = content
        .find([':', ';'])
        .ok_or_else(|| wrong("has no colon between name and value"))?;
    let (group, name) = match content[..name_end].rsplit_once('.') {
        Some((group, name)) => (Some(group.trim().to_owned()), name.trim()),
        None => (None, content[..name_end].trim()),
    };
    let is_name = |n: &str| {
        !n.is_empty()
            && n.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if !is_name(name) {
        return Err(wrong("has no name that could be one"));
    }
    let mut out = Property {
        line,
        group,
        name: name.to_ascii_uppercase(),
        ..Property::default()
    };
    let mut rest = &content[name_end..];
    while let Some(param) = rest.strip_prefix(';') {
        let end = param
            .find(['=', ':', ';'])
            .ok_or_else(|| wrong("ends within a parameter"))?;
        let key = param[..end].trim().to_ascii_uppercase();
        rest = &param[end..];
        let mut values = Vec::new();
        // vCard 2.1 writes the value of TYPE alone.
        let Some(mut value) = rest.strip_prefix('=') else {
            out.params.push(("TYPE".into(), vec![key]));
            continue;
        };
        loop {
            let (one, after) =
                read_param_value(value).ok_or_else(|| wrong("has a quote that is not closed"))?;
            values.push(one);
            match after.strip_prefix(',') {
                Some(next) => value = next,
                None => {
                    rest = after;
                    break;
                }
            }
        }
        out.params.push((key, values));
    }
    out.value = rest
        .strip_prefix(':')
        .ok_or_else(|| wrong("has no colon between name and value"))?
        .to_owned();
    Ok(out)
}

/// One value and what follows it; `^n`, `^^` and `^'` are read (RFC 6868).
fn read_param_value(text: &str) -> Option<(String, &str)> {
    let (raw, rest) = match text.strip_prefix('"') {
        Some(quoted) => {
            let (inside, after) = quoted.split_once('"')?;
            (
                inside,
                after.trim_start_matches(|c| !matches!(c, ':' | ';' | ',')),
            )
        }
        None => text.split_at(text.find([':', ';', ',']).unwrap_or(text.len())),
    };
    Some((uncaret(raw), rest))
}

fn uncaret(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        let meant = match (c, chars.peek()) {
            ('^', Some('n')) => '\n',
            ('^', Some('\'')) => '"',
            ('^', Some('^')) => '^',
            (c, _) => {
                out.push(c);
                continue;
            }
        };
        chars.next();
        out.push(meant);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_unfolded_and_know_their_number() {
        let c =
            read_component(b"BEGIN:X\r\nA;B=\"c:d\",e:f\r\n  g\r\nitem1.EMAIL;HOME:h\r\nEND:X\r\n").unwrap();
        assert_eq!(c.properties[0].value, "f g");
        assert_eq!(
            c.properties[0].params,
            [("B".to_owned(), vec!["c:d".to_owned(), "e".to_owned()])]
        );
        assert_eq!(
            (c.properties[1].line, c.properties[1].param("TYPE")),
            (4, Some("HOME"))
        );
    }

    #[test]
    fn what_is_broken_is_named_by_its_line() {
        for (raw, line) in [
            ("BEGIN:A\nX\nEND:A\n", "line 2"),
            ("BEGIN:A\nEND:B\n", "line 2"),
            ("BEGIN:A\n", "line 1"),
            ("BEGIN:A\nEND:A\nX:1\n", "line 3"),
            ("X:1\n", "line 1"),
            ("BEGIN:A\nX;Y=\"z:1\nEND:A", "line 2"),
        ] {
            let e = read_component(raw.as_bytes()).unwrap_err();
            assert!(e.message().starts_with(line), "{raw:?}: {e}");
        }
        assert!(
            read_component(b"BEGIN:A\nX:\xff\n")
                .unwrap_err()
                .message()
                .starts_with("line 2")
        );
        assert!(read_component("BEGIN:A\n".repeat(100).as_bytes()).is_err());
    }
}
