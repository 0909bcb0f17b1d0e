//! Files as a source: Maildir, mbox, single messages, calendars, contacts, our own exports, and archives and folders of all of these.
//!
//! What a folder holds is found out by looking ([`detect`]): a Thunderbird profile, a Takeout or a mail server's home needs
//! no description.

mod archive;
mod csv;
mod detect;
mod eml;
mod exported;
mod maildir;
mod mapi;
mod mbox;
mod msg;
mod objects;
mod pst;
mod pst_contact;
mod rtf;
mod text;

pub use archive::unpack;
pub use exported::{bring_settings, exported_accounts};
pub use pst::weigh as weigh_outlook;

use super::source::{Content, Fetched, Listed, Source, SourceFolder, hand_on_all};
use crate::base::{Error, Kind as ErrorKind, Result};
use crate::identity::Ctx;
use crate::mail::Intake;
use crate::store::disk::ScratchFolder;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::Sender;

/// What the caller knows of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Look.
    Any,
    Maildir,
    Mbox,
    Eml,
    Ics,
    Vcf,
    Csv,
    /// The folder of one account in an export of ours.
    Exported,
}

/// One folder of mail, or one collection, in files.
struct Found {
    folder: SourceFolder,
    content: Holds,
}

enum Holds {
    Maildir(maildir::Maildir),
    Mbox(mbox::Mbox),
    Eml(eml::Messages),
    Objects(objects::Objects),
    Exported(exported::Messages),
    ExportedObjects(exported::Objects),
    Outlook(pst::Items),
}

pub struct Files {
    ctx: Ctx,
    name: String,
    found: Vec<Found>,
    problems: Vec<String>,
    exports: Vec<PathBuf>,
    /// Holds what was unpacked.
    _unpacked: Option<ScratchFolder>,
}

fn nothing_in(path: &Path, problems: &[String]) -> Error {
    let why = match problems {
        [] => "no Maildir, mbox, EML, ICS, VCF or PST, and no export".to_owned(),
        some => some.join("; "),
    };
    Error::invalid(format!(
        "in {} there is nothing that can be moved: {why}",
        path.display()
    ))
}

impl Files {
    /// Looks at what is there. `name`: of the source, for archives, which are unpacked elsewhere each time.
    /// Errors: NotFound; Invalid, when nothing is found that could be moved.
    pub fn open(ctx: &Ctx, path: &Path, kind: Kind) -> Result<Files> {
        let missing = |e: std::io::Error| {
            Error::not_found(format!("{} cannot be read: {e}", path.display())).caused_by(e)
        };
        let at = path.canonicalize().map_err(missing)?;
        let name = format!("files:{}", at.display());
        let (root, unpacked) = match archive::is_archive(&at) {
            true => {
                let folder = ScratchFolder::make_in(&ctx.store.layout().root().join("import"))?;
                unpack(ctx, &at, folder.path())?;
                (folder.path().to_owned(), Some(folder))
            }
            false => (at, None),
        };
        let mut look = detect::Look::new(root);
        look.find(kind)?;
        if look.found.is_empty() {
            return Err(nothing_in(path, &look.problems));
        }
        Ok(Files {
            ctx: ctx.clone(),
            name,
            found: look.found,
            problems: look.problems,
            exports: look.exports,
            _unpacked: unpacked,
        })
    }

    /// What was not looked into, and why.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Where the settings are that belong to what was found: an export of ours, when it is of one account.
    pub fn export(&self) -> Option<&Path> {
        match self.exports.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    fn found(&mut self, folder: &SourceFolder) -> Result<&mut Found> {
        self.found
            .get_mut(folder.place)
            .ok_or_else(|| Error::internal("a folder that was not listed"))
    }
}

impl Source for Files {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        let numbered = self.found.iter().enumerate().map(|(place, found)| SourceFolder {
            place,
            ..found.folder.clone()
        });
        Ok(numbered.collect())
    }

    async fn list(&mut self, folder: &SourceFolder) -> Result<Vec<Listed>> {
        match &mut self.found(folder)?.content {
            Holds::Maildir(m) => m.list(),
            Holds::Mbox(m) => m.list(),
            Holds::Eml(m) => m.list(),
            Holds::Objects(o) => o.list(),
            Holds::Exported(m) => m.list(),
            Holds::ExportedObjects(o) => o.list(),
            Holds::Outlook(o) => o.list(),
        }
    }

    async fn fetch(&mut self, folder: &SourceFolder, wanted: &[Listed], out: Sender<Fetched>) -> Result<()> {
        let ctx = self.ctx.clone();
        let found = self.found(folder)?;
        for (at, listed) in wanted.iter().enumerate() {
            let mut intake = Intake::new(&ctx, super::source::MAX_BYTES);
            let read = match &mut found.content {
                Holds::Maildir(m) => m.read(listed, &mut intake),
                Holds::Mbox(m) => m.read(listed, &mut intake),
                Holds::Eml(m) => m.read(listed, &mut intake),
                Holds::Objects(o) => o.read(listed, &mut intake),
                Holds::Exported(m) => m.read(listed, &mut intake),
                Holds::ExportedObjects(o) => o.read(listed, &mut intake),
                Holds::Outlook(o) => o.read(listed, &mut intake),
            };
            let content = match (read, &mut found.content) {
                (Ok(()), _) => Content::Bytes(Box::new(intake)),
                (Err(e), _) if e.kind() == ErrorKind::OverQuota => return Err(e),
                (Err(e), Holds::Eml(m)) if e.kind() == ErrorKind::Invalid => {
                    let mut intake = Intake::new(&ctx, super::source::MAX_BYTES);
                    match m.read_as_it_is(listed, &mut intake) {
                        Ok(()) => Content::Odd(Box::new(intake), e.message().to_owned()),
                        Err(e) => Content::Unreadable(e.message().to_owned()),
                    }
                }
                (Err(e), _) => Content::Unreadable(e.message().to_owned()),
            };
            let files = match (&content, &found.content) {
                (Content::Bytes(_), Holds::ExportedObjects(o)) => o.files(&ctx, listed)?,
                _ => Vec::new(),
            };
            hand_on_all(&out, Fetched { at, content, files }).await?;
        }
        Ok(())
    }
}

/// Of a file, as it was written last.
fn modified_ms(path: &Path) -> Option<i64> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// Entries of a folder, by name. Links are left out: they may lead in circles and elsewhere.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_symlink() {
            out.push(entry.path());
        }
    }
    out.sort();
    Ok(out)
}

/// The last part of a path, without its extension when `is_stem`.
fn file_name(path: &Path, is_stem: bool) -> String {
    let part = if is_stem {
        path.file_stem()
    } else {
        path.file_name()
    };
    part.unwrap_or_default().to_string_lossy().into_owned()
}
