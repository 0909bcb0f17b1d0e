//! When the numbers of an account's change log were given out, to a tenth of a second: what `lastModifiedDateTime` is
//! made of. Items keep only their number; a table says from which number on it was which time.

use super::account::AccountDb;
use super::search::Condition;
use super::tx::{Snapshot, Tx};
use crate::base::{Result, TimeMs};
use crate::model::Modseq;
use rusqlite::Connection;

/// Commits within so little time share a row.
const TICK_MS: TimeMs = 100;

/// Old rows are thinned out to one in so much time.
const COARSE_MS: TimeMs = 60_000;

/// The time that an item was changed, for a statement that has it as `item`.
pub(in crate::store) const CHANGED_AT: &str =
    "(SELECT at_ms FROM clock WHERE clock.modseq <= item.modseq ORDER BY clock.modseq DESC LIMIT 1)";

/// The first number since a time, which follows; greater than all if none was given out.
pub(in crate::store) const FIRST_SINCE: &str =
    "SELECT coalesce(min(modseq), 9223372036854775807) FROM clock WHERE at_ms >= ";

/// Notes that the numbers from `first` on are given out now. Returns the time of the last row. `before_ms`: as returned then.
pub(in crate::store) fn tick(
    conn: &Connection,
    first: Modseq,
    before_ms: TimeMs,
    now_ms: TimeMs,
) -> Result<TimeMs> {
    if (before_ms..before_ms + TICK_MS).contains(&now_ms) || now_ms < before_ms {
        return Ok(before_ms);
    }
    conn.prepare_cached("INSERT OR REPLACE INTO clock (modseq, at_ms) VALUES (?1, ?2)")?
        .execute([first, now_ms])?;
    Ok(now_ms)
}

impl Snapshot<'_, AccountDb> {
    /// The first number that was given out at this time or later.
    fn modseq_at(&self, at_ms: TimeMs) -> Result<Modseq> {
        let mut st = self.conn.prepare_cached(&format!("{FIRST_SINCE}?1"))?;
        Ok(st.query_row([at_ms], |r| r.get(0))?)
    }

    /// A condition with numbers in the place of the times of changes.
    pub(in crate::store) fn with_numbers(&self, c: &Condition) -> Result<Condition> {
        let boxed = |c: &Condition| Ok::<_, crate::base::Error>(Box::new(self.with_numbers(c)?));
        Ok(match c {
            Condition::ChangedSince(ms) => Condition::ModseqSince(self.modseq_at(*ms)?),
            Condition::ChangedBefore(ms) => {
                Condition::Not(Box::new(Condition::ModseqSince(self.modseq_at(*ms)?)))
            }
            Condition::And(all) => {
                Condition::And(all.iter().map(|c| self.with_numbers(c)).collect::<Result<_>>()?)
            }
            Condition::Or(a, b) => Condition::Or(boxed(a)?, boxed(b)?),
            Condition::Not(c) => Condition::Not(boxed(c)?),
            other => other.clone(),
        })
    }
}

impl Tx<'_, AccountDb> {
    /// Of the rows before a time, keeps one a minute: what is older than that need not be known better.
    pub fn thin_clock(&mut self, before_ms: TimeMs) -> Result<usize> {
        let sql = "DELETE FROM clock WHERE at_ms < ?1 AND modseq NOT IN
                   (SELECT min(modseq) FROM clock WHERE at_ms < ?1 GROUP BY at_ms / ?2)";
        Ok(self.conn.prepare_cached(sql)?.execute([before_ms, COARSE_MS])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(conn: &Connection) -> Vec<(Modseq, TimeMs)> {
        let mut st = conn
            .prepare("SELECT modseq, at_ms FROM clock ORDER BY modseq")
            .unwrap();
        let rows = st.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        rows.map(|r| r.unwrap()).collect()
    }

    #[test]
    fn a_row_is_written_a_tenth_of_a_second_at_most_and_time_never_falls() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE clock (modseq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT")
            .unwrap();
        let mut last = 0;
        for (modseq, now) in [
            (1, 5_000),
            (2, 5_050),
            (3, 5_100),
            (4, 4_000),
            (5, 5_150),
            (6, 9_000),
        ] {
            last = tick(&conn, modseq, last, now).unwrap();
        }
        assert_eq!(rows(&conn), [(1, 5_000), (3, 5_100), (6, 9_000)]);
    }
}
