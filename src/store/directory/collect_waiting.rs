//! Messages that wait at a provider, and for what.

use super::DirectoryDb;
use crate::base::{Result, TimeMs};
use crate::model::AccountId;
use crate::model::collect::{CollectWaiting, WaitReason};
use crate::store::{Snapshot, Tx};
use rusqlite::params;

fn word(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::Full => "full",
        WaitReason::TooLarge => "too_large",
    }
}

impl Snapshot<'_, DirectoryDb> {
    /// Those that wait longest first.
    pub fn collect_waiting(&self, source: i64) -> Result<Vec<CollectWaiting>> {
        let mut st = self.conn.prepare_cached(
            "SELECT unique_id, account_id, reason, size_bytes, since_ms FROM collect_waiting
             WHERE source_id = ?1 ORDER BY since_ms, unique_id",
        )?;
        let rows = st.query_map([source], |r| {
            let reason: String = r.get(2)?;
            Ok(CollectWaiting {
                unique_id: r.get(0)?,
                account_id: AccountId(r.get(1)?),
                reason: if reason == "full" {
                    WaitReason::Full
                } else {
                    WaitReason::TooLarge
                },
                size_bytes: r.get::<_, i64>(3)? as u64,
                since_ms: r.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, DirectoryDb> {
    /// From now on exactly these accounts wait for the message; none: it waits no more. Who waits already has waited
    /// since then.
    pub fn set_collect_waiting(
        &mut self,
        source: i64,
        unique_id: &str,
        (accounts, reason): (&[AccountId], WaitReason),
        size_bytes: u64,
        now_ms: TimeMs,
    ) -> Result<()> {
        let before = self.collect_waiting(source)?;
        self.conn
            .prepare_cached("DELETE FROM collect_waiting WHERE source_id = ?1 AND unique_id = ?2")?
            .execute(params![source, unique_id])?;
        for account in accounts {
            let same = before
                .iter()
                .find(|w| w.unique_id == unique_id && w.account_id == *account);
            let since_ms = same.map_or(now_ms, |w| w.since_ms);
            self.conn
                .prepare_cached(
                    "INSERT INTO collect_waiting (source_id, unique_id, account_id, reason, size_bytes, since_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    source,
                    unique_id,
                    account.0,
                    word(reason),
                    size_bytes as i64,
                    since_ms
                ])?;
        }
        Ok(())
    }
}
