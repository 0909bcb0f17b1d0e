//! Backups that somebody at the page has asked for, and how far they are. They run on when the page is closed.

use super::{Address, Destination, Limits, Target, run_target, status};
use crate::base::{Error, Result};
use crate::delivery::Dialer;
use crate::identity::Ctx;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes looked at, and all of them; nothing is known in the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub done_bytes: u64,
    pub all_bytes: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Runs(Arc<Mutex<BTreeMap<Address, Progress>>>);

impl Runs {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Address, Progress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn progress(&self, place: &Address) -> Option<Progress> {
        self.lock().get(place).copied()
    }

    /// The target, when none is running to it. Errors: NotFound, Conflict, Forbidden.
    async fn take(&self, ctx: &Ctx, place: &Address) -> Result<Target> {
        let all = status(ctx).await?;
        let found = all.into_iter().map(|(t, _)| t).find(|t| t.place == *place);
        let target = found.ok_or_else(|| Error::not_found("nothing is backed up to this place"))?;
        let mut running = self.lock();
        if running.contains_key(place) {
            return Err(Error::conflict("this backup is being made just now"));
        }
        running.insert(target.place.clone(), Progress::default());
        Ok(target)
    }

    /// Begins a backup to one of the targets; how it went is remembered with it. Errors: NotFound, Conflict, Forbidden.
    pub async fn begin(&self, ctx: &Ctx, place: &Address, dialer: &Arc<Dialer>) -> Result<()> {
        let to = Destination::known(ctx, place, dialer).await?;
        let target = self.take(ctx, place).await?;
        let (runs, ctx) = (self.clone(), ctx.as_system());
        tokio::spawn(async move {
            let (seen, place) = (runs.clone(), target.place.clone());
            let progress = move |done_bytes, all_bytes| {
                if let Some(p) = seen.lock().get_mut(&place) {
                    *p = Progress {
                        done_bytes,
                        all_bytes,
                    };
                }
            };
            let done = run_target(&ctx, to, target.keep, Limits::default(), progress).await;
            runs.lock().remove(&target.place);
            if let Err(e) = done {
                tracing::error!(place = %target.place, error = ?e, "no backup was made");
            }
        });
        Ok(())
    }
}
