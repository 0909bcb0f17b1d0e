//! The ledger of what came from elsewhere: which item there is which of ours.

use super::account::AccountDb;
use super::tx::{Snapshot, Tx};
use crate::base::Result;
use crate::model::moved::{Moved, MovedFolder, State};
use crate::model::{Flags, FolderId, ItemId};
use rusqlite::{OptionalExtension, Row, params};

const COLUMNS: &str = "moved.name, moved.item_id, moved.hash, moved.state, moved.flags, moved.tag";

fn read_moved(r: &Row<'_>) -> rusqlite::Result<Moved> {
    Ok(Moved {
        name: r.get(0)?,
        item_id: r.get::<_, Option<i64>>(1)?.map(ItemId),
        hash: r.get(2)?,
        state: State::from_stored(r.get(3)?),
        flags: Flags(r.get(4)?),
        tag: r.get(5)?,
    })
}

impl Snapshot<'_, AccountDb> {
    /// All folders of a source that items came from.
    pub fn moved_folders(&self, source: &str) -> Result<Vec<MovedFolder>> {
        let mut st = self.conn.prepare_cached(
            "SELECT id, path, version, folder_id FROM move_folder WHERE source = ?1 ORDER BY id",
        )?;
        let rows = st.query_map([source], |r| {
            Ok(MovedFolder {
                id: r.get(0)?,
                path: r.get(1)?,
                version: r.get(2)?,
                folder_id: FolderId(r.get(3)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What came from one folder there.
    pub fn moved_items(&self, move_folder: i64) -> Result<Vec<Moved>> {
        let sql = format!("SELECT {COLUMNS} FROM moved WHERE move_folder_id = ?1");
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([move_folder], read_moved)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What came from a source and was put aside, with the path of its folder there.
    pub fn moved_aside(&self, source: &str) -> Result<Vec<(String, Moved)>> {
        let sql = format!(
            "SELECT {COLUMNS}, f.path FROM move_folder f JOIN moved ON moved.move_folder_id = f.id
             WHERE f.source = ?1 AND moved.state = 2 ORDER BY f.path, moved.name"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([source], |r| Ok((r.get(6)?, read_moved(r)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What came from a source and is no longer there.
    pub fn moved_gone(&self, source: &str) -> Result<Vec<(i64, Moved)>> {
        let sql = format!(
            "SELECT {COLUMNS}, f.id FROM move_folder f JOIN moved ON moved.move_folder_id = f.id
             WHERE f.source = ?1 AND moved.state = 3"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([source], |r| Ok((r.get(6)?, read_moved(r)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn moved_item(&self, move_folder: i64, name: &str) -> Result<Option<Moved>> {
        let sql = format!("SELECT {COLUMNS} FROM moved WHERE move_folder_id = ?1 AND name = ?2");
        let mut st = self.conn.prepare_cached(&sql)?;
        Ok(st.query_row(params![move_folder, name], read_moved).optional()?)
    }

    /// Whether an item of ours stands for one of this source already.
    pub fn is_moved_from(&self, source: &str, item: ItemId) -> Result<bool> {
        let found: Option<i64> = self
            .conn
            .prepare_cached(
                "SELECT 1 FROM moved JOIN move_folder f ON f.id = moved.move_folder_id
                 WHERE moved.item_id = ?1 AND f.source = ?2 LIMIT 1",
            )?
            .query_row(params![item.0, source], |r| r.get(0))
            .optional()?;
        Ok(found.is_some())
    }

    /// One with these bytes that is no longer where it was in the source: it may have been moved there. With its folder.
    pub fn moved_and_gone(&self, source: &str, hash: &[u8; 32]) -> Result<Option<(MovedFolder, Moved)>> {
        let sql = format!(
            "SELECT {COLUMNS}, f.id, f.path, f.version, f.folder_id FROM moved JOIN move_folder f ON f.id = moved.move_folder_id
             WHERE moved.state = 3 AND moved.hash = ?1 AND f.source = ?2 AND moved.item_id IS NOT NULL
             AND EXISTS (SELECT 1 FROM item WHERE item.id = moved.item_id) LIMIT 1"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let found = st.query_row(params![&hash[..], source], |r| {
            let folder = MovedFolder {
                id: r.get(6)?,
                path: r.get(7)?,
                version: r.get(8)?,
                folder_id: FolderId(r.get(9)?),
            };
            Ok((folder, read_moved(r)?))
        });
        Ok(found.optional()?)
    }
}

impl Tx<'_, AccountDb> {
    /// The number of a folder of a source, with ours that its items come into from now on.
    pub fn put_moved_folder(&mut self, source: &str, path: &str, version: &str, to: FolderId) -> Result<i64> {
        Ok(self
            .conn
            .prepare_cached(
                "INSERT INTO move_folder (source, path, version, folder_id) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (source, path, version) DO UPDATE SET folder_id = excluded.folder_id RETURNING id",
            )?
            .query_row(params![source, path, version, to.0], |r| r.get(0))?)
    }

    pub fn put_moved(&mut self, move_folder: i64, moved: &Moved) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO moved (move_folder_id, name, item_id, hash, state, flags, tag)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                move_folder,
                moved.name,
                moved.item_id.map(|i| i.0),
                &moved.hash[..],
                moved.state as i64,
                moved.flags.0,
                moved.tag
            ])?;
        Ok(())
    }

    pub fn forget_moved(&mut self, move_folder: i64, name: &str) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM moved WHERE move_folder_id = ?1 AND name = ?2")?
            .execute(params![move_folder, name])?;
        Ok(())
    }
}
