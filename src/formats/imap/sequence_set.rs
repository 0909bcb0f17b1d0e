//! Sets of message numbers or UIDs: as a client writes them, and resolved. RFC 9051 §9 `sequence-set`, RFC 5182 `$`.

use std::ops::RangeInclusive;

/// More ranges than this are refused: a client that needs them can ask twice.
pub const MAX_RANGES: usize = 10_000;

/// `*`.
const STAR: u32 = u32::MAX;

/// As the client wrote it; `*` has no value before [`SequenceSet::resolve`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SequenceSet {
    /// `$`: the result of the last SEARCH with SAVE.
    Saved,
    /// Pairs in the order of the line, either end may be the larger.
    Ranges(Vec<(u32, u32)>),
}

impl SequenceSet {
    /// `None` for a syntax error, a zero, or more than [`MAX_RANGES`] ranges.
    pub fn parse(text: &[u8]) -> Option<SequenceSet> {
        if text == b"$" {
            return Some(SequenceSet::Saved);
        }
        let mut ranges = Vec::new();
        for item in text.split(|b| *b == b',') {
            if ranges.len() == MAX_RANGES {
                return None;
            }
            let mut ends = item.splitn(2, |b| *b == b':');
            let first = parse_number(ends.next()?)?;
            let last = ends.next().map_or(Some(first), parse_number)?;
            ranges.push((first, last));
        }
        Some(SequenceSet::Ranges(ranges))
    }

    /// `max`: what `*` means, the highest number there is; 0 in an empty mailbox, which gives an empty set for `*`.
    /// `saved`: what `$` means.
    pub fn resolve(&self, max: u32, saved: &NumberSet) -> NumberSet {
        let SequenceSet::Ranges(ranges) = self else {
            return saved.clone();
        };
        let value = |n: u32| if n == STAR { max } else { n };
        let resolved = ranges.iter().map(|(a, b)| (value(*a), value(*b)));
        // RFC 9051 §9: 4:2 means 2:4.
        let ordered = resolved.map(|(a, b)| (a.min(b), a.max(b)));
        NumberSet::from_ranges(
            ordered
                .filter(|(_, b)| *b > 0)
                .map(|(a, b)| (a.max(1), b))
                .collect(),
        )
    }

    /// `1:*`, every message.
    pub fn is_everything(&self) -> bool {
        matches!(self, SequenceSet::Ranges(r) if r[..] == [(1, STAR)] || r[..] == [(STAR, 1)])
    }

    /// A range without `*` goes beyond `max`: a client's mistake, where `*` only is generous (RFC 9051 §9).
    pub fn exceeds(&self, max: u32) -> bool {
        match self {
            SequenceSet::Saved => false,
            SequenceSet::Ranges(ranges) => ranges
                .iter()
                .any(|(a, b)| *a != STAR && *b != STAR && (*a).max(*b) > max),
        }
    }

    /// The highest number that is written out; message numbers beyond the mailbox are a client's error.
    pub fn highest_number(&self) -> Option<u32> {
        let SequenceSet::Ranges(ranges) = self else {
            return None;
        };
        ranges
            .iter()
            .flat_map(|(a, b)| [*a, *b])
            .filter(|n| *n != STAR)
            .max()
    }
}

fn parse_number(text: &[u8]) -> Option<u32> {
    if text == b"*" {
        return Some(STAR);
    }
    if !text.first()?.is_ascii_digit() {
        return None;
    }
    let number: u32 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (number > 0 && number < STAR).then_some(number)
}

/// Numbers in ascending ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberSet {
    ranges: Vec<(u32, u32)>,
}

impl NumberSet {
    pub fn from_ranges(mut ranges: Vec<(u32, u32)>) -> NumberSet {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        let mut set = NumberSet::default();
        for (first, last) in ranges {
            set.push_range(first, last);
        }
        set
    }

    /// In any order.
    pub fn from_numbers(numbers: impl IntoIterator<Item = u32>) -> NumberSet {
        let mut set = NumberSet::default();
        let mut is_ascending = true;
        let mut unsorted: Vec<(u32, u32)> = Vec::new();
        for n in numbers {
            is_ascending = is_ascending && set.ranges.last().is_none_or(|(_, last)| n >= *last);
            if is_ascending {
                set.push_range(n, n);
            } else {
                unsorted.push((n, n));
            }
        }
        if !unsorted.is_empty() {
            unsorted.append(&mut set.ranges);
            return NumberSet::from_ranges(unsorted);
        }
        set
    }

    /// `first` is not below the start of the last range.
    fn push_range(&mut self, first: u32, last: u32) {
        match self.ranges.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = (*end).max(last),
            _ => self.ranges.push((first, last)),
        }
    }

    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    pub fn contains(&self, number: u32) -> bool {
        let behind = self.ranges.partition_point(|(first, _)| *first <= number);
        behind > 0 && number <= self.ranges[behind - 1].1
    }

    /// How many numbers.
    pub fn count(&self) -> u64 {
        self.ranges
            .iter()
            .map(|(first, last)| u64::from(last - first) + 1)
            .sum()
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    pub fn min(&self) -> Option<u32> {
        self.ranges.first().map(|(first, _)| *first)
    }

    pub fn max(&self) -> Option<u32> {
        self.ranges.last().map(|(_, last)| *last)
    }

    /// Every number, ascending. May be four thousand million of them: intersect with what exists first.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.ranges
            .iter()
            .flat_map(|(first, last)| RangeInclusive::new(*first, *last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str, max: u32) -> Option<Vec<(u32, u32)>> {
        let saved = NumberSet::from_numbers([7]);
        Some(
            SequenceSet::parse(text.as_bytes())?
                .resolve(max, &saved)
                .ranges()
                .to_vec(),
        )
    }

    #[test]
    fn resolves_sets() {
        for (text, max, want) in [
            ("1", 9, Some(vec![(1, 1)])),
            ("5,1:3,4", 9, Some(vec![(1, 5)])),
            ("4:2", 9, Some(vec![(2, 4)])),
            ("*", 9, Some(vec![(9, 9)])),
            ("*:7", 9, Some(vec![(7, 9)])),
            ("12:*", 9, Some(vec![(9, 12)])),
            ("*", 0, Some(vec![])),
            ("1:*", 0, Some(vec![(1, 1)])),
            ("$", 9, Some(vec![(7, 7)])),
            ("1:4294967294,3", 9, Some(vec![(1, 4_294_967_294)])),
            ("0", 9, None),
            ("", 9, None),
            ("1,", 9, None),
            ("1:", 9, None),
            ("+1", 9, None),
            ("1:2:3", 9, None),
            ("99999999999", 9, None),
            ("a", 9, None),
        ] {
            assert_eq!(resolve(text, max), want, "{text}");
        }
    }

    #[test]
    fn number_sets_gather_and_find() {
        let set = NumberSet::from_numbers([5, 1, 2, 3, 9, 2]);
        assert_eq!(set.ranges(), [(1, 3), (5, 5), (9, 9)]);
        let found: Vec<u32> = (0..=10).filter(|n| set.contains(*n)).collect();
        assert_eq!(found, set.iter().collect::<Vec<_>>());
        assert_eq!((set.count(), set.min(), set.max()), (5, Some(1), Some(9)));
    }

    #[test]
    fn too_many_ranges_are_refused() {
        assert!(SequenceSet::parse("1,".repeat(MAX_RANGES).trim_end_matches(',').as_bytes()).is_some());
        assert!(SequenceSet::parse(("1,".repeat(MAX_RANGES) + "1").as_bytes()).is_none());
    }
}
