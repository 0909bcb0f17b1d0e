//! BODYSTRUCTURE and BODY. RFC 9051 §7.5.2.

use crate::formats::imap::print::envelope::{push_envelope, push_readable, push_text, unfold};
use crate::formats::imap::print::string::push_number;
use crate::formats::mime::content_type::{Parameter, Parameterized};
use crate::formats::mime::field::Known;
use crate::formats::mime::structure::{Kind, Node, Structure};

/// What a multipart without parts and a message that is not looked into show, because the syntax demands a body.
const EMPTY_BODY: &[u8] = b"(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0";

/// `is_extended`: BODYSTRUCTURE; otherwise BODY.
pub fn push_body_structure(out: &mut Vec<u8>, structure: &Structure, is_extended: bool) {
    let children = structure.children();
    Printer {
        structure,
        children: &children,
        is_extended,
    }
    .push(out, 0);
}

struct Printer<'a> {
    structure: &'a Structure<'a>,
    children: &'a [Vec<usize>],
    is_extended: bool,
}

impl Printer<'_> {
    /// Recursion is bounded by `structure::MAX_DEPTH`.
    fn push(&self, out: &mut Vec<u8>, index: usize) {
        let Some(node) = self.structure.nodes.get(index) else {
            return;
        };
        out.push(b'(');
        if node.kind == Kind::Multipart {
            self.push_multipart(out, node, &self.children[index]);
        } else {
            self.push_single(out, node, &self.children[index]);
        }
        out.push(b')');
    }

    fn push_multipart(&self, out: &mut Vec<u8>, node: &Node, children: &[usize]) {
        for child in children {
            self.push(out, *child);
        }
        if children.is_empty() {
            self.push_empty_body(out);
        }
        out.push(b' ');
        push_readable(out, types_as_written(node).1);
        if self.is_extended {
            out.push(b' ');
            push_parameters(out, &node.content_type.parameters);
            self.push_extension(out, node);
        }
    }

    fn push_empty_body(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(EMPTY_BODY);
        if self.is_extended {
            out.extend_from_slice(b" NIL NIL NIL NIL");
        }
        out.push(b')');
    }

    fn push_single(&self, out: &mut Vec<u8>, node: &Node, children: &[usize]) {
        let (main_type, sub_type) = types_as_written(node);
        push_readable(out, main_type);
        out.push(b' ');
        push_readable(out, sub_type);
        out.push(b' ');
        let mut parameters = node.content_type.parameters.clone();
        let is_text = node.main_type == "text";
        if is_text && !parameters.iter().any(|p| p.name.eq_ignore_ascii_case(b"charset")) {
            // RFC 2045 §5.2: the default, said aloud for clients that do not know it.
            parameters.push(Parameter {
                name: b"charset".to_vec(),
                value: b"us-ascii".to_vec(),
                is_extended: false,
            });
        }
        push_parameters(out, &parameters);
        for name in [Known::ContentId, Known::ContentDescription] {
            out.push(b' ');
            push_text(out, self.structure.value(node, name));
        }
        out.push(b' ');
        self.push_encoding(out, node);
        out.push(b' ');
        push_number(out, (node.body_end - node.body_start) as u64);
        if node.kind == Kind::Message {
            self.push_message(out, node, children);
        } else if is_text {
            out.push(b' ');
            push_number(out, node.lines as u64);
        }
        if self.is_extended {
            out.push(b' ');
            push_text(out, self.structure.value(node, Known::ContentMd5));
            self.push_extension(out, node);
        }
    }

    /// Envelope, structure and lines of the message inside.
    fn push_message(&self, out: &mut Vec<u8>, node: &Node, children: &[usize]) {
        out.push(b' ');
        match children.first() {
            Some(child) => {
                push_envelope(out, self.structure, &self.structure.nodes[*child]);
                out.push(b' ');
                self.push(out, *child);
            }
            None => {
                out.extend_from_slice(b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ");
                self.push_empty_body(out);
            }
        }
        out.push(b' ');
        push_number(out, node.lines as u64);
    }

    fn push_encoding(&self, out: &mut Vec<u8>, node: &Node) {
        let value = self
            .structure
            .value(node, Known::ContentTransferEncoding)
            .map(unfold);
        match value.as_deref() {
            None | Some(b"") => out.extend_from_slice(b"\"7bit\""),
            Some(value) => {
                let end = value
                    .iter()
                    .position(|b| matches!(b, b';' | b'('))
                    .unwrap_or(value.len());
                let name = value[..end].trim_ascii();
                // What is no name of an encoding is treated as none.
                let is_token = name
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
                push_readable(
                    out,
                    if is_token && !name.is_empty() {
                        name
                    } else {
                        b"7bit"
                    },
                );
            }
        }
    }

    /// Disposition, language, location.
    fn push_extension(&self, out: &mut Vec<u8>, node: &Node) {
        out.push(b' ');
        let disposition = self
            .structure
            .value(node, Known::ContentDisposition)
            .map(Parameterized::parse);
        match disposition.filter(|d| !d.value.is_empty()) {
            Some(disposition) => {
                out.push(b'(');
                push_readable(out, &disposition.value);
                out.push(b' ');
                push_parameters(out, &disposition.parameters);
                out.push(b')');
            }
            None => out.extend_from_slice(b"NIL"),
        }
        out.push(b' ');
        self.push_languages(out, node);
        out.push(b' ');
        push_text(out, self.structure.value(node, Known::ContentLocation));
    }

    /// RFC 3282: a list of tags.
    fn push_languages(&self, out: &mut Vec<u8>, node: &Node) {
        let value = self
            .structure
            .value(node, Known::ContentLanguage)
            .map(unfold)
            .unwrap_or_default();
        let tags: Vec<&[u8]> = value
            .split(|b| *b == b',')
            .map(<[u8]>::trim_ascii)
            .filter(|t| !t.is_empty())
            .collect();
        if tags.is_empty() {
            out.extend_from_slice(b"NIL");
            return;
        }
        out.push(b'(');
        for (i, tag) in tags.into_iter().enumerate() {
            if i > 0 {
                out.push(b' ');
            }
            push_readable(out, tag);
        }
        out.push(b')');
    }
}

