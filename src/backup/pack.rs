//! Packs: many bodies in one sealed file, each a zstd frame of its own, so that one is read without the others.

use super::index::{self, Entry, Index};
use super::place::{Place, Stream};
use super::seal::Key;
use crate::base::text::hex;
use crate::base::{Error, Result, random};
use crate::model::BodyId;
use crate::store::account::AccountDb;
use crate::store::blob::Hash;
use crate::store::rows::BodyRow;
use crate::store::{Snapshot, disk};
use age::stream::{StreamReader, StreamWriter};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A pack is closed once it has so many bytes; the last body may make it longer.
const PACK_BYTES: u64 = 32 << 20;
/// or so many bodies: what is in it is held until it is closed.
const PACK_BODIES: usize = 50_000;
/// Quick, and nearly as small as slower ones: most bytes are attachments that do not shrink.
const LEVEL: i32 = 1;
const PIECE: usize = 256 << 10;
/// Larger bodies are read twice instead of being held.
const IN_MEMORY: u64 = 4 << 20;

/// Counts and hashes what goes through.
struct Hashing<W> {
    out: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A file on its way to the place; its name there is the blake3 of its bytes, so that anybody can check it.
pub(super) struct Parcel {
    path: PathBuf,
    out: StreamWriter<Hashing<BufWriter<File>>>,
}

impl Parcel {
    pub fn begin(place: &dyn Place, key: &Key) -> Result<Parcel> {
        let folder = place.waiting_room();
        fs::create_dir_all(&folder)?;
        let path = folder.join(random::short_id());
        let out = Hashing {
            out: BufWriter::with_capacity(PIECE, File::create_new(&path)?),
            hasher: blake3::Hasher::new(),
        };
        Ok(Parcel {
            path,
            out: key.sealer(out)?,
        })
    }

    /// Closes it. Returns the hash that is its name.
    fn close(self) -> Result<(PathBuf, String)> {
        let hashing = self.out.finish()?;
        hashing.out.into_inner().map_err(|e| e.into_error())?;
        Ok((self.path, hex(hashing.hasher.finalize().as_bytes())))
    }

    /// Puts it below `data/`. Returns its name there.
    pub fn send(self, place: &dyn Place) -> Result<String> {
        let (path, hash) = self.close()?;
        let name = data_name(&hash);
        place.put(&path, &name)?;
        Ok(name)
    }

    /// Puts it under a name of its own.
    pub fn send_as(self, place: &dyn Place, name: &str) -> Result<()> {
        let (path, _) = self.close()?;
        place.put(&path, name)
    }
}

impl Write for Parcel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// blake3 of everything that comes, as hex.
pub(super) fn hash_of(from: impl Read) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(from)?;
    Ok(hex(hasher.finalize().as_bytes()))
}

/// `data/ab/abcdef…`
pub(super) fn data_name(hash: &str) -> String {
    format!("data/{}/{hash}", &hash[..2.min(hash.len())])
}

/// Not more than so many bytes a second.
pub(super) struct Brake {
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
pub(super) struct Packer<'a> {
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

/// Seals a whole file, packed. Returns its name at the place.
pub(super) fn send_file(place: &dyn Place, key: &Key, file: &Path) -> Result<String> {
    let mut parcel = zstd::stream::write::Encoder::new(Parcel::begin(place, key)?, 3)?;
    io::copy(&mut File::open(file)?, &mut parcel)?;
    parcel.finish()?.send(place)
}

/// The other way.
pub(super) fn fetch_file(place: &dyn Place, key: &Key, name: &str, to: &Path) -> Result<()> {
    let opened = key.opener(place.open(name)?)?;
    let mut file = File::create_new(to)?;
    zstd::stream::copy_decode(BufReader::new(opened), &mut file)
        .map_err(|e| Error::unavailable(format!("{name} of the backup is damaged")).caused_by(e))?;
    file.sync_all()?;
    disk::sync_folder(to.parent().unwrap_or(to))
}

type OpenedPack = StreamReader<BufReader<Box<dyn Stream>>>;

/// Reads bodies out of packs; the pack that was read last stays open.
pub(super) struct Unpacker<'a> {
    place: &'a dyn Place,
    key: &'a Key,
    index: &'a Index,
    open: Option<(u32, OpenedPack)>,
}

