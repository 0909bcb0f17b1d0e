//! The rows of accounts at a place: pieces that a run has not found there already, in one file, and for each account a list of
//! all its pieces, whichever run has written them. What the box knows of them lies beside what it knows of the packs.

use super::pack::{LEVEL, Parcel, hash_in, hash_of};
use super::place::{Place, Stream};
use super::restore::fetch_checked;
use super::seal::Key;
use super::snapshot::{StoredAccount, StoredRows};
use crate::base::text::hex;
use crate::base::{Error, Result};
use crate::model::AccountId;
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::rows_pieces::{Assembly, Piece};
use age::stream::StreamReader;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A file with rows takes no further account when it has so many bytes.
const FULL_BYTES: u64 = 4 << 20;
/// In so many files pieces of one account may lie; whoever wants its rows reads them all.
const MOST_FILES: usize = 16;
/// Pieces are not longer, but for a row that is.
const LONGEST_PIECE: u64 = 1 << 30;
const LONGEST_LINE: u64 = 4096;

/// A line of the list of pieces.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    /// Name at the place; None: in the file that the list is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    /// Of its zstd frame in the unsealed file.
    at: u64,
    stored: u64,
    size: u64,
    /// blake3 of the SQL, as hex.
    hash: String,
}

/// A piece as the box knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    /// [`Piece::key`], as hex.
    key: String,
    #[serde(flatten)]
    line: Line,
    /// Numbers of the packs in which the bodies are that it names.
    packs: BTreeSet<u32>,
}

/// The pieces of an account's last backup.
#[derive(Default)]
pub(super) struct KnownRows {
    pieces: HashMap<String, Known>,
    last: Option<StoredRows>,
}

impl KnownRows {
    /// `about`, `pieces`: what it was noted with, and [`SentRows::known`]; `there`: names below `data/`. What cannot be read, or is not
    /// there any more, is not known.
    pub fn read(about: &str, pieces: &str, there: &HashSet<String>) -> KnownRows {
        let last: Option<StoredAccount> = serde_json::from_str(about).ok();
        let lines = pieces.lines().map(serde_json::from_str::<Known>);
        let is_there = |known: &Known| known.line.data.as_ref().is_some_and(|data| there.contains(data));
        let mut pieces: HashMap<String, Known> = lines
            .filter_map(|line| line.ok().filter(is_there))
            .map(|known| (known.key.clone(), known))
            .collect();
        let mut used: BTreeMap<String, u64> = BTreeMap::new();
        for known in pieces.values() {
            let data = known.line.data.clone().unwrap_or_default();
            *used.entry(data).or_default() += known.line.stored;
        }
        if used.len() >= MOST_FILES
            && let Some((least, _)) = used.into_iter().min_by_key(|(_, bytes)| *bytes)
        {
            pieces.retain(|_, known| known.line.data.as_ref() != Some(&least));
        }
        let rows = last.map(|account| account.rows);
        let last = rows.filter(|rows| rows.at.is_some() && rows.files().all(|name| there.contains(name)));
        KnownRows { pieces, last }
    }

    /// The packs of the bodies of a piece that is there.
    pub fn packs(&self, piece: &Piece<'_>) -> Option<&BTreeSet<u32>> {
        self.pieces.get(&hex(&piece.key)).map(|known| &known.packs)
    }
}

/// Rows on their way: those of several accounts in one file, for what is new of them is mostly little.
pub(super) struct RowsWriter<'a> {
    place: &'a dyn Place,
    key: &'a Key,
    parcel: Option<Parcel>,
    at: u64,
    /// What is in the open file, by the keys of the pieces.
    new: HashMap<String, Line>,
    compressor: zstd::bulk::Compressor<'static>,
    sql: Vec<u8>,
}

/// The pieces of an account so far.
pub(super) struct AccountRows<'k> {
    known: &'k KnownRows,
    pieces: Vec<Known>,
}

