//! Message flags. RFC 9051 §2.3.2.

/// `\Recent` is not among them: clients cannot set it and IMAP4rev2 has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    Seen,
    Answered,
    Flagged,
    Deleted,
    Draft,
    /// As written; keywords compare without case.
    Keyword(String),
}

const SYSTEM: [(Flag, &str); 5] = [
    (Flag::Seen, "\\Seen"),
    (Flag::Answered, "\\Answered"),
    (Flag::Flagged, "\\Flagged"),
    (Flag::Deleted, "\\Deleted"),
    (Flag::Draft, "\\Draft"),
];

impl Flag {
    /// `None` for a system flag that does not exist.
    pub fn from_name(name: &str) -> Option<Flag> {
        if !name.starts_with('\\') {
            return Some(Flag::Keyword(name.to_owned()));
        }
        SYSTEM
            .iter()
            .find(|(_, n)| n.eq_ignore_ascii_case(name))
            .map(|(flag, _)| flag.clone())
    }

    pub fn name(&self) -> &str {
        match self {
            Flag::Keyword(name) => name,
            system => SYSTEM
                .iter()
                .find(|(flag, _)| flag == system)
                .map_or("", |(_, name)| name),
        }
    }
}
