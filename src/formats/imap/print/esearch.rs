//! The answers to SEARCH. RFC 9051 §7.3.4 (ESEARCH), RFC 3501 §7.2.5 (SEARCH), RFC 7162 §3.1.5 (MODSEQ).

use crate::formats::imap::command::SearchReturn;
use crate::formats::imap::print::list::push_number_set;
use crate::formats::imap::print::string::{push_number, push_string};
use crate::formats::imap::sequence_set::NumberSet;

/// `* ESEARCH (TAG "a") UID MIN 1 ... `, with CRLF. `modseq`: the highest of the messages found, when the search used MODSEQ.
pub fn push_esearch(
    out: &mut Vec<u8>,
    tag: &str,
    uid: bool,
    returns: SearchReturn,
    found: &NumberSet,
    modseq: Option<u64>,
) {
    out.extend_from_slice(b"* ESEARCH (TAG ");
    push_string(out, tag.as_bytes());
    out.push(b')');
    if uid {
        out.extend_from_slice(b" UID");
    }
    let asks_nothing = !(returns.min || returns.max || returns.count || returns.save);
    if let (true, Some(min)) = (returns.min, found.min()) {
        push_pair(out, b" MIN ", u64::from(min));
    }
    if let (true, Some(max)) = (returns.max, found.max()) {
        push_pair(out, b" MAX ", u64::from(max));
    }
    // RFC 9051 §6.4.4: `RETURN ()` means ALL.
    if (returns.all || asks_nothing) && !found.is_empty() {
        out.extend_from_slice(b" ALL ");
        push_number_set(out, found);
    }
    if returns.count {
        push_pair(out, b" COUNT ", found.count());
    }
    if let (Some(modseq), false) = (modseq, found.is_empty()) {
        push_pair(out, b" MODSEQ ", modseq);
    }
    out.extend_from_slice(b"\r\n");
}

/// `* SEARCH 1 2 3 (MODSEQ 9)`, with CRLF, for IMAP4rev1 without RETURN.
pub fn push_search(out: &mut Vec<u8>, found: impl IntoIterator<Item = u32>, modseq: Option<u64>) {
    out.extend_from_slice(b"* SEARCH");
    let before = out.len();
    for number in found {
        out.push(b' ');
        push_number(out, u64::from(number));
    }
    if let (Some(modseq), true) = (modseq, out.len() > before) {
        push_pair(out, b" (MODSEQ ", modseq);
        out.push(b')');
    }
    out.extend_from_slice(b"\r\n");
}

fn push_pair(out: &mut Vec<u8>, name: &[u8], value: u64) {
    out.extend_from_slice(name);
    push_number(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_only_what_was_asked() {
        let found = NumberSet::from_numbers([2, 3, 9]);
        let answer = |returns, found: &NumberSet, modseq| {
            let mut out = Vec::new();
            push_esearch(&mut out, "a1", true, returns, found, modseq);
            String::from_utf8(out).unwrap()
        };
        let none = SearchReturn::default();
        let some = SearchReturn {
            min: true,
            max: true,
            count: true,
            ..none
        };
        assert_eq!(
            answer(none, &found, None),
            "* ESEARCH (TAG \"a1\") UID ALL 2:3,9\r\n"
        );
        assert_eq!(
            answer(some, &found, Some(7)),
            "* ESEARCH (TAG \"a1\") UID MIN 2 MAX 9 COUNT 3 MODSEQ 7\r\n"
        );
        assert_eq!(
            answer(some, &NumberSet::default(), Some(7)),
            "* ESEARCH (TAG \"a1\") UID COUNT 0\r\n"
        );
        let mut out = Vec::new();
        push_search(&mut out, [1, 5], Some(8));
        push_search(&mut out, [], Some(8));
        assert_eq!(out, b"* SEARCH 1 5 (MODSEQ 8)\r\n* SEARCH\r\n");
    }
}