impl<'k> AccountRows<'k> {
    pub fn new(known: &'k KnownRows) -> AccountRows<'k> {
        AccountRows {
            known,
            pieces: Vec::new(),
        }
    }
}

/// Rows that are at the place, or in the file that is open.
pub(super) struct SentRows {
    pub stored: StoredRows,
    pieces: Vec<Known>,
}

impl SentRows {
    /// The file that was open has this name by now.
    pub fn name(&mut self, data: &str) {
        let pieces = self.pieces.iter_mut().map(|piece| &mut piece.line.data);
        for unnamed in pieces.filter(|data| data.is_none()) {
            *unnamed = Some(data.to_owned());
        }
        if self.stored.data.is_empty() {
            self.stored.data = data.to_owned();
        }
    }

    /// For [`KnownRows::read`].
    pub fn known(&self) -> Result<String> {
        let mut out = String::new();
        for piece in &self.pieces {
            out.push_str(&json(piece)?);
            out.push('\n');
        }
        Ok(out)
    }
}

impl<'a> RowsWriter<'a> {
    pub fn new(place: &'a dyn Place, key: &'a Key) -> Result<RowsWriter<'a>> {
        Ok(RowsWriter {
            place,
            key,
            parcel: None,
            at: 0,
            new: HashMap::new(),
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
            sql: Vec::new(),
        })
    }

    /// `packs`: of the bodies that it names. One that is there is not written again.
    pub fn add(
        &mut self,
        s: &Snapshot<'_, AccountDb>,
        piece: &Piece<'_>,
        packs: BTreeSet<u32>,
        rows: &mut AccountRows<'_>,
    ) -> Result<()> {
        let key = hex(&piece.key);
        let known = rows.known.pieces.get(&key).map(|known| &known.line);
        let line = match known.or_else(|| self.new.get(&key)) {
            Some(line) => line.clone(),
            None => self.write(s, piece, &key)?,
        };
        rows.pieces.push(Known { key, line, packs });
        Ok(())
    }

    fn write(&mut self, s: &Snapshot<'_, AccountDb>, piece: &Piece<'_>, key: &str) -> Result<Line> {
        self.sql.clear();
        piece.append_sql(s, &mut self.sql)?;
        let frame = self.compressor.compress(&self.sql)?;
        let line = Line {
            data: None,
            at: self.put(&frame)?,
            stored: frame.len() as u64,
            size: self.sql.len() as u64,
            hash: hex(blake3::hash(&self.sql).as_bytes()),
        };
        self.new.insert(key.to_owned(), line.clone());
        Ok(line)
    }

    /// Returns where it begins.
    fn put(&mut self, frame: &[u8]) -> Result<u64> {
        let mut parcel = match self.parcel.take() {
            Some(parcel) => parcel,
            None => Parcel::begin(self.place, self.key)?,
        };
        parcel.write_all(frame)?;
        self.parcel = Some(parcel);
        let at = self.at;
        self.at += frame.len() as u64;
        Ok(at)
    }

    /// Ends an account with the list of its pieces; where all is as it was, that of before stays. What [`RowsWriter::close`]
    /// returns next is to be told to [`SentRows::name`].
    pub fn end(&mut self, account: AccountId, rows: AccountRows<'_>) -> Result<SentRows> {
        let AccountRows { known, pieces } = rows;
        let (mut hasher, mut contents) = (blake3::Hasher::new(), String::new());
        for piece in &pieces {
            hasher.update(piece.line.hash.as_bytes());
            hasher.update(b"\n");
            contents.push_str(&json(&piece.line)?);
            contents.push('\n');
        }
        let hash = hex(hasher.finalize().as_bytes());
        let is_there = pieces.iter().all(|piece| piece.line.data.is_some());
        if let Some(last) = known.last.as_ref().filter(|last| is_there && last.hash == hash) {
            let stored = last.clone();
            return Ok(SentRows { stored, pieces });
        }
        let frame = self.compressor.compress(contents.as_bytes())?;
        let stored = StoredRows {
            path: format!("accounts/{account}/rows.sql"),
            data: String::new(),
            hash,
            size: pieces.iter().map(|piece| piece.line.size).sum(),
            at: Some(self.put(&frame)?),
            stored: Some(frame.len() as u64),
            others: pieces
                .iter()
                .filter_map(|piece| piece.line.data.clone())
                .collect(),
        };
        Ok(SentRows { stored, pieces })
    }

