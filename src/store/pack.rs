//! How bodies lie on the disk: packed with zstd, small ones as one piece, large ones in pieces that can be
//! skipped, so that the middle of a 100 MB message is read without unpacking what is before it.
//!
//! Small: one byte (0 plain, 1 zstd, 2 text and base64 apart: `parted`), then the bytes.
//! Large: `HPB1`, then pieces: raw length and stored length (u32, little endian; the stored length's
//! top bit says plain, the next one `parted`), then the bytes. Every piece but the last holds [`PIECE`] raw bytes.

mod parted;

use crate::base::{Error, Result};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

/// Raw bytes of one piece of a large body.
pub const PIECE: usize = 256 << 10;
const LEVEL: i32 = 3;
const MAGIC: &[u8; 4] = b"HPB1";
const PLAIN: u32 = 1 << 31;
const PARTED: u32 = 1 << 30;

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Zstd,
    Parted,
}

thread_local! {
    static PACKER: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

fn compress(raw: &[u8]) -> io::Result<Vec<u8>> {
    PACKER.with_borrow_mut(|slot| match slot {
        Some(p) => p.compress(raw),
        None => slot.insert(zstd::bulk::Compressor::new(LEVEL)?).compress(raw),
    })
}

fn decompress(packed: &[u8], raw_size: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    decompress_behind(packed, raw_size, &mut out)?;
    Ok(out)
}

/// Unpacks behind what is in `out`. An error leaves `out` as it was.
fn decompress_behind(packed: &[u8], raw_size: usize, out: &mut Vec<u8>) -> io::Result<()> {
    UNPACKER.with_borrow_mut(|slot| {
        let unpacker = match slot {
            Some(u) => u,
            None => slot.insert(zstd::bulk::Decompressor::new()?),
        };
        out.reserve(raw_size);
        let behind = out.len() as u64;
        let mut cursor = Cursor::new(std::mem::take(out));
        cursor.set_position(behind);
        let unpacked = unpacker.decompress_to_buffer(packed, &mut cursor);
        *out = cursor.into_inner();
        match unpacked {
            Ok(_) => Ok(()),
            Err(e) => {
                out.truncate(behind as usize);
                Err(e)
            }
        }
    })
}

/// The smallest form, and what it stores.
fn squeeze(raw: &[u8]) -> io::Result<(Form, Cow<'_, [u8]>)> {
    let (form, packed) = match parted::pack(raw)? {
        Some(packed) => (Form::Parted, packed),
        None => (Form::Zstd, compress(raw)?),
    };
    Ok(match packed.len() < raw.len() {
        true => (form, packed.into()),
        false => (Form::Plain, raw.into()),
    })
}

/// Undoes [`squeeze`], behind what is in `out`. Errors: Unavailable when it is damaged, with `out` as it was.
fn unsqueeze(form: Form, stored: &[u8], raw_size: usize, out: &mut Vec<u8>) -> Result<()> {
    let before = out.len();
    let done = match form {
        Form::Plain => {
            out.extend_from_slice(stored);
            Ok(())
        }
        Form::Zstd => decompress_behind(stored, raw_size, out).map_err(|e| damaged().caused_by(e)),
        Form::Parted => parted::unpack_behind(stored, raw_size, out),
    };
    let done = done.and_then(|()| (out.len() - before == raw_size).then_some(()).ok_or_else(damaged));
    if done.is_err() {
        out.truncate(before);
    }
    done
}

/// Packs a small body.
pub fn pack(raw: &[u8]) -> Result<Vec<u8>> {
    let (form, bytes) = squeeze(raw)?;
    let mut out = Vec::with_capacity(bytes.len() + 1);
    out.push(form as u8);
    out.extend_from_slice(&bytes);
    Ok(out)
}

/// Unpacks a small body of `raw_size` bytes. Errors: Unavailable when it is damaged.
pub fn unpack(packed: &[u8], raw_size: usize) -> Result<Vec<u8>> {
    let mut raw = Vec::new();
    unpack_behind(packed, raw_size, &mut raw)?;
    Ok(raw)
}

/// As [`unpack`], behind what is in `out`. An error leaves `out` as it was.
pub fn unpack_behind(packed: &[u8], raw_size: usize, out: &mut Vec<u8>) -> Result<()> {
    let (form, stored) = match packed.split_first() {
        Some((0, stored)) => (Form::Plain, stored),
        Some((1, stored)) => (Form::Zstd, stored),
        Some((2, stored)) => (Form::Parted, stored),
        _ => return Err(damaged()),
    };
    unsqueeze(form, stored, raw_size, out)
}

/// The zstd frame that a packed small body is; None, when it lies otherwise.
pub fn as_frame(packed: &[u8]) -> Option<&[u8]> {
    match packed.split_first() {
        Some((1, frame)) => Some(frame),
        _ => None,
    }
}

fn damaged() -> Error {
    Error::unavailable("a stored message is damaged; run: hauspost doctor")
}

/// Writes the large form.
pub struct PieceWriter<W: Write> {
    out: W,
    pending: Vec<u8>,
}

impl<W: Write> PieceWriter<W> {
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        Ok(PieceWriter {
            out,
            pending: Vec::with_capacity(PIECE),
        })
    }

    pub fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let take = bytes.len().min(PIECE - self.pending.len());
            self.pending.extend_from_slice(&bytes[..take]);
            bytes = &bytes[take..];
            if self.pending.len() == PIECE {
                self.flush_piece()?;
            }
        }
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<W> {
        if !self.pending.is_empty() {
            self.flush_piece()?;
        }
        Ok(self.out)
    }

    fn flush_piece(&mut self) -> io::Result<()> {
        let (form, bytes) = squeeze(&self.pending)?;
        let sign = match form {
            Form::Plain => PLAIN,
            Form::Zstd => 0,
            Form::Parted => PARTED,
        };
        self.out.write_all(&(self.pending.len() as u32).to_le_bytes())?;
        self.out.write_all(&(bytes.len() as u32 | sign).to_le_bytes())?;
        self.out.write_all(&bytes)?;
        self.pending.clear();
        Ok(())
    }
}

