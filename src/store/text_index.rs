//! The full-text index: words and prefixes, accents folded (unicode61). Derived; may lag behind the items,
//! and a search brings it up to date first.

use super::account::AccountDb;
use super::item;
use super::search::{Column, Matching};
use super::tx::{Snapshot, Tx};
use crate::base::Result;
use crate::model::ItemId;
use crate::model::message::{IndexText, Item};
use rusqlite::params;

/// A column of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Subject,
    From,
    To,
    Cc,
    Bcc,
    Body,
    Attachments,
}

impl Field {
    fn column(self) -> &'static str {
        match self {
            Field::Subject => "subject",
            Field::From => "sender",
            Field::To => "addressed",
            Field::Cc => "copied",
            Field::Bcc => "blind_copied",
            Field::Body => "body",
            Field::Attachments => "attachments",
        }
    }
}

/// The expression for FTS5 that finds `text` as words, the last one as a prefix, in one of `fields` (empty: all).
/// None when there is no word in it.
pub fn expression(text: &str, fields: &[Field]) -> Option<String> {
    let phrase = format!("{} *", words(text)?);
    if fields.is_empty() {
        return Some(phrase);
    }
    let columns: Vec<&str> = fields.iter().map(|f| f.column()).collect();
    Some(format!("{{{}}} : {phrase}", columns.join(" ")))
}

/// `text` as a phrase. Accents that are characters of their own belong to the letter before them, as in the index.
fn words(text: &str) -> Option<String> {
    let is_of_word = |c: char| c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c);
    let words: Vec<String> = text
        .split(|c| !is_of_word(c))
        .filter(|w| w.contains(char::is_alphanumeric))
        .map(|w| format!("\"{w}\""))
        .collect();
    (!words.is_empty()).then(|| words.join(" + "))
}

/// The expression that finds at least the messages for which a comparison holds. None where no words can lead there:
/// a text may end or lie in the middle of a word.
pub(in crate::store) fn comparison(column: Column, how: Matching, text: &str) -> Option<String> {
    let field = match column {
        Column::Subject => Field::Subject,
        Column::FromAddress => Field::From,
        Column::SenderAddress if how == Matching::Is => Field::From,
        Column::SenderAddress | Column::FromName => return None,
    };
    match how {
        Matching::StartsWith => expression(text, &[field]),
        // Whole words only: a prefix such as that of a common domain would gather every message first.
        Matching::Is => Some(format!("{} : {}", field.column(), words(text)?)),
        Matching::EndsWith | Matching::Contains => None,
    }
}

impl Snapshot<'_, AccountDb> {
    /// Ids of items that match an [`expression`], ascending.
    pub fn search_text(&self, expression: &str) -> Result<Vec<ItemId>> {
        let mut st = self
            .conn
            .prepare_cached("SELECT rowid FROM item_text WHERE item_text MATCH ?1 ORDER BY rowid")?;
        let rows = st.query_map([expression], |r| Ok(ItemId(r.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Items that are not in the index yet, oldest first; at most `limit`.
    pub fn unindexed_items(&self, limit: usize) -> Result<Vec<Item>> {
        let sql = format!(
            "SELECT {} FROM item WHERE id > (SELECT indexed_item FROM state)
             AND +folder_id IN (SELECT id FROM folder WHERE kind = 1) ORDER BY id LIMIT ?1",
            item::COLUMNS
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map([limit as i64], item::read_item)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The sign keeps SQLite on the few ids behind the mark instead of going through whole folders.
    pub fn is_fully_indexed(&self) -> Result<bool> {
        let mut st = self.conn.prepare_cached(
            "SELECT 1 FROM item WHERE id > (SELECT indexed_item FROM state)
                 AND +folder_id IN (SELECT id FROM folder WHERE kind = 1) LIMIT 1",
        )?;
        Ok(!st.exists([])?)
    }
}

impl Tx<'_, AccountDb> {
    /// Puts the text of the next items into the index. `texts`: ascending by id, without gaps, as
    /// [`Snapshot::unindexed_items`] gave them; those indexed or removed meanwhile are left out.
    pub fn index_texts(&mut self, texts: &[(ItemId, IndexText)]) -> Result<()> {
        let done: i64 = self
            .conn
            .prepare_cached("SELECT indexed_item FROM state")?
            .query_row([], |r| r.get(0))?;
        for (id, text) in texts.iter().filter(|(id, _)| id.0 > done) {
            if self.item(*id)?.is_none() {
                continue;
            }
            self.put_text(*id, text)?;
        }
        if let Some((last, _)) = texts.last() {
            self.conn
                .prepare_cached("UPDATE state SET indexed_item = max(indexed_item, ?1)")?
                .execute([last.0])?;
        }
        Ok(())
    }

    /// Other words for an item that has changed. One that is not in the index yet comes in with its new words later.
    pub fn replace_text(&mut self, id: ItemId, text: &IndexText) -> Result<()> {
        let done: i64 = self
            .conn
            .prepare_cached("SELECT indexed_item FROM state")?
            .query_row([], |r| r.get(0))?;
        if id.0 > done {
            return Ok(());
        }
        self.remove_text(id)?;
        self.put_text(id, text)
    }

    fn put_text(&mut self, id: ItemId, text: &IndexText) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO item_text (rowid, subject, sender, addressed, copied, blind_copied, body, attachments)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                id.0,
                text.subject,
                text.from,
                text.to,
                text.cc,
                text.bcc,
                text.body,
                text.attachments
            ])?;
        Ok(())
    }

    pub(in crate::store) fn remove_text(&mut self, id: ItemId) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM item_text WHERE rowid = ?1")?
            .execute([id.0])?;
        Ok(())
    }

    /// Empties the index; the next search or quiet moment fills it again.
    pub fn reset_text_index(&mut self) -> Result<()> {
        self.conn
            .execute("INSERT INTO item_text (item_text) VALUES ('delete-all')", [])?;
        self.conn.execute("UPDATE state SET indexed_item = 0", [])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_a_phrase_that_ends_open() {
        assert_eq!(
            expression("Angebot Nr. 5", &[]).unwrap(),
            "\"Angebot\" + \"Nr\" + \"5\" *"
        );
        assert_eq!(
            expression("a", &[Field::From, Field::To]).unwrap(),
            "{sender addressed} : \"a\" *"
        );
        assert_eq!(expression("\" * -", &[]), None);
        assert_eq!(
            expression("cafe\u{301}s \u{301}", &[]).unwrap(),
            "\"cafe\u{301}s\" *"
        );
    }

    #[test]
    fn what_has_to_be_equal_is_looked_for_in_whole_words() {
        let address = "ben@other.test";
        assert_eq!(
            comparison(Column::FromAddress, Matching::Is, address).unwrap(),
            "sender : \"ben\" + \"other\" + \"test\""
        );
        assert_eq!(
            comparison(Column::FromAddress, Matching::StartsWith, "be").unwrap(),
            "{sender} : \"be\" *"
        );
        assert_eq!(comparison(Column::FromAddress, Matching::EndsWith, address), None);
    }
}
