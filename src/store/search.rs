//! Searching a folder: a tree of conditions becomes one statement with bound values.

use super::account::AccountDb;
use super::clock::FIRST_SINCE;
use super::text_index::{self, Field};
use super::tx::Snapshot;
use crate::base::{Result, TimeMs};
use crate::model::message::Conversation;
use crate::model::{Flags, FolderId, ItemId, Modseq, Uid};
use rusqlite::params_from_iter;
use rusqlite::types::Value;

/// A condition on one message.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    All,
    /// Inclusive ranges.
    Uids(Vec<(Uid, Uid)>),
    /// One of these items.
    Items(Vec<ItemId>),
    /// Has all of these flags.
    Has(Flags),
    Keyword(String),
    /// Words, the last one as a prefix, in one of the fields (empty: anywhere).
    Text {
        text: String,
        fields: Vec<Field>,
    },
    /// Contains this, in any case of ASCII letters.
    MessageId(String),
    /// Is exactly this.
    MessageIdIs(String),
    Folder(FolderId),
    /// A text compared in any case of ASCII letters.
    Compare {
        column: Column,
        how: Matching,
        text: String,
    },
    Conversation(Conversation),
    /// A program keeps this with it.
    Property {
        name: String,
        how: Matching,
        value: String,
    },
    HasAttachments,
    /// 0 low, 1 normal, 2 high.
    Importance(u8),
    ReceivedSince(TimeMs),
    ReceivedBefore(TimeMs),
    SentSince(TimeMs),
    SentBefore(TimeMs),
    /// Changed, by the account's clock.
    ChangedSince(TimeMs),
    ChangedBefore(TimeMs),
    /// Larger than so many bytes.
    Larger(i64),
    Smaller(i64),
    /// Changed at or after this number.
    ModseqSince(Modseq),
    And(Vec<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    pub fn unread() -> Condition {
        Condition::Not(Box::new(Condition::Has(Flags::SEEN)))
    }

    /// Whether the text index is asked.
    pub fn has_text(&self) -> bool {
        match self {
            Condition::Text { .. } => true,
            Condition::Compare { column, how, text } => text_index::comparison(*column, *how, text).is_some(),
            Condition::And(all) => all.iter().any(Condition::has_text),
            Condition::Or(a, b) => a.has_text() || b.has_text(),
            Condition::Not(c) => c.has_text(),
            _ => false,
        }
    }
}

/// A text that messages are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Subject,
    FromName,
    FromAddress,
    /// The author's address where nobody else is named as sender.
    SenderAddress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    Is,
    StartsWith,
    EndsWith,
    Contains,
}

impl Column {
    /// How few messages have the same: the fewest first.
    pub(in crate::store) fn rank(self) -> u8 {
        match self {
            Column::Subject => 2,
            Column::FromAddress => 3,
            Column::SenderAddress | Column::FromName => 4,
        }
    }

    fn expression(self) -> &'static str {
        match self {
            Column::Subject => "lower(m.subject)",
            Column::FromName => "lower(coalesce(m.from_name, m.from_address, ''))",
            Column::FromAddress => "lower(coalesce(m.from_address, ''))",
            Column::SenderAddress => "lower(coalesce(m.sender_address, m.from_address, ''))",
        }
    }
}

/// A message that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub uid: Uid,
    pub id: ItemId,
    pub modseq: Modseq,
}

#[derive(Default)]
pub(in crate::store) struct Statement {
    pub sql: String,
    pub values: Vec<Value>,
    pub needs_message: bool,
}

impl Statement {
    pub fn bind(&mut self, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql.push_str(&format!("?{}", self.values.len()));
    }

    fn compare(&mut self, left: &str, value: i64) {
        self.needs_message |= left.starts_with("m.");
        self.sql.push_str(left);
        self.bind(value);
    }

    pub fn push(&mut self, c: &Condition) {
        match c {
            Condition::All => self.sql.push('1'),
            Condition::Uids(ranges) => self.push_ranges(ranges),
            Condition::Items(ids) => {
                let ids: Vec<i64> = ids.iter().map(|i| i.0).collect();
                self.sql.push_str("item.id IN (SELECT value FROM json_each(");
                self.bind(serde_json::to_string(&ids).unwrap_or_default());
                self.sql.push_str("))");
            }
            Condition::Has(flags) => {
                // Written out, so that the planner knows the partial indexes.
                let bits = flags.0;
                self.sql.push_str(&format!("item.flags & {bits} = {bits}"));
            }
            Condition::Keyword(word) => {
                self.sql
                    .push_str("instr(' ' || lower(coalesce(item.keywords, '')) || ' ', ");
                self.bind(format!(" {} ", word.to_ascii_lowercase()));
                self.sql.push_str(") > 0");
            }
            Condition::Text { text, fields } => self.push_text(text, fields),
            Condition::MessageId(text) => {
                self.needs_message = true;
                self.sql
                    .push_str("instr('<' || lower(coalesce(m.message_id, '')) || '>', ");
                self.bind(text.to_ascii_lowercase());
                self.sql.push_str(") > 0");
            }
            Condition::MessageIdIs(text) => {
                self.needs_message = true;
                self.sql.push_str("coalesce(m.message_id, '') = ");
                self.bind(text.clone());
            }
            Condition::Folder(id) => self.compare("item.folder_id = ", id.0),
            Condition::Compare { column, how, text } => self.push_comparison(*column, *how, text),
            Condition::Conversation(id) => {
                self.needs_message = true;
                self.sql.push_str("coalesce(m.conversation, x'') = ");
                self.bind(id.to_vec());
            }
            Condition::Property { name, how, value } => {
                self.sql
                    .push_str("item.id IN (SELECT owner_id FROM property WHERE name = ");
                self.bind(name.clone());
                self.sql.push_str(" AND ");
                self.push_match("value", *how, value.clone());
                self.sql.push(')');
            }
            Condition::HasAttachments => {
                self.needs_message = true;
                self.sql.push_str("m.has_attachments = 1");
            }
            Condition::Importance(n) => self.compare("m.importance = ", i64::from(*n)),
            Condition::ReceivedSince(ms) => self.compare("item.received_at_ms >= ", *ms),
            Condition::ReceivedBefore(ms) => self.compare("item.received_at_ms < ", *ms),
            Condition::SentSince(ms) => self.compare("item.sent_at_ms >= ", *ms),
            Condition::SentBefore(ms) => self.compare("item.sent_at_ms < ", *ms),
            Condition::ChangedSince(ms) => self.push_number(">=", *ms),
            Condition::ChangedBefore(ms) => self.push_number("<", *ms),
            Condition::Larger(bytes) => self.compare("item.size_bytes > ", *bytes),
            Condition::Smaller(bytes) => self.compare("item.size_bytes < ", *bytes),
            Condition::ModseqSince(modseq) => self.compare("item.modseq >= ", *modseq),
            Condition::And(all) => self.push_joined(all.iter(), " AND ", "1"),
            Condition::Or(a, b) => self.push_joined([&**a, &**b].into_iter(), " OR ", "0"),
            Condition::Not(c) => {
                self.sql.push_str("NOT (");
                self.push(c);
                self.sql.push(')');
            }
        }
    }

