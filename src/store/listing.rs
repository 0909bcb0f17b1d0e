//! Pages of messages in the order that lists show them, under any condition, at a bounded price.
//!
//! A condition is split at its ANDs. If one of the pieces is selective and has an index (a Message-ID, an author, ...),
//! its messages are gathered and sorted: the *lead*. Otherwise the index of the order is walked and what remains of
//! the condition is asked of each message: the *walk*. A walk ends after [`WALK_MOST`] messages, and the next page goes
//! on from there; so no page costs more than that, whatever is asked in a folder of whatever size.

use super::account::AccountDb;
use super::message::{read_listed, select_listed};
use super::search::{Column, Condition, Matching, Statement};
use super::text_index;
use super::tx::Snapshot;
use crate::base::{Error, Result};
use crate::model::message::ListedMessage;
use crate::model::{Flags, FolderId, ItemId};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params_from_iter};

/// What a list is ordered by; ties by the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Received,
    /// In one folder only.
    Sent,
    /// By the last change, in one folder only.
    Changed,
}

/// A place in a list: behind this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// What it is ordered by: a time in milliseconds, or a modseq.
    pub at: i64,
    pub id: ItemId,
}

/// Which page of a folder.
#[derive(Clone, Debug)]
pub struct Page {
    /// None: the whole account.
    pub folder_id: Option<FolderId>,
    pub condition: Condition,
    pub order: Order,
    pub is_ascending: bool,
    /// Behind this place.
    pub after: Option<Position>,
    /// Leave out so many of what fits.
    pub skip: u64,
    pub top: u64,
}

impl Page {
    /// Whether it is read sooner than another thread is woken for it: some rows at the end of an index.
    pub fn is_short(&self) -> bool {
        self.condition == Condition::All && self.top <= 100 && self.skip <= 1_000
    }
}

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    pub after: Position,
    /// What is left of `skip`.
    pub skip: u64,
}

/// The messages of one page; there may be fewer than wanted and more behind them.
#[derive(Clone, Debug)]
pub struct Listing {
    pub messages: Vec<ListedMessage>,
    pub next: Option<Next>,
}

/// More messages than this are not gathered for a page; a walk finds some of so many soon.
const LEAD_MOST: usize = 1_000;
/// After so many messages a walk ends for this page.
const WALK_MOST: usize = 5_000;

const UNREAD_ANYWHERE: &str =
    "item.folder_id IN (SELECT id FROM folder WHERE kind = 1) AND item.flags & 1 = 0";

const CHANGED_SINCE: &str = "item.folder_id IN (SELECT id FROM folder WHERE kind = 1) AND item.modseq >= ?1";

/// A piece of a condition that leads to its messages by an index.
struct Lead {
    /// The most selective first.
    rank: u8,
    /// Where they are found.
    from: &'static str,
    /// The way from there to the items.
    join: &'static str,
    sql: String,
    values: Vec<Value>,
}

impl Lead {
    fn new(rank: u8, sql: impl Into<String>, values: Vec<Value>) -> Lead {
        Lead {
            rank,
            from: "message m",
            join: "CROSS JOIN item INDEXED BY item_by_body ON item.body_id = m.body_id",
            sql: sql.into(),
            values,
        }
    }
}

fn lead(c: &Condition) -> Option<Lead> {
    let equal = |rank, sql: &str, value: Value| Some(Lead::new(rank, sql, vec![value]));
    match c {
        Condition::MessageIdIs(id) => equal(0, "m.message_id = ?1", id.clone().into()),
        Condition::Conversation(id) => equal(1, "m.conversation = ?1", id.to_vec().into()),
        Condition::Compare { column, how, text } => lead_by_text(*column, *how, text),
        Condition::Property {
            name,
            how: Matching::Is,
            value,
        } => Some(Lead {
            from: "property p",
            join: "CROSS JOIN item ON item.id = p.owner_id JOIN message m ON m.body_id = item.body_id",
            ..Lead::new(
                0,
                "p.name = ?1 AND p.value = ?2",
                vec![name.clone().into(), value.clone().into()],
            )
        }),
        Condition::Importance(n) if *n != 1 => {
            let sql = format!("m.importance = {n} AND m.importance <> 1");
            Some(Lead::new(8, sql, Vec::new()))
        }
        Condition::ModseqSince(n) => Some(Lead {
            from: "item INDEXED BY item_by_modseq",
            join: "JOIN message m ON m.body_id = item.body_id",
            ..Lead::new(6, CHANGED_SINCE, vec![(*n).into()])
        }),
        Condition::HasAttachments => Some(Lead::new(9, "m.has_attachments = 1", Vec::new())),
        c if *c == Condition::unread() => Some(Lead {
            from: "item INDEXED BY item_unread",
            join: "JOIN message m ON m.body_id = item.body_id",
            ..Lead::new(10, UNREAD_ANYWHERE, Vec::new())
        }),
        _ => None,
    }
}

