//! Which body lies in which pack of a place with backups, in a file of its own: there may be millions, and memory is for
//! other things. And what the last backup of each account was made of, so that one that has not changed is not read again.

use super::blob::Hash;
use super::file::BUSY_TIMEOUT;
use crate::base::{Error, Result};
use crate::model::AccountId;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Rises with every change of the tables: the file is made anew then.
const VERSION: i64 = 2;
const TABLES: &str = "
    CREATE TABLE pack (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE) STRICT;
    CREATE TABLE body (
      hash BLOB NOT NULL, pack INTEGER NOT NULL, at INTEGER NOT NULL, stored INTEGER NOT NULL, size INTEGER NOT NULL,
      PRIMARY KEY (hash, pack)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX body_by_pack ON body (pack, at);
    CREATE TABLE account (id INTEGER PRIMARY KEY, state TEXT NOT NULL, about TEXT NOT NULL, pieces TEXT NOT NULL) STRICT;
    CREATE TABLE needed (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;";

/// Where a body lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of the pack in this file.
    pub pack: u32,
    /// Of its zstd frame in the unsealed pack.
    pub at: u64,
    pub stored_bytes: u64,
    pub size_bytes: u64,
}

/// A pack of which some is no longer needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub name: String,
    pub pack: u32,
    pub stored_bytes: u64,
    pub needed_bytes: u64,
}

pub struct PackIndex(Connection);

impl PackIndex {
    /// Makes the file when there is none, or when it cannot be used: all of it can be read again from the place. Nobody else
    /// may have it open for writing.
    pub fn open(path: &Path) -> Result<PackIndex> {
        match Self::try_open(path) {
            Ok(Some(index)) => Ok(index),
            Err(e) if !is_damage(&e) => Err(e),
            outcome => {
                if let Err(e) = outcome {
                    tracing::warn!(path = %path.display(), error = ?e, "the list of what lies at a place is read anew");
                }
                Self::remove(path)?;
                let index = PackIndex(connect(path)?);
                index.0.execute_batch(TABLES)?;
                index.0.pragma_update(None, "user_version", VERSION)?;
                Ok(index)
            }
        }
    }

    /// None, when there is no such file, or it is of another program. Errors: Unavailable, when it is damaged.
    pub fn try_open(path: &Path) -> Result<Option<PackIndex>> {
        if !path.exists() {
            return Ok(None);
        }
        let conn = connect(path)?;
        let version: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
        Ok((version == VERSION).then_some(PackIndex(conn)))
    }