    fn push_number(&mut self, sign: &str, at_ms: TimeMs) {
        self.sql.push_str(&format!("item.modseq {sign} ({FIRST_SINCE}"));
        self.bind(at_ms);
        self.sql.push(')');
    }

    fn push_comparison(&mut self, column: Column, how: Matching, text: &str) {
        self.needs_message = true;
        self.push_match(column.expression(), how, text.to_ascii_lowercase());
    }

    fn push_match(&mut self, left: &str, how: Matching, text: String) {
        let length = text.chars().count();
        match how {
            Matching::Is => self.sql.push_str(&format!("{left} = ")),
            // The empty text is in every other one; substr knows no piece of no length from the end.
            _ if length == 0 => return self.sql.push('1'),
            Matching::StartsWith => self.sql.push_str(&format!("substr({left}, 1, {length}) = ")),
            Matching::EndsWith => self.sql.push_str(&format!("substr({left}, -{length}) = ")),
            Matching::Contains => {
                self.sql.push_str(&format!("instr({left}, "));
                self.bind(text);
                return self.sql.push_str(") > 0");
            }
        }
        self.bind(text);
    }

    fn push_joined<'a>(&mut self, all: impl Iterator<Item = &'a Condition>, joint: &str, empty: &str) {
        self.sql.push('(');
        let mut is_first = true;
        for c in all {
            if !std::mem::take(&mut is_first) {
                self.sql.push_str(joint);
            }
            self.push(c);
        }
        self.sql.push_str(if is_first { empty } else { "" });
        self.sql.push(')');
    }

    fn push_ranges(&mut self, ranges: &[(Uid, Uid)]) {
        // Many ranges would make a statement of any length; a table of them does not.
        let list: Vec<[Uid; 2]> = ranges.iter().map(|(a, b)| [*a, *b]).collect();
        if let [[first, last]] = list[..] {
            self.compare("item.uid BETWEEN ", i64::from(first));
            return self.compare(" AND ", i64::from(last));
        }
        self.sql.push_str("EXISTS (SELECT 1 FROM json_each(");
        self.bind(serde_json::to_string(&list).unwrap_or_default());
        self.sql
            .push_str(") AS r WHERE item.uid BETWEEN r.value ->> 0 AND r.value ->> 1)");
    }

    fn push_text(&mut self, text: &str, fields: &[Field]) {
        match text_index::expression(text, fields) {
            // Gathered once: asking the index for each message by itself costs as much each time.
            Some(expression) => {
                self.sql
                    .push_str("item.id IN (SELECT rowid FROM item_text WHERE item_text MATCH ");
                self.bind(expression);
                self.sql.push(')');
            }
            // The empty string is in everything; signs alone are in no index.
            None => self.sql.push(if text.trim().is_empty() { '1' } else { '0' }),
        }
    }
}

/// Whether only messages that the index names can fit.
fn is_found_by_text(c: &Condition) -> bool {
    match c {
        Condition::Text { text, fields } => text_index::expression(text, fields).is_some(),
        Condition::Items(_) => true,
        Condition::And(all) => all.iter().any(is_found_by_text),
        _ => false,
    }
}

impl Snapshot<'_, AccountDb> {
    /// Messages of a folder that fit, ascending by UID.
    pub fn search(&self, folder: FolderId, condition: &Condition) -> Result<Vec<Found>> {
        let mut statement = Statement {
            values: vec![Value::Integer(folder.0)],
            ..Statement::default()
        };
        statement.push(condition);
        let join = if statement.needs_message {
            "LEFT JOIN message m ON m.body_id = item.body_id"
        } else {
            ""
        };
        // The sign keeps SQLite from going through the whole folder when the words have found what there is.
        let folder = if is_found_by_text(condition) {
            "+item.folder_id"
        } else {
            "item.folder_id"
        };
        let sql = format!(
            "SELECT item.uid, item.id, item.modseq FROM item {join} WHERE {folder} = ?1 AND {} ORDER BY item.uid",
            statement.sql
        );
        let mut st = self.conn.prepare(&sql)?;
        let rows = st.query_map(params_from_iter(statement.values), |r| {
            Ok(Found {
                uid: r.get(0)?,
                id: ItemId(r.get(1)?),
                modseq: r.get(2)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
