//! `items.jsonl`: a line for each message that is in the export for good. It is the list that others check against, and
//! what tells a run that was broken off how far it came.

use super::Target;
use crate::base::{Error, Result, TimeMs};
use crate::model::{Flags, ItemId, Uid};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub const FILE: &str = "items.jsonl";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Path of the mail folder.
    pub folder: String,
    /// Below the account's folder of the export.
    pub file: String,
    /// mbox: where the message begins in the file, with its From line, and how long it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<u64>,
    /// Bytes and SHA-256 of the message itself.
    pub size: u64,
    pub sha256: String,
    #[serde(with = "flag_names")]
    pub flags: Flags,
    pub keywords: String,
    pub received_at_ms: TimeMs,
    pub uid: Uid,
    pub id: ItemId,
}

/// Flags as IMAP names them.
mod flag_names {
    use crate::model::Flags;
    use serde::{Deserialize, Deserializer, Serializer};

    const NAMES: [(Flags, &str); 5] = [
        (Flags::SEEN, "\\Seen"),
        (Flags::ANSWERED, "\\Answered"),
        (Flags::FLAGGED, "\\Flagged"),
        (Flags::DELETED, "\\Deleted"),
        (Flags::DRAFT, "\\Draft"),
    ];

    pub fn serialize<S: Serializer>(flags: &Flags, s: S) -> Result<S::Ok, S::Error> {
        let names = NAMES.iter().filter(|(f, _)| flags.contains(*f));
        s.collect_seq(names.map(|(_, name)| name))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Flags, D::Error> {
        let names = Vec::<String>::deserialize(d)?;
        let known = NAMES.iter().filter(|(_, name)| names.iter().any(|n| n == name));
        Ok(known.fold(Flags::NONE, |all, (f, _)| all.with(*f)))
    }
}

pub struct Items {
    path: PathBuf,
    file: File,
    known: HashSet<(String, ItemId)>,
    bytes: u64,
}

impl Items {
    /// Reads what is there; what a power cut left half-written behind the last whole line is cut off, here and in `target`.
    pub(super) fn open(home: &Path, target: &Target) -> Result<Items> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = home.join(FILE);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)?;
        let (mut known, mut bytes, mut end) = (HashSet::new(), 0, 0);
        let mut last = Vec::new();
        for_each(&file, |record, length| {
            end += length;
            bytes += record.size;
            if let Target::Mbox(_) = target {
                last.push((
                    record.file.clone(),
                    record.offset.unwrap_or(0) + record.stored.unwrap_or(0),
                ));
            }
            known.insert((record.folder, record.id));
            Ok(())
        })?;
        file.set_len(end)?;
        file.seek(SeekFrom::End(0))?;
        if let Target::Mbox(mbox) = target {
            mbox.cut(home, &last)?;
        }
        Ok(Items {
            path,
            file,
            known,
            bytes,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn has(&self, folder: &str, id: ItemId) -> bool {
        self.known.contains(&(folder.to_owned(), id))
    }

    pub fn count(&self) -> u64 {
        self.known.len() as u64
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn add(&mut self, record: Record) -> Result<()> {
        let mut line =
            serde_json::to_vec(&record).map_err(|e| Error::internal("no JSON of a record").caused_by(e))?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.known.insert((record.folder, record.id));
        Ok(())
    }

    pub fn sync(&self) -> Result<()> {
        Ok(self.file.sync_all()?)
    }
}

/// Shows each whole line with its length, up to the first that is none.
pub fn for_each(file: &File, mut show: impl FnMut(Record, u64) -> Result<()>) -> Result<()> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let n = reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(());
        }
        let Ok(record) = serde_json::from_slice(&line) else {
            return Ok(());
        };
        show(record, n as u64)?;
    }
}
