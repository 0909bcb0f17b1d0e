//! Calendars, address books and task lists: folders with something to say of themselves.

use super::account::AccountDb;
use super::folder::NewFolder;
use super::tx::{Snapshot, Tx};
use crate::base::{Result, TimeMs};
use crate::model::object::{Collection, CollectionProperties, Components};
use crate::model::{Folder, FolderId, FolderKind};
use rusqlite::{OptionalExtension, params};

impl Snapshot<'_, AccountDb> {
    /// Collections of a kind, by id.
    pub fn collections(&self, kind: FolderKind) -> Result<Vec<Collection>> {
        self.folders(kind)?
            .into_iter()
            .map(|f| self.with_properties(f))
            .collect()
    }

    /// By the last part of its address.
    pub fn collection_by_name(&self, kind: FolderKind, name: &str) -> Result<Option<Collection>> {
        let folder = self.folder_by_name(None, kind, name)?;
        folder.map(|f| self.with_properties(f)).transpose()
    }

    fn with_properties(&self, folder: Folder) -> Result<Collection> {
        let properties = self
            .conn
            .prepare_cached(
                "SELECT display_name, description, colour, sort_order, time_zone, components, is_transparent
                 FROM collection WHERE folder_id = ?1",
            )?
            .query_row([folder.id.0], |r| {
                Ok(CollectionProperties {
                    display_name: r.get(0)?,
                    description: r.get(1)?,
                    colour: r.get(2)?,
                    order: r.get(3)?,
                    time_zone: r.get(4)?,
                    components: Some(Components(r.get(5)?)),
                    is_transparent: r.get(6)?,
                })
            })
            .optional()?;
        let feed = self.feed_address(folder.id)?;
        Ok(Collection {
            folder,
            properties: properties.unwrap_or_default(),
            feed,
        })
    }

    /// Where a calendar is read from; None: it is kept here.
    pub fn feed_address(&self, folder: FolderId) -> Result<Option<String>> {
        Ok(self
            .conn
            .prepare_cached("SELECT url FROM feed WHERE folder_id = ?1")?
            .query_row([folder.0], |r| r.get(0))
            .optional()?)
    }
}

impl Tx<'_, AccountDb> {
    /// Errors: Exists.
    pub fn insert_collection(
        &mut self,
        kind: FolderKind,
        name: &str,
        properties: &CollectionProperties,
        now_ms: TimeMs,
    ) -> Result<FolderId> {
        let id = self.insert_folder(&NewFolder {
            parent_id: None,
            kind,
            role: None,
            name,
            now_ms,
        })?;
        self.put_collection(id, kind, properties)?;
        Ok(id)
    }

    /// What the collection says of itself from now on.
    pub fn put_collection(
        &mut self,
        id: FolderId,
        kind: FolderKind,
        properties: &CollectionProperties,
    ) -> Result<()> {
        let components = properties
            .components
            .unwrap_or_else(|| Components::default_of(kind));
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO collection (folder_id, display_name, description, colour, sort_order,
                 time_zone, components, is_transparent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                id.0,
                properties.display_name,
                properties.description,
                properties.colour,
                properties.order,
                properties.time_zone,
                components.0,
                properties.is_transparent
            ])?;
        let modseq = self.next_number();
        self.conn
            .prepare_cached("UPDATE folder SET modseq = ?2 WHERE id = ?1")?
            .execute([id.0, modseq])?;
        self.touch_folder(id);
        Ok(())
    }

    /// It is read from an address elsewhere from now on.
    pub fn mark_feed(&mut self, folder: FolderId, url: &str) -> Result<()> {
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO feed (folder_id, url) VALUES (?1, ?2)")?
            .execute(params![folder.0, url])?;
        Ok(())
    }

    /// Removes a collection with all that it holds.
    pub fn remove_collection(&mut self, id: FolderId, now_ms: TimeMs) -> Result<()> {
        for object in self.objects(id)? {
            self.dump_items(std::slice::from_ref(&object.item), now_ms)?;
            self.remove_object(&object, now_ms)?;
        }
        for table in ["collection", "object_gone", "feed"] {
            self.conn
                .execute(&format!("DELETE FROM {table} WHERE folder_id = ?1"), [id.0])?;
        }
        self.remove_folder(id, now_ms)
    }
}
