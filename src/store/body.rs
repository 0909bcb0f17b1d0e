//! Stored bodies: the bytes as they came, once per file however many items use them.

use super::blob::{self, Hash, Staged};
use super::layout::Layout;
use super::pack::{self, PieceReader};
use super::tx::{Database, Snapshot, Tx};
use crate::base::{Error, Result};
use crate::model::BodyId;
use rusqlite::{OptionalExtension, Row, params};
use std::fs::File;
use std::path::PathBuf;

const IN_FILE: i64 = 1;

/// What changes of bodies leave to be done at the commit.
#[derive(Clone, Default)]
pub struct BodyEffects {
    /// To be synced before the commit.
    pub changed_folders: Vec<PathBuf>,
    /// Large bodies whose last use went.
    pub released: Vec<Hash>,
}

/// A sort of file that holds bodies.
pub trait HasBodies: Database {
    /// Rows of `message` hang on the bodies and go with them.
    const HAS_MESSAGES: bool;

    fn bodies(effects: &mut Self::Effects) -> &mut BodyEffects;
}

/// The bytes of one body, read in pieces.
pub struct BodyReader {
    size_bytes: u64,
    source: Source,
}

enum Source {
    Memory(Vec<u8>),
    File(PieceReader),
}

impl BodyReader {
    pub(in crate::store) fn from_file(file: File, size_bytes: u64) -> Result<Self> {
        Ok(BodyReader {
            size_bytes,
            source: Source::File(PieceReader::new(file)?),
        })
    }

    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Bytes from `offset` on, at most `max` and as many as are at hand; empty at the end.
    pub fn read_at(&mut self, offset: u64, max: usize) -> Result<&[u8]> {
        match &mut self.source {
            Source::Memory(raw) => {
                let from = raw.len().min(usize::try_from(offset).unwrap_or(usize::MAX));
                let to = raw.len().min(from.saturating_add(max));
                Ok(&raw[from..to])
            }
            Source::File(reader) => reader.read_at(offset, max),
        }
    }

    /// All bytes of a range that lies within the body, in memory.
    pub fn read_range(&mut self, from: u64, to: u64) -> Result<Vec<u8>> {
        let to = to.min(self.size_bytes);
        let mut out = Vec::with_capacity(to.saturating_sub(from) as usize);
        let mut at = from;
        while at < to {
            let piece = self.read_at(at, (to - at) as usize)?;
            if piece.is_empty() {
                return Err(Error::unavailable(
                    "a stored message is shorter than it should be; run: hauspost doctor",
                ));
            }
            at += piece.len() as u64;
            out.extend_from_slice(piece);
        }
        Ok(out)
    }

    /// The whole body in memory.
    pub fn read_all(mut self) -> Result<Vec<u8>> {
        match self.source {
            Source::Memory(raw) => Ok(raw),
            Source::File(_) => self.read_range(0, self.size_bytes),
        }
    }
}

