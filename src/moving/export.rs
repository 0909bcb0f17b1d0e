//! Taking an account away: into a folder of files that other programs read, with a list of every message, event and card,
//! and their hashes. An export that was broken off goes on where it was; a server may run meanwhile.
//!
//! ```text
//! FOLDER/<address>/manifest.json     the account, its folders, counts; written last
//! FOLDER/<address>/items.jsonl       one line a message: where it is, size, SHA-256, flags, date
//! FOLDER/<address>/Maildir/          Maildir++, as Dovecot reads it
//! FOLDER/<address>/mbox/<folder>     or this: mboxrd
//! FOLDER/<address>/settings.json     rules, automatic reply, signatures and what else the owner has set
//! FOLDER/<address>/objects.jsonl     one line an event, task or card
//! FOLDER/<address>/calendars/<name>.ics, calendars/<name>/...   and likewise tasks, and contacts with .vcf
//! ```

pub(in crate::moving) mod collections;
pub(in crate::moving) mod items;
mod maildir;
pub(in crate::moving) mod manifest;
pub(in crate::moving) mod mbox;
mod names;
mod stream;
mod verify;

pub use manifest::{Finished, Manifest};
pub use names::account_folder;
pub use verify::{Checked, verify_export};

use crate::base::{Error, Kind, Result};
use crate::identity::Ctx;
use crate::mail::list_folders;
use crate::model::message::Item;
use crate::model::{Account, Folder, FolderId, UidSet};
use crate::moving::personal::{self, read_personal};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::body::BodyReader;
use crate::store::disk;
use items::{Items, Record};
use maildir::Maildir;
use mbox::Mbox;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Messages that are written before they are made durable together.
const BATCH: usize = 100;
const PIECE: usize = 256 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Maildir,
    Mbox,
}

/// How it went for one account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub address: String,
    pub folder: PathBuf,
    /// In the export, those of an earlier run included.
    pub messages: u64,
    pub bytes: u64,
    /// Events, tasks and cards.
    pub objects: u64,
    /// Messages written now.
    pub written: u64,
    /// What could not be read, and is not in the export.
    pub problems: Vec<String>,
}

/// Where messages go.
enum Target {
    Maildir(Maildir),
    Mbox(Mbox),
}

/// A message on its way out.
struct Letter<'a> {
    item: &'a Item,
    body: BodyReader,
}

/// Writes everything of an account below `folder`. Errors: Exists, when a finished export is there; Conflict, when one in
/// another form is; what the disk says.
pub async fn export_account(ctx: &Ctx, account: &Account, folder: &Path, form: Form) -> Result<Summary> {
    ctx.require_owner(account.id)?;
    let home = folder.join(names::account_folder(&account.address));
    make_folder(&home)?;
    check_form(&home, form)?;
    let target = match form {
        Form::Maildir => Target::Maildir(Maildir::open(home.join("Maildir"))?),
        Form::Mbox => Target::Mbox(Mbox::open(home.join("mbox"))?),
    };
    let items = Items::open(&home, &target)?;
    let mut run = Run {
        summary: Summary {
            address: account.address.clone(),
            messages: items.count(),
            bytes: items.bytes(),
            objects: 0,
            folder: home,
            written: 0,
            problems: Vec::new(),
        },
        target,
        items,
    };
    let mut folders;
    // What is moved or arrives meanwhile would be missing: until a look finds nothing new, look again.
    loop {
        folders = list_folders(ctx, account.id).await?;
        let before = run.summary.written;
        for (path, folder) in folders.iter() {
            run = export_folder(ctx, account, run, path.to_owned(), folder.clone()).await?;
        }
        if run.summary.written == before {
            break;
        }
    }
    run.items.sync()?;
    let mut summary = run.summary;
    let settings = serde_json::to_vec_pretty(&read_personal(ctx, account).await?)
        .map_err(|e| Error::internal("no JSON of the settings").caused_by(e))?;
    replace(&summary.folder.join(personal::FILE), &settings)?;
    let written = collections::export_collections(ctx, account, &mut summary).await?;
    summary.objects = written.objects;
    manifest::write(account, form, &folders, &summary, run.items.path(), written)?;
    Ok(summary)
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| {
        Error::unavailable(format!("the folder {} cannot be made: {e}", path.display())).caused_by(e)
    })
}

