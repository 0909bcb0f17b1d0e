//! A message as a person reads it: its text, its HTML, its attachments.

use std::collections::HashMap;

use crate::formats::html::from_text::plain_to_html;
use crate::formats::html::to_text::html_to_text;
use crate::formats::mime::part::{Disposition, Part, Role, from_structure, roles};
use crate::formats::mime::preview::decode_text_part;
use crate::formats::mime::structure::{Kind, Structure};

/// Text behind this is not shown; the original can be downloaded.
const MAX_TEXT: usize = 5_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HtmlBody {
    /// As sent, not yet sanitised; parts of plain text between are converted.
    pub html: String,
}

/// One attachment or inline picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentInfo {
    /// Index in the message's parts.
    pub part: usize,
    /// IMAP's part number.
    pub section: String,
    /// The file's name, or one made of its type.
    pub name: String,
    pub content_type: String,
    /// After decoding.
    pub size_bytes: u32,
    /// Shown by the HTML text through its content id.
    pub is_inline: bool,
    pub content_id: Option<String>,
}

/// The text in its plain form; HTML is turned to text when there is no other. `None`: no text at all.
pub fn text_body(raw: &[u8]) -> Option<String> {
    let parts = from_structure(&Structure::parse(raw));
    let mut out: Option<String> = None;
    for index in displayed_parts(&parts, false) {
        let part = &parts[index];
        let text = decode_text_part(raw, part, MAX_TEXT);
        let text = match part.is_type("text", "html") {
            true => html_to_text(&text, MAX_TEXT),
            false => text.replace("\r\n", "\n"),
        };
        let whole = out.get_or_insert_default();
        if !whole.is_empty() && !text.is_empty() {
            whole.push('\n');
        }
        if whole.len() < MAX_TEXT {
            whole.push_str(&text);
        }
    }
    out
}

/// The text as HTML. `None`: the message has only plain text.
pub fn html_body(raw: &[u8]) -> Option<HtmlBody> {
    let parts = from_structure(&Structure::parse(raw));
    let shown = displayed_parts(&parts, true);
    if !shown.iter().any(|i| parts[*i].is_type("text", "html")) {
        return None;
    }
    let mut html = String::new();
    for index in shown {
        let part = &parts[index];
        let text = decode_text_part(raw, part, MAX_TEXT);
        if !html.is_empty() {
            html.push_str("<hr>\n");
        }
        if html.len() < MAX_TEXT {
            match part.is_type("text", "html") {
                true => html.push_str(&text),
                false => html.push_str(&plain_to_html(&text)),
            }
        }
    }
    Some(HtmlBody { html })
}

/// Indexes of the text parts to show one after the other: of each multipart/alternative one branch.
pub fn displayed_parts(parts: &[Part], prefers_html: bool) -> Vec<usize> {
    let roles = roles(parts);
    let bodies: Vec<usize> = (0..parts.len()).filter(|i| roles[*i] == Role::Body).collect();
    // For each alternative the branch to show: the first of the wanted type, else the first at all.
    let mut chosen: HashMap<usize, (usize, bool)> = HashMap::new();
    for index in &bodies {
        if let Some((alternative, branch)) = alternative_of(parts, *index) {
            let is_wanted = parts[*index].is_type("text", "html") == prefers_html;
            let entry = chosen.entry(alternative).or_insert((branch, is_wanted));
            if is_wanted && !entry.1 {
                *entry = (branch, true);
            }
        }
    }
    let is_shown = |index: &usize| match alternative_of(parts, *index) {
        Some((alternative, branch)) => chosen.get(&alternative).is_some_and(|(b, _)| *b == branch),
        None => true,
    };
    bodies.into_iter().filter(is_shown).collect()
}

/// The nearest multipart/alternative around a part, and its child that holds the part.
pub fn alternative_of(parts: &[Part], index: usize) -> Option<(usize, usize)> {
    let mut branch = index;
    while let Some(parent) = parts[branch].parent.map(|p| p as usize).filter(|p| *p < branch) {
        if parts[parent].kind == Kind::Multipart && parts[parent].sub_type == "alternative" {
            return Some((parent, branch));
        }
        branch = parent;
    }
    None
}

/// What can be opened or saved, in the order of the message.
pub fn attachments(parts: &[Part]) -> Vec<AttachmentInfo> {
    let roles = roles(parts);
    let wanted = |(i, _): &(usize, &Part)| matches!(roles[*i], Role::Attachment | Role::Inline);
    let describe = |(index, part): (usize, &Part)| AttachmentInfo {
        part: index,
        section: part.section.clone(),
        name: part.filename.clone().unwrap_or_else(|| made_up_name(part)),
        content_type: part.content_type(),
        size_bytes: part.decoded_size,
        is_inline: roles[index] == Role::Inline,
        content_id: part.content_id.clone(),
    };
    parts.iter().enumerate().filter(wanted).map(describe).collect()
}

fn made_up_name(part: &Part) -> String {
    let stem = match part.disposition {
        Some(Disposition::Inline) => "inline",
        _ => "attachment",
    };
    let ending = match (&part.main_type[..], &part.sub_type[..]) {
        ("message", "rfc822" | "global") => return "message.eml".into(),
        ("text", "plain") => "txt",
        ("text", "calendar") => return "invite.ics".into(),
        ("image", "jpeg") => "jpg",
        ("text" | "image" | "audio" | "video", sub) if sub.bytes().all(|b| b.is_ascii_alphanumeric()) => sub,
        ("application", sub @ ("pdf" | "zip" | "json" | "xml")) => sub,
        _ => "bin",
    };
    format!("{stem}-{}.{ending}", part.section.replace('.', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/related; boundary=r\n\n\
        --r\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\nplain\n--a\nContent-Type: text/html\n\n\
        <p>html<img src=cid:x@y>\n--a--\n--r\nContent-Type: image/png\nContent-ID: <x@y>\n\
        Content-Transfer-Encoding: base64\n\nAAAA\n--r--\n--m\n\nfooter\n--m\nContent-Type: message/rfc822\n\n\
        Subject: in\n\ninner\n--m--\n";

    #[test]
    fn shows_one_branch_of_alternatives_and_all_texts_beside() {
        assert_eq!(text_body(RAW.as_bytes()).as_deref(), Some("plain\nfooter"));
        let html = html_body(RAW.as_bytes()).unwrap().html;
        assert_eq!(html, "<p>html<img src=cid:x@y><hr>\nfooter");
        assert_eq!(html_body(b"\nplain"), None);
        assert_eq!(text_body(b"Content-Type: image/png\n\n"), None);
        assert_eq!(
            text_body(b"Content-Type: text/html\n\n<b>a</b>").as_deref(),
            Some("a")
        );
    }

    #[test]
    fn lists_attachments_with_sections_and_names() {
        let parts = from_structure(&Structure::parse(RAW.as_bytes()));
        let short = |a: &AttachmentInfo| (a.section.clone(), a.name.clone(), a.size_bytes, a.is_inline);
        let got: Vec<_> = attachments(&parts).iter().map(short).collect();
        assert_eq!(
            got,
            [
                ("1.2".into(), "attachment-1-2.png".into(), 3, true),
                ("3".into(), "message.eml".into(), 18, false)
            ]
        );
    }
}
