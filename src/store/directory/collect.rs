//! Mailboxes at providers that we collect from, and how far we are there.

use super::DirectoryDb;
use crate::base::{Error, Result, TimeMs};
use crate::model::AccountId;
use crate::model::collect::{CollectServer, CollectSource};
use crate::store::{Snapshot, Tx};
use rusqlite::params;
use std::collections::HashSet;

impl Snapshot<'_, DirectoryDb> {
    pub fn collect_sources(&self) -> Result<Vec<CollectSource>> {
        let mut st = self.conn.prepare_cached(
            "SELECT id, account_id, server, password, is_enabled, uid_validity, last_uid, last_run_at_ms, last_error, run_requested_at_ms,
                    EXISTS (SELECT 1 FROM collect_waiting WHERE source_id = id)
             FROM collect_source ORDER BY id",
        )?;
        let rows = st.query_map([], |r| {
            Ok((
                r.get::<_, String>(2)?,
                r.get::<_, String>(3)?,
                CollectSourceRow {
                    id: r.get(0)?,
                    account_id: AccountId(r.get(1)?),
                    is_enabled: r.get(4)?,
                    uid_validity: r.get(5)?,
                    last_uid: r.get(6)?,
                    last_run_at_ms: r.get(7)?,
                    last_error: r.get(8)?,
                    run_requested_at_ms: r.get(9)?,
                    has_waiting: r.get(10)?,
                },
            ))
        })?;
        rows.map(|row| {
            let (server, password, row) = row?;
            let mut server: CollectServer = serde_json::from_str(&server)
                .map_err(|e| Error::internal("a collection account cannot be read").caused_by(e))?;
            server.password = password;
            Ok(row.with(server))
        })
        .collect()
    }

    /// POP3: the unique ids that were collected and are to stay at the provider.
    pub fn collected_ids(&self, source: i64) -> Result<HashSet<String>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT unique_id FROM collected WHERE source_id = ?1")?;
        let rows = st.query_map([source], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

struct CollectSourceRow {
    id: i64,
    account_id: AccountId,
    is_enabled: bool,
    uid_validity: i64,
    last_uid: i64,
    last_run_at_ms: Option<TimeMs>,
    last_error: Option<String>,
    run_requested_at_ms: Option<TimeMs>,
    has_waiting: bool,
}

impl CollectSourceRow {
    fn with(self, server: CollectServer) -> CollectSource {
        CollectSource {
            id: self.id,
            account_id: self.account_id,
            server,
            is_enabled: self.is_enabled,
            uid_validity: self.uid_validity,
            last_uid: self.last_uid,
            last_run_at_ms: self.last_run_at_ms,
            last_error: self.last_error,
            run_requested_at_ms: self.run_requested_at_ms,
            has_waiting: self.has_waiting,
        }
    }
}

pub fn no_source(id: i64) -> Error {
    Error::not_found(format!(
        "there is no collection {id}; hauspost collect list shows which there are"
    ))
}

impl Tx<'_, DirectoryDb> {
    /// Adds a source, or changes the one of the same account, host and user. Returns its id, and whether it is new.
    pub fn put_collect_source(&mut self, account: AccountId, server: &CollectServer) -> Result<(i64, bool)> {
        let same = self.collect_sources()?.into_iter().find(|s| {
            s.account_id == account && s.server.host == server.host && s.server.user == server.user
        });
        let json = serde_json::to_string(server)
            .map_err(|e| Error::internal("a collection account cannot be written").caused_by(e))?;
        if let Some(same) = same {
            self.conn.execute(
                "UPDATE collect_source SET server = ?2, password = ?3, is_enabled = 1, last_error = NULL WHERE id = ?1",
                params![same.id, json, server.password],
            )?;
            return Ok((same.id, false));
        }
        self.conn.execute(
            "INSERT INTO collect_source (account_id, server, password, is_enabled, uid_validity, last_uid) VALUES (?1, ?2, ?3, 1, 0, 0)",
            params![account.0, json, server.password],
        )?;
        Ok((self.conn.last_insert_rowid(), true))
    }

    /// IMAP: everything up to `last_uid` is here, or waits.
    pub fn note_collected_uid(&mut self, source: i64, uid_validity: i64, last_uid: i64) -> Result<()> {
        self.conn
            .prepare_cached(
                "UPDATE collect_source SET uid_validity = ?2,
                 last_uid = CASE WHEN uid_validity = ?2 THEN max(last_uid, ?3) ELSE ?3 END WHERE id = ?1",
            )?
            .execute([source, uid_validity, last_uid])?;
        Ok(())
    }

    /// POP3: this one is here and stays there.
    pub fn note_collected_id(&mut self, source: i64, unique_id: &str) -> Result<()> {
        self.conn
            .prepare_cached("INSERT OR IGNORE INTO collected (source_id, unique_id) VALUES (?1, ?2)")?
            .execute(params![source, unique_id])?;
        Ok(())
    }

    /// POP3: forgets ids that the provider no longer has.
    pub fn forget_collected_ids(&mut self, source: i64, gone: &[String]) -> Result<()> {
        for id in gone {
            self.conn
                .prepare_cached("DELETE FROM collected WHERE source_id = ?1 AND unique_id = ?2")?
                .execute(params![source, id])?;
        }
        Ok(())
    }

    pub fn note_collect_run(&mut self, source: i64, now_ms: TimeMs, error: Option<&str>) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE collect_source SET last_run_at_ms = ?2, last_error = ?3 WHERE id = ?1")?
            .execute(params![source, now_ms, error])?;
        Ok(())
    }

    /// Keeps what can change: the account, the server with its password, whether it is used. Errors: NotFound.
    pub fn update_collect_source(&mut self, source: &CollectSource) -> Result<()> {
        let json = serde_json::to_string(&source.server)
            .map_err(|e| Error::internal("a collection account cannot be written").caused_by(e))?;
        let changed = self.conn.execute(
            "UPDATE collect_source SET account_id = ?2, server = ?3, password = ?4, is_enabled = ?5, last_error = NULL
             WHERE id = ?1",
            params![
                source.id,
                source.account_id.0,
                json,
                source.server.password,
                source.is_enabled
            ],
        )?;
        if changed == 0 {
            return Err(no_source(source.id));
        }
        Ok(())
    }

    /// Asks the worker of a source to collect now. Errors: NotFound.
    pub fn request_collect_run(&mut self, source: i64, now_ms: TimeMs) -> Result<()> {
        let changed = self.conn.execute(
            "UPDATE collect_source SET run_requested_at_ms = ?2 WHERE id = ?1",
            [source, now_ms],
        )?;
        if changed == 0 {
            return Err(no_source(source));
        }
        Ok(())
    }

    /// Errors: NotFound.
    pub fn remove_collect_source(&mut self, source: i64) -> Result<()> {
        match self
            .conn
            .execute("DELETE FROM collect_source WHERE id = ?1", [source])?
        {
            0 => Err(no_source(source)),
            _ => Ok(()),
        }
    }
}