fn check_form(home: &Path, form: Form) -> Result<()> {
    if home.join(manifest::FILE).exists() {
        return Err(Error::exists(format!(
            "{} holds a finished export; choose another folder, or check this one with --check",
            home.display()
        )));
    }
    let other = match form {
        Form::Maildir => "mbox",
        Form::Mbox => "Maildir",
    };
    if home.join(other).exists() {
        return Err(Error::conflict(format!(
            "in {} an export into {other} was begun; go on with --as {}, or choose another folder",
            home.display(),
            other.to_lowercase()
        )));
    }
    Ok(())
}

/// An export in the making.
struct Run {
    target: Target,
    items: Items,
    summary: Summary,
}

async fn export_folder(ctx: &Ctx, account: &Account, run: Run, path: String, folder: Folder) -> Result<Run> {
    let file = ctx.store.account(account.id)?;
    let id = folder.id;
    // A folder that was removed meanwhile is empty.
    let uids: UidSet = file.read(move |s| s.uids(id)).await?;
    let mut run = run;
    run.target.open_folder(&path, &folder)?;
    let all: Vec<u32> = uids.iter().collect();
    for batch in all.chunks(BATCH) {
        let (Some(first), Some(last)) = (batch.first().copied(), batch.last().copied()) else {
            continue;
        };
        let path = path.clone();
        // On a thread that may block, in short reads: a long one would keep the server from tidying its log.
        run = file
            .read(move |s| {
                run.write_batch(s, &path, id, (first, last))?;
                Ok(run)
            })
            .await?;
    }
    Ok(run)
}

impl Run {
    fn write_batch(
        &mut self,
        s: &Snapshot<'_, AccountDb>,
        path: &str,
        folder: FolderId,
        (first, last): (u32, u32),
    ) -> Result<()> {
        let mut records = Vec::new();
        for item in s.items_by_uid(folder, first, last)? {
            if self.items.has(path, item.id) {
                continue;
            }
            let body = match s.open_body(item.body_id) {
                Ok(body) => body,
                Err(e) => {
                    self.note_problem(path, &item, &e);
                    continue;
                }
            };
            let letter = Letter { item: &item, body };
            match self.target.put(path, letter) {
                Ok(record) => records.push(record),
                // The disk that is written to is no matter of one message.
                Err(e) if matches!(e.kind(), Kind::OverQuota | Kind::Invalid) => return Err(e),
                Err(e) => self.note_problem(path, &item, &e),
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        disk::sync_disk(&self.summary.folder)?;
        for record in records {
            self.summary.messages += 1;
            self.summary.written += 1;
            self.summary.bytes += record.size;
            self.items.add(record)?;
        }
        Ok(())
    }

    fn note_problem(&mut self, path: &str, item: &Item, e: &Error) {
        let text = format!("{path}, UID {}: {}", item.uid, e.message());
        if !self.summary.problems.contains(&text) {
            self.summary.problems.push(text);
        }
    }
}

impl Target {
    fn open_folder(&mut self, path: &str, folder: &Folder) -> Result<()> {
        match self {
            Target::Maildir(m) => m.open_folder(path, folder),
            Target::Mbox(m) => m.open_folder(path),
        }
    }

    fn put(&mut self, path: &str, letter: Letter<'_>) -> Result<Record> {
        match self {
            Target::Maildir(m) => m.put(path, letter),
            Target::Mbox(m) => m.put(path, letter),
        }
    }
}

impl Letter<'_> {
    /// Shows the bytes piece by piece to `write`. Returns their SHA-256.
    fn copy(&mut self, mut write: impl FnMut(&[u8]) -> Result<()>) -> Result<String> {
        let (size, mut at) = (self.body.size_bytes(), 0);
        let mut hasher = Sha256::new();
        while at < size {
            let piece = self.body.read_at(at, PIECE)?;
            if piece.is_empty() {
                return Err(Error::unavailable("it is shorter than it should be"));
            }
            hasher.update(piece);
            write(piece)?;
            at += piece.len() as u64;
        }
        Ok(crate::base::text::hex(&hasher.finalize()))
    }

    fn record(&self, path: &str, file: String, sha256: String) -> Record {
        let i = self.item;
        Record {
            folder: path.to_owned(),
            file,
            offset: None,
            stored: None,
            size: self.body.size_bytes(),
            sha256,
            flags: i.flags,
            keywords: i.keywords.as_str().to_owned(),
            received_at_ms: i.received_at_ms,
            uid: i.uid,
            id: i.id,
        }
    }
}

/// A file that may hold mail is for its owner alone.
fn create(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// Replaces a small file as a whole.
fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let mut file = create(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    Ok(())
}
