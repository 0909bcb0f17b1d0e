//! Rules of a mailbox, and whom its automatic reply has gone to.

use super::account::AccountDb;
use super::tx::{Snapshot, Tx};
use crate::base::{Error, Result, TimeMs};
use crate::model::rule::{Rule, RuleText};
use rusqlite::params;

impl Snapshot<'_, AccountDb> {
    /// In the order in which they are carried out.
    pub fn rules(&self) -> Result<Vec<Rule>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT id, sequence, is_enabled, about FROM rule ORDER BY sequence, id")?;
        let rows = st.query_map([], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get::<_, String>(3)?))
        })?;
        rows.map(|row| {
            let (id, sequence, is_enabled, about) = row?;
            let text = serde_json::from_str(&about)
                .map_err(|e| Error::internal("a rule cannot be read").caused_by(e))?;
            Ok(Rule {
                id,
                sequence,
                is_enabled,
                text,
            })
        })
        .collect()
    }

    /// Whether one of the cards has this address. `address`: lower case.
    pub fn is_in_contacts(&self, address: &str) -> Result<bool> {
        // Addresses of a card stand in lines.
        Ok(self
            .conn
            .prepare_cached(
                "SELECT 1 FROM object WHERE kind = 0 AND people IS NOT NULL
                 AND instr(char(10) || people || char(10), char(10) || ?1 || char(10)) > 0",
            )?
            .exists([address])?)
    }
}

impl Tx<'_, AccountDb> {
    /// Returns the new rule's id.
    pub fn insert_rule(&mut self, sequence: i32, is_enabled: bool, text: &RuleText) -> Result<i64> {
        let id = self.next_number();
        self.put_rule(&Rule {
            id,
            sequence,
            is_enabled,
            text: text.clone(),
        })?;
        Ok(id)
    }

    pub fn put_rule(&mut self, rule: &Rule) -> Result<()> {
        let about = serde_json::to_string(&rule.text)
            .map_err(|e| Error::internal("a rule cannot be written").caused_by(e))?;
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO rule (id, sequence, is_enabled, about) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![rule.id, rule.sequence, rule.is_enabled, about])?;
        Ok(())
    }

    /// False: there was none.
    pub fn remove_rule(&mut self, id: i64) -> Result<bool> {
        Ok(self.conn.execute("DELETE FROM rule WHERE id = ?1", [id])? == 1)
    }

    /// Notes that somebody gets an automatic reply. False: they got one after `since_ms`.
    pub fn note_answered(&mut self, address: &str, now_ms: TimeMs, since_ms: TimeMs) -> Result<bool> {
        let changed = self
            .conn
            .prepare_cached(
                "INSERT INTO answered (address, at_ms) VALUES (?1, ?2)
                 ON CONFLICT (address) DO UPDATE SET at_ms = ?2 WHERE at_ms <= ?3",
            )?
            .execute(params![address, now_ms, since_ms])?;
        Ok(changed == 1)
    }

    /// Forgets who was answered before.
    pub fn prune_answered(&mut self, before_ms: TimeMs) -> Result<usize> {
        Ok(self
            .conn
            .execute("DELETE FROM answered WHERE at_ms < ?1", [before_ms])?)
    }
}
