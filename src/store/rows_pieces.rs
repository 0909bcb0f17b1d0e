//! An account's rows for a backup, in pieces: SQL for some neighbouring rows of a table each. Where a piece ends the rows
//! themselves say, not how many came before: a change makes one or two pieces others, wherever it is, and whoever has the
//! rest by its keys need not have it written again.
//!
//! All pieces, one behind the other, make an SQLite file that others can read. Its table `left_out` has the statements for
//! the tables and indexes that it lacks; with them and the bodies it is an account's file again. Its table `heading` says
//! what messages are, for those who look for one.

use super::account::AccountDb;
use super::blob::Hash;
use super::file::{File, connect};
use super::rows::BodyRow;
use super::tx::Snapshot;
use crate::base::{Error, Result};
use crate::model::BodyId;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

/// Tables whose rows are not taken: bodies, and what is derived from them.
const LEFT_OUT: [&str; 3] = ["body_data", "message", "conversation_head"];
/// A piece has so many rows at least; from then on one row in so many ends it.
const FEWEST_ROWS: usize = 64;
const ENDS_ONE_IN: u64 = 256;
/// Whatever the rows say, it has not more than these.
const MOST_ROWS: usize = 1024;
const MOST_BYTES: usize = 256 << 10;
/// What a row is found by is in its first columns.
const KEY_COLUMNS: usize = 2;
/// Rises when the same rows are written in another manner: pieces of before are no longer known by their keys then.
const MANNER: &str = concat!("1 ", env!("CARGO_PKG_VERSION"));
const MADE: &str = "CREATE TABLE left_out (sql TEXT NOT NULL) STRICT;
CREATE TABLE heading (body_id INTEGER PRIMARY KEY, subject TEXT NOT NULL, sender TEXT, message_id TEXT) STRICT;\n";
const HEADINGS: &str = "SELECT body_id, subject, coalesce(from_name, from_address), message_id FROM message
    WHERE body_id BETWEEN ?1 AND ?2 ORDER BY body_id";

/// Some rows of a table.
pub struct Piece<'a> {
    /// The same for the same rows, and for no others.
    pub key: Hash,
    /// When they are those of `body`: what they say.
    pub bodies: &'a [BodyRow],
    /// None: the statements that make the tables, which are in `raw` as they are.
    table: Option<&'a str>,
    columns: usize,
    raw: &'a [u8],
}

/// What is to be done with each; it may say that this is enough.
pub type EachPiece<'a> = dyn FnMut(&Piece<'_>) -> Result<ControlFlow<()>> + 'a;