    /// Lets go of everything that is known; the next one who asks reads the place.
    pub fn remove(path: &Path) -> Result<()> {
        for end in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            match fs::remove_file(&name) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn end_look(&self) -> Result<()> {
        match self.0.is_autocommit() {
            true => Ok(()),
            false => Ok(self.0.execute_batch("COMMIT")?),
        }
    }

    /// Numbers of the finished packs.
    pub fn pack_numbers(&self) -> Result<HashSet<u32>> {
        let mut st = self.0.prepare("SELECT id FROM pack WHERE name IS NOT NULL")?;
        let rows = st.query_map([], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Names of the finished packs.
    pub fn packs(&self) -> Result<Vec<String>> {
        let mut st = self.0.prepare("SELECT name FROM pack WHERE name IS NOT NULL")?;
        let rows = st.query_map([], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn pack_name(&self, pack: u32) -> Result<Option<String>> {
        let mut st = self.0.prepare_cached("SELECT name FROM pack WHERE id = ?1")?;
        Ok(st.query_row([pack], |r| r.get(0)).optional()?.flatten())
    }

    pub fn pack_number(&self, name: &str) -> Result<Option<u32>> {
        let mut st = self.0.prepare_cached("SELECT id FROM pack WHERE name = ?1")?;
        Ok(st.query_row([name], |r| r.get(0)).optional()?)
    }

    /// The number of a pack that is being written.
    pub fn begin_pack(&mut self) -> Result<u32> {
        self.end_look()?;
        self.0.execute("INSERT INTO pack (name) VALUES (NULL)", [])?;
        Ok(self.0.last_insert_rowid() as u32)
    }

    /// A pack that is at the place, and what is in it. One that is known stays as it is.
    pub fn add_pack(&mut self, number: Option<u32>, name: &str, bodies: &[(Hash, Entry)]) -> Result<u32> {
        self.end_look()?;
        let tx = self.0.transaction()?;
        let known: Option<u32> = tx
            .query_row("SELECT id FROM pack WHERE name = ?1", [name], |r| r.get(0))
            .optional()?;
        if let Some(known) = known {
            return Ok(known);
        }
        let number = match number {
            Some(number) => {
                tx.execute("UPDATE pack SET name = ?2 WHERE id = ?1", params![number, name])?;
                number
            }
            None => {
                tx.execute("INSERT INTO pack (name) VALUES (?1)", [name])?;
                tx.last_insert_rowid() as u32
            }
        };
        {
            let mut st = tx.prepare_cached(
                "INSERT OR REPLACE INTO body (hash, pack, at, stored, size) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (hash, e) in bodies {
                st.execute(params![
                    hash,
                    number,
                    e.at as i64,
                    e.stored_bytes as i64,
                    e.size_bytes as i64
                ])?;
            }
        }
        tx.commit()?;
        Ok(number)
    }

    pub fn remove_pack(&mut self, name: &str) -> Result<()> {
        self.end_look()?;
        let tx = self.0.transaction()?;
        tx.execute(
            "DELETE FROM body WHERE pack = (SELECT id FROM pack WHERE name = ?1)",
            [name],
        )?;
        tx.execute("DELETE FROM pack WHERE name = ?1", [name])?;
        Ok(tx.commit()?)
    }

    /// In the newest of the packs that have it.
    pub fn find(&self, hash: &Hash) -> Result<Option<Entry>> {
        // One look at the file for many questions: it ends when something is written.
        if self.0.is_autocommit() {
            self.0.execute_batch("BEGIN")?;
        }
        let mut st = self.0.prepare_cached(
            "SELECT pack, at, stored, size FROM body WHERE hash = ?1 ORDER BY pack DESC LIMIT 1",
        )?;
        Ok(st.query_row([hash], |r| entry(r, 0)).optional()?)
    }

    /// In all packs that have it, the newest first.
    pub fn find_all(&self, hash: &Hash) -> Result<Vec<Entry>> {
        let mut st = self
            .0
            .prepare_cached("SELECT pack, at, stored, size FROM body WHERE hash = ?1 ORDER BY pack DESC")?;
        let rows = st.query_map([hash], |r| entry(r, 0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What is in a pack, as it lies.
    pub fn bodies_of(&self, pack: u32) -> Result<Vec<(Hash, Entry)>> {
        let mut st = self
            .0
            .prepare_cached("SELECT hash, pack, at, stored, size FROM body WHERE pack = ?1 ORDER BY at")?;
        let rows = st.query_map([pack], |r| Ok((r.get(0)?, entry(r, 1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What the last backup of an account says of it, when the account is still in the same state.
    pub fn account(&self, id: AccountId, state: &str) -> Result<Option<String>> {
        let mut st = self
            .0
            .prepare_cached("SELECT about FROM account WHERE id = ?1 AND state = ?2")?;
        Ok(st.query_row(params![id.0, state], |r| r.get(0)).optional()?)
    }

    /// What the last backup of an account says of it, and of what pieces its rows were, whatever state it is in by now.
    pub fn last_account(&self, id: AccountId) -> Result<Option<(String, String)>> {
        let mut st = self
            .0
            .prepare_cached("SELECT about, pieces FROM account WHERE id = ?1")?;
        Ok(st.query_row([id.0], |r| Ok((r.get(0)?, r.get(1)?))).optional()?)
    }

    /// `state`: None, when nobody can say in which it is.
    pub fn put_account(
        &mut self,
        id: AccountId,
        state: Option<&str>,
        (about, pieces): (&str, &str),
    ) -> Result<()> {
        self.end_look()?;
        self.0.execute(
            "INSERT OR REPLACE INTO account (id, state, about, pieces) VALUES (?1, ?2, ?3, ?4)",
            params![id.0, state.unwrap_or_default(), about, pieces],
        )?;
        Ok(())
    }

    /// Begins to note what is needed.
    pub fn forget_needed(&mut self) -> Result<()> {
        self.end_look()?;
        Ok(self.0.execute_batch("DELETE FROM needed")?)
    }

    pub fn note_needed(&mut self, hashes: &[Hash]) -> Result<()> {
        self.end_look()?;
        let tx = self.0.transaction()?;
        {
            let mut st = tx.prepare_cached("INSERT OR IGNORE INTO needed (hash) VALUES (?1)")?;
            for hash in hashes {
                st.execute([hash])?;
            }
        }
        Ok(tx.commit()?)
    }

    /// Whether [`PackIndex::note_needed`] has noted it.
    pub fn is_needed(&self, hash: &Hash) -> Result<bool> {
        let mut st = self.0.prepare_cached("SELECT 1 FROM needed WHERE hash = ?1")?;
        Ok(st.exists([hash])?)
    }

    /// Packs of whose bytes less than `percent` are needed, those with the least first.
    pub fn little_needed(&self, percent: u32) -> Result<Vec<Usage>> {
        let mut st = self.0.prepare(
            "SELECT p.name, p.id, sum(b.stored), sum(CASE WHEN n.hash IS NULL THEN 0 ELSE b.stored END) AS needed
             FROM pack p JOIN body b ON b.pack = p.id LEFT JOIN needed n ON n.hash = b.hash
             WHERE p.name IS NOT NULL GROUP BY p.id HAVING needed * 100 < sum(b.stored) * ?1
             ORDER BY needed * 1.0 / sum(b.stored)",
        )?;
        let rows = st.query_map([percent], |r| {
            Ok(Usage {
                name: r.get(0)?,
                pack: r.get(1)?,
                stored_bytes: r.get::<_, i64>(2)? as u64,
                needed_bytes: r.get::<_, i64>(3)? as u64,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Whether an error says that the file is damaged: it is to be made anew then.
pub fn is_damage(e: &Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let cause = e.cause().and_then(|c| c.downcast_ref::<rusqlite::Error>());
    let code = cause.and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(DatabaseCorrupt | NotADatabase))
}

fn entry(r: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Entry> {
    Ok(Entry {
        pack: r.get(at)?,
        at: r.get::<_, i64>(at + 1)? as u64,
        stored_bytes: r.get::<_, i64>(at + 2)? as u64,
        size_bytes: r.get::<_, i64>(at + 3)? as u64,
    })
}

fn connect(path: &Path) -> Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    // A power cut may take the last packs with it, which are read again; it leaves nothing wrong behind.
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000; PRAGMA mmap_size = 67108864;
         PRAGMA temp_store = FILE",
    )?;
    Ok(conn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::ScratchFolder;

    fn at(pack: u32, at: u64) -> Entry {
        Entry {
            pack,
            at,
            stored_bytes: 10,
            size_bytes: 20,
        }
    }

    #[test]
    fn bodies_are_found_until_their_packs_go() {
        let folder = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        let path = folder.path().join("index");
        let mut index = PackIndex::open(&path).unwrap();
        let number = index.begin_pack().unwrap();
        assert!(index.packs().unwrap().is_empty(), "it is not finished");
        let (one, two) = ([1; 32], [2; 32]);
        index
            .add_pack(Some(number), "a", &[(one, at(number, 0)), (two, at(number, 10))])
            .unwrap();
        let second = index.add_pack(None, "b", &[(two, at(0, 0))]).unwrap();
        drop(index);
        let mut index = PackIndex::open(&path).unwrap();
        assert_eq!(index.find(&two).unwrap().unwrap().pack, second);
        index.note_needed(&[two]).unwrap();
        let usage = index.little_needed(60).unwrap();
        assert_eq!(
            (usage.len(), usage[0].name.as_str(), usage[0].needed_bytes),
            (1, "a", 10)
        );
        index.remove_pack("b").unwrap();
        assert_eq!(
            index.find(&two).unwrap(),
            Some(at(number, 10)),
            "the other still has it"
        );
        index.remove_pack("a").unwrap();
        assert_eq!(index.find(&one).unwrap(), None);
    }

    /// Most memory that this process has had, in bytes (proc(5)).
    fn peak() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
    }

    #[test]
    #[ignore = "takes half a minute; cargo test --lib a_million_bodies -- --ignored --nocapture"]
    fn a_million_bodies_take_little_memory() {
        let folder = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        let mut index = PackIndex::open(&folder.path().join("index")).unwrap();
        let before = peak();
        let hash = |n: u64| *blake3::hash(&n.to_le_bytes()).as_bytes();
        for pack in 0..50 {
            let bodies: Vec<(Hash, Entry)> = (0..20_000)
                .map(|n| (hash(pack * 20_000 + n), at(0, n * 10)))
                .collect();
            index.add_pack(None, &format!("{pack:04}"), &bodies).unwrap();
        }
        for n in 0..1_000_000 {
            assert!(index.find(&hash(n)).unwrap().is_some());
        }
        let more = peak() - before;
        println!("a million bodies: {} MB more", more >> 20);
        assert!(more < 128 << 20, "{more}");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_made_anew() {
        let folder = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        let path = folder.path().join("index");
        fs::write(&path, b"no database at all, but long enough to be looked at").unwrap();
        assert!(PackIndex::open(&path).unwrap().packs().unwrap().is_empty());
    }
}