    /// Whether the open file should not grow any more: whoever wants the rows of one account reads all of it.
    pub fn is_full(&self) -> bool {
        self.at >= FULL_BYTES
    }

    /// What was written into the open file.
    pub fn bytes(&self) -> u64 {
        self.at
    }

    /// Puts the open file to the place. Returns its name there; None, when nothing was new.
    pub fn close(&mut self) -> Result<Option<String>> {
        self.at = 0;
        self.new.clear();
        let parcel = self.parcel.take();
        parcel.map(|parcel| parcel.send(self.place)).transpose()
    }
}

fn json(of: &impl Serialize) -> Result<String> {
    serde_json::to_string(of).map_err(|e| Error::internal("a piece of rows cannot be noted").caused_by(e))
}

/// The rows of an account as they were, into a new file of SQLite. Errors: Unavailable, when they are damaged.
pub(super) fn fetch_rows(place: &dyn Place, key: &Key, account: &StoredAccount, to: &Path) -> Result<()> {
    let rows = &account.rows;
    let (Some(at), Some(stored)) = (rows.at, rows.stored) else {
        return fetch_checked(place, key, &rows.as_file(), to);
    };
    let mut reader = PieceReader {
        place,
        key,
        open: HashMap::new(),
    };
    let lines = reader.contents(rows, (at, stored))?;
    let assembly = Assembly::begin(to)?;
    for line in &lines {
        assembly.add(&reader.piece(rows, line)?)?;
    }
    assembly.finish()
}

type Opened = StreamReader<BufReader<Box<dyn Stream>>>;

struct PieceReader<'a> {
    place: &'a dyn Place,
    key: &'a Key,
    open: HashMap<String, Opened>,
}

impl PieceReader<'_> {
    fn open(&mut self, data: &str, at: u64) -> Result<&mut Opened> {
        // The name is a stranger's word.
        if hash_in(data).is_none() {
            return Err(Error::unavailable(format!(
                "the backup has rows in a file {data}"
            )));
        }
        if !self.open.contains_key(data) {
            let opened = self.key.opener(self.place.open(data)?)?;
            self.open.insert(data.to_owned(), opened);
        }
        let opened = self.open.get_mut(data);
        let opened = opened.ok_or_else(|| Error::internal("a file that is open and is not"))?;
        opened.seek(SeekFrom::Start(at))?;
        Ok(opened)
    }

    fn contents(&mut self, rows: &StoredRows, (at, stored): (u64, u64)) -> Result<Vec<Line>> {
        let opened = self.open(&rows.data, at)?;
        let mut text = BufReader::new(zstd::stream::read::Decoder::new(opened.take(stored))?);
        let (mut lines, mut hasher) = (Vec::new(), blake3::Hasher::new());
        let mut line = String::new();
        loop {
            line.clear();
            let read = text.by_ref().take(LONGEST_LINE).read_line(&mut line);
            if read.map_err(|e| damaged(rows).caused_by(e))? == 0 {
                break;
            }
            let line: Line = serde_json::from_str(&line).map_err(|e| damaged(rows).caused_by(e))?;
            hasher.update(line.hash.as_bytes());
            hasher.update(b"\n");
            lines.push(line);
        }
        match hex(hasher.finalize().as_bytes()) == rows.hash {
            true => Ok(lines),
            false => Err(damaged(rows)),
        }
    }

    fn piece(&mut self, rows: &StoredRows, line: &Line) -> Result<Vec<u8>> {
        let opened = self.open(line.data.as_deref().unwrap_or(&rows.data), line.at)?;
        let mut sql = Vec::new();
        zstd::stream::read::Decoder::new(opened.take(line.stored))?
            .take(line.size.min(LONGEST_PIECE) + 1)
            .read_to_end(&mut sql)
            .map_err(|e| damaged(rows).caused_by(e))?;
        match sql.len() as u64 == line.size && hash_of(&sql[..])? == line.hash {
            true => Ok(sql),
            false => Err(damaged(rows)),
        }
    }
}

fn damaged(rows: &StoredRows) -> Error {
    Error::unavailable(format!("{} of the backup is damaged", rows.path))
}
