//! Everything that the box keeps about one person, as one zip that people and programs read: for a request under data
//! protection law (GDPR articles 15 and 20), and for who leaves and takes everything along.
//!
//! ```text
//! READ-ME.txt                          what is where, in German and English
//! <address>/                           an export: mail as mbox, calendars, tasks, contacts, settings, lists with hashes
//! account.json  sign-ins.json          who it is, rights; sessions, devices, programs that were agreed to
//! audit.jsonl                          lines of the log by or about the person
//! deleted/                             what was deleted and can still be got back, each as it came
//! files/                               what was given to be moved in: waiting, moved with its report, or put aside
//! ```

use super::about_person::{about, audit_lines, sign_ins};
use super::dropped::{Dropped, dropped_files};
use super::export::{Form, Summary, export_account};
use crate::base::{Error, Kind, Result};
use crate::identity::Ctx;
use crate::model::deleted::Deleted;
use crate::model::{Account, FolderKind};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::disk::{self, ScratchFolder};
use serde::Serialize;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

/// Of what was deleted, at a time.
const BATCH: usize = 100;
const PIECE: usize = 256 << 10;

const READ_ME: &str = "Was hier liegt / what is here\r\n\r\n\
    In dem Ordner mit der Adresse: alle Nachrichten (mbox, lesbar mit Thunderbird und anderen), Kalender und Aufgaben (ics),\r\n\
    Kontakte (vcf), Regeln, Signaturen und Einstellungen (settings.json), Listen mit Pruefsummen.\r\n\
    account.json: Angaben zur Person und Rechte. sign-ins.json: Sitzungen, Geraete und Programme.\r\n\
    audit.jsonl: Zeilen des Protokolls, die die Person betreffen.\r\n\
    deleted: Geloeschtes, das noch zurueckgeholt werden kann. files: Dateien, die zum Einlesen abgelegt wurden.\r\n\r\n\
    In the folder with the address: all messages (mbox, read by Thunderbird and others), calendars and tasks (ics), contacts\r\n\
    (vcf), rules, signatures and settings (settings.json), lists with hashes.\r\n\
    account.json: who the person is, and rights. sign-ins.json: sessions, devices and programs.\r\n\
    audit.jsonl: lines of the log that are about the person.\r\n\
    deleted: what was deleted and can still be got back. files: what was given to be moved in.\r\n";

/// What was put together.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gathered {
    pub address: String,
    pub file: PathBuf,
    pub messages: u64,
    /// Events, tasks and contacts.
    pub objects: u64,
    pub size_bytes: u64,
    /// What could not be read, and is not in it.
    pub problems: Vec<String>,
}

/// Writes the zip; `to` must not be there yet. `scratch`: a folder on a disk with room for all of it, meanwhile. The person and
/// administrators may have it. Errors: Exists, Forbidden, what the disk says.
pub async fn gather_personal_data(
    ctx: &Ctx,
    account: &Account,
    scratch: &Path,
    to: &Path,
) -> Result<Gathered> {
    if !ctx.is_owner(account.id) {
        ctx.require_admin()?;
    }
    let asker = ctx;
    let ctx = ctx.as_system();
    let dropped = dropped_files(ctx.store.layout(), &account.address)?;
    check_room(&ctx, account, &dropped, scratch).await?;
    note(asker, account).await?;
    let folder = ScratchFolder::make_in(scratch)?;
    let mut summary = export_account(&ctx, account, folder.path(), Form::Mbox).await?;
    let deleted = write_deleted(&ctx, account, &folder.path().join("deleted")).await?;
    summary.problems.extend(deleted);
    let write = |name: &str, bytes: &[u8]| Ok::<_, Error>(fs::write(folder.path().join(name), bytes)?);
    write("READ-ME.txt", READ_ME.as_bytes())?;
    write("account.json", &pretty(&about(&ctx, account).await?)?)?;
    write("sign-ins.json", &pretty(&sign_ins(&ctx, account).await?)?)?;
    write("audit.jsonl", audit_lines(&ctx, account).await?.as_bytes())?;
    let to = to.to_owned();
    // The folder is dropped, and so removed, there too: it may hold a lot.
    let packed = tokio::task::spawn_blocking(move || {
        let mut roots = vec![(folder.path().to_owned(), String::new())];
        roots.extend(
            dropped
                .into_iter()
                .map(|d| (d.path, format!("files/{}/", d.name))),
        );
        let done = pack(&roots, &to);
        if done.is_err() {
            let _ = fs::remove_file(&to);
        }
        done.map(|size| (to, size))
    });
    let packed = packed
        .await
        .map_err(|e| Error::internal("packing was broken off").caused_by(e))?;
    let (file, size_bytes) = packed?;
    Ok(told(summary, file, size_bytes))
}

