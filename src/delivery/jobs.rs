//! Does the jobs of an account, one after the other, as they were written. A job is removed when it is done.

use super::PostRoom;
use crate::base::{Error, Result};
use crate::model::job::JobRow;
use crate::model::{Account, AccountId};
use crate::store::job::Job;
use std::sync::Arc;

/// Jobs of one account that are read at a time.
const BATCH: usize = 64;

/// Does all jobs of a sort; one that can never be done is dropped, with a line in the log.
/// Errors: what may be better in a minute.
pub async fn drain<J: Job, Done: Future<Output = Result<()>>>(
    room: &Arc<PostRoom>,
    account: AccountId,
    perform: impl Fn(JobRow<J>) -> Done,
) -> Result<()> {
    // An account that was removed meanwhile has no jobs any more.
    let Ok(file) = room.store.account(account) else {
        return Ok(());
    };
    loop {
        let rows = file.read(|s| s.jobs::<J>(BATCH)).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut done = Vec::new();
        let mut failed: Option<Error> = None;
        for row in rows {
            match perform(row.clone()).await {
                Ok(()) => done.push(row),
                Err(e) if e.kind().is_transient() => {
                    failed = Some(e);
                    break;
                }
                Err(e) => {
                    tracing::warn!(%account, sort = J::TABLE, error = ?e, "a job is dropped");
                    done.push(row);
                }
            }
        }
        file.write(move |tx| done.iter().try_for_each(|row| tx.remove_job(row)))
            .await?;
        if let Some(e) = failed {
            return Err(e);
        }
    }
}

/// Whose job it is, and the bytes that it is about. None for an account that is gone.
pub async fn open<J>(
    room: &PostRoom,
    account: AccountId,
    row: &JobRow<J>,
) -> Result<Option<(Account, Vec<u8>)>> {
    let me = room.store.directory().peek(move |d| d.account(account)).await?;
    let Some(me) = me else { return Ok(None) };
    let body = row.body_id;
    let file = room.store.account(account)?;
    let raw = file.read(move |s| s.open_body(body)?.read_all()).await?;
    Ok(Some((me, raw)))
}
