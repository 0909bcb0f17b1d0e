//! Reading bodies out of packs: from wherever one is whole.

use super::super::index::{Entry, Index};
use super::super::place::{Place, Stream};
use super::super::seal::Key;
use super::{PIECE, data_name};
use crate::base::text::hex;
use crate::base::{Error, Result};
use crate::store::blob::Hash;
use age::stream::StreamReader;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// Larger bodies are read twice instead of being held.
const IN_MEMORY: u64 = 4 << 20;

type OpenedPack = StreamReader<BufReader<Box<dyn Stream>>>;

/// Where a body lies.
#[derive(Clone, PartialEq, Eq)]
struct Spot {
    pack: String,
    at: u64,
    stored_bytes: u64,
    size_bytes: u64,
}

/// What shows the pieces of a body.
type Show<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

/// Reads bodies out of packs; the pack that was read last stays open. Packs are written anew and let go while others read:
/// what is not where the index says is looked for once more in what lies at the place by then.
pub(in crate::backup) struct Unpacker<'a> {
    place: &'a dyn Place,
    key: &'a Key,
    index: &'a Index,
    /// Of the place as it is now, read when the other has led nowhere.
    anew: Option<Index>,
    open: Option<(String, OpenedPack)>,
}

impl<'a> Unpacker<'a> {
    pub fn new(place: &'a dyn Place, key: &'a Key, index: &'a Index) -> Unpacker<'a> {
        Unpacker {
            place,
            key,
            index,
            anew: None,
            open: None,
        }
    }

    /// Hands the bytes of a body over in pieces, once they are known to be those: `each` is not called for a damaged one.
    /// Returns false when it is nowhere as it was stored. Errors: those of `each`; Unavailable, when the place does not answer.
    pub fn read(&mut self, hash: &Hash, each: &mut Show<'_>) -> Result<bool> {
        let mut raw = Vec::new();
        let Some(spot) = self.find_whole(hash, &mut raw)? else {
            return Ok(false);
        };
        if spot.size_bytes > IN_MEMORY {
            return self.walk(&spot, hash, each);
        }
        each(&raw)?;
        Ok(true)
    }

    /// Whether a body is somewhere as it was stored. Errors: Unavailable, when the place does not answer.
    pub fn check(&mut self, hash: &Hash) -> Result<bool> {
        Ok(self.find_whole(hash, &mut Vec::new())?.is_some())
    }

    /// A small body is in `raw` then.
    fn find_whole(&mut self, hash: &Hash, raw: &mut Vec<u8>) -> Result<Option<Spot>> {
        let known = spots(self.index, hash);
        for spot in &known {
            if self.is_whole(spot, hash, raw) {
                return Ok(Some(spot.clone()));
            }
        }
        if self.anew.is_none() {
            tracing::info!(
                hash = hex(hash),
                "a body is not where it was: the place is looked through"
            );
            self.anew = Some(Index::load(self.place, self.key)?);
        } else {
            // A place that is away has lost nothing.
            self.place.list("snapshots")?;
        }
        let now = self
            .anew
            .as_ref()
            .map_or_else(Vec::new, |index| spots(index, hash));
        for spot in now.iter().filter(|spot| !known.contains(spot)) {
            if self.is_whole(spot, hash, raw) {
                return Ok(Some(spot.clone()));
            }
        }
        Ok(None)
    }

    fn is_whole(&mut self, spot: &Spot, hash: &Hash, raw: &mut Vec<u8>) -> bool {
        raw.clear();
        let is_kept = spot.size_bytes <= IN_MEMORY;
        let walked = self.walk(spot, hash, &mut |piece| {
            if is_kept {
                raw.extend_from_slice(piece);
            }
            Ok(())
        });
        walked.unwrap_or_else(|e| {
            tracing::warn!(hash = hex(hash), pack = spot.pack, error = ?e, "a body of the backup cannot be read");
            // Where a damaged one has left the reader, nobody knows.
            self.open = None;
            false
        })
    }

    /// The frame of a body as it lies in this pack, once it is known to be that body. None: it is damaged or missing.
    pub fn frame(&mut self, hash: &Hash, entry: &Entry) -> Option<Vec<u8>> {
        let read = spot_of(self.index, entry).and_then(|spot| {
            let mut frame = Vec::new();
            if self.walk(&spot, hash, &mut |_| Ok(()))? {
                let pack = self.open(&spot.pack)?;
                pack.seek(SeekFrom::Start(spot.at))?;
                pack.take(spot.stored_bytes).read_to_end(&mut frame)?;
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

    fn walk(&mut self, spot: &Spot, hash: &Hash, show: &mut Show<'_>) -> Result<bool> {
        let pack = self.open(&spot.pack)?;
        pack.seek(SeekFrom::Start(spot.at))?;
        let mut frame = zstd::stream::read::Decoder::new(pack.take(spot.stored_bytes))?;
        let mut hasher = blake3::Hasher::new();
        let mut size = 0;
        let mut piece = vec![0; PIECE.min(spot.size_bytes as usize + 1)];
        loop {
            let n = frame.read(&mut piece)?;
            if n == 0 {
                break;
            }
            size += n as u64;
            if size > spot.size_bytes {
                return Ok(false);
            }
            hasher.update(&piece[..n]);
            show(&piece[..n])?;
        }
        Ok(size == spot.size_bytes && hasher.finalize().as_bytes() == hash)
    }

    fn open(&mut self, name: &str) -> Result<&mut OpenedPack> {
        if self.open.as_ref().is_none_or(|(open, _)| open != name) {
            let opened = self.key.opener(self.place.open(&data_name(name))?)?;
            self.open = Some((name.to_owned(), opened));
        }
        match &mut self.open {
            Some((_, pack)) => Ok(pack),
            None => Err(Error::internal("a pack that is open and is not")),
        }
    }
}

/// All places of a body that an index names, those of the newest pack first; an index that cannot be read names none.
fn spots(index: &Index, hash: &Hash) -> Vec<Spot> {
    let found = index.db.find_all(hash).and_then(|all| {
        let spots = all.iter().map(|entry| spot_of(index, entry));
        spots.collect::<Result<Vec<Spot>>>()
    });
    found.unwrap_or_else(|e| {
        tracing::warn!(error = ?e, "what is known of a place cannot be read");
        Vec::new()
    })
}

fn spot_of(index: &Index, entry: &Entry) -> Result<Spot> {
    let name = index.db.pack_name(entry.pack)?;
    Ok(Spot {
        pack: name.ok_or_else(|| Error::internal("a pack without a name"))?,
        at: entry.at,
        stored_bytes: entry.stored_bytes,
        size_bytes: entry.size_bytes,
    })
}
