//! vCard 2.1, as old telephones write it: quoted-printable and charsets become what vCard 3.0 says in UTF-8.

use crate::formats::content_line::print::escape_text;
use crate::formats::mime::text::decode_charset;

/// The card itself, unless it is one of 2.1.
pub fn modern(raw: Vec<u8>) -> Vec<u8> {
    let is_old = raw
        .split(|b| *b == b'\n')
        .take(50)
        .any(|l| l.trim_ascii().eq_ignore_ascii_case(b"VERSION:2.1"));
    if is_old { convert(&raw) } else { raw }
}

fn convert(raw: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    let mut lines = raw
        .split(|b| *b == b'\n')
        .map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    while let Some(line) = lines.next() {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            // Folded base64.
            out.push_str(&decode_charset(line, None));
            out.push_str("\r\n");
            continue;
        };
        let head = decode_charset(&line[..colon], None);
        let mut value = line[colon + 1..].to_vec();
        let (mut kept, mut charset, mut is_quoted) = (Vec::new(), None, false);
        for part in head.split(';') {
            let upper = part.to_ascii_uppercase();
            match upper.as_str() {
                "QUOTED-PRINTABLE" | "ENCODING=QUOTED-PRINTABLE" => is_quoted = true,
                "BASE64" | "ENCODING=BASE64" => kept.push("ENCODING=b".to_owned()),
                _ if upper.starts_with("CHARSET=") => charset = Some(part["CHARSET=".len()..].to_owned()),
                _ if kept.is_empty() || part.contains('=') => kept.push(part.to_owned()),
                // 2.1 writes the value of TYPE alone.
                _ => kept.push(format!("TYPE={part}")),
            }
        }
        while is_quoted && value.ends_with(b"=") {
            value.pop();
            match lines.next() {
                Some(more) => value.extend_from_slice(more),
                None => break,
            }
        }
        if is_quoted {
            value = unquote(&value);
        }
        let text = decode_charset(&value, charset.as_deref());
        let text = match is_quoted {
            // What is structured keeps its semicolons.
            true => text.split(';').map(escape_text).collect::<Vec<_>>().join(";"),
            false => text,
        };
        let text = if kept.first().is_some_and(|n| n.eq_ignore_ascii_case("VERSION")) {
            "3.0".into()
        } else {
            text
        };
        out.push_str(&format!("{}:{text}\r\n", kept.join(";")));
    }
    while out.ends_with("\r\n\r\n") {
        out.truncate(out.len() - 2);
    }
    out.into_bytes()
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut i = 0;
    while let Some(b) = value.get(i) {
        let code = (*b == b'=').then(|| value.get(i + 1..i + 3)).flatten();
        let code = code.and_then(|c| u8::from_str_radix(std::str::from_utf8(c).ok()?, 16).ok());
        out.push(code.unwrap_or(*b));
        i += if code.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_of_telephones_can_be_read() {
        let raw = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Zo=\r\n=C3=AB;;;\r\n\
            FN;CHARSET=ISO-8859-1:Zo\xeb\r\nTEL;CELL;VOICE:+49 1\r\nEND:VCARD\r\n";
        let text = String::from_utf8(modern(raw.to_vec())).unwrap();
        assert!(text.contains("VERSION:3.0\r\n"), "{text}");
        assert!(text.contains("N:Müller;Zoë;;;\r\n"), "{text}");
        assert!(
            text.contains("FN:Zoë\r\n") && text.contains("TEL;TYPE=CELL;TYPE=VOICE:+49 1\r\n"),
            "{text}"
        );
        assert!(crate::contacts::read_columns(text.as_bytes()).is_ok());
        assert_eq!(
            modern(b"BEGIN:VCARD\nVERSION:3.0".to_vec()),
            b"BEGIN:VCARD\nVERSION:3.0"
        );
    }
}
