//! Flags, number sets, mailbox names. RFC 9051 §9.

use crate::formats::imap::flag::Flag;
use crate::formats::imap::mailbox_name::{Names, encode};
use crate::formats::imap::print::string::{push_astring, push_number, push_string};
use crate::formats::imap::sequence_set::NumberSet;

/// `(\Seen $Forwarded)`.
pub fn push_flags<'a>(out: &mut Vec<u8>, flags: impl IntoIterator<Item = &'a Flag>) {
    out.push(b'(');
    for (i, flag) in flags.into_iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(flag.name().as_bytes());
    }
    out.push(b')');
}

/// `1:5,7`; nothing for the empty set, which the grammar does not know.
pub fn push_number_set(out: &mut Vec<u8>, set: &NumberSet) {
    for (i, (first, last)) in set.ranges().iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push_number(out, u64::from(*first));
        if last > first {
            out.push(b':');
            push_number(out, u64::from(*last));
        }
    }
}

/// A mailbox name in this connection's spelling.
pub fn push_mailbox(out: &mut Vec<u8>, name: &str, names: Names) {
    let wire = encode(name, names);
    if wire.is_ascii() {
        return push_astring(out, wire.as_bytes());
    }
    // RFC 9051 §4.3: with UTF-8 enabled a quoted string may hold it; literals would be right but clumsy.
    if wire.contains(['\r', '\n', '\0']) {
        return push_string(out, wire.as_bytes());
    }
    out.push(b'"');
    out.extend_from_slice(wire.replace('\\', "\\\\").replace('"', "\\\"").as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_flags_sets_and_names() {
        let mut out = Vec::new();
        push_flags(&mut out, &[Flag::Seen, Flag::Keyword("$Junk".into())]);
        out.push(b' ');
        push_number_set(&mut out, &NumberSet::from_numbers([1, 2, 3, 5, 8, 9]));
        for (name, names) in [
            ("INBOX", Names::Utf7),
            ("Entwürfe", Names::Utf7),
            ("Entwürfe \"1\"", Names::Utf8),
            ("a b", Names::Utf8),
        ] {
            out.push(b' ');
            push_mailbox(&mut out, name, names);
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "(\\Seen $Junk) 1:3,5,8:9 INBOX Entw&APw-rfe \"Entwürfe \\\"1\\\"\" \"a b\""
        );
    }
}
