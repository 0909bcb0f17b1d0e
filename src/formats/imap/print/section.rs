//! The names of FETCH's body items in answers: `BODY[1.HEADER.FIELDS (Subject)]<0>`. RFC 9051 §7.5.2.

use crate::formats::imap::fetch_item::Partial;
use crate::formats::imap::print::string::{push_astring, push_number};
use crate::formats::mime::section::{Section, What};

pub fn push_body_section_name(out: &mut Vec<u8>, section: &Section, partial: Option<Partial>) {
    out.extend_from_slice(b"BODY[");
    push_path(out, &section.path);
    if !section.path.is_empty() && section.what != What::All {
        out.push(b'.');
    }
    match &section.what {
        What::All => {}
        What::Header => out.extend_from_slice(b"HEADER"),
        What::Text => out.extend_from_slice(b"TEXT"),
        What::Mime => out.extend_from_slice(b"MIME"),
        What::HeaderFields { names, is_not } => {
            out.extend_from_slice(if *is_not {
                b"HEADER.FIELDS.NOT ("
            } else {
                b"HEADER.FIELDS ("
            });
            for (i, name) in names.iter().enumerate() {
                if i > 0 {
                    out.push(b' ');
                }
                push_astring(out, name.as_bytes());
            }
            out.push(b')');
        }
    }
    out.push(b']');
    push_origin(out, partial);
}

/// `BINARY[1.2]<0>` or, with `name` so, `BINARY.SIZE[1.2]`.
pub fn push_binary_name(out: &mut Vec<u8>, name: &str, path: &[u32], partial: Option<Partial>) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'[');
    push_path(out, path);
    out.push(b']');
    push_origin(out, partial);
}

fn push_path(out: &mut Vec<u8>, path: &[u32]) {
    for (i, number) in path.iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        push_number(out, u64::from(*number));
    }
}

fn push_origin(out: &mut Vec<u8>, partial: Option<Partial>) {
    if let Some(partial) = partial {
        out.push(b'<');
        push_number(out, partial.offset);
        out.push(b'>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_question() {
        let fields = What::HeaderFields {
            names: vec!["Subject".into(), "a b".into()],
            is_not: true,
        };
        for (path, what, offset, want) in [
            (&[][..], What::All, None, "BODY[]"),
            (&[1, 2], What::All, Some(7), "BODY[1.2]<7>"),
            (&[1], What::Mime, None, "BODY[1.MIME]"),
            (&[], fields, None, "BODY[HEADER.FIELDS.NOT (Subject \"a b\")]"),
        ] {
            let mut out = Vec::new();
            let partial = offset.map(|offset| Partial { offset, length: 9 });
            push_body_section_name(
                &mut out,
                &Section {
                    path: path.to_vec(),
                    what,
                },
                partial,
            );
            assert_eq!(String::from_utf8(out).unwrap(), want);
        }
    }
}
