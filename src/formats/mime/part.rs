//! The parts of a message as the store keeps them: small, self-contained, enough to answer IMAP's
//! sections and to list attachments without reading the message again.

use crate::base::text::cut;
use crate::formats::mime::field::Known;
use crate::formats::mime::structure::{Kind, Node, Structure};
use crate::formats::mime::text::decode_text;
use crate::formats::mime::transfer::{Encoding, decoded_size};

/// One part; index 0 is the message itself, a parent stands before its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Index of the part it stands in.
    pub parent: Option<u32>,
    /// IMAP's part number, `1.2`; empty for what has none: a multipart that is the message (or the message inside one).
    pub section: String,
    pub kind: Kind,
    /// Offsets in the raw message. The header includes its empty line.
    pub header_start: u32,
    pub body_start: u32,
    pub body_end: u32,
    /// Line ends in the body.
    pub lines: u32,
    /// Size of the body after decoding.
    pub decoded_size: u32,
    pub encoding: Encoding,
    /// Lower case.
    pub main_type: String,
    pub sub_type: String,
    /// Lower case, of text parts.
    pub charset: Option<String>,
    /// Decoded, without any path.
    pub filename: Option<String>,
    /// Without angle brackets.
    pub content_id: Option<String>,
    pub disposition: Option<Disposition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Disposition {
    Inline = 1,
    /// Also everything unknown (RFC 2183 §2.8).
    Attachment = 2,
}

/// What a part is for the person who reads the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A multipart, a signature, a report for machines, an invitation beside the text.
    Hidden,
    /// Text to be shown.
    Body,
    /// A picture or the like that the HTML text shows by its content id.
    Inline,
    Attachment,
}

impl Part {
    pub fn is_message(&self) -> bool {
        self.kind == Kind::Message
    }

    pub fn is_type(&self, main: &str, sub: &str) -> bool {
        self.main_type == main && self.sub_type == sub
    }

    pub fn content_type(&self) -> String {
        format!("{}/{}", self.main_type, self.sub_type)
    }

    pub fn body<'a>(&self, raw: &'a [u8]) -> &'a [u8] {
        raw.get(self.body_start as usize..self.body_end as usize)
            .unwrap_or_default()
    }

    pub fn header<'a>(&self, raw: &'a [u8]) -> &'a [u8] {
        raw.get(self.header_start as usize..self.body_start as usize)
            .unwrap_or_default()
    }
}

/// The role of each part, in their order. Parts of an attached message belong to it and are hidden.
pub fn roles(parts: &[Part]) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::with_capacity(parts.len());
    let mut is_enclosed: Vec<bool> = Vec::with_capacity(parts.len());
    let mut seen_child = vec![false; parts.len()];
    for part in parts {
        let parent = part.parent.map(|p| p as usize).filter(|p| *p < roles.len());
        let enclosed = parent.is_some_and(|p| is_enclosed[p] || parts[p].is_message());
        let is_first = parent.is_none_or(|p| !std::mem::replace(&mut seen_child[p], true));
        let within = parent.map(|p| &parts[p].sub_type[..]).unwrap_or_default();
        roles.push(if enclosed {
            Role::Hidden
        } else {
            role(part, within, is_first)
        });
        is_enclosed.push(enclosed);
    }
    roles
}

/// `within`: subtype of the multipart around it.
fn role(part: &Part, within: &str, is_first: bool) -> Role {
    let is_attached = part.disposition == Some(Disposition::Attachment);
    if part.kind == Kind::Multipart {
        return Role::Hidden;
    }
    let is_related = within == "related" && !is_first && part.content_id.is_some();
    if part.content_id.is_some() && !is_attached && (part.main_type == "image" || is_related) {
        return Role::Inline;
    }
    // Outlook marks pictures of the text as attachments too; standing in multipart/related decides.
    if is_related && part.main_type == "image" {
        return Role::Inline;
    }
    match (&part.main_type[..], &part.sub_type[..]) {
        ("text", "plain" | "html") if !is_attached && part.filename.is_none() => Role::Body,
        ("text", "enriched" | "richtext") if !is_attached && part.filename.is_none() => Role::Body,
        ("application", "pgp-signature" | "pkcs7-signature" | "x-pkcs7-signature") => Role::Hidden,
        ("message", "delivery-status" | "disposition-notification") => Role::Hidden,
        ("text", _) if within == "alternative" && !is_attached => Role::Hidden,
        _ => Role::Attachment,
    }
}

