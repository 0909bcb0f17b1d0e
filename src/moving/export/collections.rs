//! Calendars, task lists and address books: each object in a file of its own, to the byte (as vdirsyncer, khal and Radicale
//! keep them), and each collection as one file besides, which programs import. They are few and small beside mail: a run
//! that goes on writes them again.

use super::stream::{CalendarStream, put_card};
use super::{Summary, create, names, replace};
use crate::base::text::hex;
use crate::base::{Error, Kind, Result};
use crate::calendar::attach::{MOST_INSIDE, open_named, with_contents};
use crate::formats::content_line::read_component;
use crate::formats::ical::attachment::managed_ids;
use crate::identity::Ctx;
use crate::model::object::{Collection, ObjectKind};
use crate::model::{Account, FolderKind, ItemId};
use crate::objects::collections::list_collections;
use crate::objects::get::{list_objects, read_named};
use crate::store::disk;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

pub const FILE: &str = "objects.jsonl";
/// Folders below the account's.
const PLACES: [&str; 4] = ["calendars", "tasks", "contacts", FILES];
const FILES: &str = "attachments";
/// Objects that are in memory at a time.
const BATCH: usize = 50;

/// A line of `objects.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRecord {
    /// Below the account's folder of the export.
    pub file: String,
    pub size: u64,
    pub sha256: String,
    /// As CalDAV and CardDAV programs know it.
    pub name: String,
    pub uid: Option<String>,
    /// That are held beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRecord>,
}

/// A file that an event or a task names by a managed id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRecord {
    pub managed_id: String,
    /// Below the account's folder of the export; one that several events name is there once.
    pub file: String,
    pub size: u64,
    pub sha256: String,
}

/// What the manifest says of a collection.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionEntry {
    /// Folder of its objects; with `.ics` or `.vcf` behind it the file for import.
    pub path: String,
    pub display_name: String,
    pub colour: Option<String>,
    pub description: Option<String>,
    pub objects: u64,
}

/// What has been written.
pub struct Written {
    pub collections: Vec<CollectionEntry>,
    pub objects: u64,
    pub list: PathBuf,
}

/// Errors: what the disk says. What cannot be read is a problem in `summary`.
pub async fn export_collections(ctx: &Ctx, account: &Account, summary: &mut Summary) -> Result<Written> {
    let home = summary.folder.clone();
    let list = home.join(FILE);
    if list.exists() {
        // An earlier run's, with what may be gone since.
        for place in PLACES {
            if let Err(e) = fs::remove_dir_all(home.join(place))
                && e.kind() != std::io::ErrorKind::NotFound
            {
                return Err(e.into());
            }
        }
    }
    replace(&list, b"")?;
    let kinds = [
        FolderKind::Calendar,
        FolderKind::TaskList,
        FolderKind::AddressBook,
    ];
    let mut run = Run {
        records: Vec::new(),
        taken: HashSet::new(),
        files: HashMap::new(),
        home,
    };
    let mut collections = Vec::new();
    for collection in list_collections(ctx, account.id, &kinds).await? {
        collections.push(run.write_collection(ctx, account, &collection, summary).await?);
    }
    disk::sync_disk(&run.home)?;
    let objects = run.records.len() as u64;
    let mut text = Vec::new();
    for record in &run.records {
        serde_json::to_writer(&mut text, record)
            .map_err(|e| Error::internal("no JSON of a record").caused_by(e))?;
        text.push(b'\n');
    }
    replace(&list, &text)?;
    Ok(Written {
        collections,
        objects,
        list,
    })
}

struct Run {
    home: PathBuf,
    records: Vec<ObjectRecord>,
    taken: HashSet<String>,
    /// By managed id.
    files: HashMap<String, FileRecord>,
}

/// What an object names.
#[derive(Default)]
struct Held {
    files: Vec<FileRecord>,
    /// Managed ids that nobody holds here: the object came from elsewhere with them.
    missing: Vec<String>,
}

/// The file of a whole collection.
enum Whole {
    Calendar(CalendarStream<BufWriter<fs::File>>),
    Cards(BufWriter<fs::File>),
}

