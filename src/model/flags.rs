//! Flags of an item: the system flags as bits, keywords as words (RFC 9051 §2.3.2).

use serde::{Deserialize, Serialize};

/// System flags. The bits are stored; never renumber.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flags(pub u32);

impl Flags {
    pub const SEEN: Flags = Flags(1);
    pub const ANSWERED: Flags = Flags(2);
    pub const FLAGGED: Flags = Flags(4);
    pub const DELETED: Flags = Flags(8);
    pub const DRAFT: Flags = Flags(16);
    pub const NONE: Flags = Flags(0);

    pub fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
    pub fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
    pub fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }
}

/// Keywords such as `$Forwarded`, unique without regard to case, in order of arrival.
/// Stored and printed separated by one space; none contains a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords(String);

/// More on one item than this are not kept: a bound against a client that loops.
pub const MAX_KEYWORDS: usize = 64;

impl Keywords {
    /// From the stored form.
    pub fn from_stored(text: &str) -> Self {
        Keywords(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }

    pub fn contains(&self, word: &str) -> bool {
        self.iter().any(|k| k.eq_ignore_ascii_case(word))
    }

    /// Returns whether anything changed. Words with spaces or controls, and what exceeds [`MAX_KEYWORDS`], are left out.
    pub fn add(&mut self, word: &str) -> bool {
        let fits = !word.is_empty() && !word.chars().any(|c| c.is_whitespace() || c.is_control());
        if !fits || self.contains(word) || self.iter().count() >= MAX_KEYWORDS {
            return false;
        }
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(word);
        true
    }

    /// Returns whether anything changed.
    pub fn remove(&mut self, word: &str) -> bool {
        if !self.contains(word) {
            return false;
        }
        let kept: Vec<&str> = self
            .0
            .split_ascii_whitespace()
            .filter(|k| !k.eq_ignore_ascii_case(word))
            .collect();
        self.0 = kept.join(" ");
        true
    }
}

impl<S: AsRef<str>> FromIterator<S> for Keywords {
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        let mut out = Keywords::default();
        for w in words {
            out.add(w.as_ref());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_unique_without_case() {
        let mut k: Keywords = ["$Forwarded", "work", "WORK", "a b"].into_iter().collect();
        assert_eq!(k.as_str(), "$Forwarded work");
        assert!(k.remove("$forwarded"));
        assert!(!k.remove("$forwarded"));
        assert_eq!(k.as_str(), "work");
    }
}
