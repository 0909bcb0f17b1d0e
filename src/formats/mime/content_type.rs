//! Content-Type and Content-Disposition: a value and its parameters. RFC 2045 §5, RFC 2183, RFC 2231.

use crate::formats::mime::address::take_quoted;
use crate::formats::mime::text::{decode_charset, decode_text};
use crate::formats::mime::transfer::hex_value;

/// `value; name=text; ...` with quoting and continuations undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameterized {
    /// As written: `text/plain`, `attachment`.
    pub value: Vec<u8>,
    pub parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Without RFC 2231's `*0*`; as written otherwise.
    pub name: Vec<u8>,
    /// The header's bytes; `charset'language'percent-encoded` when `is_extended`.
    pub value: Vec<u8>,
    pub is_extended: bool,
}

/// A header with more parameters than this is not about its content.
const MAX_PARAMETERS: usize = 200;

impl Parameterized {
    /// Tolerant: missing quotes, stray blanks and semicolons, encoded words in values.
    pub fn parse(value: &[u8]) -> Parameterized {
        let mut rest = value;
        let mut head = take_until_semicolon(&mut rest);
        // RFC 2045 §5.1 knows comments here; nobody means anything by them.
        if let Some(comment) = head.iter().position(|b| *b == b'(') {
            head.truncate(comment);
        }
        head.retain(|b| !b.is_ascii_whitespace());
        let mut pieces = Vec::new();
        while !rest.is_empty() && pieces.len() < MAX_PARAMETERS {
            pieces.extend(take_parameter(&mut rest));
        }
        Parameterized {
            value: head,
            parameters: join_pieces(pieces),
        }
    }

    /// The first parameter of that name, decoded for people.
    pub fn text(&self, name: &str) -> Option<String> {
        let wanted = |p: &&Parameter| p.name.eq_ignore_ascii_case(name.as_bytes());
        self.parameters
            .iter()
            .find(wanted)
            .map(Parameter::text)
            .filter(|t| !t.is_empty())
    }

    /// The first parameter of that name, in the header's bytes.
    pub fn raw(&self, name: &str) -> Option<&[u8]> {
        let wanted = |p: &&Parameter| p.name.eq_ignore_ascii_case(name.as_bytes());
        self.parameters.iter().find(wanted).map(|p| &p.value[..])
    }

    /// Type and subtype in lower case, if there is a slash with something on both sides.
    pub fn media_type(&self) -> Option<(String, String)> {
        let value = String::from_utf8_lossy(&self.value).to_ascii_lowercase();
        let (main, sub) = value.split_once('/')?;
        (!main.is_empty() && !sub.is_empty()).then(|| (main.to_owned(), sub.to_owned()))
    }
}

impl Parameter {
    fn text(&self) -> String {
        if !self.is_extended {
            return decode_text(&self.value);
        }
        let mut pieces = self.value.splitn(3, |b| *b == b'\'');
        match (pieces.next(), pieces.next(), pieces.next()) {
            (Some(charset), Some(_language), Some(text)) => {
                let charset = String::from_utf8_lossy(charset);
                decode_charset(&percent_decode(text), Some(&charset))
            }
            _ => decode_charset(&percent_decode(&self.value), None),
        }
    }
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        if let [b'%', high, low, ..] = &text[i..]
            && let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low))
        {
            out.push(high << 4 | low);
            i += 3;
        } else {
            out.push(text[i]);
            i += 1;
        }
    }
    out
}

/// One `name=value` as it stands there.
struct Piece {
    name: Vec<u8>,
    /// RFC 2231 §3: the number of a continuation.
    section: Option<u32>,
    is_extended: bool,
    value: Vec<u8>,
}

fn take_until_semicolon(rest: &mut &[u8]) -> Vec<u8> {
    let end = rest.iter().position(|b| *b == b';').unwrap_or(rest.len());
    let taken = rest[..end].to_vec();
    *rest = rest.get(end + 1..).unwrap_or_default();
    taken
}

