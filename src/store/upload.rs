//! Files that come in pieces, over hours if need be: each is a description and what has arrived, below `uploads/`.
//!
//! What was acknowledged is on the disk, so that an upload goes on after a restart. Names are hashes of secrets.

use super::{Store, disk};
use crate::base::{Error, Result, TimeMs};
use crate::model::{AccountId, ItemId};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

/// What a file goes into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UploadTarget {
    #[default]
    Draft,
    Event,
    Task,
}

/// What an upload is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub account: AccountId,
    #[serde(default)]
    pub target: UploadTarget,
    /// The draft, event or task that the file is for.
    pub item: ItemId,
    pub name: String,
    pub content_type: String,
    pub content_id: Option<String>,
    pub size_bytes: u64,
    pub expires_at_ms: TimeMs,
    /// What the door says of it once it is done, to be said again when it is asked again.
    pub outcome: Option<String>,
}

/// A file that takes the next bytes. Nobody else writes to it meanwhile.
pub struct UploadWriter {
    file: File,
    pub received: u64,
    _turn: Turn,
}

/// Held by the one who writes; given back at the end.
struct Turn {
    store: std::sync::Arc<Store>,
    key: String,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.store.lock_uploads().remove(&self.key);
    }
}

impl UploadWriter {
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes)?;
        self.received += bytes.len() as u64;
        Ok(())
    }

    pub fn sync(&mut self) -> Result<()> {
        Ok(self.file.sync_data()?)
    }
}

fn no_such_upload() -> Error {
    Error::not_found("there is no such upload; it has expired or was cancelled")
}

impl Store {
    fn upload_file(&self, key: &str, suffix: &str) -> PathBuf {
        self.layout().uploads().join(format!("{key}.{suffix}"))
    }

    /// Blocks. `key`: hexadecimal.
    pub fn put_upload(&self, key: &str, upload: &Upload) -> Result<()> {
        let text = serde_json::to_vec(upload)
            .map_err(|e| Error::internal("an upload cannot be described").caused_by(e))?;
        if upload.outcome.is_none() {
            File::create(self.upload_file(key, "part"))?;
        }
        disk::write_file(&self.upload_file(key, "json"), &text)
    }

    /// The upload and how many bytes have arrived. Blocks. Errors: NotFound, also when it has expired.
    pub fn upload(&self, key: &str) -> Result<(Upload, u64)> {
        let text = match fs::read(self.upload_file(key, "json")) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(no_such_upload()),
            Err(e) => return Err(e.into()),
        };
        let upload: Upload = serde_json::from_slice(&text)
            .map_err(|e| Error::internal("the description of an upload cannot be read").caused_by(e))?;
        if upload.expires_at_ms <= self.clock().now_ms() {
            return Err(no_such_upload());
        }
        let received = match (&upload.outcome, fs::metadata(self.upload_file(key, "part"))) {
            (Some(_), _) => upload.size_bytes,
            (None, part) => part?.len().min(upload.size_bytes),
        };
        Ok((upload, received))
    }

    /// Blocks. Errors: Busy, while somebody else writes to it.
    pub fn write_upload(self: &std::sync::Arc<Self>, key: &str) -> Result<UploadWriter> {
        if !self.lock_uploads().insert(key.to_owned()) {
            return Err(Error::busy("another piece of this upload is on its way"));
        }
        let turn = Turn {
            store: self.clone(),
            key: key.to_owned(),
        };
        let mut file = File::options().write(true).open(self.upload_file(key, "part"))?;
        let received = file.seek(SeekFrom::End(0))?;
        Ok(UploadWriter {
            file,
            received,
            _turn: turn,
        })
    }

    /// What has arrived. Blocks.
    pub fn read_upload(&self, key: &str) -> Result<File> {
        Ok(File::open(self.upload_file(key, "part"))?)
    }

    /// It is done: its content goes, what is said of it stays until it expires. Blocks.
    pub fn finish_upload(&self, key: &str, upload: &Upload) -> Result<()> {
        self.put_upload(key, upload)?;
        Ok(fs::remove_file(self.upload_file(key, "part"))?)
    }

    /// Does nothing when it is gone. Blocks.
    pub fn remove_upload(&self, key: &str) -> Result<()> {
        for suffix in ["json", "part"] {
            match fs::remove_file(self.upload_file(key, suffix)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes what has expired. Returns how many uploads that were. Blocks.
    pub fn prune_uploads(&self) -> Result<usize> {
        let mut removed = 0;
        for entry in fs::read_dir(self.layout().uploads())? {
            let name = entry?.file_name();
            let Some(key) = name.to_str().and_then(|n| n.strip_suffix(".json")) else {
                continue;
            };
            let is_gone = self
                .upload(key)
                .is_err_and(|e| e.kind() == crate::base::Kind::NotFound);
            if is_gone {
                self.remove_upload(key)?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::FixedClock;
    use crate::base::random;
    use crate::store::Options;
    use std::sync::Arc;

    #[test]
    fn what_has_expired_is_not_found_and_leaves_nothing_behind() {
        let root = std::env::temp_dir().join(format!("hauspost-upload-{}", random::short_id()));
        let clock = Arc::new(FixedClock::at(1_000));
        let store = Store::open(&root, Options::default(), clock.clone()).unwrap();
        let upload = |expires_at_ms| Upload {
            account: AccountId(1),
            target: UploadTarget::default(),
            item: ItemId(1),
            name: "a".into(),
            content_type: "text/plain".into(),
            content_id: None,
            size_bytes: 10,
            expires_at_ms,
            outcome: None,
        };
        store.put_upload("aa", &upload(2_000)).unwrap();
        store.put_upload("bb", &upload(9_000)).unwrap();
        let mut writer = store.write_upload("aa").unwrap();
        writer.write(b"12345").unwrap();
        writer.sync().unwrap();
        drop(writer);
        assert_eq!(store.upload("aa").unwrap().1, 5);
        assert_eq!(store.prune_uploads().unwrap(), 0);
        clock.advance(1_000);
        assert!(store.upload("aa").is_err());
        assert_eq!(store.prune_uploads().unwrap(), 1);
        let left: Vec<_> = fs::read_dir(store.layout().uploads()).unwrap().collect();
        assert_eq!(left.len(), 2, "those of the other one");
        assert!(store.upload("bb").is_ok());
        drop(store);
        fs::remove_dir_all(root).unwrap();
    }
}
