//! Packs: many bodies in one sealed file, each a zstd frame of its own, so that one is read without the others.

mod read;
mod write;

use super::place::Place;
use super::seal::Key;
use crate::base::text::hex;
use crate::base::{Error, Result, random};
use crate::store::disk;
use age::stream::StreamWriter;
pub(super) use read::Unpacker;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
pub(super) use write::Packer;

/// Quick, and nearly as small as slower ones: most bytes are attachments that do not shrink.
pub(super) const LEVEL: i32 = 1;
const PIECE: usize = 256 << 10;
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

/// The hash in the name of a file of ours below `data/` or `index/`. None: something that others have put there, as those who
/// serve or look through folders do.
pub(super) fn hash_in(name: &str) -> Option<&str> {
    let hash = name.rsplit('/').next()?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_ours = name == data_name(hash) || name.strip_prefix("index/") == Some(hash);
    (is_hash && is_ours).then_some(hash)
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
