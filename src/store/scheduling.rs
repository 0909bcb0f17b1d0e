//! Jobs of the scheduling engine: written with the change that causes them, done after it, removed when done.

use super::account::AccountDb;
use super::blob::Staged;
use super::tx::{Snapshot, Tx};
use crate::base::{Error, Result, TimeMs};
use crate::model::object::Object;
use crate::model::scheduling::{Job, JobRow};
use crate::model::{BodyId, FolderKind, Modseq};
use rusqlite::params;

impl Snapshot<'_, AccountDb> {
    /// What waits, oldest first; at most `limit`.
    pub fn scheduling_jobs(&self, limit: usize) -> Result<Vec<JobRow>> {
        let mut st = self.conn.prepare_cached(
            "SELECT id, body_id, about, created_at_ms FROM scheduling ORDER BY id LIMIT ?1",
        )?;
        let rows = st.query_map([limit as i64], |r| {
            Ok((r.get(0)?, BodyId(r.get(1)?), r.get::<_, String>(2)?, r.get(3)?))
        })?;
        rows.map(|row| {
            let (id, body_id, about, created_at_ms) = row?;
            let job = serde_json::from_str(&about)
                .map_err(|e| Error::internal("a scheduling job cannot be read").caused_by(e))?;
            Ok(JobRow {
                id,
                body_id,
                job,
                created_at_ms,
            })
        })
        .collect()
    }

    /// Events and tasks with this UID in all calendars and task lists, oldest calendar first.
    pub fn objects_of_uid(&self, uid: &str) -> Result<Vec<Object>> {
        let mut out = Vec::new();
        for kind in [FolderKind::Calendar, FolderKind::TaskList] {
            for folder in self.folders(kind)? {
                out.extend(self.object_by_uid(folder.id, uid)?);
            }
        }
        Ok(out)
    }
}

impl Tx<'_, AccountDb> {
    /// A job about bytes of its own.
    pub fn insert_scheduling(&mut self, staged: &Staged, job: &Job, now_ms: TimeMs) -> Result<()> {
        let (body, _) = self.put_body(staged)?;
        self.add_job(body, job, now_ms)
    }

    /// A job about a body that is there and is to stay until the job is done.
    pub fn insert_scheduling_of(&mut self, body: BodyId, job: &Job, now_ms: TimeMs) -> Result<()> {
        self.hold_body(body)?;
        self.add_job(body, job, now_ms)
    }

    fn add_job(&mut self, body: BodyId, job: &Job, now_ms: TimeMs) -> Result<()> {
        let about = serde_json::to_string(job)
            .map_err(|e| Error::internal("a scheduling job cannot be written").caused_by(e))?;
        let id = self.next_number();
        self.conn
            .prepare_cached(
                "INSERT INTO scheduling (id, body_id, about, created_at_ms) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![id, body.0, about, now_ms])?;
        self.touch_outbox();
        Ok(())
    }

    /// Does nothing when the job is gone.
    pub fn remove_scheduling(&mut self, row: &JobRow) -> Result<()> {
        let removed = self
            .conn
            .prepare_cached("DELETE FROM scheduling WHERE id = ?1")?
            .execute([row.id])?;
        if removed == 1 {
            self.release_body(row.body_id)?;
        }
        Ok(())
    }

    /// Some of us or of others take part in it, and it changed at this number so that they have to look.
    pub fn put_schedule_tag(&mut self, object: &Object, tag: Option<Modseq>) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE object SET schedule_tag = ?2 WHERE item_id = ?1")?
            .execute(params![object.item.id.0, tag])?;
        Ok(())
    }
}
