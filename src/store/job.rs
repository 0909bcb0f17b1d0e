//! Jobs: written with the change that causes them, about a body that stays until they are done, removed when done.
//! Each sort has a table of its own.

use super::account::AccountDb;
use super::blob::Staged;
use super::tx::{Snapshot, Tx};
use crate::base::{Error, Result, TimeMs};
use crate::model::job::JobRow;
use crate::model::rule::Reaction;
use crate::model::{BodyId, scheduling};
use rusqlite::params;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a job says of itself, as JSON.
pub trait Job: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    const TABLE: &'static str;
}

impl Job for scheduling::Job {
    const TABLE: &'static str = "scheduling";
}

impl Job for Reaction {
    const TABLE: &'static str = "reaction";
}

impl Snapshot<'_, AccountDb> {
    /// What waits, oldest first; at most `limit`.
    pub fn jobs<J: Job>(&self, limit: usize) -> Result<Vec<JobRow<J>>> {
        let sql = format!(
            "SELECT id, body_id, about, created_at_ms FROM {} ORDER BY id LIMIT ?1",
            J::TABLE
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([limit as i64], |r| {
            Ok((r.get(0)?, BodyId(r.get(1)?), r.get::<_, String>(2)?, r.get(3)?))
        })?;
        rows.map(|row| {
            let (id, body_id, about, created_at_ms) = row?;
            let job = serde_json::from_str(&about)
                .map_err(|e| Error::internal(format!("a row of {} cannot be read", J::TABLE)).caused_by(e))?;
            Ok(JobRow {
                id,
                body_id,
                job,
                created_at_ms,
            })
        })
        .collect()
    }
}

impl Tx<'_, AccountDb> {
    /// A job about bytes of its own.
    pub fn insert_job<J: Job>(&mut self, staged: &Staged, job: &J, now_ms: TimeMs) -> Result<()> {
        let (body, _) = self.put_body(staged)?;
        self.add_job(body, job, now_ms)
    }

    /// A job about a body that is there and is to stay until the job is done.
    pub fn insert_job_of<J: Job>(&mut self, body: BodyId, job: &J, now_ms: TimeMs) -> Result<()> {
        self.hold_body(body)?;
        self.add_job(body, job, now_ms)
    }

    fn add_job<J: Job>(&mut self, body: BodyId, job: &J, now_ms: TimeMs) -> Result<()> {
        let about = serde_json::to_string(job)
            .map_err(|e| Error::internal(format!("a row of {} cannot be written", J::TABLE)).caused_by(e))?;
        let id = self.next_number();
        let sql = format!(
            "INSERT INTO {} (id, body_id, about, created_at_ms) VALUES (?1, ?2, ?3, ?4)",
            J::TABLE
        );
        self.conn
            .prepare_cached(&sql)?
            .execute(params![id, body.0, about, now_ms])?;
        self.touch_outbox();
        Ok(())
    }

    /// Does nothing when the job is gone.
    pub fn remove_job<J: Job>(&mut self, row: &JobRow<J>) -> Result<()> {
        let sql = format!("DELETE FROM {} WHERE id = ?1", J::TABLE);
        let removed = self.conn.prepare_cached(&sql)?.execute([row.id])?;
        if removed == 1 {
            self.release_body(row.body_id)?;
        }
        Ok(())
    }
}
