//! Calendars, task lists and address books: each object in a file of its own, to the byte (as vdirsyncer, khal and Radicale
//! keep them), and each collection as one file besides, which programs import. They are few and small beside mail: a run
//! that goes on writes them again.

use super::stream::{CalendarStream, put_card};
use super::{Summary, create, names, replace};
use crate::base::text::hex;
use crate::base::{Error, Result};
use crate::calendar::attach::{MOST_INSIDE, with_contents};
use crate::identity::Ctx;
use crate::model::object::{Collection, ObjectKind};
use crate::model::{Account, FolderKind};
use crate::objects::collections::list_collections;
use crate::objects::get::{list_objects, read_named};
use crate::store::disk;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

pub const FILE: &str = "objects.jsonl";
/// Folders below the account's.
const PLACES: [&str; 3] = ["calendars", "tasks", "contacts"];
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
                self.write_object(&entry.path, &file, (&name, object.uid), &raw)?;
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
        (name, uid): (&str, Option<String>),
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
        });
        Ok(())
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
        let why = match fs::read(home.join(&record.file)) {
            Err(e) => Some(format!("cannot be read: {e}")),
            Ok(raw) if hex(&Sha256::digest(&raw)) != record.sha256 => Some("is not what was exported".into()),
            Ok(_) => None,
        };
        show(record, why);
    }
    Ok(())
}
