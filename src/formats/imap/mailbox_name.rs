//! Mailbox names on the wire. RFC 3501 §5.1.3 (modified UTF-7), RFC 9051 §5.1 and RFC 6855 §3 (UTF-8).

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How this connection spells mailbox names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// Until the client enables IMAP4rev2 or UTF8=ACCEPT.
    #[default]
    Utf7,
    Utf8,
}

/// RFC 3501 §5.1.3: base64 with a comma for the slash, without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// From the wire to Unicode. Raw UTF-8 is understood in both spellings, because clients send it.
/// `None`: neither. The first level `inbox` becomes `INBOX` in every case (RFC 9051 §5.1).
pub fn decode(raw: &[u8], names: Names) -> Option<String> {
    let text = std::str::from_utf8(raw).ok()?;
    let name = match names {
        Names::Utf7 if text.is_ascii() => decode_utf7(text)?,
        _ => text.to_owned(),
    };
    if name.contains(|c: char| c.is_control()) {
        return None;
    }
    Some(with_inbox(name))
}

fn with_inbox(mut name: String) -> String {
    let is_inbox = name.get(..5).is_some_and(|n| n.eq_ignore_ascii_case("INBOX"));
    if is_inbox && matches!(name.as_bytes().get(5), None | Some(b'/')) {
        name.replace_range(..5, "INBOX");
    }
    name
}

/// From Unicode to the wire.
pub fn encode(name: &str, names: Names) -> String {
    match names {
        Names::Utf8 => name.to_owned(),
        Names::Utf7 => encode_utf7(name),
    }
}

fn encode_utf7(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut shifted: Vec<u8> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush_shifted(&mut out, &mut shifted);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            shifted.extend(
                c.encode_utf16(&mut [0; 2])
                    .iter()
                    .flat_map(|unit| unit.to_be_bytes()),
            );
        }
    }
    flush_shifted(&mut out, &mut shifted);
    out
}

fn flush_shifted(out: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        out.push('&');
        BASE64.encode_string(&*shifted, out);
        out.push('-');
        shifted.clear();
    }
}

fn decode_utf7(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let end = rest.find('-')?;
        if end == 0 {
            out.push('&');
        } else {
            let bytes = BASE64.decode(&rest[..end]).ok()?;
            if bytes.len() % 2 != 0 {
                return None;
            }
            let units = bytes
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            for c in char::decode_utf16(units) {
                out.push(c.ok()?);
            }
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modified_utf7_goes_both_ways() {
        for (name, wire) in [
            ("Entwürfe", "Entw&APw-rfe"),
            ("a & b", "a &- b"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("😀", "&2D3eAA-"),
            ("", ""),
        ] {
            assert_eq!(encode(name, Names::Utf7), wire);
            assert_eq!(decode(wire.as_bytes(), Names::Utf7).as_deref(), Some(name));
        }
    }

    #[test]
    fn inbox_has_one_spelling_and_bad_names_none() {
        for (raw, names, want) in [
            (&b"inBox"[..], Names::Utf7, Some("INBOX")),
            (b"inbox/a", Names::Utf7, Some("INBOX/a")),
            (b"inboxes", Names::Utf7, Some("inboxes")),
            ("Entwürfe".as_bytes(), Names::Utf7, Some("Entwürfe")),
            (b"R&D", Names::Utf8, Some("R&D")),
            (b"R&D", Names::Utf7, None),
            (b"&AP-", Names::Utf7, None),
            (b"&2D0-", Names::Utf7, None),
            (b"\xe4", Names::Utf8, None),
            (b"a\tb", Names::Utf8, None),
        ] {
            assert_eq!(decode(raw, names).as_deref(), want, "{raw:?}");
        }
    }
}
