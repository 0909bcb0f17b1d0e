//! Backups that somebody at the page has asked for, and how far they are. They run on when the page is closed.

use super::{Limits, Target, run_target, status};
use crate::base::{Error, Result};
use crate::identity::Ctx;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes looked at, and all of them; nothing is known in the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub done_bytes: u64,
    pub all_bytes: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Runs(Arc<Mutex<BTreeMap<PathBuf, Progress>>>);

impl Runs {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Progress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn progress(&self, folder: &Path) -> Option<Progress> {
        self.lock().get(folder).copied()
    }

    /// The target, when none is running to it. Errors: NotFound, Conflict, Forbidden.
    async fn take(&self, ctx: &Ctx, folder: &Path) -> Result<Target> {
        let all = status(ctx).await?;
        let found = all.into_iter().map(|(t, _)| t).find(|t| t.folder == folder);
        let target = found.ok_or_else(|| Error::not_found("nothing is backed up to this folder"))?;
        let mut running = self.lock();
        if running.contains_key(folder) {
            return Err(Error::conflict("this backup is being made just now"));
        }
        running.insert(target.folder.clone(), Progress::default());
        Ok(target)
    }

    /// Begins a backup to one of the targets; how it went is remembered with it. Errors: NotFound, Conflict, Forbidden.
    pub async fn begin(&self, ctx: &Ctx, folder: &Path) -> Result<()> {
        let target = self.take(ctx, folder).await?;
        let (runs, ctx) = (self.clone(), ctx.as_system());
        tokio::spawn(async move {
            let (seen, folder) = (runs.clone(), target.folder.clone());
            let progress = move |done_bytes, all_bytes| {
                if let Some(p) = seen.lock().get_mut(&folder) {
                    *p = Progress {
                        done_bytes,
                        all_bytes,
                    };
                }
            };
            let done = run_target(
                &ctx,
                target.folder.clone(),
                target.keep,
                Limits::default(),
                progress,
            )
            .await;
            runs.lock().remove(&target.folder);
            if let Err(e) = done {
                tracing::error!(folder = %target.folder.display(), error = ?e, "no backup was made");
            }
        });
        Ok(())
    }
}
