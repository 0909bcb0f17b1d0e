//! Our own exports: what `hauspost export` has written comes back to the byte, with flags, dates and folders of its lists.

use super::detect::Look;
use super::{Found, Holds};
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::mail::Intake;
use crate::model::object::CollectionProperties;
use crate::model::{Account, FolderKind, Keywords, Role};
use crate::moving::export::collections::{self, ObjectRecord};
use crate::moving::export::items::{self, Record};
use crate::moving::export::{manifest, mbox};
use crate::moving::import::source::{Listed, Marks, SourceFolder};
use crate::moving::import::{Options, Report};
use crate::moving::personal::{self, bring_personal, load_personal};
use crate::store::attachment::HeldFile;
use crate::store::blob::Staged;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Messages of one folder.
pub struct Messages {
    home: PathBuf,
    records: Vec<Record>,
}

/// Objects of one collection.
pub struct Objects {
    home: PathBuf,
    records: Vec<ObjectRecord>,
}

pub fn is_export(home: &Path) -> bool {
    home.join(manifest::FILE).exists() && home.join(items::FILE).exists()
}

/// The accounts of an export, with their folders.
pub fn exported_accounts(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    if is_export(folder) {
        return Ok(vec![(manifest::read(folder)?.address, folder.to_owned())]);
    }
    let mut out = Vec::new();
    for path in super::entries(folder)? {
        if path.join(items::FILE).exists() {
            out.push((manifest::read(&path)?.address, path));
        }
    }
    match out.is_empty() {
        true => Err(Error::not_found(format!(
            "there is no export in {}",
            folder.display()
        ))),
        false => Ok(out),
    }
}

/// Everything that an account's export holds. Errors: NotFound, when it is not finished; Invalid.
pub fn find(home: &Path, look: &mut Look) -> Result<()> {
    let manifest = manifest::read(home)?;
    look.exports.push(home.to_owned());
    let mut by_folder: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    let list = std::fs::File::open(home.join(items::FILE))?;
    items::for_each(&list, |record, _| {
        by_folder.entry(record.folder.clone()).or_default().push(record);
        Ok(())
    })?;
    for entry in &manifest.folders {
        look.found.push(Found {
            folder: SourceFolder {
                path: entry.path.clone(),
                role: entry.role.as_deref().and_then(Role::from_stored),
                is_subscribed: entry.is_subscribed,
                version: entry.uid_validity.to_string(),
                ..SourceFolder::default()
            },
            content: Holds::Exported(Messages {
                home: home.to_owned(),
                records: by_folder.remove(&entry.path).unwrap_or_default(),
            }),
        });
    }
    // Folders that went while the export was made, and whose messages are in it.
    for (path, records) in by_folder {
        look.add_mail(
            path,
            Holds::Exported(Messages {
                home: home.to_owned(),
                records,
            }),
        );
    }
    let mut objects = Vec::new();
    collections::check_objects(home, |record, _| objects.push(record))?;
    for entry in manifest.collections {
        let kind = match entry.path.split('/').next() {
            Some("contacts") => FolderKind::AddressBook,
            Some("tasks") => FolderKind::TaskList,
            _ => FolderKind::Calendar,
        };
        let below = format!("{}/", entry.path);
        let records = objects
            .iter()
            .filter(|o| o.file.starts_with(&below))
            .cloned()
            .collect();
        look.found.push(Found {
            folder: SourceFolder {
                path: entry.display_name,
                kind,
                properties: CollectionProperties {
                    colour: entry.colour,
                    description: entry.description,
                    ..CollectionProperties::default()
                },
                ..SourceFolder::default()
            },
            content: Holds::ExportedObjects(Objects {
                home: home.to_owned(),
                records,
            }),
        });
    }
    Ok(())
}

fn at<'a, T>(records: &'a [T], listed: &Listed) -> Result<&'a T> {
    let record = usize::try_from(listed.place).ok().and_then(|at| records.get(at));
    record.ok_or_else(|| Error::internal("an item that was not listed"))
}

/// Errors: Invalid, when the bytes are not those of the list.
fn check(raw: &[u8], sha256: &str) -> Result<()> {
    use sha2::{Digest, Sha256};
    match crate::base::text::hex(&Sha256::digest(raw)) == sha256 {
        true => Ok(()),
        false => Err(Error::invalid("it is not what was exported")),
    }
}

impl Messages {
    pub fn list(&mut self) -> Result<Vec<Listed>> {
        let listed = self.records.iter().enumerate().map(|(place, r)| Listed {
            name: r.id.to_string(),
            size_bytes: r.size,
            marks: Some(Marks {
                flags: r.flags,
                keywords: Keywords::from_stored(&r.keywords),
            }),
            received_at_ms: Some(r.received_at_ms),
            place: place as u64,
            ..Listed::default()
        });
        Ok(listed.collect())
    }

    pub fn read(&mut self, listed: &Listed, intake: &mut Intake) -> Result<()> {
        let record = at(&self.records, listed)?;
        let raw = match record.offset {
            Some(_) => mbox::read(&self.home, record)?,
            None => std::fs::read(self.home.join(&record.file))?,
        };
        check(&raw, &record.sha256)?;
        intake.write(&raw)
    }
}

impl Objects {
    /// The files that one names. Errors: Invalid, when the bytes are not those of the list; what the disk says.
    pub fn files(&self, ctx: &Ctx, listed: &Listed) -> Result<Vec<HeldFile>> {
        let mut out = Vec::new();
        for record in &at(&self.records, listed)?.files {
            let content = std::fs::read(self.home.join(&record.file))?;
            check(&content, &record.sha256)?;
            out.push(HeldFile {
                managed_id: record.managed_id.clone(),
                staged: Staged::from_bytes(ctx.store.layout(), &content)?,
            });
        }
        Ok(out)
    }

    pub fn list(&mut self) -> Result<Vec<Listed>> {
        let listed = self.records.iter().enumerate().map(|(place, r)| Listed {
            name: r.name.clone(),
            size_bytes: r.size,
            tag: r.sha256.clone(),
            place: place as u64,
            ..Listed::default()
        });
        Ok(listed.collect())
    }

    pub fn read(&mut self, listed: &Listed, intake: &mut Intake) -> Result<()> {
        let record = at(&self.records, listed)?;
        let raw = std::fs::read(self.home.join(&record.file))?;
        check(&raw, &record.sha256)?;
        intake.write(&raw)
    }
}

/// Settings, signatures and rules of an export. Compared only: what is not here as it is there is a difference.
pub async fn bring_settings(
    ctx: &Ctx,
    account: &Account,
    home: &Path,
    options: &Options,
    report: &mut Report,
) -> Result<()> {
    if !options.folders.is_empty() {
        return Ok(());
    }
    let Some(there) = load_personal(home)? else {
        return Ok(());
    };
    let was = manifest::read(home)?.address;
    let is_look = options.is_dry_run || options.verify_only;
    let filled = bring_personal(ctx, account, &was, &there, is_look).await?;
    if !options.verify_only {
        (report.settings, report.settings_kept) = (filled.came, filled.stays);
    }
    if options.verify || options.verify_only {
        let after = bring_personal(ctx, account, &was, &there, true).await?;
        for what in after.stays {
            report.differ(personal::FILE, "", "", what);
        }
        if after.came > 0 {
            report.differ(
                personal::FILE,
                "",
                "",
                format!("{} things are not here", after.came),
            );
        }
    }
    Ok(())
}
