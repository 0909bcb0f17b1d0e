//! Putting bodies into packs.

use super::super::index::{self, Entry, Index};
use super::super::place::Place;
use super::super::seal::Key;
use super::{LEVEL, PIECE, Parcel};
use crate::base::{Error, Result};
use crate::model::BodyId;
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::blob::Hash;
use crate::store::rows::BodyRow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// A pack is closed once it has so many bytes; the last body may make it longer.
const PACK_BYTES: u64 = 32 << 20;
/// or so many bodies: what is in it is held until it is closed.
const PACK_BODIES: usize = 50_000;

/// Not more than so many bytes a second.
pub(in crate::backup) struct Brake {
    bytes_per_s: Option<u64>,
    began: Instant,
    bytes: u64,
}

impl Brake {
    pub fn new(bytes_per_s: Option<u64>) -> Brake {
        Brake {
            bytes_per_s,
            began: Instant::now(),
            bytes: 0,
        }
    }

    pub fn after(&mut self, bytes: u64) {
        self.bytes += bytes;
        if let Some(rate) = self.bytes_per_s {
            let due = Duration::from_secs_f64(self.bytes as f64 / rate.max(1) as f64);
            std::thread::sleep(due.saturating_sub(self.began.elapsed()));
        }
    }
}

struct OpenPack {
    parcel: Parcel,
    number: u32,
    bytes: u64,
    bodies: HashMap<Hash, Entry>,
}

/// Puts bodies that are not there yet into packs.
pub(in crate::backup) struct Packer<'a> {
    place: &'a dyn Place,
    key: &'a Key,
    pub index: Index,
    open: Option<OpenPack>,
    compressor: zstd::bulk::Compressor<'static>,
    raw: Vec<u8>,
    frame: Vec<u8>,
    pub brake: Brake,
    pub new_bodies: u64,
    pub new_bytes: u64,
}

impl<'a> Packer<'a> {
    pub fn new(
        place: &'a dyn Place,
        key: &'a Key,
        index: Index,
        bytes_per_s: Option<u64>,
    ) -> Result<Packer<'a>> {
        Ok(Packer {
            place,
            key,
            index,
            open: None,
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
            raw: Vec::new(),
            frame: Vec::new(),
            brake: Brake::new(bytes_per_s),
            new_bodies: 0,
            new_bytes: 0,
        })
    }

    /// Packs a body unless it is there. Returns the number of its pack.
    pub fn add(&mut self, s: &Snapshot<'_, AccountDb>, body: &BodyRow) -> Result<u32> {
        if let Some(pack) = self.pack_of(&body.hash)? {
            return Ok(pack);
        }
        let mut pack = self.take_open()?;
        let stored_bytes = match self.small_frame(s, body.id)? {
            true => {
                pack.parcel.write_all(&self.frame)?;
                self.frame.len() as u64
            }
            false => copy_large(s, body.id, &mut pack.parcel)?,
        };
        self.new_bodies += 1;
        self.new_bytes += body.size_bytes;
        self.took(pack, body.hash, stored_bytes, body.size_bytes)
    }

    /// Takes a body over from another pack, as it lies there. Returns the number of its pack.
    pub fn add_frame(&mut self, hash: Hash, frame: &[u8], size_bytes: u64) -> Result<u32> {
        let mut pack = self.take_open()?;
        pack.parcel.write_all(frame)?;
        self.took(pack, hash, frame.len() as u64, size_bytes)
    }

    fn pack_of(&self, hash: &Hash) -> Result<Option<u32>> {
        let open = self.open.as_ref().and_then(|pack| pack.bodies.get(hash));
        match open {
            Some(entry) => Ok(Some(entry.pack)),
            None => Ok(self.index.find(hash)?.map(|entry| entry.pack)),
        }
    }

    fn take_open(&mut self) -> Result<OpenPack> {
        match self.open.take() {
            Some(pack) => Ok(pack),
            None => self.begin(),
        }
    }

    fn took(&mut self, mut pack: OpenPack, hash: Hash, stored_bytes: u64, size_bytes: u64) -> Result<u32> {
        let entry = Entry {
            pack: pack.number,
            at: pack.bytes,
            stored_bytes,
            size_bytes,
        };
        pack.bodies.insert(hash, entry);
        pack.bytes += stored_bytes;
        self.brake.after(stored_bytes);
        let number = pack.number;
        let is_full = pack.bytes >= PACK_BYTES || pack.bodies.len() >= PACK_BODIES;
        self.open = Some(pack);
        if is_full {
            self.close()?;
        }
        Ok(number)
    }

    /// Puts the frame of a small body into `frame`: as the store has it, or made now. Returns false for a large one.
    fn small_frame(&mut self, s: &Snapshot<'_, AccountDb>, id: BodyId) -> Result<bool> {
        self.frame.clear();
        if s.append_frame(id, &mut self.frame)? {
            return Ok(true);
        }
        self.raw.clear();
        let is_small = s.append_small_body(id, &mut self.raw)?;
        if is_small {
            self.frame = self.compressor.compress(&self.raw)?;
        }
        Ok(is_small)
    }

    fn begin(&mut self) -> Result<OpenPack> {
        Ok(OpenPack {
            parcel: Parcel::begin(self.place, self.key)?,
            number: self.index.db.begin_pack()?,
            bytes: 0,
            bodies: HashMap::new(),
        })
    }

    /// Closes the pack that is being written, and says what is in it. A run that ends here is not repeated.
    pub fn close(&mut self) -> Result<()> {
        let Some(pack) = self.open.take() else {
            return Ok(());
        };
        let name = pack.parcel.send(self.place)?;
        let hash = name.rsplit('/').next().unwrap_or_default().to_owned();
        let mut parcel = zstd::stream::write::Encoder::new(Parcel::begin(self.place, self.key)?, 3)?;
        let mut bodies: Vec<(Hash, Entry)> = pack.bodies.into_iter().collect();
        bodies.sort_unstable_by_key(|(_, entry)| entry.at);
        for (hash, entry) in &bodies {
            serde_json::to_writer(&mut parcel, &index::line(hash, entry))
                .map_err(|e| Error::internal("an index cannot be written").caused_by(e))?;
            parcel.write_all(b"\n")?;
        }
        let parcel = parcel.finish()?;
        parcel.send_as(self.place, &format!("{}/{hash}", index::FOLDER))?;
        self.index.db.add_pack(Some(pack.number), &hash, &bodies)?;
        Ok(())
    }
}

/// Streams a body of any size. Returns the bytes of its frame.
fn copy_large(s: &Snapshot<'_, AccountDb>, id: BodyId, out: &mut Parcel) -> Result<u64> {
    let mut body = s.open_body(id)?;
    let mut counting = Counting { out, bytes: 0 };
    let mut frame = zstd::stream::write::Encoder::new(&mut counting, LEVEL)?;
    let mut at = 0;
    loop {
        let piece = body.read_at(at, PIECE)?;
        if piece.is_empty() {
            break;
        }
        at += piece.len() as u64;
        frame.write_all(piece)?;
    }
    frame.finish()?;
    Ok(counting.bytes)
}

struct Counting<'a> {
    out: &'a mut Parcel,
    bytes: u64,
}

impl Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
