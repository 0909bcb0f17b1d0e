//! Model to lines: capabilities, flags, folders.

use crate::formats::imap::command::StatusItem;
use crate::formats::imap::flag::Flag;
use crate::formats::imap::mailbox_name::Names;
use crate::formats::imap::print::list::{push_mailbox, push_number_set};
use crate::formats::imap::print::string::push_number;
use crate::formats::imap::sequence_set::NumberSet;
use crate::model::{Flags, Folder, Keywords, Role, UidSet};

/// What is offered to everybody, besides signing in.
/// RFC 9051, 3501, 7888 (LITERAL+), 2971 (ID), 5161 (ENABLE), 4959 (SASL-IR).
pub const BEFORE_LOGIN: &str = "IMAP4rev2 IMAP4rev1 LITERAL+ ID ENABLE SASL-IR";

/// What is offered after signing in, besides. RFC 2177, 2342, 3691, 4315, 6851, 6154, 5258, 5819, 3348, 7162, 4731,
/// 5182, 3516, 9208, 8438, 7889, 5032, 6855, 8970.
pub const CAPABILITIES: &str = "IDLE NAMESPACE UNSELECT UIDPLUS MOVE SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED \
     LIST-STATUS CHILDREN CONDSTORE QRESYNC ESEARCH SEARCHRES BINARY QUOTA QUOTA=RES-STORAGE STATUS=SIZE \
     WITHIN UTF8=ACCEPT PREVIEW";

/// In the order in which they are printed.
const SYSTEM_FLAGS: [(Flags, &str); 5] = [
    (Flags::ANSWERED, "\\Answered"),
    (Flags::FLAGGED, "\\Flagged"),
    (Flags::DELETED, "\\Deleted"),
    (Flags::SEEN, "\\Seen"),
    (Flags::DRAFT, "\\Draft"),
];

/// The usual keywords besides: which others are in use would have to be counted.
pub const KNOWN_FLAGS: &str =
    "(\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded $MDNSent $Junk $NotJunk)";
pub const PERMANENT_FLAGS: &str =
    "(\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded $MDNSent $Junk $NotJunk \\*)";

/// `(\Seen $Forwarded)`.
pub fn push_flags(out: &mut Vec<u8>, flags: Flags, keywords: &Keywords) {
    out.push(b'(');
    let start = out.len();
    for (flag, name) in SYSTEM_FLAGS {
        if flags.contains(flag) {
            push_word(out, start, name);
        }
    }
    for word in keywords.iter() {
        push_word(out, start, word);
    }
    out.push(b')');
}

fn push_word(out: &mut Vec<u8>, start: usize, word: &str) {
    if out.len() > start {
        out.push(b' ');
    }
    out.extend_from_slice(word.as_bytes());
}

/// From the codec's flags to the model's.
pub fn flags_of(flags: &[Flag]) -> (Flags, Keywords) {
    let mut bits = Flags::NONE;
    let mut keywords = Keywords::default();
    for flag in flags {
        match flag {
            Flag::Seen => bits = bits.with(Flags::SEEN),
            Flag::Answered => bits = bits.with(Flags::ANSWERED),
            Flag::Flagged => bits = bits.with(Flags::FLAGGED),
            Flag::Deleted => bits = bits.with(Flags::DELETED),
            Flag::Draft => bits = bits.with(Flags::DRAFT),
            Flag::Keyword(word) => {
                keywords.add(word);
            }
        }
    }
    (bits, keywords)
}

/// RFC 6154 §2; the inbox has none.
pub fn special_use(role: Role) -> Option<&'static str> {
    match role {
        Role::Inbox => None,
        Role::Drafts => Some("\\Drafts"),
        Role::Sent => Some("\\Sent"),
        Role::Trash => Some("\\Trash"),
        Role::Junk => Some("\\Junk"),
        Role::Archive => Some("\\Archive"),
    }
}

pub fn role_of_special_use(word: &str) -> Option<Role> {
    Role::ALL
        .into_iter()
        .find(|r| special_use(*r).is_some_and(|w| w.eq_ignore_ascii_case(word)))
}

/// `1:5,7`.
pub fn push_uids(out: &mut Vec<u8>, uids: &UidSet) {
    push_number_set(out, &NumberSet::from_ranges(uids.ranges().collect()));
}

/// As [`push_uids`], for response codes.
pub fn uids(set: &UidSet) -> String {
    let mut out = Vec::new();
    push_uids(&mut out, set);
    String::from_utf8(out).unwrap_or_default()
}

/// `1:5,7` of numbers in the order given, as COPYUID needs it (RFC 4315 §3).
pub fn numbers_in_order(numbers: impl IntoIterator<Item = u32>) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    let mut run: Option<(u32, u32)> = None;
    let mut flush = |run: Option<(u32, u32)>| {
        if let Some((first, last)) = run {
            let comma = if out.is_empty() { "" } else { "," };
            let _ = match first == last {
                true => write!(out, "{comma}{first}"),
                false => write!(out, "{comma}{first}:{last}"),
            };
        }
    };
    for n in numbers {
        run = match run {
            Some((first, last)) if last + 1 == n => Some((first, n)),
            other => {
                flush(other);
                Some((n, n))
            }
        };
    }
    flush(run);
    out
}

/// `* STATUS name (MESSAGES 3 ...)` with CRLF.
pub fn push_status(
    out: &mut Vec<u8>,
    path: &str,
    names: Names,
    folder: &Folder,
    items: &[(StatusItem, Option<u64>)],
) {
    out.extend_from_slice(b"* STATUS ");
    push_mailbox(out, path, names);
    out.extend_from_slice(b" (");
    for (i, (item, given)) in items.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(item.name().as_bytes());
        out.push(b' ');
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let value = match item {
            StatusItem::Messages => count(folder.total),
            // Nothing is ever recent: RFC 9051 dropped it, and no client needs it.
            StatusItem::Recent => 0,
            StatusItem::UidNext => u64::from(folder.uid_next),
            StatusItem::UidValidity => u64::from(folder.uid_validity),
            StatusItem::Unseen => count(folder.unread),
            StatusItem::HighestModSeq => count(folder.highest_modseq),
            StatusItem::Size => count(folder.size_bytes),
            StatusItem::Deleted => count(folder.deleted),
            StatusItem::DeletedStorage | StatusItem::AppendLimit => given.unwrap_or(0),
            StatusItem::MailboxId => {
                out.extend_from_slice(format!("(F{})", folder.id).as_bytes());
                continue;
            }
        };
        push_number(out, value);
    }
    out.extend_from_slice(b")\r\n");
}
