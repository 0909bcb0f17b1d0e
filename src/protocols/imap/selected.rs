//! What a connection knows of the folder it has open.
//!
//! The counts of SELECT come from the folder's row; which UIDs there are is read only when a command needs message
//! numbers. Both stay in step because the set is then read *as of* the modseq up to which the client has been told:
//! what is there now, plus what left since, below the UIDNEXT that was told.

use super::error::Stop;
use crate::base::Result;
use crate::formats::imap::sequence_set::{NumberSet, SequenceSet};
use crate::identity::Ctx;
use crate::mail::flags::Span;
use crate::model::{Folder, FolderId, Modseq, Uid, UidSet};
use crate::sync::listen::Listener;
use crate::sync::view::uids_as_of;
use std::sync::Arc;

/// Inclusive, ascending.
pub type Ranges = Vec<(Uid, Uid)>;

pub struct Selected {
    pub folder: FolderId,
    pub is_read_only: bool,
    /// How many messages the client believes there are.
    pub exists: u32,
    /// The first UID that the client was not told of.
    pub uid_next: Uid,
    /// Everything up to this number has been looked at.
    pub modseq: Modseq,
    /// `$` (RFC 5182).
    pub saved: UidSet,
    pub listener: Listener,
    /// There may be news that the listener has not heard of yet: a commit answers first and rings then.
    pub must_look: bool,
    /// UIDs by message number; those of `gone` still have theirs.
    uids: Option<Arc<UidSet>>,
    /// Left the folder, and the client has not been told.
    gone: UidSet,
}

impl Selected {
    /// `listener` listened before `folder` was read.
    pub fn new(folder: &Folder, is_read_only: bool, listener: Listener) -> Self {
        Selected {
            folder: folder.id,
            is_read_only,
            exists: u32::try_from(folder.total).unwrap_or(0),
            uid_next: folder.uid_next,
            modseq: folder.highest_modseq,
            saved: UidSet::default(),
            listener,
            must_look: false,
            uids: None,
            gone: UidSet::default(),
        }
    }

    /// The UIDs as the client knows them. Errors: NotFound, TooOld.
    pub async fn uids(&mut self, ctx: &Ctx) -> Result<Arc<UidSet>> {
        if let Some(uids) = &self.uids {
            return Ok(uids.clone());
        }
        let account = ctx.account()?.id;
        let uids = Arc::new(uids_as_of(ctx, account, self.folder, self.modseq, self.uid_next).await?);
        self.exists = uids.len();
        Ok(self.uids.insert(uids).clone())
    }

    /// From message numbers or UIDs to UIDs. Numbers beyond the folder are a mistake of the client; UIDs are not.
    pub async fn resolve(&mut self, ctx: &Ctx, set: &SequenceSet, is_uid: bool) -> Result<Ranges, Stop> {
        if *set == SequenceSet::Saved {
            return Ok(self.saved.ranges().collect());
        }
        if !is_uid && set.exceeds(self.exists) {
            return Err(Stop::Bad("there is no such message number"));
        }
        if self.exists == 0 || self.uid_next <= 1 {
            return Ok(Vec::new());
        }
        if set.is_everything() {
            return Ok(vec![(1, self.uid_next - 1)]);
        }
        let uids = self.uids(ctx).await?;
        let max = if is_uid {
            uids.last().unwrap_or(0)
        } else {
            uids.len()
        };
        let numbers = set.resolve(max, &NumberSet::default());
        let clipped = numbers
            .ranges()
            .iter()
            .filter(|(first, _)| *first <= max)
            .map(|(first, last)| (*first, (*last).min(max)));
        if is_uid {
            return Ok(clipped.collect());
        }
        let uid_at = |n| uids.uid_at(n).unwrap_or(0);
        Ok(clipped
            .map(|(first, last)| (uid_at(first), uid_at(last)))
            .collect())
    }

    /// A change of this connection's own, of which the client is told everything. When nothing else happened
    /// before it, there is nothing more to look at.
    pub fn note_change(&mut self, span: Span) {
        if span.before == self.modseq {
            self.modseq = span.after;
        } else if span.after > self.modseq {
            self.must_look = true;
        }
    }

    /// Messages have left; the client is told when it may be. Those it never heard of are left out.
    pub async fn note_gone(&mut self, ctx: &Ctx, gone: &UidSet) -> Result<()> {
        if !gone.is_empty() {
            let known = self.uids(ctx).await?;
            self.gone = self.gone.union(&gone.intersection(&known));
        }
        Ok(())
    }

    pub fn note_arrived(&mut self, arrived: &[Uid], uid_next: Uid) {
        self.uid_next = uid_next;
        self.exists += arrived.len() as u32;
        if let Some(uids) = &mut self.uids {
            let uids = Arc::make_mut(uids);
            arrived.iter().for_each(|uid| uids.push(*uid));
            self.exists = uids.len();
        }
    }

    /// Takes what is gone out of the numbering: the UIDs, and each one's number when those before it were gone.
    pub fn take_gone(&mut self) -> (UidSet, Vec<u32>) {
        let gone = std::mem::take(&mut self.gone);
        let Some(uids) = self.uids.as_mut().filter(|_| !gone.is_empty()) else {
            return (UidSet::default(), Vec::new());
        };
        let uids = Arc::make_mut(uids);
        let numbers = uids.remove_all(&gone.iter().collect::<Vec<_>>());
        self.exists = uids.len();
        self.saved = self.saved.difference(&gone);
        (gone, numbers)
    }
}