impl Run {
    async fn write_collection(
        &mut self,
        ctx: &Ctx,
        account: &Account,
        collection: &Collection,
        summary: &mut Summary,
    ) -> Result<CollectionEntry> {
        let (place, extension) = match collection.folder.kind {
            FolderKind::AddressBook => ("contacts", "vcf"),
            FolderKind::TaskList => ("tasks", "ics"),
            _ => ("calendars", "ics"),
        };
        let display_name = collection.display_name().to_owned();
        let path = format!("{place}/{}", names::mbox_file(&display_name));
        let path = names::unique(path, &mut self.taken);
        fs::create_dir_all(self.home.join(&path))?;
        let out = BufWriter::new(create(&self.home.join(format!("{path}.{extension}")))?);
        let mut whole = match extension {
            "vcf" => Whole::Cards(out),
            _ => Whole::Calendar(CalendarStream::new(out, &display_name)),
        };
        let mut entry = CollectionEntry {
            path,
            display_name,
            colour: collection.properties.colour.clone(),
            description: collection.properties.description.clone(),
            objects: 0,
        };
        let mut files = HashSet::new();
        let all: Vec<String> = list_objects(ctx, account.id, collection.folder.id)
            .await?
            .into_iter()
            .map(|o| o.name)
            .collect();
        for batch in all.chunks(BATCH) {
            let read = read_named(ctx, account.id, collection.folder.id, batch.to_vec(), true).await;
            for (name, found) in read? {
                // One that was removed meanwhile is none.
                let Some((object, raw)) = found else { continue };
                let file = file_name(&name, object.kind, &mut files);
                let held = self
                    .write_files(ctx, account, (object.item.id, object.kind), &raw)
                    .await?;
                for id in &held.missing {
                    let text = format!(
                        "{}/{file} names the attachment {id}, which is not here",
                        entry.path
                    );
                    summary.problems.push(text);
                }
                self.write_object(&entry.path, &file, (&name, object.uid, held.files), &raw)?;
                entry.objects += 1;
                let put = match &mut whole {
                    // Nobody else reads files here, so they are in the one that others import.
                    Whole::Calendar(stream) => {
                        stream.put(&with_contents(ctx, account.id, raw, None, MOST_INSIDE).await?)
                    }
                    Whole::Cards(out) => put_card(out, &raw),
                };
                if let Err(e) = put {
                    let text = format!(
                        "{}/{file} is there, but not in {}.{extension}: ",
                        entry.path, entry.path
                    );
                    summary.problems.push(text + e.message());
                }
            }
        }
        match whole {
            Whole::Calendar(stream) => stream.finish()?.flush()?,
            Whole::Cards(mut out) => out.flush()?,
        }
        Ok(entry)
    }

    fn write_object(
        &mut self,
        path: &str,
        file: &str,
        (name, uid, files): (&str, Option<String>, Vec<FileRecord>),
        raw: &[u8],
    ) -> Result<()> {
        let file = format!("{path}/{file}");
        create(&self.home.join(&file))?.write_all(raw)?;
        self.records.push(ObjectRecord {
            file,
            size: raw.len() as u64,
            sha256: hex(&Sha256::digest(raw)),
            name: name.to_owned(),
            uid,
            files,
        });
        Ok(())
    }

    /// The files that an object names, each once.
    async fn write_files(
        &mut self,
        ctx: &Ctx,
        account: &Account,
        object: (ItemId, ObjectKind),
        raw: &[u8],
    ) -> Result<Held> {
        let mut out = Held::default();
        if object.1 == ObjectKind::Card {
            return Ok(out);
        }
        let named = read_component(raw).map(|c| managed_ids(&c)).unwrap_or_default();
        for managed_id in named {
            if let Some(known) = self.files.get(&managed_id) {
                out.files.push(known.clone());
                continue;
            }
            let body = match open_named(ctx, account.id, object, &managed_id).await {
                Ok(body) => body,
                Err(e) if e.kind() == Kind::NotFound => {
                    out.missing.push(managed_id);
                    continue;
                }
                Err(e) => return Err(e),
            };
            let content = body.read_all()?;
            fs::create_dir_all(self.home.join(FILES))?;
            // Names of ours, and what others call theirs.
            let name = names::unique(names::mbox_file(&managed_id), &mut self.taken);
            let record = FileRecord {
                file: format!("{FILES}/{name}"),
                size: content.len() as u64,
                sha256: hex(&Sha256::digest(&content)),
                managed_id: managed_id.clone(),
            };
            create(&self.home.join(&record.file))?.write_all(&content)?;
            self.files.insert(managed_id, record.clone());
            out.files.push(record);
        }
        Ok(out)
    }
}

fn file_name(name: &str, kind: ObjectKind, taken: &mut HashSet<String>) -> String {
    let extension = if kind == ObjectKind::Card { ".vcf" } else { ".ics" };
    let stem = name.strip_suffix(extension).unwrap_or(name);
    names::unique(names::mbox_file(stem), taken) + extension
}

/// Shows each record, and what is wrong with its file, if anything. Errors: Invalid, with the line.
pub fn check_objects(home: &Path, mut show: impl FnMut(ObjectRecord, Option<String>)) -> Result<()> {
    let text = fs::read_to_string(home.join(FILE))?;
    for (number, line) in text.lines().enumerate() {
        let record: ObjectRecord = serde_json::from_str(line).map_err(|e| {
            Error::invalid(format!("{FILE}, line {}, cannot be read", number + 1)).caused_by(e)
        })?;
        let why = difference(&home.join(&record.file), &record.sha256).or_else(|| {
            let mut files = record.files.iter();
            files.find_map(|f| {
                let why = difference(&home.join(&f.file), &f.sha256)?;
                Some(format!("names {}, which {why}", f.file))
            })
        });
        show(record, why);
    }
    Ok(())
}

fn difference(file: &Path, sha256: &str) -> Option<String> {
    match fs::read(file) {
        Err(e) => Some(format!("cannot be read: {e}")),
        Ok(raw) if hex(&Sha256::digest(&raw)) != sha256 => Some("is not what was exported".into()),
        Ok(_) => None,
    }
}