/// Type and subtype in the sender's capitals, unless they were made up.
fn types_as_written(node: &Node) -> (&[u8], &[u8]) {
    let written = &node.content_type.value[..];
    let slash = written.iter().position(|b| *b == b'/').unwrap_or(written.len());
    let (main, sub) = (&written[..slash], written.get(slash + 1..).unwrap_or_default());
    if main.eq_ignore_ascii_case(node.main_type.as_bytes())
        && sub.eq_ignore_ascii_case(node.sub_type.as_bytes())
    {
        return (main, sub);
    }
    (node.main_type.as_bytes(), node.sub_type.as_bytes())
}

/// `("name" "value" ...)`; RFC 2231 values keep their form under `name*`, which clients decode.
fn push_parameters(out: &mut Vec<u8>, parameters: &[Parameter]) {
    if parameters.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for (i, parameter) in parameters.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        let mut name = parameter.name.clone();
        if parameter.is_extended {
            name.push(b'*');
        }
        push_readable(out, &name);
        out.push(b' ');
        push_readable(out, &parameter.value);
    }
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_structure(raw: &str, is_extended: bool) -> String {
        let mut out = Vec::new();
        push_body_structure(&mut out, &Structure::parse(raw.as_bytes()), is_extended);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_bare_message_is_ascii_text() {
        assert_eq!(
            body_structure("Subject: x\r\n\r\na\r\nb\r\n", true),
            "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 6 2 NIL NIL NIL NIL)"
        );
        assert_eq!(
            body_structure("", false),
            "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)"
        );
    }

    #[test]
    fn a_multipart_without_parts_shows_an_empty_text() {
        assert_eq!(
            body_structure("Content-Type: multipart/mixed; boundary=x\r\n\r\nno", false),
            "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0) \"mixed\")"
        );
    }

    #[test]
    fn a_message_inside_shows_its_envelope_and_structure() {
        assert_eq!(
            body_structure(
                "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhi\r\n",
                false
            ),
            "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 19 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) \
             (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 1) 3)"
        );
    }

    #[test]
    fn dispositions_and_languages_are_lists() {
        assert_eq!(
            body_structure(
                "Content-Type: a/b; name=x\r\nContent-Disposition: attachment; filename*=utf-8''%C3%A4\r\n\
                 Content-Language: de, en\r\nContent-Transfer-Encoding: BASE64\r\n\r\n",
                true
            ),
            "(\"a\" \"b\" (\"name\" \"x\") NIL NIL \"BASE64\" 0 NIL (\"attachment\" (\"filename*\" \"utf-8''%C3%A4\")) \
             (\"de\" \"en\") NIL)"
        );
    }
}
