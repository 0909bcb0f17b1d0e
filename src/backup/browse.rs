//! Looking around in a backup as one would in the account, and reading single items, without a box.

use super::index::Index;
use super::pack::Unpacker;
use super::place::Place;
use super::rows::fetch_rows;
use super::seal::Key;
use super::snapshot::StoredAccount;
use crate::base::{Error, Result};
use crate::store::disk::ScratchFolder;
pub use crate::store::rows_look::{StoredItem, Wanted as Sought};
use crate::store::rows_look::{stored_item, stored_items};
use std::path::Path;

/// An account as it was, on this machine.
pub struct Look {
    folder: ScratchFolder,
}

impl Look {
    /// `scratch`: a folder in which one is made for the time. Errors: Unavailable, when the rows are damaged.
    pub fn open(scratch: &Path, place: &dyn Place, key: &Key, stored: &StoredAccount) -> Result<Look> {
        let folder = ScratchFolder::make_in(scratch)?;
        fetch_rows(place, key, stored, &folder.path().join("rows"))?;
        Ok(Look { folder })
    }

    /// The newest first, at most `limit`.
    pub fn list(&self, sought: &Sought, limit: usize) -> Result<Vec<StoredItem>> {
        stored_items(&self.folder.path().join("rows"), sought, limit)
    }

    /// Hands the bytes of one item over in pieces, once they are known to be those that were stored.
    /// Errors: NotFound; Unavailable, when they are damaged or missing.
    pub fn read(
        &self,
        place: &dyn Place,
        key: &Key,
        id: i64,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<StoredItem> {
        let item = stored_item(&self.folder.path().join("rows"), id)?;
        let index = Index::load(place, key)?;
        match Unpacker::new(place, key, &index).read(&item.hash, each)? {
            true => Ok(item),
            false => Err(Error::unavailable(format!(
                "»{}« is in the list of the backup, and its bytes are damaged or missing; try an older backup",
                item.title
            ))),
        }
    }
}