fn told(summary: Summary, file: PathBuf, size_bytes: u64) -> Gathered {
    Gathered {
        address: summary.address,
        file,
        messages: summary.messages,
        objects: summary.objects,
        size_bytes,
        problems: summary.problems,
    }
}

fn pretty(value: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|e| Error::internal("no JSON").caused_by(e))
}

async fn note(ctx: &Ctx, account: &Account) -> Result<()> {
    let (now_ms, actor, address) = (ctx.now_ms(), ctx.actor_name().to_owned(), account.address.clone());
    ctx.store
        .directory()
        .write(move |d| d.note_audit(now_ms, &actor, "account.data", &json!({"address": address})))
        .await
}

/// The export and the zip lie side by side for a while. Errors: OverQuota.
async fn check_room(ctx: &Ctx, account: &Account, dropped: &[Dropped], scratch: &Path) -> Result<()> {
    let file = ctx.store.account(account.id)?;
    let held = file.read(|s| Ok(s.used_bytes()? + s.deleted_bytes()?)).await?;
    let files: u64 = dropped.iter().map(|d| d.bytes).sum();
    let all = u64::try_from(held).unwrap_or(0) + files;
    let wanted = all.saturating_mul(2);
    disk::check_room(scratch, wanted, ctx.store.reserve_bytes()).map_err(|e| match e.kind() {
        Kind::OverQuota => Error::over_quota(format!(
            "putting this together needs {} MB on the disk of the box for a while, and there is not as much",
            wanted.div_ceil(1 << 20)
        )),
        _ => e,
    })
}

/// Each as it came. Returns what could not be read.
async fn write_deleted(ctx: &Ctx, account: &Account, to: &Path) -> Result<Vec<String>> {
    let file = ctx.store.account(account.id)?;
    let (mut after, mut problems) = (None, Vec::new());
    loop {
        let to = to.to_owned();
        let (last, problem) = file
            .read(move |s| {
                let batch = s.deleted(after, BATCH)?;
                let mut problems = Vec::new();
                for d in &batch {
                    if let Err(e) = write_one_deleted(s, d, &to) {
                        problems.push(format!("deleted, {}: {}", d.title, e.message()));
                    }
                }
                Ok((batch.last().map(|d| (d.deleted_at_ms, d.id)), problems))
            })
            .await?;
        problems.extend(problem);
        match last {
            Some(last) => after = Some(last),
            None => return Ok(problems),
        }
    }
}

fn write_one_deleted(s: &Snapshot<'_, AccountDb>, d: &Deleted, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let end = match d.kind {
        FolderKind::Mail | FolderKind::ScheduleInbox => "eml",
        FolderKind::Calendar | FolderKind::TaskList => "ics",
        FolderKind::AddressBook => "vcf",
    };
    let mut out = File::create_new(to.join(format!("{}.{end}", d.id)))?;
    let mut body = s.open_body(d.body_id)?;
    let mut at = 0;
    while at < body.size_bytes() {
        let piece = body.read_at(at, PIECE)?;
        if piece.is_empty() {
            return Err(Error::unavailable("it is shorter than it should be"));
        }
        out.write_all(piece)?;
        at += piece.len() as u64;
    }
    Ok(())
}

/// Everything below each root, under its name in the zip. Returns the bytes of the zip, which is on the disk then.
fn pack(roots: &[(PathBuf, String)], to: &Path) -> Result<u64> {
    let file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(|e| {
            let kind = match e.kind() {
                io::ErrorKind::AlreadyExists => Error::exists(format!("{} is there already", to.display())),
                _ => Error::unavailable(format!("{} cannot be written: {e}", to.display())),
            };
            kind.caused_by(e)
        })?;
    let mut zip = zip::ZipWriter::new(io::BufWriter::new(file));
    let broken = |e: zip::result::ZipError| Error::unavailable("the zip cannot be written").caused_by(e);
    let options = SimpleFileOptions::default()
        .large_file(true)
        .unix_permissions(0o600);
    let mut open: Vec<(PathBuf, String)> = roots.to_vec();
    while let Some((folder, inside)) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let name = format!("{inside}{}", entry.file_name().to_string_lossy());
            if kind.is_dir() {
                open.push((path, format!("{name}/")));
            } else if kind.is_file() {
                zip.start_file(name, options).map_err(broken)?;
                io::copy(&mut File::open(&path)?, &mut zip)?;
            }
        }
    }
    let mut out = zip.finish().map_err(broken)?;
    out.flush()?;
    let file = out.into_inner().map_err(|e| e.into_error())?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