/// Reads the large form; going forward is cheap, going back starts again.
pub struct PieceReader {
    file: File,
    /// Raw offset of the piece that comes next in the file.
    next_at: u64,
    /// The last piece that was unpacked, and its raw offset.
    piece: Vec<u8>,
    piece_at: u64,
}

impl PieceReader {
    pub fn new(mut file: File) -> Result<Self> {
        let mut magic = [0; 4];
        file.read_exact(&mut magic)?;
        if &magic != MAGIC {
            return Err(damaged());
        }
        Ok(PieceReader {
            file,
            next_at: 0,
            piece: Vec::new(),
            piece_at: 0,
        })
    }

    /// The bytes from `offset` on that one piece holds; at most `max`. Empty at the end.
    pub fn read_at(&mut self, offset: u64, max: usize) -> Result<&[u8]> {
        let held = self.piece_at..self.piece_at + self.piece.len() as u64;
        if !held.contains(&offset) && !self.seek_piece(offset)? {
            return Ok(&[]);
        }
        let from = (offset - self.piece_at) as usize;
        let to = self.piece.len().min(from.saturating_add(max));
        Ok(&self.piece[from..to])
    }

    /// Unpacks the piece that holds `offset`; false when the body ends before.
    fn seek_piece(&mut self, offset: u64) -> Result<bool> {
        if offset < self.next_at {
            self.file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
            self.next_at = 0;
        }
        loop {
            let mut head = [0; 8];
            match self.file.read_exact(&mut head) {
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                other => other?,
            }
            let raw_len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let stored = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            let len = (stored & !(PLAIN | PARTED)) as usize;
            if raw_len == 0 || raw_len > PIECE || len > PIECE {
                return Err(damaged());
            }
            let at = self.next_at;
            self.next_at += raw_len as u64;
            if offset >= self.next_at {
                self.file.seek(SeekFrom::Current(len as i64))?;
                continue;
            }
            let mut bytes = vec![0; len];
            self.file
                .read_exact(&mut bytes)
                .map_err(|e| damaged().caused_by(e))?;
            let form = match (stored & PLAIN != 0, stored & PARTED != 0) {
                (true, _) => Form::Plain,
                (false, false) => Form::Zstd,
                (false, true) => Form::Parted,
            };
            self.piece.clear();
            unsqueeze(form, &bytes, raw_len, &mut self.piece)?;
            self.piece_at = at;
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bodies_come_back() {
        for raw in [&b""[..], b"x", &[7; 5000]] {
            assert_eq!(unpack(&pack(raw).unwrap(), raw.len()).unwrap(), raw);
        }
        assert!(pack(&[7; 5000]).unwrap().len() < 100);
        assert!(unpack(&[], 0).is_err());
        assert!(unpack(&[1, 2, 3], 9).is_err());
    }

    #[test]
    fn a_small_body_is_put_behind_what_is_there_or_not_at_all() {
        let mut out = b"before ".to_vec();
        let mut packed = pack(&[b'x'; 500]).unwrap();
        unpack_behind(&packed, 500, &mut out).unwrap();
        assert_eq!(out, [&b"before "[..], &[b'x'; 500]].concat());
        packed.truncate(packed.len() / 2);
        let before = out.clone();
        assert!(unpack_behind(&packed, 500, &mut out).is_err());
        assert!(unpack_behind(b"\0abc", 4, &mut out).is_err());
        assert_eq!(out, before);
    }

    #[test]
    fn any_range_of_a_large_body_comes_back() {
        let raw: Vec<u8> = (0..PIECE * 3 + 77).map(|i| (i * i / 7) as u8).collect();
        let mut writer = PieceWriter::new(Vec::new()).unwrap();
        for part in raw.chunks(100_001) {
            writer.write(part).unwrap();
        }
        let mut file = tempfile();
        file.write_all(&writer.finish().unwrap()).unwrap();
        file.rewind().unwrap();
        let mut reader = PieceReader::new(file).unwrap();
        for at in [0, PIECE * 2 + 5, 10, PIECE - 1, PIECE * 3 + 76] {
            assert_eq!(reader.read_at(at as u64, 1).unwrap(), &raw[at..=at], "{at}");
        }
        assert!(reader.read_at(raw.len() as u64, 10).unwrap().is_empty());
    }

    fn tempfile() -> File {
        let path = std::env::temp_dir().join(format!("hauspost-pack-{}", crate::base::random::short_id()));
        let file = File::options()
            .create_new(true)
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }
}
