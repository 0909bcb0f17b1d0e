//! Programs that are called when something changes: whom, about what, and how far they have been told.

use super::DirectoryDb;
use crate::base::{Error, Result, TimeMs};
use crate::model::subscription::{ChangeType, Event, Subject, Subscription};
use crate::model::{AccountId, FolderId};
use crate::store::{Snapshot, Tx};
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, params};

const SELECT: &str = "SELECT id, account_id, actor_id, client_id, resource, kind, folder_id, change_types, url, lifecycle_url,
    client_state, tls_version, created_at_ms, expires_at_ms, remind_at_ms, cursor, attempts, failing_since_ms, retry_at_ms,
    event, is_removed, sealed FROM subscription";

fn read_subscription(r: &Row<'_>) -> rusqlite::Result<Subscription> {
    let (kind, changes): (String, String) = (r.get(5)?, r.get(7)?);
    let (event, sealed): (Option<String>, Option<String>) = (r.get(19)?, r.get(21)?);
    Ok(Subscription {
        id: r.get(0)?,
        account: AccountId(r.get(1)?),
        actor: r.get::<_, Option<i64>>(2)?.map(AccountId),
        client: r.get(3)?,
        resource: r.get(4)?,
        subject: Subject::ALL
            .into_iter()
            .find(|s| s.as_str() == kind)
            .unwrap_or(Subject::Messages),
        folder: r.get::<_, Option<i64>>(6)?.map(FolderId),
        changes: ChangeType::ALL
            .into_iter()
            .filter(|c| changes.split(',').any(|w| w == c.as_str()))
            .collect(),
        url: r.get(8)?,
        lifecycle_url: r.get(9)?,
        client_state: r.get(10)?,
        tls_version: r.get(11)?,
        created_at_ms: r.get(12)?,
        expires_at_ms: r.get(13)?,
        remind_at_ms: r.get(14)?,
        cursor: r.get(15)?,
        attempts: r.get(16)?,
        failing_since_ms: r.get(17)?,
        retry_at_ms: r.get(18)?,
        event: event.and_then(|w| Event::ALL.into_iter().find(|e| e.as_str() == w)),
        is_removed: r.get(20)?,
        sealed: sealed
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(21, Type::Text, Box::new(e)))?,
    })
}

