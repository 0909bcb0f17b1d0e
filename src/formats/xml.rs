//! XML as a small tree with limits on depth, number and size (no DTD, no entities of their own), and the names and escapes
//! of WebDAV's.

use crate::base::{Error, Result};
use quick_xml::XmlVersion;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

pub const DAV: &str = "DAV:";
pub const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
pub const CARDDAV: &str = "urn:ietf:params:xml:ns:carddav";
pub const CALENDAR_SERVER: &str = "http://calendarserver.org/ns/";
pub const APPLE: &str = "http://apple.com/ns/ical/";

/// What every answer declares.
pub const NAMESPACES: &str = "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" \
    xmlns:A=\"urn:ietf:params:xml:ns:carddav\" xmlns:S=\"http://calendarserver.org/ns/\" \
    xmlns:I=\"http://apple.com/ns/ical/\" xmlns:H=\"urn:hauspost\"";

const MAX_DEPTH: usize = 24;
/// A multiget names each of thousands of objects.
const MAX_ELEMENTS: usize = 50_000;
const MAX_ATTRIBUTES: usize = 16;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub ns: String,
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn is(&self, ns: &str, name: &str) -> bool {
        self.ns == ns && self.name == name
    }

    pub fn child(&self, ns: &str, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.is(ns, name))
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// As XML that stands for itself.
    pub fn print(&self) -> String {
        let mut out = format!("<x:{} xmlns:x=\"{}\"", self.name, escape(self.ns.as_str()));
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\"{}\"", escape(value.as_str())));
        }
        out.push('>');
        out.push_str(&escape(self.text.as_str()));
        self.children.iter().for_each(|c| out.push_str(&c.print()));
        out.push_str(&format!("</x:{}>", self.name));
        out
    }
}

/// Errors: Invalid, for what is no XML or more than anybody needs.
pub fn read(raw: &[u8]) -> Result<Element> {
    let bad = |what: &str| Error::invalid(format!("the XML {what}"));
    let text = std::str::from_utf8(raw).map_err(|_| bad("is not in UTF-8"))?;
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut count = 0;
    loop {
        let event = reader
            .read_event()
            .map_err(|e| bad(&format!("cannot be read: {e}")))?;
        let ended = match event {
            Event::Start(start) => {
                open.push(element(&reader, &start)?);
                None
            }
            Event::Empty(start) => Some(element(&reader, &start)?),
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                push_text(&mut open, &text.xml10_content());
                None
            }
            Event::CData(text) => {
                push_text(&mut open, &text.xml10_content());
                None
            }
            Event::GeneralRef(name) => {
                let char = match (name.resolve_char_ref(), &*name) {
                    (Ok(Some(c)), _) => c,
                    (_, "lt") => '<',
                    (_, "gt") => '>',
                    (_, "amp") => '&',
                    (_, "quot") => '"',
                    (_, "apos") => '\'',
                    _ => return Err(bad("uses an entity that is not known")),
                };
                push_text(&mut open, char.encode_utf8(&mut [0; 4]));
                None
            }
            Event::DocType(_) => return Err(bad("has a DTD, which is not read")),
            Event::Eof => return Err(bad("is not complete")),
            _ => None,
        };
        count += 1;
        if count > 4 * MAX_ELEMENTS || open.len() > MAX_DEPTH {
            return Err(bad("is too large or too deep"));
        }
        if let Some(ended) = ended {
            match open.last_mut() {
                Some(parent) => parent.children.push(ended),
                None => return Ok(ended),
            }
        }
    }
}

fn push_text(open: &mut [Element], text: &str) {
    if let Some(last) = open.last_mut() {
        last.text.push_str(text);
    }
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element> {
    let (ns, local) = reader.resolver().resolve_element(start.name());
    let ns = match ns {
        ResolveResult::Bound(ns) => ns.into_inner().to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => {
            return Err(Error::invalid(format!(
                "the XML prefix »{prefix}« is not declared"
            )));
        }
    };
    let mut out = Element {
        ns,
        name: local.into_inner().to_owned(),
        ..Element::default()
    };
    for attribute in start.attributes().take(MAX_ATTRIBUTES) {
        let bad = || Error::invalid("an attribute of the XML cannot be read");
        let attribute = attribute.map_err(|_| bad())?;
        let name = attribute.key.into_inner();
        if !name.contains(':') && name != "xmlns" {
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| bad())?;
            out.attributes.push((name.to_owned(), value.into_owned()));
        }
    }
    Ok(out)
}

/// What is written for a byte of text; None: the byte itself. Other characters stay as they are, but for two.
const fn escaped(byte: u8) -> Option<&'static str> {
    match byte {
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'&' => Some("&amp;"),
        b'\'' => Some("&apos;"),
        b'"' => Some("&quot;"),
        // One that is not escaped would be read as a line feed (XML 1.0 §2.11), and bytes would change.
        b'\r' => Some("&#13;"),
        b'\t' | b'\n' | b' '.. => None,
        _ => Some(""),
    }
}

/// Text for an answer: what XML cannot hold at all is left out (XML 1.0 §2.2).
pub fn text(value: &str) -> String {
    const NONE: [char; 2] = ['\u{fffe}', '\u{ffff}'];
    let mut out = String::with_capacity(value.len() + value.len() / 4);
    // Byte by byte with whole runs copied: answers consist of little else than objects' text.
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|b| IS_SPECIAL[usize::from(b)]) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = special.chars();
        if let Some(char) = chars.next() {
            match u8::try_from(char).ok().and_then(escaped) {
                Some(escape) => out.push_str(escape),
                None if NONE.contains(&char) => {}
                None => out.push(char),
            }
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Bytes that [`text`] has to look at: what is escaped, and with what the two begin that XML cannot hold.
static IS_SPECIAL: [bool; 256] = {
    let mut out = [false; 256];
    let mut i = 0;
    while i < 256 {
        let byte = i as u8;
        out[i] = escaped(byte).is_some() || byte == 0xef;
        i += 1;
    }
    out
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved_and_text_comes_back() {
        let root = read(b"<?xml version='1.0'?><d:a xmlns:d='DAV:' xmlns='x'><b n='1&amp;2'>&lt;&#65;<![CDATA[&]]></b></d:a>").unwrap();
        assert!(root.is(DAV, "a"));
        let b = root.child("x", "b").unwrap();
        assert_eq!((b.text.as_str(), b.attribute("n")), ("<A&", Some("1&2")));
        assert_eq!(read(b.print().as_bytes()).unwrap(), *b);
    }

    #[test]
    fn text_is_escaped_and_what_xml_cannot_hold_is_left_out() {
        let all: String = (0..=u32::from(char::MAX)).filter_map(char::from_u32).collect();
        let is_held = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
        let held: String = all.chars().filter(is_held).collect();
        assert_eq!(
            text(&all),
            quick_xml::escape::escape(held.as_str()).replace('\r', "&#13;")
        );
        let root = read(format!("<a>{}</a>", text(&all)).as_bytes()).unwrap();
        assert_eq!(root.text, held);
        assert_eq!(text(""), "");
    }

    #[test]
    fn what_would_cost_too_much_is_refused() {
        let deep = "<a>".repeat(100);
        let dtd = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
        for bad in [
            deep.as_str(),
            dtd,
            "<a>&b;</a>",
            "<a>",
            "<x:a/>",
            "",
            "a",
            "<a></b>",
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad:.40}");
        }
    }
}
