//! What SEARCH can look for. RFC 9051 §6.4.4, 5032 (OLDER, YOUNGER), 7162 (MODSEQ), 8474.

use jiff::civil::Date;

use crate::formats::imap::flag::Flag;
use crate::formats::imap::sequence_set::SequenceSet;

/// UNSEEN and its like are `LacksFlag`; several keys side by side are `And`.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchKey {
    All,
    And(Vec<SearchKey>),
    Or(Box<SearchKey>, Box<SearchKey>),
    Not(Box<SearchKey>),
    HasFlag(Flag),
    LacksFlag(Flag),
    /// IMAP4rev1 only.
    Recent,
    /// Text is decoded to Unicode.
    Subject(String),
    From(String),
    To(String),
    Cc(String),
    Bcc(String),
    Body(String),
    Text(String),
    /// An empty text: the field is there.
    Header {
        name: String,
        text: String,
    },
    /// INTERNALDATE, the day only.
    Before(Date),
    On(Date),
    Since(Date),
    /// The Date field, the day only.
    SentBefore(Date),
    SentOn(Date),
    SentSince(Date),
    Larger(u64),
    Smaller(u64),
    /// Message numbers, or `$`.
    Sequence(SequenceSet),
    Uid(SequenceSet),
    ModSeq(u64),
    /// Seconds before now.
    Older(u32),
    Younger(u32),
    EmailId(String),
    ThreadId(String),
}

impl SearchKey {
    /// A MODSEQ key is in it: the answer must then carry the highest one (RFC 7162 §3.1.5).
    pub fn uses_modseq(&self) -> bool {
        match self {
            SearchKey::ModSeq(_) => true,
            SearchKey::And(keys) => keys.iter().any(SearchKey::uses_modseq),
            SearchKey::Or(a, b) => a.uses_modseq() || b.uses_modseq(),
            SearchKey::Not(key) => key.uses_modseq(),
            _ => false,
        }
    }
}
