//! A message on its way in, from any door: taken in pieces, hashed, packed, and digested once,
//! outside of any transaction. What comes out can be stored in any number of accounts.

use crate::base::{Error, Result};
use crate::formats::mime::digest::{Digest, Importance, digest_around};
use crate::formats::mime::gap::Gap;
use crate::formats::mime::part_codec::encode_parts;
use crate::identity::Ctx;
use crate::model::message::{Conversation, Derived};
use crate::store::Store;
use crate::store::blob::{INLINE_MAX, Stage, Staged};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Large messages are digested one at a time: that bounds the memory, however many come at once.
static LARGE: Mutex<()> = Mutex::new(());

/// Held by whoever has all of a large message in memory; None for small ones. Blocks.
pub fn large_turn(size_bytes: u64) -> Option<MutexGuard<'static, ()>> {
    (size_bytes > INLINE_MAX as u64).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Hashing, packing and digesting so much takes a fraction of a millisecond.
const QUICK_BYTES: u64 = 32 << 10;

/// A message that is ready to be stored.
#[derive(Clone)]
pub struct Prepared {
    pub staged: Staged,
    pub derived: Arc<Derived>,
}

impl Prepared {
    pub fn size_bytes(&self) -> u64 {
        self.staged.size_bytes()
    }

    /// From bytes that are in memory. Blocks for the time of hashing and packing.
    pub fn from_bytes(store: &Store, raw: &[u8]) -> Result<Prepared> {
        let staged = Staged::from_bytes(store.layout(), raw)?;
        Ok(Prepared {
            staged,
            derived: Arc::new(derive(raw)),
        })
    }
}

/// Asks the disk before a message is taken. Errors: OverQuota, when `bytes` more would not leave its reserve.
pub fn check_room(ctx: &Ctx, bytes: u64) -> Result<()> {
    ctx.store.check_room(bytes)
}

/// A message from bytes that are in memory.
pub async fn prepare_bytes(ctx: &Ctx, raw: Vec<u8>) -> Result<Prepared> {
    let store = ctx.store.clone();
    prepare(raw.len() as u64, move || Prepared::from_bytes(&store, &raw)).await
}

/// Takes a message in pieces; small ones stay in memory, large ones go to a file at once.
pub struct Intake {
    store: Arc<Store>,
    small: Vec<u8>,
    large: Option<Stage>,
    max_bytes: u64,
}

impl Intake {
    /// The caller has asked for room, see [`check_room`].
    pub fn new(ctx: &Ctx, max_bytes: u64) -> Intake {
        Intake {
            store: ctx.store.clone(),
            small: Vec::new(),
            large: None,
            max_bytes,
        }
    }

    /// For a message whose size is known before it comes. Errors: OverQuota, TooLarge.
    pub fn expecting(ctx: &Ctx, bytes: u64, max_bytes: u64) -> Result<Intake> {
        if bytes > max_bytes {
            return Err(too_large(max_bytes));
        }
        check_room(ctx, bytes)?;
        Ok(Self::new(ctx, max_bytes))
    }

    pub fn size_bytes(&self) -> u64 {
        self.large
            .as_ref()
            .map_or(self.small.len() as u64, Stage::size_bytes)
    }

    /// Errors: TooLarge; what the disk says.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.size_bytes() + bytes.len() as u64 > self.max_bytes {
            return Err(too_large(self.max_bytes));
        }
        if self.large.is_none() && self.small.len() + bytes.len() > INLINE_MAX {
            self.store.check_room(self.size_bytes() + bytes.len() as u64)?;
            let mut stage = Stage::new(self.store.layout());
            stage.write(&std::mem::take(&mut self.small))?;
            self.large = Some(stage);
        }
        match &mut self.large {
            Some(stage) => stage.write(bytes),
            None => {
                self.small.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// The bytes themselves, for those who look at them. Blocks.
    pub fn into_bytes(self) -> Result<Vec<u8>> {
        match self.large {
            Some(stage) => stage.finish()?.read_all(),
            None => Ok(self.small),
        }
    }

    /// What the bytes are found by (blake3), for those who only compare. Blocks.
    pub fn into_hash(self) -> Result<[u8; 32]> {
        match self.large {
            Some(stage) => Ok(*stage.finish()?.hash()),
            None => Ok(*blake3::hash(&self.small).as_bytes()),
        }
    }

    /// For those who know what is in it. Blocks: for large messages until they are on the disk.
    pub fn finish_as(self, derived: Derived) -> Result<Prepared> {
        let staged = match self.large {
            Some(stage) => stage.finish()?,
            None => Staged::from_bytes(self.store.layout(), &self.small)?,
        };
        Ok(Prepared {
            staged,
            derived: Arc::new(derived),
        })
    }

    /// Blocks: for large messages until they are on the disk. See [`prepare`].
    pub fn finish(self) -> Result<Prepared> {
        let Some(stage) = self.large else {
            return Prepared::from_bytes(&self.store, &self.small);
        };
        let staged = stage.finish()?;
        let _one_at_a_time = large_turn(staged.size_bytes());
        let raw = staged.read_all()?;
        Ok(Prepared {
            derived: Arc::new(derive(&raw)),
            staged,
        })
    }
}

/// Runs `work`, which finishes a message of `size_bytes`: here when it is small, because packing it takes less than
/// waking another thread, otherwise on a thread that may block.
pub async fn prepare(
    size_bytes: u64,
    work: impl FnOnce() -> Result<Prepared> + Send + 'static,
) -> Result<Prepared> {
    if size_bytes <= QUICK_BYTES {
        return work();
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal("taking a message was broken off").caused_by(e))?
}

fn too_large(max_bytes: u64) -> Error {
    Error::too_large(format!(
        "the message is larger than the {} MB that this server takes",
        max_bytes >> 20
    ))
}

/// References begins with the message that began the thread (RFC 5322 §3.6.4); programs that write none
/// name at least the message they answer.
fn conversation(d: &Digest) -> Option<Conversation> {
    let root = d
        .references
        .first()
        .or(d.in_reply_to.as_ref())
        .or(d.message_id.as_ref())?;
    let hash = *blake3::hash(root.as_bytes()).as_bytes();
    let mut short = Conversation::default();
    short.copy_from_slice(&hash[..16]);
    Some(short)
}

/// What is kept beside a message's bytes.
pub fn derive(raw: &[u8]) -> Derived {
    derive_around(raw, &[])
}

/// As [`derive`], of a message of which something is not at hand.
pub fn derive_around(raw: &[u8], gaps: &[Gap]) -> Derived {
    let d = digest_around(raw, gaps);
    let conversation = conversation(&d);
    let from = d.from.into_iter().next();
    let sender = d.sender.into_iter().next().map(|s| s.address);
    let is_author = |s: &String| from.as_ref().is_some_and(|f| f.address.eq_ignore_ascii_case(s));
    let sender_address = sender.filter(|s| !s.is_empty() && !is_author(s));
    Derived {
        message_id: d.message_id,
        in_reply_to: d.in_reply_to,
        subject: d.subject,
        conversation,
        from_name: from.as_ref().and_then(|f| f.name.clone()),
        from_address: from.map(|f| f.address).filter(|a| !a.is_empty()),
        sender_address,
        sent_at_ms: d.sent_at_ms,
        preview: d.preview,
        has_attachments: d.has_attachments,
        importance: match d.importance {
            Importance::Low => 0,
            Importance::Normal => 1,
            Importance::High => 2,
        },
        envelope: d.imap_envelope,
        structure: d.imap_structure,
        parts: encode_parts(&d.parts),
    }
}
