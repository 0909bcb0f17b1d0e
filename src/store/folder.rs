//! Folders of an account and their counters.

use super::account::AccountDb;
use super::tx::{Snapshot, Tx};
use crate::base::{Error, Result, TimeMs};
use crate::model::{Folder, FolderId, FolderKind, Modseq, Role, Uid};
use rusqlite::{OptionalExtension, Row, params};

const COLUMNS: &str = "id, parent_id, kind, role, name, uid_validity, uid_next, total, unread, deleted, size_bytes, \
                       highest_modseq, modseq, created_modseq, is_subscribed";

/// A folder to be made.
pub struct NewFolder<'a> {
    pub parent_id: Option<FolderId>,
    pub kind: FolderKind,
    pub role: Option<Role>,
    pub name: &'a str,
    pub now_ms: TimeMs,
}

/// What changes of items add to a folder's counters.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::store) struct Counts {
    pub total: i64,
    pub unread: i64,
    pub deleted: i64,
    pub size_bytes: i64,
}

fn read_folder(r: &Row<'_>) -> rusqlite::Result<Folder> {
    let role: Option<String> = r.get(3)?;
    Ok(Folder {
        id: FolderId(r.get(0)?),
        parent_id: r.get::<_, Option<i64>>(1)?.map(FolderId),
        kind: FolderKind::from_stored(r.get(2)?).unwrap_or(FolderKind::Mail),
        role: role.as_deref().and_then(Role::from_stored),
        name: r.get(4)?,
        uid_validity: r.get(5)?,
        uid_next: r.get(6)?,
        total: r.get(7)?,
        unread: r.get(8)?,
        deleted: r.get(9)?,
        size_bytes: r.get(10)?,
        highest_modseq: r.get(11)?,
        modseq: r.get(12)?,
        created_modseq: r.get(13)?,
        is_subscribed: r.get(14)?,
    })
}

