//! What the scheduling engine asks of the store beside its jobs.

use super::account::AccountDb;
use super::tx::{Snapshot, Tx};
use crate::base::Result;
use crate::model::object::Object;
use crate::model::{FolderKind, Modseq};
use rusqlite::params;

impl Snapshot<'_, AccountDb> {
    /// Events and tasks with this UID in all calendars and task lists, oldest calendar first; but for calendars that are read
    /// from elsewhere, in which nobody is invited.
    pub fn objects_of_uid(&self, uid: &str) -> Result<Vec<Object>> {
        let mut out = Vec::new();
        for kind in [FolderKind::Calendar, FolderKind::TaskList] {
            for folder in self.folders(kind)? {
                if self.feed_address(folder.id)?.is_some() {
                    continue;
                }
                out.extend(self.object_by_uid(folder.id, uid)?);
            }
        }
        Ok(out)
    }
}

impl Tx<'_, AccountDb> {
    /// Some of us or of others take part in it, and it changed at this number so that they have to look.
    pub fn put_schedule_tag(&mut self, object: &Object, tag: Option<Modseq>) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE object SET schedule_tag = ?2 WHERE item_id = ?1")?
            .execute(params![object.item.id.0, tag])?;
        Ok(())
    }
}