fn take_parameter(rest: &mut &[u8]) -> Option<Piece> {
    let name_end = rest
        .iter()
        .position(|b| matches!(b, b'=' | b';'))
        .unwrap_or(rest.len());
    let name = rest[..name_end].trim_ascii().to_vec();
    if rest.get(name_end) != Some(&b'=') {
        *rest = rest.get(name_end + 1..).unwrap_or_default();
        return None;
    }
    *rest = rest[name_end + 1..].trim_ascii_start();
    let value = if rest.first() == Some(&b'"') {
        let quoted = take_quoted(rest);
        take_until_semicolon(rest);
        quoted
    } else {
        let mut value = take_until_semicolon(rest).trim_ascii().to_vec();
        value.retain(|b| !matches!(b, b'\r' | b'\n'));
        value
    };
    let mut parts = name.split(|b| *b == b'*');
    let base = parts.next().unwrap_or_default().to_vec();
    let mut piece = Piece {
        name: base,
        section: None,
        is_extended: false,
        value,
    };
    for part in parts {
        match std::str::from_utf8(part).ok().and_then(|n| n.parse().ok()) {
            Some(number) => piece.section = Some(number),
            None => piece.is_extended = true,
        }
    }
    (!piece.name.is_empty()).then_some(piece)
}

/// RFC 2231 §3: continuations are joined in the order of their numbers, at the place of the first.
fn join_pieces(pieces: Vec<Piece>) -> Vec<Parameter> {
    let mut out: Vec<Parameter> = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        if piece.section.is_none() {
            let Piece {
                name,
                is_extended,
                value,
                ..
            } = piece;
            out.push(Parameter {
                name: name.clone(),
                value: value.clone(),
                is_extended: *is_extended,
            });
            continue;
        }
        let same = |p: &&Piece| p.section.is_some() && p.name.eq_ignore_ascii_case(&piece.name);
        if pieces[..i].iter().any(|p| same(&p)) {
            continue;
        }
        let mut group: Vec<&Piece> = pieces[i..].iter().filter(same).collect();
        group.sort_by_key(|p| p.section);
        let is_extended = group.iter().any(|p| p.is_extended);
        let mut value = Vec::new();
        if is_extended && !group[0].is_extended {
            value.extend_from_slice(b"utf-8''");
        }
        for p in group {
            match is_extended && !p.is_extended {
                // A literal piece among encoded ones: its percent signs are its own.
                true => value.extend(p.value.iter().flat_map(|b| match b {
                    b'%' => b"%25".to_vec(),
                    other => vec![*other],
                })),
                false => value.extend_from_slice(&p.value),
            }
        }
        out.push(Parameter {
            name: piece.name.clone(),
            value,
            is_extended,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_parameters_in_all_their_spellings() {
        for (raw, name, want) in [
            ("text/plain; charset=utf-8", "charset", Some("utf-8")),
            ("text/plain; charset=\"utf\\-8\" ; x=y", "x", Some("y")),
            ("a/b; NAME=my file.pdf; c=d", "name", Some("my file.pdf")),
            ("a/b; name=\"=?utf-8?Q?=C3=A4.pdf?=\"", "name", Some("ä.pdf")),
            ("a; filename*=utf-8''%C3%A4%20b.pdf", "filename", Some("ä b.pdf")),
            ("a; filename*=iso-8859-1'de'%E4", "filename", Some("ä")),
            (
                "a; filename*1=\"b.pdf\"; filename*0=\"a\"",
                "filename",
                Some("ab.pdf"),
            ),
            (
                "a; filename*0*=utf-8''%C3; filename*1*=%A4; filename*2=50%.txt",
                "filename",
                Some("ä50%.txt"),
            ),
            ("text/plain;;; charset", "charset", None),
            ("", "charset", None),
        ] {
            assert_eq!(
                Parameterized::parse(raw.as_bytes()).text(name).as_deref(),
                want,
                "{raw}"
            );
        }
    }

    #[test]
    fn media_type_needs_both_halves() {
        let of = |v: &str| Parameterized::parse(v.as_bytes()).media_type();
        assert_eq!(
            of(" Text / HTML (rich); a=b"),
            Some(("text".into(), "html".into()))
        );
        assert_eq!(of("text"), None);
        assert_eq!(of("/"), None);
    }
}
