//! Bodies on their way in, and the files of the large ones.
//!
//! A body is staged outside any transaction: hashed, packed, and when it is large written to a file and
//! synced. The transaction then only links it into place. A file is removed by the writer after the
//! commit that dropped its last use, and only if no row names it, so that a body that comes back in the
//! same group stays.

use super::body::{BodyEffects, BodyReader};
use super::disk::sync_folder;
use super::layout::Layout;
use super::pack::{self, PieceWriter};
use crate::base::text::hex;
use crate::base::{Result, random};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bodies up to this many bytes live in the account's file: one fsync instead of three.
pub const INLINE_MAX: usize = 192 << 10;

pub type Hash = [u8; 32];

/// A body that is ready to be stored, in any number of accounts. Cheap to clone.
#[derive(Clone)]
pub struct Staged(Arc<StagedBody>);

struct StagedBody {
    hash: Hash,
    size_bytes: u64,
    form: Form,
}

enum Form {
    Packed(Vec<u8>),
    File(PathBuf),
}

impl Drop for StagedBody {
    fn drop(&mut self) {
        if let Form::File(path) = &self.form {
            // Accounts hold links of their own; what stays behind is cleared at the next start.
            let _ = fs::remove_file(path);
        }
    }
}

impl Staged {
    pub fn hash(&self) -> &Hash {
        &self.0.hash
    }

    pub fn size_bytes(&self) -> u64 {
        self.0.size_bytes
    }

    pub(in crate::store) fn packed(&self) -> Option<&[u8]> {
        match &self.0.form {
            Form::Packed(bytes) => Some(bytes),
            Form::File(_) => None,
        }
    }

    pub(in crate::store) fn file(&self) -> Option<&Path> {
        match &self.0.form {
            Form::Packed(_) => None,
            Form::File(path) => Some(path),
        }
    }

    /// The bytes again.
    pub fn read_all(&self) -> Result<Vec<u8>> {
        match &self.0.form {
            Form::Packed(bytes) => pack::unpack(bytes, self.0.size_bytes as usize),
            Form::File(path) => BodyReader::from_file(File::open(path)?, self.0.size_bytes)?.read_all(),
        }
    }

    /// A file that an account has, once more by a link: the account may let its own go meanwhile.
    pub(in crate::store) fn from_file(
        layout: &Layout,
        file: &Path,
        hash: Hash,
        size_bytes: u64,
    ) -> Result<Staged> {
        let path = layout.temporary().join(random::short_id());
        fs::hard_link(file, &path)?;
        Ok(Staged(Arc::new(StagedBody {
            hash,
            size_bytes,
            form: Form::File(path),
        })))
    }

    pub(in crate::store) fn from_packed(packed: Vec<u8>, hash: Hash, size_bytes: u64) -> Staged {
        Staged(Arc::new(StagedBody {
            hash,
            size_bytes,
            form: Form::Packed(packed),
        }))
    }

    /// Stages bytes that are in memory.
    pub fn from_bytes(layout: &Layout, raw: &[u8]) -> Result<Staged> {
        let mut stage = Stage::new(layout);
        stage.write(raw)?;
        stage.finish()
    }
}

/// Takes a body in pieces; holds at most [`INLINE_MAX`] bytes in memory.
pub struct Stage {
    folder: PathBuf,
    hasher: blake3::Hasher,
    size_bytes: u64,
    small: Vec<u8>,
    large: Option<(PieceWriter<BufWriter<File>>, TemporaryFile)>,
}

/// Is removed unless it was kept.
struct TemporaryFile(Option<PathBuf>);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _ = fs::remove_file(path);
        }
    }
}

impl Stage {
    pub fn new(layout: &Layout) -> Stage {
        Stage {
            folder: layout.temporary(),
            hasher: blake3::Hasher::new(),
            size_bytes: 0,
            small: Vec::new(),
            large: None,
        }
    }

    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        if let Some((writer, _)) = &mut self.large {
            writer.write(bytes)?;
        } else if self.small.len() + bytes.len() <= INLINE_MAX {
            self.small.extend_from_slice(bytes);
        } else {
            let path = self.folder.join(random::short_id());
            let file = File::create_new(&path)?;
            let temporary = TemporaryFile(Some(path));
            let mut writer = PieceWriter::new(BufWriter::new(file))?;
            writer.write(&std::mem::take(&mut self.small))?;
            writer.write(bytes)?;
            self.large = Some((writer, temporary));
        }
        Ok(())
    }

    /// Large bodies are synced here.
    pub fn finish(self) -> Result<Staged> {
        let form = match self.large {
            None => Form::Packed(pack::pack(&self.small)?),
            Some((writer, mut temporary)) => {
                let file = writer.finish()?.into_inner().map_err(|e| e.into_error())?;
                file.sync_data()?;
                Form::File(temporary.0.take().unwrap_or_default())
            }
        };
        let hash = *self.hasher.finalize().as_bytes();
        Ok(Staged(Arc::new(StagedBody {
            hash,
            size_bytes: self.size_bytes,
            form,
        })))
    }
}

/// Where the file of a body lies: `ab/abcdef...`.
pub fn blob_path(blobs: &Path, hash: &[u8]) -> PathBuf {
    let name = hex(hash);
    blobs.join(&name[..2]).join(&name)
}

/// Links a staged file into place. Returns the folders to be synced before the commit.
pub(in crate::store) fn link(staged: &Path, blobs: &Path, hash: &[u8]) -> Result<Vec<PathBuf>> {
    let target = blob_path(blobs, hash);
    let folder = target.parent().unwrap_or(blobs).to_path_buf();
    let mut changed = vec![folder.clone()];
    if !folder.exists() {
        fs::create_dir_all(&folder)?;
        changed.push(blobs.to_path_buf());
    }
    match fs::hard_link(staged, &target) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        other => other?,
    }
    Ok(changed)
}

pub(in crate::store) fn sync_added(effects: &BodyEffects, blobs: Option<&Path>) -> Result<()> {
    if blobs.is_some() {
        for folder in &effects.changed_folders {
            sync_folder(folder)?;
        }
    }
    Ok(())
}

/// Removes the files that the commit has left without a row.
pub(in crate::store) fn remove_released(conn: &Connection, effects: &BodyEffects, blobs: Option<&Path>) {
    let Some(blobs) = blobs else { return };
    for hash in effects.released.iter().collect::<BTreeSet<_>>() {
        let is_used = conn
            .prepare_cached("SELECT 1 FROM body WHERE hash = ?1")
            .and_then(|mut st| st.query_row([&hash[..]], |_| Ok(())).optional());
        if let Ok(None) = is_used
            && let Err(e) = fs::remove_file(blob_path(blobs, hash))
        {
            tracing::warn!(error = %e, "the file of a removed message stays until hauspost doctor --rebuild");
        }
    }
}
