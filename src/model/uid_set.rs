//! A set of UIDs as ascending ranges: what a session remembers of a folder of 100,000 messages in a few bytes.

use super::Uid;

/// Ascending, disjoint, not adjacent inclusive ranges, each with the count of UIDs before it,
/// so that message sequence numbers (RFC 9051 §2.3.1.2) are found by binary search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UidSet {
    ranges: Vec<Range>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    first: Uid,
    last: Uid,
    before: u32,
}

impl UidSet {
    pub fn len(&self) -> u32 {
        self.ranges
            .last()
            .map_or(0, |r| r.before + (r.last - r.first) + 1)
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    pub fn last(&self) -> Option<Uid> {
        self.ranges.last().map(|r| r.last)
    }

    /// Adds a UID above all others. Lower ones are ignored: UIDs only ascend.
    pub fn push(&mut self, uid: Uid) {
        let before = self.len();
        match self.ranges.last_mut() {
            Some(r) if uid <= r.last => {}
            Some(r) if uid == r.last + 1 => r.last = uid,
            _ => self.ranges.push(Range {
                first: uid,
                last: uid,
                before,
            }),
        }
    }

    /// The sequence number of a UID, from 1.
    pub fn sequence_of(&self, uid: Uid) -> Option<u32> {
        let i = self.ranges.partition_point(|r| r.last < uid);
        let r = self.ranges.get(i)?;
        (r.first <= uid).then(|| r.before + (uid - r.first) + 1)
    }

    /// How many are below a UID, which need not be in the set.
    pub fn count_below(&self, uid: Uid) -> u32 {
        let i = self.ranges.partition_point(|r| r.last < uid);
        match self.ranges.get(i) {
            Some(r) => r.before + uid.saturating_sub(r.first),
            None => self.len(),
        }
    }

    pub fn contains(&self, uid: Uid) -> bool {
        self.sequence_of(uid).is_some()
    }

    /// The UID at a sequence number from 1.
    pub fn uid_at(&self, sequence: u32) -> Option<Uid> {
        let zero = sequence.checked_sub(1)?;
        let i = self.ranges.partition_point(|r| r.before <= zero).checked_sub(1)?;
        let r = self.ranges[i];
        let uid = r.first + (zero - r.before);
        (uid <= r.last).then_some(uid)
    }

    /// Removes one; returns the sequence number that it had.
    pub fn remove(&mut self, uid: Uid) -> Option<u32> {
        let sequence = self.sequence_of(uid)?;
        let i = self.ranges.partition_point(|r| r.last < uid);
        let r = self.ranges[i];
        for later in &mut self.ranges[i + 1..] {
            later.before -= 1;
        }
        match (r.first == uid, r.last == uid) {
            (true, true) => {
                self.ranges.remove(i);
            }
            (true, false) => self.ranges[i].first += 1,
            (false, true) => self.ranges[i].last -= 1,
            (false, false) => {
                self.ranges[i].last = uid - 1;
                self.ranges.insert(
                    i + 1,
                    Range {
                        first: uid + 1,
                        last: r.last,
                        before: r.before + (uid - r.first),
                    },
                );
            }
        }
        Some(sequence)
    }

    /// Removes many at once, in the time of one pass. `uids`: ascending. Returns the sequence number that each
    /// had when those before it were gone already; unknown ones are left out.
    pub fn remove_all(&mut self, uids: &[Uid]) -> Vec<u32> {
        if let [uid] = uids {
            return self.remove(*uid).into_iter().collect();
        }
        let going: UidSet = uids.iter().copied().collect();
        let sequences = going.iter().filter_map(|uid| self.sequence_of(uid));
        let sequences = (0..).zip(sequences).map(|(gone, n)| n - gone).collect();
        *self = self.difference(&going);
        sequences
    }

    /// What is in this set and not in the other.
    pub fn difference(&self, other: &UidSet) -> UidSet {
        let mut out = UidSet::default();
        let mut j = 0;
        for r in &self.ranges {
            while other.ranges.get(j).is_some_and(|o| o.last < r.first) {
                j += 1;
            }
            let mut from = Some(r.first);
            for gone in other.ranges[j..].iter().take_while(|o| o.first <= r.last) {
                if let Some(from) = from
                    && gone.first > from
                {
                    out.push_range(from, gone.first - 1);
                }
                from = gone.last.checked_add(1);
            }
            if let Some(from) = from
                && from <= r.last
            {
                out.push_range(from, r.last);
            }
        }
        out
    }

    /// What is in one set or in the other.
    pub fn union(&self, other: &UidSet) -> UidSet {
        let mut all: Vec<(Uid, Uid)> = self.ranges().chain(other.ranges()).collect();
        all.sort_unstable();
        let mut out = UidSet::default();
        for (first, last) in all {
            out.push_range(first, last);
        }
        out
    }

    /// `first` is not below the start of the last range.
    fn push_range(&mut self, first: Uid, last: Uid) {
        let before = self.len();
        match self.ranges.last_mut() {
            Some(r) if first <= r.last.saturating_add(1) => r.last = r.last.max(last),
            _ => self.ranges.push(Range { first, last, before }),
        }
    }

    /// From inclusive ranges in any order.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (Uid, Uid)>) -> UidSet {
        let mut all: Vec<(Uid, Uid)> = ranges.into_iter().filter(|(a, b)| a <= b).collect();
        all.sort_unstable();
        let mut out = UidSet::default();
        for (first, last) in all {
            out.push_range(first, last);
        }
        out
    }