/// The stored form of every node.
pub fn from_structure(structure: &Structure) -> Vec<Part> {
    let sections = section_numbers(structure);
    let describe = |(node, section)| describe_node(structure, node, section);
    structure.nodes.iter().zip(sections).map(describe).collect()
}

/// RFC 9051 §6.4.5.1: numbers count inside the multipart; a message's own multipart adds none,
/// a message's own single part is number 1.
fn section_numbers(structure: &Structure) -> Vec<String> {
    let nodes = &structure.nodes;
    let mut numbers: Vec<String> = Vec::with_capacity(nodes.len());
    let mut counts = vec![0u32; nodes.len()];
    for node in nodes {
        // The nearest number above; a multipart without an own one passes on its message's.
        let prefix = |mut at: Option<usize>| loop {
            match at {
                Some(index) if numbers[index].is_empty() => at = nodes[index].parent,
                other => return other.map(|i| format!("{}.", numbers[i])).unwrap_or_default(),
            }
        };
        let is_in_multipart = node.parent.is_some_and(|p| nodes[p].kind == Kind::Multipart);
        let number = match node.parent {
            Some(parent) if is_in_multipart => {
                counts[parent] += 1;
                format!("{}{}", prefix(Some(parent)), counts[parent])
            }
            _ if node.kind == Kind::Multipart => String::new(),
            parent => format!("{}1", prefix(parent)),
        };
        numbers.push(number);
    }
    numbers
}

const MAX_NAME_BYTES: usize = 255;

fn describe_node(structure: &Structure, node: &Node, section: String) -> Part {
    let disposition = structure
        .value(node, Known::ContentDisposition)
        .map(crate::formats::mime::content_type::Parameterized::parse);
    let filename = disposition.as_ref().and_then(|d| d.text("filename"));
    let filename = filename
        .or_else(|| node.content_type.text("name"))
        .and_then(|n| clean_name(&n));
    let kind_of = |d: &crate::formats::mime::content_type::Parameterized| match &d.value[..] {
        b"" => None,
        v if v.eq_ignore_ascii_case(b"inline") => Some(Disposition::Inline),
        _ => Some(Disposition::Attachment),
    };
    let content_id = structure.value(node, Known::ContentId).map(decode_text);
    let content_id = content_id.map(|id| id.trim_matches(['<', '>', ' ']).to_owned());
    let body = structure.body(node);
    Part {
        parent: node.parent.map(to_u32),
        section,
        kind: node.kind,
        header_start: to_u32(node.header_start),
        body_start: to_u32(node.body_start),
        body_end: to_u32(node.body_end),
        lines: to_u32(node.lines),
        decoded_size: to_u32(match node.kind {
            Kind::Leaf => decoded_size(body, node.encoding, node.lines),
            _ => body.len(),
        }),
        encoding: node.encoding,
        main_type: cut(&node.main_type, MAX_NAME_BYTES).to_owned(),
        sub_type: cut(&node.sub_type, MAX_NAME_BYTES).to_owned(),
        charset: match &node.main_type[..] {
            "text" => node
                .content_type
                .text("charset")
                .map(|c| cut(&c, 80).to_ascii_lowercase()),
            _ => None,
        },
        filename,
        content_id: content_id.filter(|id| !id.is_empty() && id.len() <= 1000),
        disposition: disposition.as_ref().and_then(kind_of),
    }
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A file name from outside as it may be shown and saved: no path, no controls, not too long.
pub fn clean_name(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).find(|s| !s.trim().is_empty())?;
    let base: String = base
        .chars()
        .filter(|c| !c.is_control() && !is_direction_mark(*c))
        .collect();
    let base = base.trim().trim_start_matches('.');
    (!base.is_empty()).then(|| cut(base, MAX_NAME_BYTES).to_owned())
}

/// Marks that turn the reading direction make `exe.fdp` out of `pdf.exe`.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
