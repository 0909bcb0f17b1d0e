//! What FETCH can ask for. RFC 9051 §6.4.5, 3516 (BINARY), 7162 (MODSEQ), 8474 (EMAILID, THREADID), 8970 (PREVIEW).

use crate::formats::mime::section::Section;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchItem {
    Uid,
    Flags,
    InternalDate,
    Envelope,
    /// `BODY` without brackets.
    Body,
    BodyStructure,
    Rfc822,
    Rfc822Header,
    Rfc822Size,
    Rfc822Text,
    BodySection {
        section: Section,
        peek: bool,
        partial: Option<Partial>,
    },
    Binary {
        path: Vec<u32>,
        peek: bool,
        partial: Option<Partial>,
    },
    BinarySize {
        path: Vec<u32>,
    },
    ModSeq,
    Preview {
        lazy: bool,
    },
    EmailId,
    ThreadId,
}

/// `<offset.length>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partial {
    pub offset: u64,
    pub length: u64,
}

impl Partial {
    /// The bytes meant, of `size` there are; empty when the offset is behind the end (RFC 9051 §6.4.5).
    pub fn within(&self, size: u64) -> std::ops::Range<u64> {
        let start = self.offset.min(size);
        start..self.offset.saturating_add(self.length).min(size).max(start)
    }
}

impl FetchItem {
    /// Asking for it marks the message as read.
    pub fn sets_seen(&self) -> bool {
        match self {
            FetchItem::Rfc822 | FetchItem::Rfc822Text => true,
            FetchItem::BodySection { peek, .. } | FetchItem::Binary { peek, .. } => !peek,
            _ => false,
        }
    }
}
