//! Reading an export back: every message, event and card that the lists name is there, to the byte, and nothing else is.

use super::collections::{self, check_objects};
use super::items::{self, Record};
use super::manifest::{self, hash_file};
use super::{Form, mbox};
use crate::base::text::hex;
use crate::base::{Error, Result};
use crate::moving::personal;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What was found in the export of one account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    pub address: String,
    pub folder: PathBuf,
    pub messages: u64,
    /// Events, tasks and cards.
    pub objects: u64,
    /// Empty: all is as it should be.
    pub findings: Vec<String>,
}

/// Checks every account's export below `folder`, or only those of `addresses`. Blocks.
/// Errors: NotFound, when there is none, or one is not finished.
pub fn verify_export(folder: &Path, addresses: &[String]) -> Result<Vec<Checked>> {
    let none = || Error::not_found(format!("there is no export in {}", folder.display()));
    let entries = fs::read_dir(folder).map_err(|e| none().caused_by(e))?;
    let mut homes: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.join(items::FILE).exists())
        .collect();
    homes.sort();
    let mut out = Vec::new();
    for home in homes {
        let manifest = manifest::read(&home)?;
        if addresses.is_empty() || addresses.contains(&manifest.address) {
            out.push(verify_account(&home, manifest)?);
        }
    }
    if out.is_empty() {
        return Err(none());
    }
    Ok(out)
}

fn verify_account(home: &Path, manifest: manifest::Manifest) -> Result<Checked> {
    let list = home.join(items::FILE);
    let mut checked = Checked {
        address: manifest.address,
        folder: home.to_owned(),
        messages: 0,
        objects: 0,
        findings: Vec::new(),
    };
    let finished = &manifest.finished;
    let settings = finished
        .settings_sha256
        .as_ref()
        .map(|hash| (personal::FILE, hash));
    let lists = [
        (items::FILE, &finished.items_sha256),
        (collections::FILE, &finished.objects_sha256),
    ];
    for (file, expected) in lists.into_iter().chain(settings) {
        if hash_file(&home.join(file))? != *expected {
            let text = format!("{file} is not as it was when the export was finished");
            checked.findings.push(text);
        }
    }
    let mut known = HashSet::new();
    items::for_each(&fs::File::open(&list)?, |record, _| {
        checked.messages += 1;
        known.insert(record.file.clone());
        if let Some(why) = check(home, manifest.form, &record) {
            checked.findings.push(format!("{}: {why}", record.file));
        }
        Ok(())
    })?;
    if checked.messages != manifest.finished.messages {
        checked.findings.push(format!(
            "{} messages are listed, and {} were exported",
            checked.messages, manifest.finished.messages
        ));
    }
    check_objects(home, |record, why| {
        checked.objects += 1;
        if let Some(why) = why {
            checked.findings.push(format!("{}: {why}", record.file));
        }
    })?;
    if checked.objects != manifest.finished.objects {
        checked.findings.push(format!(
            "{} events and cards are listed, and {} were exported",
            checked.objects, manifest.finished.objects
        ));
    }
    if manifest.form == Form::Maildir {
        find_strangers(home, &home.join("Maildir"), &known, &mut checked.findings)?;
    }
    Ok(checked)
}

/// None: it is as it should be.
fn check(home: &Path, form: Form, record: &Record) -> Option<String> {
    let raw = match form {
        Form::Maildir => fs::read(home.join(&record.file)).map_err(Into::into),
        Form::Mbox => mbox::read(home, record),
    };
    let raw = match raw {
        Ok(raw) => raw,
        Err(e) => return Some(format!("cannot be read: {}", e.message())),
    };
    let is_same = raw.len() as u64 == record.size && hex(&Sha256::digest(&raw)) == record.sha256;
    (!is_same).then(|| "is not what was exported".to_owned())
}

/// Files in `cur` folders that the list does not name.
fn find_strangers(
    home: &Path,
    folder: &Path,
    known: &HashSet<String>,
    findings: &mut Vec<String>,
) -> Result<()> {
    let mut places = vec![folder.to_owned()];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.join("cur").is_dir() {
            places.push(path);
        }
    }
    for place in places {
        for entry in fs::read_dir(place.join("cur"))? {
            let path = entry?.path();
            let below = path
                .strip_prefix(home)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            if !known.contains(&below) {
                findings.push(format!("{below}: is not in the list"));
            }
        }
    }
    Ok(())
}
