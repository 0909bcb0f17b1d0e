//! Filling pieces ahead of their sending, in order.
//!
//! Messages are cut into portions by count, learnt from the size of what came before, so that two portions can be
//! unpacked at the same time. A portion that turns out too large is sent in several pieces.

use super::{PIECE, Piece, Place, fill};
use crate::base::{Error, Result};
use crate::model::{Uid, UidSet};
use crate::protocols::imap::selected::Ranges;
use std::collections::VecDeque;
use tokio::task::JoinHandle;

/// Portions being filled or waiting to be sent: two cores are kept busy. More would hold all readers of an account.
const AHEAD: usize = 3;
/// The first portion: something is to be seen soon, and its size teaches the next ones'.
const FIRST: u32 = 32;
const FEWEST: u32 = 8;
const MOST: u32 = 2000;

struct Portion {
    ranges: Ranges,
    filling: JoinHandle<Result<Piece>>,
}

pub struct Ahead {
    place: Place,
    /// Not begun.
    rest: VecDeque<(Uid, Uid)>,
    portions: VecDeque<Portion>,
    size: u32,
    /// Memory of pieces that have been sent: the kernel would clear fresh pages for each otherwise.
    spare: Vec<Vec<u8>>,
}

impl Ahead {
    pub fn new(place: Place, ranges: Ranges) -> Self {
        Ahead {
            place,
            rest: ranges.into(),
            portions: VecDeque::with_capacity(AHEAD),
            size: FIRST,
            spare: Vec::new(),
        }
    }

    /// Takes the memory of a piece back.
    pub fn reuse(&mut self, mut bytes: Vec<u8>) {
        if self.spare.len() < AHEAD {
            bytes.clear();
            self.spare.push(bytes);
        }
    }

    /// The next piece; None at the end.
    pub async fn next(&mut self) -> Result<Option<Piece>> {
        self.begin_more(1);
        let Some(portion) = self.portions.pop_front() else {
            return Ok(None);
        };
        let filled = portion.filling.await;
        let piece = filled.map_err(|e| Error::internal("reading messages was broken off").caused_by(e))??;
        if piece.is_full {
            let left = ranges_after(&portion.ranges, piece.last_uid);
            if !left.is_empty() {
                let portion = self.begin(left);
                self.portions.push_front(portion);
            }
        }
        if let Some(each) = piece.bytes.len().checked_div(piece.messages as usize) {
            let fit = u32::try_from(PIECE / each.max(1)).unwrap_or(MOST);
            self.size = fit.clamp(FEWEST, MOST);
        }
        // While this piece is written.
        self.begin_more(AHEAD);
        Ok(Some(piece))
    }

    fn begin_more(&mut self, portions: usize) {
        while self.portions.len() < portions && !self.rest.is_empty() {
            let ranges = cut_front(&mut self.rest, &self.place.plan.uids, self.size);
            let portion = self.begin(ranges);
            self.portions.push_back(portion);
        }
    }

    fn begin(&mut self, ranges: Ranges) -> Portion {
        let bytes = self.spare.pop().unwrap_or_default();
        Portion {
            filling: tokio::spawn(fill(self.place.clone(), ranges.clone(), bytes)),
            ranges,
        }
    }
}

/// Takes ranges from the front that hold `count` messages of `uids`, or all that are left.
fn cut_front(rest: &mut VecDeque<(Uid, Uid)>, uids: &UidSet, count: u32) -> Ranges {
    let mut out = Vec::new();
    let mut left = count;
    while let Some((first, last)) = rest.pop_front() {
        let before = uids.count_below(first);
        let held = uids.count_below(last) + u32::from(uids.contains(last)) - before;
        // The first one that is too many.
        if let Some(next) = uids.uid_at(before + left + 1).filter(|_| held > left) {
            out.push((first, next - 1));
            rest.push_front((next, last));
            break;
        }
        out.push((first, last));
        left -= held;
        if left == 0 {
            break;
        }
    }
    out
}

fn ranges_after(ranges: &Ranges, uid: Uid) -> Ranges {
    let behind = ranges.iter().filter(|(_, last)| *last > uid);
    behind
        .map(|(first, last)| ((*first).max(uid + 1), *last))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_hold_so_many_messages() {
        let uids: UidSet = [1, 2, 3, 10, 11, 20].into_iter().collect();
        let mut rest = VecDeque::from([(1, 2), (3, 15), (16, 40)]);
        assert_eq!(cut_front(&mut rest, &uids, 3), [(1, 2), (3, 9)]);
        assert_eq!(cut_front(&mut rest, &uids, 2), [(10, 15)]);
        assert_eq!(cut_front(&mut rest, &uids, 9), [(16, 40)]);
        assert!(rest.is_empty());
    }
}
