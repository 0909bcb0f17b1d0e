//! `manifest.json`: whose all this is, and that it is all there. It is written last.

use super::collections::{CollectionEntry, Written};
use super::{Form, Summary, replace};
use crate::base::clock::rfc3339;
use crate::base::text::hex;
use crate::base::{Error, Result};
use crate::mail::FolderTree;
use crate::model::Account;
use crate::moving::personal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

pub const FILE: &str = "manifest.json";
/// Rises when an older program could not read it.
const FORMAT: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    pub format: u32,
    pub program: String,
    pub address: String,
    pub aliases: Vec<String>,
    pub display_name: String,
    pub form: Form,
    pub finished: Finished,
    pub folders: Vec<FolderEntry>,
    pub collections: Vec<CollectionEntry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finished {
    pub at: String,
    pub messages: u64,
    pub bytes: u64,
    pub objects: u64,
    /// SHA-256 of items.jsonl, which holds those of the messages.
    pub items_sha256: String,
    /// The same of objects.jsonl.
    pub objects_sha256: String,
    /// And of settings.json; None in exports of older programs.
    #[serde(default)]
    pub settings_sha256: Option<String>,
    /// What could not be read.
    pub problems: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderEntry {
    pub path: String,
    /// `inbox`, `sent`, ...
    pub role: Option<String>,
    pub is_subscribed: bool,
    pub uid_validity: u32,
}

pub fn write(
    account: &Account,
    form: Form,
    folders: &FolderTree,
    summary: &Summary,
    items: &Path,
    written: Written,
) -> Result<()> {
    let now_ms = std::fs::metadata(items)?
        .modified()?
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_millis() as i64);
    let manifest = Manifest {
        format: FORMAT,
        program: format!("Hauspost {}", env!("CARGO_PKG_VERSION")),
        address: account.address.clone(),
        aliases: account.aliases.clone(),
        display_name: account.display_name.clone(),
        form,
        finished: Finished {
            at: rfc3339(now_ms),
            messages: summary.messages,
            bytes: summary.bytes,
            objects: written.objects,
            items_sha256: hash_file(items)?,
            objects_sha256: hash_file(&written.list)?,
            settings_sha256: Some(hash_file(&summary.folder.join(personal::FILE))?),
            problems: summary.problems.clone(),
        },
        folders: folders
            .iter()
            .map(|(path, f)| FolderEntry {
                path: path.to_owned(),
                role: f.role.map(|r| r.as_str().to_owned()),
                is_subscribed: f.is_subscribed,
                uid_validity: f.uid_validity,
            })
            .collect(),
        collections: written.collections,
    };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|e| Error::internal("no JSON of the manifest").caused_by(e))?;
    replace(&summary.folder.join(FILE), &text)
}

/// Errors: NotFound, when the export is not finished; Invalid.
pub fn read(home: &Path) -> Result<Manifest> {
    let text = std::fs::read(home.join(FILE)).map_err(|e| {
        let text = format!(
            "{} is no finished export (there is no {FILE}); run the export again, it goes on where it was",
            home.display()
        );
        Error::not_found(text).caused_by(e)
    })?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|e| Error::invalid(format!("{}/{FILE} cannot be read", home.display())).caused_by(e))?;
    if manifest.format > FORMAT {
        return Err(Error::unavailable(format!(
            "{} was written by a newer Hauspost ({})",
            home.display(),
            manifest.program
        )));
    }
    Ok(manifest)
}

pub fn hash_file(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}