impl<D: Database> Snapshot<'_, D> {
    /// Puts a whole body that lies in the account's file behind `out`, unpacked in place. Returns false, and leaves
    /// `out` alone, when it is a large one: those are opened and read in pieces.
    /// Errors: NotFound; Unavailable when it is damaged, with `out` as it was.
    pub fn append_small_body(&self, id: BodyId, out: &mut Vec<u8>) -> Result<bool> {
        let mut st = self.conn.prepare_cached(
            "SELECT size_bytes, packed FROM body JOIN body_data ON body_data.body_id = body.id WHERE body.id = ?1",
        )?;
        let mut rows = st.query([id.0])?;
        let Some(row) = rows.next()? else {
            return Ok(false);
        };
        let size: i64 = row.get(0)?;
        pack::unpack_behind(as_blob(row, 1)?, size as usize, out)?;
        Ok(true)
    }

    /// A whole body in memory. Errors: as [`Snapshot::open_body`].
    pub fn read_body(&self, id: BodyId) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        match self.append_small_body(id, &mut out)? {
            true => Ok(out),
            false => self.open_body(id)?.read_all(),
        }
    }

    /// Puts the zstd frame, as which most small bodies lie in the account's file, behind `out`. Returns false, and leaves `out`
    /// alone, for one that lies otherwise.
    pub fn append_frame(&self, id: BodyId, out: &mut Vec<u8>) -> Result<bool> {
        let mut st = self
            .conn
            .prepare_cached("SELECT packed FROM body_data WHERE body_id = ?1")?;
        let mut rows = st.query([id.0])?;
        let Some(row) = rows.next()? else {
            return Ok(false);
        };
        let frame = pack::as_frame(as_blob(row, 0)?);
        out.extend_from_slice(frame.unwrap_or_default());
        Ok(frame.is_some())
    }

    pub fn body_size(&self, id: BodyId) -> Result<u64> {
        let mut st = self
            .conn
            .prepare_cached("SELECT size_bytes FROM body WHERE id = ?1")?;
        let size: i64 = st.query_row([id.0], |r| r.get(0))?;
        Ok(size as u64)
    }

    /// A body as it goes into another account: a large one is linked, not copied.
    pub(super) fn stage_body(&self, id: BodyId, layout: &Layout) -> Result<Staged> {
        let mut st = self
            .conn
            .prepare_cached("SELECT hash, size_bytes, storage FROM body WHERE id = ?1")?;
        let (hash, size, storage): (Hash, i64, i64) =
            st.query_row([id.0], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let size = size as u64;
        if let (IN_FILE, Some(blobs)) = (storage, self.blobs) {
            return Staged::from_file(layout, &blob::blob_path(blobs, &hash), hash, size);
        }
        let mut st = self
            .conn
            .prepare_cached("SELECT packed FROM body_data WHERE body_id = ?1")?;
        let packed = st.query_row([id.0], |r| r.get(0))?;
        Ok(Staged::from_packed(packed, hash, size))
    }

    /// What the bytes are found by. Errors: NotFound.
    pub fn body_hash(&self, id: BodyId) -> Result<Hash> {
        let mut st = self.conn.prepare_cached("SELECT hash FROM body WHERE id = ?1")?;
        Ok(st.query_row([id.0], |r| r.get(0))?)
    }

    /// Opens a body. What it returns stays readable after the snapshot ends, even when the body is removed.
    /// Errors: NotFound; Unavailable when it is damaged.
    pub fn open_body(&self, id: BodyId) -> Result<BodyReader> {
        let mut st = self
            .conn
            .prepare_cached("SELECT hash, size_bytes, storage FROM body WHERE id = ?1")?;
        let (hash, size, storage): (Hash, i64, i64) =
            st.query_row([id.0], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let source = if storage == IN_FILE {
            let blobs = self
                .blobs
                .ok_or_else(|| Error::internal("a file without blobs has a large body"))?;
            Source::File(PieceReader::new(File::open(blob::blob_path(blobs, &hash))?)?)
        } else {
            let mut st = self
                .conn
                .prepare_cached("SELECT packed FROM body_data WHERE body_id = ?1")?;
            let mut rows = st.query([id.0])?;
            let row = rows
                .next()?
                .ok_or_else(|| Error::unavailable("a stored message is missing; run: hauspost doctor"))?;
            Source::Memory(pack::unpack(as_blob(row, 0)?, size as usize)?)
        };
        Ok(BodyReader {
            size_bytes: size as u64,
            source,
        })
    }
}

fn as_blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8]> {
    let value = row.get_ref(column)?;
    value
        .as_blob()
        .map_err(|e| Error::internal("not a blob").caused_by(e))
}

impl<D: HasBodies> Tx<'_, D> {
    /// Stores a body or finds that it is there, and counts one use more. Returns whether it is new.
    pub fn put_body(&mut self, staged: &Staged) -> Result<(BodyId, bool)> {
        let known = self
            .conn
            .prepare_cached("UPDATE body SET refs = refs + 1 WHERE hash = ?1 RETURNING id")?
            .query_row([&staged.hash()[..]], |r| r.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok((BodyId(id), false));
        }
        let storage = if staged.file().is_some() { IN_FILE } else { 0 };
        self.conn
            .prepare_cached("INSERT INTO body (hash, size_bytes, refs, storage) VALUES (?1, ?2, 1, ?3)")?
            .execute(params![&staged.hash()[..], staged.size_bytes() as i64, storage])?;
        let id = self.conn.last_insert_rowid();
        if let Some(packed) = staged.packed() {
            self.conn
                .prepare_cached("INSERT INTO body_data (body_id, packed) VALUES (?1, ?2)")?
                .execute(params![id, packed])?;
        } else if let (Some(file), Some(blobs)) = (staged.file(), self.blobs) {
            let changed = blob::link(file, blobs, staged.hash())?;
            D::bodies(&mut self.effects).changed_folders.extend(changed);
        } else {
            return Err(Error::internal("this file takes no large bodies"));
        }
        Ok((BodyId(id), true))
    }

    /// Counts one use more.
    pub fn hold_body(&mut self, id: BodyId) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE body SET refs = refs + 1 WHERE id = ?1")?
            .execute([id.0])?;
        Ok(())
    }

    /// Counts one use less; removes the body when it was the last. Returns whether it is gone.
    /// Rows that refer to it must be gone before.
    pub fn release_body(&mut self, id: BodyId) -> Result<bool> {
        let (refs, storage, hash): (i64, i64, Hash) = self
            .conn
            .prepare_cached("UPDATE body SET refs = refs - 1 WHERE id = ?1 RETURNING refs, storage, hash")?
            .query_row([id.0], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        if refs > 0 {
            return Ok(false);
        }
        if D::HAS_MESSAGES {
            self.conn
                .prepare_cached("DELETE FROM message WHERE body_id = ?1")?
                .execute([id.0])?;
        }
        self.conn
            .prepare_cached("DELETE FROM body_data WHERE body_id = ?1")?
            .execute([id.0])?;
        self.conn
            .prepare_cached("DELETE FROM body WHERE id = ?1")?
            .execute([id.0])?;
        if storage == IN_FILE {
            D::bodies(&mut self.effects).released.push(hash);
        }
        Ok(true)
    }
}