    /// Inclusive ranges, ascending.
    pub fn ranges(&self) -> impl Iterator<Item = (Uid, Uid)> + '_ {
        self.ranges.iter().map(|r| (r.first, r.last))
    }

    pub fn iter(&self) -> impl Iterator<Item = Uid> + '_ {
        self.ranges.iter().flat_map(|r| r.first..=r.last)
    }

    /// What is in both sets.
    pub fn intersection(&self, other: &UidSet) -> UidSet {
        let mut out = UidSet::default();
        let (mut i, mut j) = (0, 0);
        while let (Some(a), Some(b)) = (self.ranges.get(i), other.ranges.get(j)) {
            let (first, last) = (a.first.max(b.first), a.last.min(b.last));
            if first <= last {
                let before = out.len();
                out.ranges.push(Range { first, last, before });
            }
            if a.last < b.last { i += 1 } else { j += 1 }
        }
        out
    }
}

impl FromIterator<Uid> for UidSet {
    /// From any order.
    fn from_iter<I: IntoIterator<Item = Uid>>(uids: I) -> Self {
        let mut all: Vec<Uid> = uids.into_iter().collect();
        all.sort_unstable();
        let mut out = UidSet::default();
        for uid in all {
            out.push(uid);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(uids: &[Uid]) -> UidSet {
        uids.iter().copied().collect()
    }

    #[test]
    fn numbers_follow_order() {
        let s = set(&[1, 2, 3, 7, 9, 10]);
        assert_eq!(s.ranges().collect::<Vec<_>>(), [(1, 3), (7, 7), (9, 10)]);
        for (i, uid) in [1, 2, 3, 7, 9, 10].into_iter().enumerate() {
            assert_eq!(s.sequence_of(uid), Some(i as u32 + 1));
            assert_eq!(s.uid_at(i as u32 + 1), Some(uid));
        }
        assert_eq!(s.sequence_of(8), None);
        assert_eq!(
            [0, 1, 3, 5, 7, 9, 11].map(|uid| s.count_below(uid)),
            [0, 0, 2, 3, 3, 4, 6]
        );
        assert_eq!(s.uid_at(0), None);
        assert_eq!(s.uid_at(7), None);
    }

    #[test]
    fn removing_moves_later_numbers_down() {
        let mut s = set(&[1, 2, 3, 4, 8]);
        assert_eq!(s.remove(2), Some(2));
        assert_eq!(s.remove(2), None);
        assert_eq!(s.iter().collect::<Vec<_>>(), [1, 3, 4, 8]);
        assert_eq!(s.sequence_of(8), Some(4));
        assert_eq!(s.remove(8), Some(4));
        assert_eq!(s.len(), 3);
    }

    #[test]
    fn many_are_removed_in_one_pass() {
        let mut s = set(&[1, 2, 3, 4, 8, 9, 12]);
        assert_eq!(s.remove_all(&[1, 3, 5, 9]), [1, 2, 4]);
        assert_eq!(s.ranges().collect::<Vec<_>>(), [(2, 2), (4, 4), (8, 8), (12, 12)]);
        assert_eq!(s.sequence_of(12), Some(4));
        assert_eq!(set(&[1, 2]).difference(&set(&[])), set(&[1, 2]));
        assert_eq!(
            set(&[1, 2]).difference(&UidSet::from_ranges([(1, u32::MAX)])),
            set(&[])
        );
    }

    #[test]
    fn unites() {
        assert_eq!(set(&[1, 2, 9]).union(&set(&[3, 5])), set(&[1, 2, 3, 5, 9]));
        assert_eq!(UidSet::from_ranges([(4, 6), (1, 2), (5, 9)]).len(), 8);
    }

    #[test]
    fn intersects() {
        let got = set(&[1, 2, 3, 5, 6, 9]).intersection(&set(&[2, 3, 4, 5, 9, 10]));
        assert_eq!(got.iter().collect::<Vec<_>>(), [2, 3, 5, 9]);
        assert_eq!(got.sequence_of(9), Some(4));
    }
}