/// All words that have to be there, asked of the text index at once.
fn lead_by_words(conjuncts: &[Condition]) -> Option<Lead> {
    let expressions = conjuncts.iter().filter_map(|c| match c {
        Condition::Text { text, fields } => text_index::expression(text, fields),
        _ => None,
    });
    let all: Vec<String> = expressions.map(|e| format!("({e})")).collect();
    (!all.is_empty()).then(|| Lead {
        from: "item_text",
        join: "CROSS JOIN item ON item.id = item_text.rowid JOIN message m ON m.body_id = item.body_id",
        ..Lead::new(5, "item_text MATCH ?1", vec![all.join(" AND ").into()])
    })
}

/// Authors and subjects have no index of their own, which each arriving message would pay for: the words of what
/// is wanted lead to a few messages, and those are compared.
fn lead_by_text(column: Column, how: Matching, text: &str) -> Option<Lead> {
    let (rank, expression) = (column.rank(), text_index::comparison(column, how, text)?);
    let items = "item.id IN (SELECT rowid FROM item_text WHERE item_text MATCH ?1";
    let (sql, values) = match column {
        Column::SenderAddress => (
            format!(
                "{items} UNION ALL SELECT i.id FROM message s JOIN item i INDEXED BY item_by_body ON i.body_id = s.body_id \
                 WHERE s.sender_address IS NOT NULL AND lower(s.sender_address) = ?2)"
            ),
            vec![expression.into(), text.to_ascii_lowercase().into()],
        ),
        _ => (format!("{items})"), vec![expression.into()]),
    };
    Some(Lead {
        from: "item",
        join: "JOIN message m ON m.body_id = item.body_id",
        ..Lead::new(rank, sql, values)
    })
}

/// How a list is to be read.
struct Plan {
    /// AND-ed; what the indexes cannot answer is in `residual`.
    conjuncts: Vec<Condition>,
    index: &'static str,
    /// What makes the index fit.
    index_condition: &'static str,
    /// The bounds of the order's own column.
    bounds: Vec<(&'static str, i64)>,
    residual: Vec<Condition>,
    at: &'static str,
}

fn split(c: &Condition, out: &mut Vec<Condition>) {
    match c {
        Condition::All => {}
        Condition::And(all) => all.iter().for_each(|c| split(c, out)),
        other => out.push(other.clone()),
    }
}

fn plan(page: &Page) -> Result<Plan> {
    let mut conjuncts = Vec::new();
    split(&page.condition, &mut conjuncts);
    let is_unread = |c: &Condition| *c == Condition::unread();
    let at = match page.order {
        Order::Received => "item.received_at_ms",
        Order::Sent => "item.sent_at_ms",
        Order::Changed => "item.modseq",
    };
    let mut plan = Plan {
        conjuncts: conjuncts.clone(),
        index: "item_by_received",
        index_condition: "1",
        bounds: Vec::new(),
        residual: Vec::new(),
        at,
    };
    let has = |f: Flags| conjuncts.contains(&Condition::Has(f));
    let keyword = |c: &Condition| matches!(c, Condition::Keyword(_));
    (plan.index, plan.index_condition) = match (page.order, page.folder_id) {
        (Order::Sent, Some(_)) => ("item_by_sent", "1"),
        (Order::Changed, Some(_)) => ("item_by_modseq", "1"),
        (Order::Sent | Order::Changed, None) => {
            return Err(Error::invalid(
                "messages of all folders cannot be ordered by when they were sent or changed; ask one folder, or order \
                 by when they arrived",
            ));
        }
        (Order::Received, _) if has(Flags::FLAGGED) => ("item_flagged", "item.flags & 4 = 4"),
        (Order::Received, _) if has(Flags::DRAFT) => ("item_draft", "item.flags & 16 = 16"),
        (Order::Received, _) if conjuncts.iter().any(keyword) => {
            ("item_with_keywords", "item.keywords IS NOT NULL")
        }
        (Order::Received, Some(_)) if conjuncts.iter().any(is_unread) => {
            ("item_unread", "item.flags & 1 = 0")
        }
        (Order::Received, Some(_)) => ("item_by_received", "1"),
        (Order::Received, None) => ("item_all_received", "1"),
    };
    for c in conjuncts {
        let is_answered = match plan.index {
            "item_flagged" => c == Condition::Has(Flags::FLAGGED),
            "item_draft" => c == Condition::Has(Flags::DRAFT),
            "item_unread" => is_unread(&c),
            _ => false,
        };
        match (&c, page.order) {
            (Condition::ReceivedSince(ms), Order::Received) | (Condition::SentSince(ms), Order::Sent) => {
                plan.bounds.push((">=", *ms));
            }
            (Condition::ReceivedBefore(ms), Order::Received) | (Condition::SentBefore(ms), Order::Sent) => {
                plan.bounds.push(("<", *ms));
            }
            (Condition::ModseqSince(n), Order::Changed) => plan.bounds.push((">=", *n)),
            _ if is_answered => {}
            _ => plan.residual.push(c),
        }
    }
    Ok(plan)
}

impl Statement {
    fn push_scope(&mut self, folder: Option<FolderId>) {
        match folder {
            Some(id) => {
                self.sql.push_str("item.folder_id = ");
                self.bind(id.0);
            }
            None => self
                .sql
                .push_str("item.folder_id IN (SELECT id FROM folder WHERE kind = 1)"),
        }
    }

