//! Lists of objects, a piece at a time, each along an index.

use super::account::AccountDb;
use super::item::COLUMN_COUNT;
use super::object::{MORE, MORE_COUNT, read_object};
use super::tx::Snapshot;
use crate::base::Result;
use crate::model::object::{Object, ObjectKind, ObjectOrder, ObjectPlace, ObjectWalk};
use crate::model::{FolderId, ItemId};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params_from_iter};

/// What each order reads along: the table to begin with, its index, and the expression.
fn along(order: ObjectOrder) -> (&'static str, &'static str) {
    match order {
        ObjectOrder::Arrival => (
            "item INDEXED BY item_by_uid JOIN object ON object.item_id = item.id",
            "item.uid",
        ),
        ObjectOrder::Change => (
            "item INDEXED BY item_by_modseq JOIN object ON object.item_id = item.id",
            "item.modseq",
        ),
        ObjectOrder::Start => (
            "object INDEXED BY object_by_start JOIN item ON item.id = object.item_id",
            "object.start_s",
        ),
        ObjectOrder::Title => (
            "object INDEXED BY object_by_title JOIN item ON item.id = object.item_id",
            "object.title COLLATE NOCASE",
        ),
    }
}

impl Snapshot<'_, AccountDb> {
    /// By its number.
    pub fn object(&self, id: ItemId) -> Result<Option<Object>> {
        let columns = super::item::COLUMNS;
        let sql = format!(
            "SELECT {columns}, {MORE} FROM object JOIN item ON item.id = object.item_id WHERE object.item_id = ?1"
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        Ok(st.query_row([id.0], read_object).optional()?)
    }

    /// Objects of one kind with the places at which the list goes on behind each.
    pub fn walk_objects(
        &self,
        folder: FolderId,
        kind: ObjectKind,
        walk: &ObjectWalk,
    ) -> Result<Vec<(Object, ObjectPlace)>> {
        let (from, by) = along(walk.order);
        let (table, id) = match walk.order {
            ObjectOrder::Arrival | ObjectOrder::Change => ("item", "item.id"),
            ObjectOrder::Start | ObjectOrder::Title => ("object", "object.item_id"),
        };
        let (than, way) = if walk.is_descending {
            ("<", "DESC")
        } else {
            (">", "ASC")
        };
        let mut values: Vec<Value> = vec![folder.0.into(), (kind as i64).into()];
        let mut condition = format!("{table}.folder_id = ?1 AND object.kind = ?2");
        if walk.order == ObjectOrder::Start {
            condition.push_str(" AND object.start_s IS NOT NULL");
        }
        let mut also = |text: String, value: Value| {
            values.push(value);
            condition.push_str(&text.replace("?N", &format!("?{}", values.len())));
        };
        if let Some(least) = walk.range.0 {
            also(format!(" AND {by} >= ?N"), least.into());
        }
        if let Some(most) = walk.range.1 {
            also(format!(" AND {by} <= ?N"), most.into());
        }
        if let Some(after) = &walk.after {
            let (key, item): (Value, ItemId) = match after {
                ObjectPlace::Number(n, item) => ((*n).into(), *item),
                ObjectPlace::Title(t, item) => (t.clone().into(), *item),
            };
            // Twice: the first is what the index can begin with.
            also(format!(" AND {by} {than}= ?N"), key.clone());
            also(format!(" AND ({by} {than} ?N OR "), key);
            also(format!("{id} {than} ?N)"), item.0.into());
        }
        let columns = super::item::COLUMNS;
        let sql = format!(
            "SELECT {columns}, {MORE}, {by} FROM {from} WHERE {condition} ORDER BY {by} {way}, {id} {way} LIMIT {} OFFSET {}",
            walk.limit, walk.skip
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map(params_from_iter(values), |r| {
            let object = read_object(r)?;
            let at = COLUMN_COUNT + MORE_COUNT;
            let place = match walk.order {
                ObjectOrder::Title => ObjectPlace::Title(r.get(at)?, object.item.id),
                _ => ObjectPlace::Number(r.get(at)?, object.item.id),
            };
            Ok((object, place))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn count_objects(&self, folder: FolderId, kind: ObjectKind) -> Result<u64> {
        let mut st = self
            .conn
            .prepare_cached("SELECT count(*) FROM object WHERE folder_id = ?1 AND kind = ?2")?;
        let count: i64 = st.query_row([folder.0, kind as i64], |r| r.get(0))?;
        Ok(count.max(0) as u64)
    }
}