impl Snapshot<'_, DirectoryDb> {
    pub fn subscription(&self, id: &str) -> Result<Option<Subscription>> {
        Ok(self
            .conn
            .prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
            .query_row([id], read_subscription)
            .optional()?)
    }

    /// Of a person with a program, or of a program by itself; those that have not ended, oldest first.
    pub fn subscriptions_of(
        &self,
        actor: Option<AccountId>,
        client: Option<&str>,
        now_ms: TimeMs,
    ) -> Result<Vec<Subscription>> {
        // One of both is there, and each has its index.
        let by = match actor {
            Some(_) => "actor_id = ?1 AND client_id IS ?2",
            None => "client_id = ?2 AND actor_id IS ?1",
        };
        let sql = format!(
            "{SELECT} WHERE {by} AND is_removed = 0 AND expires_at_ms > ?3 ORDER BY created_at_ms, id"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map(params![actor.map(|a| a.0), client, now_ms], read_subscription)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Ids of the subscriptions to a mailbox.
    pub fn subscriptions_to(&self, account: AccountId) -> Result<Vec<String>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT id FROM subscription WHERE account_id = ?1")?;
        let rows = st.query_map([account.0], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn all_subscriptions(&self) -> Result<Vec<String>> {
        let mut st = self.conn.prepare_cached("SELECT id FROM subscription")?;
        let rows = st.query_map([], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Ids of those whose time has come.
    pub fn due_subscriptions(&self, now_ms: TimeMs) -> Result<Vec<String>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT id FROM subscription WHERE wake_at_ms <= ?1 ORDER BY wake_at_ms")?;
        let rows = st.query_map([now_ms], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// When the next one after `now_ms` is to be looked at.
    pub fn next_subscription_due(&self, now_ms: TimeMs) -> Result<Option<TimeMs>> {
        let sql = "SELECT min(wake_at_ms) FROM subscription WHERE wake_at_ms > ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([now_ms], |r| r.get(0))?)
    }
}

impl Tx<'_, DirectoryDb> {
    /// Adds it, or keeps what has changed about it.
    pub fn put_subscription(&mut self, s: &Subscription) -> Result<()> {
        let changes: Vec<&str> = s.changes.iter().map(|c| c.as_str()).collect();
        let sealed = s.sealed.as_ref().map(serde_json::to_string).transpose();
        let sealed = sealed.map_err(|e| Error::internal("a subscription cannot be written").caused_by(e))?;
        self.conn
            .prepare_cached(
                "INSERT INTO subscription (id, account_id, actor_id, client_id, resource, kind, folder_id, change_types, url,
                 lifecycle_url, client_state, tls_version, created_at_ms, expires_at_ms, remind_at_ms, cursor, attempts,
                 failing_since_ms, retry_at_ms, event, is_removed, wake_at_ms, sealed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)
                 ON CONFLICT (id) DO UPDATE SET expires_at_ms = excluded.expires_at_ms, remind_at_ms = excluded.remind_at_ms,
                 cursor = excluded.cursor, attempts = excluded.attempts, failing_since_ms = excluded.failing_since_ms,
                 retry_at_ms = excluded.retry_at_ms, event = excluded.event, is_removed = excluded.is_removed,
                 wake_at_ms = excluded.wake_at_ms",
            )?
            .execute(params![
                s.id,
                s.account.0,
                s.actor.map(|a| a.0),
                s.client,
                s.resource,
                s.subject.as_str(),
                s.folder.map(|f| f.0),
                changes.join(","),
                s.url,
                s.lifecycle_url,
                s.client_state,
                s.tls_version,
                s.created_at_ms,
                s.expires_at_ms,
                s.remind_at_ms,
                s.cursor,
                s.attempts,
                s.failing_since_ms,
                s.retry_at_ms,
                s.event.map(Event::as_str),
                s.is_removed,
                s.wake_at_ms(),
                sealed
            ])?;
        Ok(())
    }

    /// Adds one. Errors: Busy, when a mailbox has `most` already; NotAuthenticated for a program that is not registered.
    pub fn insert_subscription(&mut self, s: &Subscription, most: i64) -> Result<()> {
        let mut counted = self
            .conn
            .prepare_cached("SELECT count(*) FROM subscription WHERE account_id = ?1")?;
        let there: i64 = counted.query_row([s.account.0], |r| r.get(0))?;
        drop(counted);
        if there >= most {
            return Err(Error::busy(format!(
                "this mailbox has {there} subscriptions already; remove those that are not needed"
            )));
        }
        if let Some(client) = &s.client
            && self.client(client)?.is_none()
        {
            return Err(Error::not_authenticated(
                "this program is not registered here any more",
            ));
        }
        self.put_subscription(s)
    }

    pub fn remove_subscription(&mut self, id: &str) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM subscription WHERE id = ?1")?
            .execute([id])?;
        Ok(())
    }

    /// Ends what somebody has asked for in one mailbox; without one, everywhere, and what others have asked for in theirs.
    pub fn end_subscriptions(
        &mut self,
        actor: AccountId,
        mailbox: Option<AccountId>,
        now_ms: TimeMs,
    ) -> Result<()> {
        let sql = format!(
            "{SELECT} WHERE ((actor_id = ?1 AND (?2 IS NULL OR account_id = ?2)) OR (?2 IS NULL AND account_id = ?1)) AND is_removed = 0"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map(params![actor.0, mailbox.map(|m| m.0)], read_subscription)?;
        let all: Vec<Subscription> = rows.collect::<rusqlite::Result<_>>()?;
        drop(st);
        all.into_iter().try_for_each(|s| self.end_subscription(s, now_ms))
    }

    /// Ends what a program has asked for in somebody's name.
    pub fn end_subscriptions_by_program(
        &mut self,
        actor: AccountId,
        client: &str,
        now_ms: TimeMs,
    ) -> Result<()> {
        let sql = format!("{SELECT} WHERE actor_id = ?1 AND client_id = ?2 AND is_removed = 0");
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map(params![actor.0, client], read_subscription)?;
        let all: Vec<Subscription> = rows.collect::<rusqlite::Result<_>>()?;
        drop(st);
        all.into_iter().try_for_each(|s| self.end_subscription(s, now_ms))
    }

    /// Nothing more is told, apart from the end itself where the program wants to hear of it.
    pub fn end_subscription(&mut self, mut s: Subscription, now_ms: TimeMs) -> Result<()> {
        if s.lifecycle_url.is_none() || s.is_removed {
            return self.remove_subscription(&s.id);
        }
        s.is_removed = true;
        s.event = Some(Event::Removed);
        s.attempts = 0;
        s.failing_since_ms = None;
        s.retry_at_ms = Some(now_ms);
        s.remind_at_ms = None;
        self.put_subscription(&s)
    }
}
