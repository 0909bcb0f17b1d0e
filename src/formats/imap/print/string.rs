//! Strings of every kind. RFC 9051 §4.3, §9.
//!
//! Quoted where seven bits allow it, otherwise a literal, which is right for IMAP4rev1 clients too.

/// `"text"`, or a literal when there are line ends or bytes above 127. NUL bytes are left out: no form allows them.
pub fn push_string(out: &mut Vec<u8>, text: &[u8]) {
    if text.contains(&0) {
        let without: Vec<u8> = text.iter().copied().filter(|b| *b != 0).collect();
        return push_string(out, &without);
    }
    // RFC 9051 §4.3: a quoted string has no line ends. Long ones go as literals because clients have line limits.
    let is_quotable = text.len() <= 4096 && text.iter().all(|b| b.is_ascii() && !matches!(b, b'\r' | b'\n'));
    if is_quotable {
        push_quoted(out, text);
    } else {
        push_literal(out, text);
    }
}

/// `NIL` or a string.
pub fn push_nstring(out: &mut Vec<u8>, text: Option<&[u8]>) {
    match text {
        Some(text) => push_string(out, text),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// An atom if the text can be one, otherwise a string.
pub fn push_astring(out: &mut Vec<u8>, text: &[u8]) {
    let is_atom =
        !text.is_empty() && !text.eq_ignore_ascii_case(b"NIL") && text.iter().all(|b| is_astring_char(*b));
    if is_atom {
        out.extend_from_slice(text);
    } else {
        push_string(out, text);
    }
}

/// Text that is known to have no line end and no NUL: between quotes.
fn push_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// `{n}` and the bytes.
pub fn push_literal(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'{');
    push_number(out, bytes.len() as u64);
    out.extend_from_slice(b"}\r\n");
    out.extend_from_slice(bytes);
}

/// `~{n}` and the bytes (RFC 3516 §4.4): what may contain NUL.
pub fn push_literal8(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'~');
    push_literal(out, bytes);
}

pub fn push_number(out: &mut Vec<u8>, n: u64) {
    // No allocation: a FETCH of a whole folder prints some hundred thousand numbers.
    let (mut digits, mut at, mut rest) = ([0; 20], 20, n);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// RFC 9051 §9: what an atom is made of.
pub fn is_atom_char(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// An atom's letters and `]`.
pub fn is_astring_char(byte: u8) -> bool {
    is_atom_char(byte) || byte == b']'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_the_simplest_form_that_is_allowed() {
        for (text, string, astring) in [
            (&b"abc"[..], &b"\"abc\""[..], &b"abc"[..]),
            (b"", b"\"\"", b"\"\""),
            (b"a b", b"\"a b\"", b"\"a b\""),
            (b"a\"\\", b"\"a\\\"\\\\\"", b"\"a\\\"\\\\\""),
            (b"nil", b"\"nil\"", b"\"nil\""),
            (b"a\r\nb", b"{4}\r\na\r\nb", b"{4}\r\na\r\nb"),
            (b"\xc3\xa4", b"{2}\r\n\xc3\xa4", b"{2}\r\n\xc3\xa4"),
            (b"a\0b", b"\"ab\"", b"\"ab\""),
            (b"a]", b"\"a]\"", b"a]"),
        ] {
            let (mut s, mut a) = (Vec::new(), Vec::new());
            push_string(&mut s, text);
            push_astring(&mut a, text);
            assert_eq!((&s[..], &a[..]), (string, astring));
        }
    }
}