impl File<AccountDb> {
    /// Runs `f` on one consistent state of the file, for long, and without taking a reader from others. Holds up no writer.
    /// Blocks.
    pub fn read_aside<T>(&self, f: impl FnOnce(&Snapshot<'_, AccountDb>) -> Result<T>) -> Result<T> {
        let conn = connect(self.path())?;
        // All of it is read, once: without copying each page first.
        conn.pragma_update(None, "mmap_size", 1 << 30)?;
        conn.execute_batch("BEGIN")?;
        self.look_with(&conn, f)
    }
}

impl Snapshot<'_, AccountDb> {
    /// Shows all rows in pieces, in the order in which they are to be read again; those of `body` come early. Returns whether
    /// it came to the end.
    pub fn each_piece(&self, each: &mut EachPiece<'_>) -> Result<bool> {
        let (tables, sql) = self.tables()?;
        let piece = Piece {
            key: key_of("", 0, sql.as_bytes()),
            bodies: &[],
            table: None,
            columns: 0,
            raw: sql.as_bytes(),
        };
        if each(&piece)?.is_break() {
            return Ok(false);
        }
        for table in &tables {
            if self.pieces_of(table, each)?.is_break() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The tables whose rows are taken, and the SQL that makes them and notes all the rest.
    fn tables(&self) -> Result<(Vec<String>, String)> {
        let version: i64 = self.conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
        let mut st = self.conn.prepare(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
             AND name NOT LIKE 'item\\_text\\_%' ESCAPE '\\' ORDER BY type = 'table' DESC, name <> 'body', rowid",
        )?;
        let made: Vec<(String, String, String)> = st
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut sql = format!("PRAGMA user_version = {version};\n{MADE}");
        let mut tables = Vec::new();
        for (kind, name, statement) in made {
            let is_taken = kind == "table"
                && !LEFT_OUT.contains(&name.as_str())
                && !statement.starts_with("CREATE VIRTUAL");
            if is_taken {
                sql.push_str(&format!("{statement};\n"));
                tables.push(name);
            } else {
                let quoted = statement.replace('\'', "''");
                sql.push_str(&format!("INSERT INTO left_out VALUES ('{quoted}');\n"));
            }
        }
        Ok((tables, sql))
    }

    fn pieces_of(&self, table: &str, each: &mut EachPiece<'_>) -> Result<ControlFlow<()>> {
        // By its own order, and not by that of an index that happens to have all columns.
        let mut st = self
            .conn
            .prepare(&format!("SELECT * FROM \"{table}\" NOT INDEXED"))?;
        let columns = st.column_count();
        let as_body = match table {
            "body" => Some([
                st.column_index("id")?,
                st.column_index("hash")?,
                st.column_index("size_bytes")?,
            ]),
            _ => None,
        };
        let mut found = st.query([])?;
        let (mut raw, mut bodies, mut rows) = (Vec::new(), Vec::new(), 0);
        loop {
            let row = found.next()?;
            let is_end = row.is_none();
            let mut ends = is_end;
            if let Some(row) = row {
                let at = raw.len();
                let key_end = put_row(row, columns, &mut raw)?;
                rows += 1;
                if let Some(columns) = as_body {
                    bodies.push(body_row(row, columns)?);
                }
                ends = (rows >= FEWEST_ROWS && says_end(&raw[at..key_end]))
                    || rows >= MOST_ROWS
                    || raw.len() >= MOST_BYTES;
            }
            if ends && rows > 0 {
                let piece = Piece {
                    key: key_of(table, columns, &raw),
                    bodies: &bodies,
                    table: Some(table),
                    columns,
                    raw: &raw,
                };
                if each(&piece)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                raw.clear();
                bodies.clear();
                rows = 0;
            }
            if is_end {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }
}

impl Piece<'_> {
    /// Appends the SQL that makes these rows; for bodies, their headings, too. `s`: of which the piece is.
    pub fn append_sql(&self, s: &Snapshot<'_, AccountDb>, out: &mut Vec<u8>) -> Result<()> {
        let Some(table) = self.table else {
            out.extend_from_slice(self.raw);
            return Ok(());
        };
        append_rows(table, self.columns, self.raw, out)?;
        let (Some(first), Some(last)) = (self.bodies.first(), self.bodies.last()) else {
            return Ok(());
        };
        let mut st = s.conn.prepare_cached(HEADINGS)?;
        let mut found = st.query([first.id.0, last.id.0])?;
        let mut raw = Vec::new();
        while let Some(row) = found.next()? {
            put_row(row, 4, &mut raw)?;
        }
        append_rows("heading", 4, &raw, out)
    }
}

fn body_row(row: &Row<'_>, [id, hash, size]: [usize; 3]) -> Result<BodyRow> {
    Ok(BodyRow {
        id: BodyId(row.get(id)?),
        hash: row.get(hash)?,
        size_bytes: row.get::<_, i64>(size)? as u64,
    })
}

fn key_of(table: &str, columns: usize, raw: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{MANNER}\n{table}\n{columns}\n").as_bytes());
    hasher.update(raw);
    *hasher.finalize().as_bytes()
}

/// Whether a row is the last of its piece, by what it is found by (FNV-1a, and its upper bits, which depend on all others).
fn says_end(key: &[u8]) -> bool {
    let mix = |h: u64, byte: &u8| (h ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let h = key.iter().fold(0xcbf2_9ce4_8422_2325, mix);
    (h ^ (h >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & (ENDS_ONE_IN - 1) == 0
}

/// Appends a row as it is in the file: for each value what it is, and its bytes. Returns where its first columns end.
fn put_row(row: &Row<'_>, columns: usize, raw: &mut Vec<u8>) -> Result<usize> {
    let mut key_end = raw.len();
    for column in 0..columns {
        let mut put = |kind: u8, bytes: &[u8]| {
            raw.push(kind);
            raw.extend_from_slice(bytes);
        };
        let with_length = |bytes: &[u8]| (bytes.len() as u64).to_le_bytes();
        match row.get_ref(column)? {
            ValueRef::Null => put(0, &[]),
            ValueRef::Integer(n) => put(1, &n.to_le_bytes()),
            ValueRef::Real(n) => put(2, &n.to_le_bytes()),
            ValueRef::Text(text) => {
                put(3, &with_length(text));
                raw.extend_from_slice(text);
            }
            ValueRef::Blob(blob) => {
                put(4, &with_length(blob));
                raw.extend_from_slice(blob);
            }
        }
        if column < KEY_COLUMNS {
            key_end = raw.len();
        }
    }
    Ok(key_end)
}

/// The statement that puts rows of [`put_row`] into a table; nothing, when there are none.
fn append_rows(table: &str, columns: usize, mut raw: &[u8], out: &mut Vec<u8>) -> Result<()> {
    if raw.is_empty() {
        return Ok(());
    }
    write!(out, "INSERT INTO \"{table}\" VALUES")?;
    let mut end: &[u8] = b"\n(";
    while !raw.is_empty() {
        out.extend_from_slice(end);
        for column in 0..columns {
            if column > 0 {
                out.push(b',');
            }
            append_value(&mut raw, out)?;
        }
        end = b"),\n(";
    }
    out.extend_from_slice(b");\n");
    Ok(())
}

fn append_value(raw: &mut &[u8], out: &mut Vec<u8>) -> Result<()> {
    let broken = || Error::internal("a row that was read does not end");
    let (kind, rest) = raw.split_first().ok_or_else(broken)?;
    *raw = rest;
    let mut eight = || -> Result<[u8; 8]> {
        let (some, rest) = raw.split_first_chunk::<8>().ok_or_else(broken)?;
        *raw = rest;
        Ok(*some)
    };
    match kind {
        0 => out.extend_from_slice(b"NULL"),
        1 => write!(out, "{}", i64::from_le_bytes(eight()?))?,
        2 => append_real(f64::from_le_bytes(eight()?), out)?,
        _ => {
            let length = u64::from_le_bytes(eight()?) as usize;
            let (bytes, rest) = raw.split_at_checked(length).ok_or_else(broken)?;
            *raw = rest;
            match kind {
                3 => append_text(bytes, out),
                _ => append_blob(bytes, out),
            }
        }
    }
    Ok(())
}

/// Shortest, and exact.
fn append_real(n: f64, out: &mut Vec<u8>) -> Result<()> {
    match n.is_infinite() {
        true if n < 0.0 => out.extend_from_slice(b"-9e999"),
        true => out.extend_from_slice(b"9e999"),
        false => write!(out, "{n:?}")?,
    }
    Ok(())
}

fn append_text(text: &[u8], out: &mut Vec<u8>) {
    // A statement ends at a NUL, and is UTF-8.
    if text.contains(&0) || std::str::from_utf8(text).is_err() {
        out.extend_from_slice(b"CAST(");
        append_blob(text, out);
        return out.extend_from_slice(b" AS TEXT)");
    }
    out.push(b'\'');
    for part in text.split_inclusive(|b| *b == b'\'') {
        out.extend_from_slice(part);
        if part.ends_with(b"'") {
            out.push(b'\'');
        }
    }
    out.push(b'\'');
}

fn append_blob(blob: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"X'");
    out.extend(
        blob.iter()
            .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]),
    );
    out.push(b'\'');
}

/// Puts pieces together again.
pub struct Assembly(Connection);

impl Assembly {
    /// Into a new file, which is nothing before [`Assembly::finish`].
    pub fn begin(to: &Path) -> Result<Assembly> {
        let conn = Connection::open(to)?;
        // What it says is a stranger's word: it gets no other file.
        conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        conn.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN",
        )?;
        Ok(Assembly(conn))
    }

    /// Errors: Unavailable, when it is no such piece.
    pub fn add(&self, sql: &[u8]) -> Result<()> {
        let unreadable = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::unavailable("a piece of an account's rows cannot be read").caused_by(e)
        };
        let sql = std::str::from_utf8(sql).map_err(|e| unreadable(e.into()))?;
        self.0.execute_batch(sql).map_err(|e| unreadable(e.into()))
    }

    pub fn finish(self) -> Result<()> {
        Ok(self.0.execute_batch("COMMIT")?)
    }
}

/// What is in the tables that are taken, a text for each row, sorted.
#[cfg(test)]
pub fn all_rows(file: &Path) -> std::collections::BTreeMap<String, Vec<String>> {
    let conn = Connection::open(file).unwrap();
    let mut st = conn
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'item\\_text%' ESCAPE '\\'
             AND name NOT IN ('left_out', 'heading', 'body_data', 'message', 'conversation_head')",
        )
        .unwrap();
    let names = st.query_map([], |r| r.get::<_, String>(0)).unwrap();
    let rows_of = |name: String| {
        let mut st = conn.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = st.column_count();
        let rows = st.query_map([], |r| {
            let values = (0..columns).map(|n| r.get::<_, rusqlite::types::Value>(n));
            Ok(format!("{:?}", values.collect::<rusqlite::Result<Vec<_>>>()?))
        });
        let mut out: Vec<String> = rows.unwrap().map(|row| row.unwrap()).collect();
        out.sort();
        (name, out)
    };
    names.map(|name| rows_of(name.unwrap())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::types::Value;

    #[test]
    fn whatever_sqlite_can_hold_is_written_exactly() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE t (a, b)").unwrap();
        let put = |a: Value, b: Value| conn.execute("INSERT INTO t VALUES (?1, ?2)", (a, b)).unwrap();
        put(Value::Integer(i64::MIN), Value::Integer(i64::MAX));
        for n in [0.1, -2.5e-300, 1e300, 3.0, f64::INFINITY, f64::NEG_INFINITY] {
            put(Value::Real(n), Value::Null);
        }
        for text in ["", "it's", "\0", "a\0b'c", "zwei\nZeilen", "ünï", "''"] {
            put(
                Value::Text(text.to_owned()),
                Value::Blob(text.as_bytes().to_vec()),
            );
        }
        conn.execute_batch("INSERT INTO t VALUES (CAST(X'ff41' AS TEXT), X'')")
            .unwrap();
        let look = "SELECT *, typeof(a), typeof(b), hex(a), hex(b) FROM t ORDER BY rowid";
        let mut raw = Vec::new();
        let mut st = conn.prepare(look).unwrap();
        let mut found = st.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            put_row(row, 2, &mut raw).unwrap();
        }
        let mut sql = Vec::new();
        append_rows("t", 2, &raw, &mut sql).unwrap();
        let again = Connection::open_in_memory().unwrap();
        again.execute_batch("CREATE TABLE t (a, b)").unwrap();
        again.execute_batch(std::str::from_utf8(&sql).unwrap()).unwrap();
        let mut st = again.prepare(look).unwrap();
        let mut found = st.query([]).unwrap();
        let mut back = Vec::new();
        while let Some(row) = found.next().unwrap() {
            put_row(row, 2, &mut back).unwrap();
        }
        assert_eq!(back, raw);
    }

    #[test]
    fn about_one_row_in_many_ends_a_piece() {
        let ends = (0..100_000i64).filter(|n| {
            let mut key = vec![1];
            key.extend(n.to_le_bytes());
            key.push(1);
            key.extend(7i64.to_le_bytes());
            says_end(&key)
        });
        let expected = 100_000 / ENDS_ONE_IN as usize;
        assert!((expected * 3 / 4..expected * 4 / 3).contains(&ends.count()));
    }
}