    fn push_bounds(&mut self, plan: &Plan, page: &Page) {
        for (sign, ms) in &plan.bounds {
            self.sql.push_str(&format!(" AND {} {sign} ", plan.at));
            self.bind(*ms);
        }
        self.push_place(plan, page);
    }

    fn push_place(&mut self, plan: &Plan, page: &Page) {
        if let Some(after) = page.after {
            let sign = if page.is_ascending { ">" } else { "<" };
            self.sql
                .push_str(&format!(" AND ({}, item.id) {sign} (", plan.at));
            self.bind(after.at);
            self.sql.push_str(", ");
            self.bind(after.id.0);
            self.sql.push(')');
        }
    }

    fn join(&self) -> &'static str {
        if self.needs_message {
            "LEFT JOIN message m ON m.body_id = item.body_id"
        } else {
            ""
        }
    }
}

fn order_by(plan: &Plan, page: &Page) -> String {
    let direction = if page.is_ascending { "ASC" } else { "DESC" };
    format!("ORDER BY {} {direction}, item.id {direction}", plan.at)
}

/// The walk: each row is a message in order and whether it fits.
fn walk_statement(plan: &Plan, page: &Page) -> (String, Vec<Value>) {
    let mut fits = Statement::default();
    fits.push(&Condition::And(plan.residual.clone()));
    let residual = std::mem::take(&mut fits.sql);
    fits.push_scope(page.folder_id);
    fits.push_bounds(plan, page);
    // With nothing to ask of each message, what is skipped is skipped within the index.
    let limit = if plan.residual.is_empty() {
        format!("LIMIT {} OFFSET {}", page.top + 1, page.skip)
    } else {
        format!("LIMIT {WALK_MOST}")
    };
    let sql = format!(
        "SELECT item.id, {}, {residual} FROM item INDEXED BY {} {} WHERE {} AND {} {} {limit}",
        plan.at,
        plan.index,
        fits.join(),
        plan.index_condition,
        fits.sql,
        order_by(plan, page),
    );
    (sql, fits.values)
}

/// The lead: everything that fits, gathered by an index and sorted.
fn lead_statement(plan: &Plan, page: &Page, lead: &Lead, what: &str) -> (String, Vec<Value>) {
    let mut s = Statement {
        values: lead.values.clone(),
        ..Statement::default()
    };
    // What the text index has answered need not be asked again.
    let is_answered = |c: &&Condition| lead.from == "item_text" && matches!(c, Condition::Text { .. });
    let rest = plan.conjuncts.iter().filter(|c| !is_answered(c)).cloned();
    s.push(&Condition::And(rest.collect()));
    s.sql.push_str(" AND ");
    s.push_scope(page.folder_id);
    s.push_place(plan, page);
    let sql = format!(
        "SELECT {what} FROM {} {} WHERE {} AND {}",
        lead.from, lead.join, lead.sql, s.sql
    );
    (sql, s.values)
}

fn leads(plan: &Plan) -> Vec<Lead> {
    let mut all: Vec<_> = plan.conjuncts.iter().filter_map(lead).collect();
    all.extend(lead_by_words(&plan.conjuncts));
    all.sort_by_key(|l| l.rank);
    all
}