impl Snapshot<'_, AccountDb> {
    /// All folders of a kind, by id.
    pub fn folders(&self, kind: FolderKind) -> Result<Vec<Folder>> {
        let sql = format!("SELECT {COLUMNS} FROM folder WHERE kind = ?1 ORDER BY id");
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([kind as i64], read_folder)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Errors: NotFound.
    pub fn folder(&self, id: FolderId) -> Result<Folder> {
        let sql = format!("SELECT {COLUMNS} FROM folder WHERE id = ?1");
        self.conn
            .prepare_cached(&sql)?
            .query_row([id.0], read_folder)
            .optional()?
            .ok_or_else(no_such_folder)
    }

    /// As [`Snapshot::folder`], for those who speak of mail only. Errors: NotFound, also for calendars and the like.
    pub fn mail_folder(&self, id: FolderId) -> Result<Folder> {
        let folder = self.folder(id)?;
        match folder.kind {
            FolderKind::Mail => Ok(folder),
            _ => Err(no_such_folder()),
        }
    }

    pub fn folder_by_role(&self, role: Role) -> Result<Option<Folder>> {
        let sql = format!("SELECT {COLUMNS} FROM folder WHERE role = ?1");
        Ok(self
            .conn
            .prepare_cached(&sql)?
            .query_row([role.as_str()], read_folder)
            .optional()?)
    }

    pub fn folder_by_name(
        &self,
        parent: Option<FolderId>,
        kind: FolderKind,
        name: &str,
    ) -> Result<Option<Folder>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM folder WHERE coalesce(parent_id, 0) = ?1 AND kind = ?2 AND name = ?3"
        );
        let parent = parent.map_or(0, |p| p.0);
        Ok(self
            .conn
            .prepare_cached(&sql)?
            .query_row(params![parent, kind as i64, name], read_folder)
            .optional()?)
    }

    pub fn child_folders(&self, parent: FolderId) -> Result<Vec<Folder>> {
        let sql = format!("SELECT {COLUMNS} FROM folder WHERE coalesce(parent_id, 0) = ?1 ORDER BY id");
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([parent.0], read_folder)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

pub(in crate::store) fn no_such_folder() -> Error {
    Error::not_found("there is no such folder")
}

impl Tx<'_, AccountDb> {
    /// Errors: Exists, when the parent has one of that name or the account one of that role.
    pub fn insert_folder(&mut self, new: &NewFolder<'_>) -> Result<FolderId> {
        if self.folder_by_name(new.parent_id, new.kind, new.name)?.is_some() {
            return Err(Error::exists(format!("there is already a folder »{}«", new.name)));
        }
        if let Some(role) = new.role
            && let Some(folder) = self.folder_by_role(role)?
        {
            return Err(Error::exists(format!(
                "»{}« already is the folder for that",
                folder.name
            )));
        }
        let id = self.next_number();
        // Time, so that a new account of an old name is not taken for the old one (RFC 9051 §2.3.1.1).
        let uid_validity: i64 = self
            .conn
            .prepare_cached(
                "UPDATE state SET uid_validity = max(uid_validity + 1, ?1) RETURNING uid_validity",
            )?
            .query_row([new.now_ms / 1000], |r| r.get(0))?;
        self.conn
            .prepare_cached(
                "INSERT INTO folder (id, parent_id, kind, role, name, uid_validity, highest_modseq, modseq, created_modseq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?1, ?1, ?1)",
            )?
            .execute(params![
                id,
                new.parent_id.map(|p| p.0),
                new.kind as i64,
                new.role.map(Role::as_str),
                new.name,
                uid_validity
            ])?;
        self.touch_folder(FolderId(id));
        Ok(FolderId(id))
    }

    /// The mail folders that every account has. Does nothing for those that are there.
    pub fn insert_default_folders(&mut self, language: &str, now_ms: TimeMs) -> Result<()> {
        for role in Role::ALL {
            if self.folder_by_role(role)?.is_some() {
                continue;
            }
            let name = role.default_name(language);
            self.insert_folder(&NewFolder {
                parent_id: None,
                kind: FolderKind::Mail,
                role: Some(role),
                name,
                now_ms,
            })?;
        }
        Ok(())
    }

    /// New name, new place, or both.
    pub fn place_folder(&mut self, id: FolderId, parent: Option<FolderId>, name: &str) -> Result<Modseq> {
        let modseq = self.next_number();
        self.conn
            .prepare_cached("UPDATE folder SET parent_id = ?2, name = ?3, modseq = ?4 WHERE id = ?1")?
            .execute(params![id.0, parent.map(|p| p.0), name, modseq])?;
        self.touch_folder(id);
        Ok(modseq)
    }

    pub fn subscribe_folder(&mut self, id: FolderId, is_subscribed: bool) -> Result<()> {
        let modseq = self.next_number();
        self.conn
            .prepare_cached("UPDATE folder SET is_subscribed = ?2, modseq = ?3 WHERE id = ?1")?
            .execute(params![id.0, is_subscribed, modseq])?;
        self.touch_folder(id);
        Ok(())
    }

    /// Removes a folder that has no items and no child folders any more, and leaves a tombstone.
    pub fn remove_folder(&mut self, id: FolderId, now_ms: TimeMs) -> Result<()> {
        let modseq = self.next_number();
        self.conn
            .prepare_cached("DELETE FROM tombstone WHERE folder_id = ?1")?
            .execute([id.0])?;
        self.remove_properties(id.0)?;
        self.conn
            .prepare_cached("DELETE FROM folder WHERE id = ?1")?
            .execute([id.0])?;
        self.conn
            .prepare_cached("INSERT INTO folder_tombstone (modseq, folder_id, at_ms) VALUES (?1, ?2, ?3)")?
            .execute(params![modseq, id.0, now_ms])?;
        self.touch_folder(id);
        Ok(())
    }

    /// Takes the next UIDs of a folder: the first of `count`.
    pub(in crate::store) fn take_uids(&mut self, id: FolderId, count: i64) -> Result<u32> {
        self.conn
            .prepare_cached(
                "UPDATE folder SET uid_next = uid_next + ?2 WHERE id = ?1 RETURNING uid_next - ?2",
            )?
            .query_row([id.0, count], |r| r.get(0))
            .optional()?
            .ok_or_else(no_such_folder)
    }

    pub(in crate::store) fn count_folder(
        &mut self,
        id: FolderId,
        add: Counts,
        highest_modseq: Modseq,
    ) -> Result<()> {
        self.conn
            .prepare_cached(
                "UPDATE folder SET total = total + ?2, unread = unread + ?3, deleted = deleted + ?4,
                 size_bytes = size_bytes + ?5, highest_modseq = max(highest_modseq, ?6) WHERE id = ?1",
            )?
            .execute([
                id.0,
                add.total,
                add.unread,
                add.deleted,
                add.size_bytes,
                highest_modseq,
            ])?;
        self.add_used_bytes(add.size_bytes);
        self.touch_folder(id);
        Ok(())
    }

    /// [`Tx::take_uids`] and [`Tx::count_folder`] of one item in one statement. Returns its UID.
    pub(in crate::store) fn count_arrival(
        &mut self,
        id: FolderId,
        add: Counts,
        modseq: Modseq,
    ) -> Result<Uid> {
        let uid = self
            .conn
            .prepare_cached(
                "UPDATE folder SET uid_next = uid_next + 1, total = total + ?2, unread = unread + ?3,
                 deleted = deleted + ?4, size_bytes = size_bytes + ?5, highest_modseq = max(highest_modseq, ?6)
                 WHERE id = ?1 RETURNING uid_next - 1",
            )?
            .query_row(
                [id.0, add.total, add.unread, add.deleted, add.size_bytes, modseq],
                |r| r.get(0),
            )
            .optional()?
            .ok_or_else(no_such_folder)?;
        self.add_used_bytes(add.size_bytes);
        self.touch_folder(id);
        Ok(uid)
    }
}
