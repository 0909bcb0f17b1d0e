//! Who may do what with single collections, and who belongs to a group that was given something.

use super::DirectoryDb;
use crate::base::Result;
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId};
use crate::store::{Snapshot, Tx};
use rusqlite::params;

/// That somebody may do something in one collection of an account.
#[derive(Clone, Copy, Debug)]
pub struct GivenShare {
    pub folder: FolderId,
    pub actor: AccountId,
    pub level: ShareLevel,
    pub is_deputy: bool,
}

impl Snapshot<'_, DirectoryDb> {
    /// All that an account has given to others.
    pub fn shares_of(&self, account: AccountId) -> Result<Vec<GivenShare>> {
        let mut st = self.conn.prepare_cached(
            "SELECT folder_id, actor_id, level, is_deputy FROM share WHERE account_id = ?1 ORDER BY folder_id, actor_id",
        )?;
        let mut rows = st.query([account.0])?;
        let mut out = Vec::new();
        while let Some(r) = rows.next()? {
            out.push(GivenShare {
                folder: FolderId(r.get(0)?),
                actor: AccountId(r.get(1)?),
                level: ShareLevel::parse(&r.get::<_, String>(2)?)?,
                is_deputy: r.get(3)?,
            });
        }
        Ok(out)
    }

    /// The most that somebody may do in a collection of another: by themselves, by a group, or as one who may use the
    /// whole mailbox.
    pub fn share_level(
        &self,
        account: AccountId,
        folder: FolderId,
        actor: AccountId,
    ) -> Result<Option<ShareLevel>> {
        let mut st = self.conn.prepare_cached(
            "SELECT level FROM share WHERE account_id = ?1 AND folder_id = ?2
             AND (actor_id = ?3 OR actor_id IN (SELECT group_id FROM member WHERE person_id = ?3))",
        )?;
        let rows = st.query_map([account.0, folder.0, actor.0], |r| r.get::<_, String>(0))?;
        let mut best = self.access(account, actor)?.map(ShareLevel::from);
        for word in rows {
            best = best.max(Some(ShareLevel::parse(&word?)?));
        }
        Ok(best)
    }

    /// Accounts some of whose collections somebody may use.
    pub fn sharing_accounts(&self, actor: AccountId) -> Result<Vec<AccountId>> {
        let mut st = self.conn.prepare_cached(
            "SELECT account_id FROM share
             WHERE actor_id = ?1 OR actor_id IN (SELECT group_id FROM member WHERE person_id = ?1)
             UNION SELECT account_id FROM access WHERE actor_id = ?1
             ORDER BY 1",
        )?;
        let rows = st.query_map([actor.0], |r| r.get(0).map(AccountId))?;
        let mut out: Vec<AccountId> = rows.collect::<rusqlite::Result<_>>()?;
        out.retain(|id| *id != actor);
        Ok(out)
    }

    /// To whom a collection was given.
    pub fn shares(&self, account: AccountId, folder: FolderId) -> Result<Vec<(AccountId, ShareLevel)>> {
        let mut st = self.conn.prepare_cached(
            "SELECT actor_id, level FROM share WHERE account_id = ?1 AND folder_id = ?2 ORDER BY actor_id",
        )?;
        let rows = st.query_map([account.0, folder.0], |r| {
            Ok((AccountId(r.get(0)?), r.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            let (id, word) = row?;
            Ok((id, ShareLevel::parse(&word)?))
        })
        .collect()
    }

    /// Who deputizes for the owner of a collection, as it was given: also groups.
    pub fn deputies(&self, account: AccountId, folder: FolderId) -> Result<Vec<AccountId>> {
        let mut st = self.conn.prepare_cached(
            "SELECT actor_id FROM share WHERE account_id = ?1 AND folder_id = ?2 AND is_deputy ORDER BY actor_id",
        )?;
        let rows = st.query_map([account.0, folder.0], |r| r.get(0).map(AccountId))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Who belongs to a group.
    pub fn members(&self, group: AccountId) -> Result<Vec<AccountId>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT person_id FROM member WHERE group_id = ?1 ORDER BY person_id")?;
        let rows = st.query_map([group.0], |r| r.get(0).map(AccountId))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The groups that somebody belongs to.
    pub fn groups_of(&self, person: AccountId) -> Result<Vec<AccountId>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT group_id FROM member WHERE person_id = ?1 ORDER BY group_id")?;
        let rows = st.query_map([person.0], |r| r.get(0).map(AccountId))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_, DirectoryDb> {
    /// None takes it away.
    pub fn put_share(
        &mut self,
        (account, folder): (AccountId, FolderId),
        actor: AccountId,
        level: Option<ShareLevel>,
    ) -> Result<()> {
        match level {
            Some(level) => self
                .conn
                .prepare_cached(
                    "INSERT INTO share (account_id, folder_id, actor_id, level) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET level = excluded.level,
                     is_deputy = is_deputy AND excluded.level IN ('write', 'manage')",
                )?
                .execute(params![account.0, folder.0, actor.0, level.as_str()])?,
            None => self
                .conn
                .prepare_cached(
                    "DELETE FROM share WHERE account_id = ?1 AND folder_id = ?2 AND actor_id = ?3",
                )?
                .execute([account.0, folder.0, actor.0])?,
        };
        Ok(())
    }

    /// Does nothing for who was given nothing.
    pub fn put_deputy(
        &mut self,
        (account, folder): (AccountId, FolderId),
        actor: AccountId,
        is_deputy: bool,
    ) -> Result<()> {
        self.conn
            .prepare_cached(
                "UPDATE share SET is_deputy = ?4 WHERE account_id = ?1 AND folder_id = ?2 AND actor_id = ?3",
            )?
            .execute(params![account.0, folder.0, actor.0, is_deputy])?;
        Ok(())
    }

    pub fn put_member(&mut self, group: AccountId, person: AccountId, is_in: bool) -> Result<()> {
        let sql = match is_in {
            true => "INSERT OR IGNORE INTO member (group_id, person_id) VALUES (?1, ?2)",
            false => "DELETE FROM member WHERE group_id = ?1 AND person_id = ?2",
        };
        self.conn.prepare_cached(sql)?.execute([group.0, person.0])?;
        Ok(())
    }
}