impl<'a> Unpacker<'a> {
    pub fn new(place: &'a dyn Place, key: &'a Key, index: &'a Index) -> Unpacker<'a> {
        Unpacker {
            place,
            key,
            index,
            open: None,
        }
    }

    /// Hands the bytes of a body over in pieces, once they are known to be those: `each` is not called for a damaged one.
    /// Returns false when it is not there or not as it was stored.
    pub fn read(&mut self, hash: &Hash, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let size = self.index.find(hash)?.map_or(0, |e| e.size_bytes);
        if size > IN_MEMORY {
            return Ok(self.check(hash, &mut |_| {}) && self.pass_on(hash, each)?);
        }
        let mut raw = Vec::new();
        let is_whole = self.check(hash, &mut |piece| raw.extend_from_slice(piece));
        if is_whole {
            each(&raw)?;
        }
        Ok(is_whole)
    }

    fn pass_on(&mut self, hash: &Hash, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<bool> {
        let mut went = Ok(());
        let is_whole = self.check(hash, &mut |piece| {
            if went.is_ok() {
                went = each(piece);
            }
        });
        went.map(|()| is_whole)
    }

    /// Whether a body is there as it was stored; its pieces are shown before that is known.
    pub fn check(&mut self, hash: &Hash, show: &mut dyn FnMut(&[u8])) -> bool {
        let walked = match self.index.find(hash) {
            Ok(None) => return false,
            Ok(Some(entry)) => self.walk(&entry, hash, show),
            Err(e) => Err(e),
        };
        walked.unwrap_or_else(|e| {
            tracing::warn!(hash = hex(hash), error = ?e, "a body of the backup cannot be read");
            // Where a damaged one has left the reader, nobody knows.
            self.open = None;
            false
        })
    }

    /// The frame of a body as it lies in this pack, once it is known to be that body. None: it is damaged or missing.
    pub fn frame(&mut self, hash: &Hash, entry: &Entry) -> Option<Vec<u8>> {
        let read = self.walk(entry, hash, &mut |_| {}).and_then(|is_whole| {
            let mut frame = Vec::new();
            if is_whole {
                let pack = self.open(entry.pack)?;
                pack.seek(SeekFrom::Start(entry.at))?;
                pack.take(entry.stored_bytes).read_to_end(&mut frame)?;
            }
            Ok(frame)
        });
        match read {
            Ok(frame) => (frame.len() as u64 == entry.stored_bytes).then_some(frame),
            Err(_) => {
                self.open = None;
                None
            }
        }
    }

    fn walk(&mut self, entry: &Entry, hash: &Hash, show: &mut dyn FnMut(&[u8])) -> Result<bool> {
        let pack = self.open(entry.pack)?;
        pack.seek(SeekFrom::Start(entry.at))?;
        let mut frame = zstd::stream::read::Decoder::new(pack.take(entry.stored_bytes))?;
        let mut hasher = blake3::Hasher::new();
        let mut size = 0;
        let mut piece = vec![0; PIECE.min(entry.size_bytes as usize + 1)];
        loop {
            let n = frame.read(&mut piece)?;
            if n == 0 {
                break;
            }
            size += n as u64;
            if size > entry.size_bytes {
                return Ok(false);
            }
            hasher.update(&piece[..n]);
            show(&piece[..n]);
        }
        Ok(size == entry.size_bytes && hasher.finalize().as_bytes() == hash)
    }

    fn open(&mut self, number: u32) -> Result<&mut OpenedPack> {
        if self.open.as_ref().is_none_or(|(n, _)| *n != number) {
            let name = self.index.db.pack_name(number)?;
            let name = name.ok_or_else(|| Error::internal("a pack without a name"))?;
            let opened = self.key.opener(self.place.open(&data_name(&name))?)?;
            self.open = Some((number, opened));
        }
        match &mut self.open {
            Some((_, pack)) => Ok(pack),
            None => Err(Error::internal("a pack that is open and is not")),
        }
    }
}
