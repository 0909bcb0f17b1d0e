//! Who changed what in the office's set-up, and who signed in.

use super::DirectoryDb;
use crate::base::{Result, TimeMs};
use crate::store::{Snapshot, Tx};
use rusqlite::params;
use serde::Serialize;
use serde_json::Value;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    pub at_ms: TimeMs,
    pub actor: String,
    pub action: String,
    pub detail: Value,
}

impl Snapshot<'_, DirectoryDb> {
    /// Newest first.
    pub fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT at_ms, actor, action, detail FROM audit ORDER BY id DESC LIMIT ?1")?;
        let rows = st.query_map([limit as i64], |r| {
            let detail: String = r.get(3)?;
            Ok(AuditEntry {
                at_ms: r.get(0)?,
                actor: r.get(1)?,
                action: r.get(2)?,
                detail: serde_json::from_str(&detail).unwrap_or(Value::Null),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Snapshot<'_, DirectoryDb> {
    /// Lines by or about who has one of these addresses, the oldest first.
    pub fn audit_about(&self, addresses: &[String]) -> Result<Vec<AuditEntry>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT at_ms, actor, action, detail FROM audit ORDER BY id")?;
        let mut rows = st.query([])?;
        let mut out = Vec::new();
        while let Some(r) = rows.next()? {
            let (actor, detail): (String, String) = (r.get(1)?, r.get(3)?);
            // As a word of its own: somebody else's address may end the same.
            let names = |a: &String| actor.eq_ignore_ascii_case(a) || detail.contains(&format!("\"{a}\""));
            if addresses.iter().any(names) {
                out.push(AuditEntry {
                    at_ms: r.get(0)?,
                    actor,
                    action: r.get(2)?,
                    detail: serde_json::from_str(&detail).unwrap_or(Value::Null),
                });
            }
        }
        Ok(out)
    }
}

impl Tx<'_, DirectoryDb> {
    pub fn note_audit(&mut self, now_ms: TimeMs, actor: &str, action: &str, detail: &Value) -> Result<()> {
        self.conn
            .prepare_cached("INSERT INTO audit (at_ms, actor, action, detail) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![now_ms, actor, action, detail.to_string()])?;
        Ok(())
    }
}
