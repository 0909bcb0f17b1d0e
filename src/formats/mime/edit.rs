//! Changing a message that is still being written, byte by byte where it is changed and nowhere else: fields, the text,
//! attachments. What the editor knows nothing of stays as it stands. RFC 5322 §2.2, RFC 2046 §5.1.

use crate::base::random;
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::{Outgoing, OutgoingAttachment, compose};
use crate::formats::mime::field::{Field, Step, step};
use crate::formats::mime::part::Part;
use crate::formats::mime::structure::{Kind, Node, Structure};

/// Fields that say how the body is made.
const OF_THE_BODY: [&str; 2] = ["content-", "mime-version"];

pub(in crate::formats::mime) fn is_of_the_body(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    OF_THE_BODY.iter().any(|n| lower.starts_with(n.as_bytes()))
}

/// The fields of a header, and the offset of the body.
pub(in crate::formats::mime) fn header(raw: &[u8]) -> (Vec<Field<'_>>, usize) {
    let (mut fields, mut at) = (Vec::new(), 0);
    loop {
        match step(raw, at) {
            Step::Field(field) => {
                at = field.end;
                fields.push(field);
            }
            Step::Body(body) => return (fields, body),
        }
    }
}

/// Puts fields of `from`, a composed message, in the place of those of the same names. `names`: in lower case; one that
/// `from` does not have is taken away.
pub fn replace_fields(raw: &[u8], names: &[&str], from: &[u8]) -> Vec<u8> {
    let (old, body) = header(raw);
    let (new, _) = header(from);
    let is_meant = |f: &Field| names.iter().any(|n| f.name.eq_ignore_ascii_case(n.as_bytes()));
    let mut out = Vec::with_capacity(raw.len() + 1_000);
    let mut is_done = false;
    let mut put_new = |out: &mut Vec<u8>| {
        if !std::mem::replace(&mut is_done, true) {
            let fields = new.iter().filter(|f| is_meant(f));
            fields.for_each(|f| out.extend_from_slice(&from[f.start..f.end]));
        }
    };
    for field in &old {
        if is_meant(field) {
            put_new(&mut out);
        } else {
            out.extend_from_slice(&raw[field.start..field.end]);
        }
    }
    put_new(&mut out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(raw.get(body..).unwrap_or_default());
    out
}

/// Puts another text into a message: the parts that are shown go, everything else stays where it is.
/// `shown`: indexes of the parts that make up the text, ascending.
pub fn replace_text(raw: &[u8], shown: &[usize], text: Option<String>, html: Option<String>) -> Vec<u8> {
    let composed = compose(&Outgoing {
        text,
        html,
        ..Outgoing::default()
    });
    let (fields, body) = header(&composed);
    let of_the_body = fields.iter().filter(|f| is_of_the_body(f.name));
    let mut new: Vec<u8> = of_the_body
        .flat_map(|f| composed[f.start..f.end].iter().copied())
        .collect();
    let structure = Structure::parse(raw);
    match text_range(&structure, shown) {
        // The text is the whole message.
        None => {
            let (fields, _) = header(raw);
            let kept = fields.iter().filter(|f| !is_of_the_body(f.name));
            let mut out: Vec<u8> = kept.flat_map(|f| raw[f.start..f.end].iter().copied()).collect();
            out.append(&mut new);
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(&composed[body..]);
            out
        }
        Some((start, end)) => {
            let mut out = raw[..start].to_vec();
            // Within another part there is no version of MIME to be told.
            let (fields, _) = header(&new);
            let parts = fields
                .iter()
                .filter(|f| !f.name.eq_ignore_ascii_case(b"mime-version"));
            parts.for_each(|f| out.extend_from_slice(&new[f.start..f.end]));
            out.extend_from_slice(b"\r\n");
            let inner = composed[body..]
                .strip_suffix(b"\r\n")
                .unwrap_or(&composed[body..]);
            out.extend_from_slice(inner);
            out.extend_from_slice(&raw[end..]);
            out
        }
    }
}

/// Header and body of the part to be replaced: the first text that is shown, or the multipart/alternative around it.
fn text_range(structure: &Structure<'_>, shown: &[usize]) -> Option<(usize, usize)> {
    let mut at = *shown.first()?;
    while let Some(parent) = structure.nodes[at].parent {
        if structure.nodes[parent].sub_type != "alternative" {
            break;
        }
        at = parent;
    }
    let node = &structure.nodes[at];
    node.parent.map(|_| (node.header_start, node.body_end))
}

/// What stands before and behind the base64 of a new attachment. Everything that is there keeps its bytes.
pub fn insertion(raw: &[u8], attachment: &NewPart) -> (Vec<u8>, Vec<u8>) {
    let structure = Structure::parse(raw);
    let root = structure.nodes.first();
    let mixed = root.filter(|n| n.kind == Kind::Multipart && n.sub_type == "mixed");
    let boundary = mixed.and_then(|n| n.content_type.text("boundary"));
    if let Some(boundary) = boundary {
        let delimiter = format!("\r\n--{boundary}");
        let closing = format!("{delimiter}--");
        if let Some(at) = find_last(raw, closing.as_bytes()) {
            let mut before = raw[..at].to_vec();
            before.extend_from_slice(format!("{delimiter}\r\n{}\r\n", attachment.header()).as_bytes());
            return (before, raw[at..].to_vec());
        }
    }
    let (fields, body) = header(raw);
    let boundary = format!("=_{}", random::short_id());
    let mut before = Vec::with_capacity(raw.len() + 1_000);
    let (own, of_text): (Vec<&Field>, Vec<&Field>) = fields.iter().partition(|f| !is_of_the_body(f.name));
    own.iter()
        .for_each(|f| before.extend_from_slice(&raw[f.start..f.end]));
    before.extend_from_slice(
        format!("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n")
            .as_bytes(),
    );
    for field in of_text
        .iter()
        .filter(|f| !f.name.eq_ignore_ascii_case(b"mime-version"))
    {
        before.extend_from_slice(&raw[field.start..field.end]);
    }
    before.extend_from_slice(b"\r\n");
    before.extend_from_slice(raw.get(body..).unwrap_or_default());
    before.extend_from_slice(format!("\r\n--{boundary}\r\n{}\r\n", attachment.header()).as_bytes());
    (before, format!("\r\n--{boundary}--\r\n").into_bytes())
}

fn find_last(raw: &[u8], what: &[u8]) -> Option<usize> {
    raw.windows(what.len()).rposition(|w| w == what)
}

/// An attachment whose content comes from elsewhere, as base64 unless it is a message of ours.
#[derive(Clone, Debug)]
pub struct NewPart {
    /// Its content is a message that was composed here, which stands as it is (RFC 2046 §5.2.1).
    pub is_message: bool,
    pub name: String,
    pub content_type: String,
    /// With it the part is shown by the HTML text.
    pub content_id: Option<String>,
}

impl NewPart {
    /// The part's header with its empty line left out: that of a composed message, so that names are encoded as there.
    fn header(&self) -> String {
        let composed = compose(&Outgoing {
            html: Some(String::new()),
            attachments: vec![OutgoingAttachment {
                name: self.name.clone(),
                // A message as a part may not be encoded, and what comes here from elsewhere is.
                content_type: match !self.is_message
                    && self.content_type.to_ascii_lowercase().starts_with("message/")
                {
                    true => "application/octet-stream".into(),
                    false => self.content_type.clone(),
                },
                content: vec![0],
                content_id: self.content_id.clone(),
            }],
            ..Outgoing::default()
        });
        let structure = Structure::parse(&composed);
        // Within a message there is a part again.
        let is_it = |n: &&Node| !self.is_message || n.sub_type == "rfc822";
        let part = structure.nodes.iter().rev().find(is_it);
        let part_header = part.map_or(&b""[..], |n| &composed[n.header_start..n.body_start]);
        let (fields, _) = header(part_header);
        if self.is_message {
            return String::from_utf8_lossy(part_header).trim_end().to_owned() + "\r\n";
        }
        let encoding = b"content-transfer-encoding";
        let kept = fields.iter().filter(|f| !f.name.eq_ignore_ascii_case(encoding));
        let mut out: String = kept
            .map(|f| String::from_utf8_lossy(&part_header[f.start..f.end]).into_owned())
            .collect();
        out.push_str("Content-Transfer-Encoding: base64\r\n");
        out
    }
}

/// Takes a part out of the multipart it stands in. None: it stands in none.
pub fn remove_part(raw: &[u8], part: &Part) -> Option<Vec<u8>> {
    part.parent?;
    let (start, end) = (part.header_start as usize, part.body_end as usize);
    // The line of the delimiter before it goes along.
    let line_end = raw.get(..start)?.strip_suffix(b"\n")?.len();
    let line_start = raw[..line_end]
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let rest = raw.get(end..)?;
    let rest = rest
        .strip_prefix(b"\r\n")
        .or(rest.strip_prefix(b"\n"))
        .unwrap_or(rest);
    let mut out = raw[..line_start].to_vec();
    out.extend_from_slice(rest);
    Some(out)
}

/// The field that says who is to get a draft unseen; it goes when the message is sent.
pub fn bcc_field(list: &[Mailbox]) -> Vec<u8> {
    if list.is_empty() {
        return Vec::new();
    }
    let composed = compose(&Outgoing {
        to: list.to_vec(),
        ..Outgoing::default()
    });
    let (fields, _) = header(&composed);
    let to = fields.iter().find(|f| f.name.eq_ignore_ascii_case(b"to"));
    let value = to.map_or(&b""[..], |f| &composed[f.value_start..f.end]);
    [&b"Bcc:"[..], value].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mime::digest::digest;
    use crate::formats::mime::part::from_structure;
    use crate::formats::mime::readable::{attachments, displayed_parts, html_body, text_body};

    fn parts(raw: &[u8]) -> Vec<Part> {
        from_structure(&Structure::parse(raw))
    }

    fn shown(raw: &[u8]) -> Vec<usize> {
        displayed_parts(&parts(raw), true)
    }

    fn attach(raw: &[u8], name: &str) -> Vec<u8> {
        let part = NewPart {
            is_message: false,
            name: name.into(),
            content_type: "text/plain".into(),
            content_id: None,
        };
        let (mut out, end) = insertion(raw, &part);
        out.extend_from_slice(b"aGFsbG8=");
        out.extend_from_slice(&end);
        out
    }

    fn names(raw: &[u8]) -> Vec<String> {
        attachments(&parts(raw)).into_iter().map(|a| a.name).collect()
    }

    #[test]
    fn fields_are_changed_in_their_place_and_others_stay() {
        let raw = b"X-Own: 1\r\nSubject: old\r\nTo: a@b.de\r\nReferences: <1@x>\r\n\r\nbody";
        let from = b"To: c@d.de\r\nSubject: =?utf-8?q?=C3=A4?=\r\n\r\n";
        let out = replace_fields(raw, &["subject", "cc"], from);
        assert_eq!(
            out,
            &b"X-Own: 1\r\nSubject: =?utf-8?q?=C3=A4?=\r\nTo: a@b.de\r\nReferences: <1@x>\r\n\r\nbody"[..]
        );
        let out = replace_fields(b"A: 1\r\n\r\n", &["subject"], from);
        assert_eq!(out, &b"A: 1\r\nSubject: =?utf-8?q?=C3=A4?=\r\n\r\n"[..]);
    }

    #[test]
    fn attachments_are_added_and_taken_away_and_the_rest_keeps_its_bytes() {
        let raw = b"Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n".to_vec();
        let one = attach(&raw, "a \u{e4}.txt");
        let two = attach(&one, "b.txt");
        assert_eq!(names(&two), ["a \u{e4}.txt", "b.txt"]);
        assert!(two.starts_with(&one[..one.len() - 40]));
        let all = parts(&two);
        let first = &all[attachments(&all)[0].part];
        assert_eq!(first.decoded_size, 5);
        let rest = remove_part(&two, first).unwrap();
        assert_eq!(names(&rest), ["b.txt"]);
        let all = parts(&rest);
        let none = remove_part(&rest, &all[attachments(&all)[0].part]).unwrap();
        assert_eq!(
            (names(&none).len(), html_body(&none).unwrap().html.trim()),
            (0, "<p>x</p>")
        );
        assert_eq!(digest(&none).subject, "s");
    }

    #[test]
    fn the_text_is_changed_within_whatever_is_around_it() {
        let plain = b"Subject: s\r\nX-Own: 1\r\n\r\nold".to_vec();
        let new =
            |raw: &[u8]| replace_text(raw, &shown(raw), Some("new\n".into()), Some("<b>new</b>".into()));
        let changed = new(&plain);
        assert_eq!(
            (
                text_body(&changed).unwrap().trim(),
                html_body(&changed).unwrap().html.trim()
            ),
            ("new", "<b>new</b>")
        );
        assert!(changed.starts_with(b"Subject: s\r\nX-Own: 1\r\n"));
        let mixed = attach(&changed, "a.txt");
        let again = replace_text(&mixed, &shown(&mixed), Some("third".into()), None);
        assert_eq!(
            (text_body(&again).unwrap().trim(), names(&again)),
            ("third", vec!["a.txt".to_owned()])
        );
        assert_eq!(html_body(&again), None);
    }
}