impl Snapshot<'_, AccountDb> {
    /// Errors: Invalid, for an order that no index has.
    pub fn list_messages(&self, page: &Page) -> Result<Listing> {
        let page = &self.numbered(page)?;
        let plan = plan(page)?;
        for lead in leads(&plan) {
            if self.lead_is_short(&lead)? {
                return self.list_by_lead(&plan, page, &lead);
            }
        }
        self.list_by_walk(&plan, page)
    }

    fn numbered(&self, page: &Page) -> Result<Page> {
        Ok(Page {
            condition: self.with_numbers(&page.condition)?,
            ..page.clone()
        })
    }

    fn lead_is_short(&self, lead: &Lead) -> Result<bool> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT {})",
            lead.from,
            lead.sql,
            LEAD_MOST + 1
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let count: i64 = st.query_row(params_from_iter(&lead.values), |r| r.get(0))?;
        Ok(count <= LEAD_MOST as i64)
    }

    fn list_by_lead(&self, plan: &Plan, page: &Page, lead: &Lead) -> Result<Listing> {
        let what = format!("item.id, {}", plan.at);
        let (sql, values) = lead_statement(plan, page, lead, &what);
        let sql = format!(
            "{sql} {} LIMIT {} OFFSET {}",
            order_by(plan, page),
            page.top + 1,
            page.skip
        );
        let mut st = self.conn.prepare_cached(&sql)?;
        let rows = st.query_map(params_from_iter(values), read_position)?;
        let mut found: Vec<Position> = rows.collect::<rusqlite::Result<_>>()?;
        let has_more = found.len() as u64 > page.top;
        found.truncate(page.top as usize);
        self.listing(&found, has_more)
    }

    fn list_by_walk(&self, plan: &Plan, page: &Page) -> Result<Listing> {
        let (sql, values) = walk_statement(plan, page);
        let mut st = self.conn.prepare_cached(&sql)?;
        let mut rows = st.query(params_from_iter(values))?;
        let is_plain = plan.residual.is_empty();
        let (mut found, mut examined, mut last) = (Vec::new(), 0, None);
        let mut skip = if is_plain { 0 } else { page.skip };
        while let Some(row) = rows.next()? {
            let at = read_position(row)?;
            (examined, last) = (examined + 1, Some(at));
            if !row.get::<_, bool>(2)? {
                continue;
            }
            if skip > 0 {
                skip -= 1;
            } else if found.len() as u64 == page.top {
                drop(rows);
                return self.listing(&found, true);
            } else {
                found.push(at);
            }
        }
        drop(rows);
        let mut out = self.listing(&found, false)?;
        if !is_plain && examined == WALK_MOST {
            out.next = last.map(|after| Next { after, skip });
        }
        Ok(out)
    }

    /// The rows of a page that was found; only they are read.
    fn listing(&self, found: &[Position], has_more: bool) -> Result<Listing> {
        // One by one: gathered and sorted by SQLite, they would be copied twice.
        let mut st = self
            .conn
            .prepare_cached(&format!("{} WHERE item.id = ?1", select_listed()))?;
        let rows = found
            .iter()
            .filter_map(|p| st.query_row([p.id.0], read_listed).optional().transpose());
        let messages = rows.collect::<rusqlite::Result<_>>()?;
        let last = found.last().filter(|_| has_more);
        Ok(Listing {
            messages,
            next: last.map(|after| Next {
                after: *after,
                skip: 0,
            }),
        })
    }

    /// How many messages fit, regardless of pages. None: finding out would mean looking at every message.
    pub fn count_messages(&self, page: &Page) -> Result<Option<u64>> {
        let whole = Page {
            after: None,
            ..self.numbered(page)?
        };
        let plan = plan(&whole)?;
        let (sql, values) = match leads(&plan).first() {
            Some(lead) => lead_statement(&plan, &whole, lead, "count(*)"),
            None if plan.residual.is_empty() || plan.index_condition != "1" => {
                let mut s = Statement::default();
                s.push(&Condition::And(plan.residual.clone()));
                s.sql.push_str(" AND ");
                s.push_scope(whole.folder_id);
                s.push_bounds(&plan, &whole);
                let sql = format!(
                    "SELECT count(*) FROM item INDEXED BY {} {} WHERE {} AND {}",
                    plan.index,
                    s.join(),
                    plan.index_condition,
                    s.sql
                );
                (sql, s.values)
            }
            None => return Ok(None),
        };
        let mut st = self.conn.prepare_cached(&sql)?;
        let count: i64 = st.query_row(params_from_iter(values), |r| r.get(0))?;
        Ok(Some(u64::try_from(count).unwrap_or(0)))
    }
}

fn read_position(r: &rusqlite::Row<'_>) -> rusqlite::Result<Position> {
    Ok(Position {
        id: ItemId(r.get(0)?),
        at: r.get(1)?,
    })
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
