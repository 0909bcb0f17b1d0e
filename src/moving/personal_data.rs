//! Everything that the box keeps about one person, as one zip that people and programs read: for a request under data
//! protection law (GDPR articles 15 and 20), and for who leaves and takes everything along.
//!
//! ```text
//! READ-ME.txt                          what is where, in German and English
//! <address>/                           an export: mail as mbox, calendars, tasks, contacts, settings, lists with hashes
//! account.json  sign-ins.json          who it is, rights; sessions, devices, programs that were agreed to
//! audit.jsonl                          lines of the log by or about the person
//! ```

use super::export::{Form, Summary, export_account};
use crate::base::clock::rfc3339;
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::Account;
use crate::store::directory::credentials::CredentialKind;
use crate::store::disk::ScratchFolder;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

const READ_ME: &str = "Was hier liegt / what is here\r\n\r\n\
    In dem Ordner mit der Adresse: alle Nachrichten (mbox, lesbar mit Thunderbird und anderen), Kalender und Aufgaben (ics),\r\n\
    Kontakte (vcf), Regeln, Signaturen und Einstellungen (settings.json), Listen mit Pruefsummen.\r\n\
    account.json: Angaben zur Person und Rechte. sign-ins.json: Sitzungen, Geraete und Programme.\r\n\
    audit.jsonl: Zeilen des Protokolls, die die Person betreffen.\r\n\r\n\
    In the folder with the address: all messages (mbox, read by Thunderbird and others), calendars and tasks (ics), contacts\r\n\
    (vcf), rules, signatures and settings (settings.json), lists with hashes.\r\n\
    account.json: who the person is, and rights. sign-ins.json: sessions, devices and programs.\r\n\
    audit.jsonl: lines of the log that are about the person.\r\n";

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
    note(ctx, account).await?;
    let ctx = ctx.as_system();
    let folder = ScratchFolder::make_in(scratch)?;
    let summary = export_account(&ctx, account, folder.path(), Form::Mbox).await?;
    let write = |name: &str, bytes: &[u8]| Ok::<_, Error>(fs::write(folder.path().join(name), bytes)?);
    write("READ-ME.txt", READ_ME.as_bytes())?;
    write("account.json", &pretty(&about(&ctx, account).await?)?)?;
    write("sign-ins.json", &pretty(&sign_ins(&ctx, account).await?)?)?;
    write("audit.jsonl", audit_lines(&ctx, account).await?.as_bytes())?;
    let to = to.to_owned();
    let packed = tokio::task::spawn_blocking(move || {
        let done = pack(folder.path(), &to);
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

async fn note(ctx: &Ctx, account: &Account) -> Result<()> {
    let (now_ms, actor, address) = (ctx.now_ms(), ctx.actor_name().to_owned(), account.address.clone());
    ctx.store
        .directory()
        .write(move |d| d.note_audit(now_ms, &actor, "account.data", &json!({"address": address})))
        .await
}

fn pretty(value: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|e| Error::internal("no JSON").caused_by(e))
}

async fn about(ctx: &Ctx, account: &Account) -> Result<Value> {
    let (id, a) = (account.id, account.clone());
    ctx.store
        .directory()
        .read(move |d| {
            let name = |of| Ok::<_, Error>(d.account(of)?.map(|a| a.address));
            let mut used_by = Vec::new();
            for (actor, level) in d.accesses(id)? {
                used_by.push(json!({"address": name(actor)?, "level": level.as_str()}));
            }
            let mut uses = Vec::new();
            for (owner, level) in d.mailboxes_open_to(id)? {
                uses.push(json!({"address": name(owner)?, "level": level.as_str()}));
            }
            let mut shares = Vec::new();
            for share in d.shares_of(id)? {
                shares.push(json!({"folder": share.folder.0, "address": name(share.actor)?, "level": share.level.as_str()}));
            }
            let groups: Vec<Option<String>> = d.groups_of(id)?.into_iter().map(name).collect::<Result<_>>()?;
            Ok(json!({
                "address": a.address, "aliases": a.aliases, "displayName": a.display_name, "language": a.language,
                "kind": a.kind.as_str(), "isAdministrator": a.is_admin, "isActive": a.is_active(),
                "createdAt": rfc3339(a.created_at_ms), "quotaBytes": a.quota_bytes,
                "mailboxUsedBy": used_by, "usesMailboxes": uses, "shares": shares, "groups": groups,
            }))
        })
        .await
}

/// Nothing that anybody could sign in with.
async fn sign_ins(ctx: &Ctx, account: &Account) -> Result<Value> {
    let (id, now_ms) = (account.id, ctx.now_ms());
    ctx.store
        .directory()
        .read(move |d| {
            let sessions: Vec<Value> = d
                .sessions_of(id, now_ms)?
                .into_iter()
                .map(|(_, since_ms, until_ms)| json!({"since": rfc3339(since_ms), "until": rfc3339(until_ms)}))
                .collect();
            let passwords: Vec<Value> = d
                .credentials(id)?
                .into_iter()
                .map(|c| json!({"isForDevices": c.kind == CredentialKind::App, "label": c.label, "since": rfc3339(c.created_at_ms)}))
                .collect();
            let mut programs = Vec::new();
            for consent in d.consents_of(id)? {
                let name = d.client(&consent.client_id)?.map(|c| c.name);
                programs.push(json!({
                    "program": name, "permissions": consent.permissions, "since": rfc3339(consent.given_at_ms),
                }));
            }
            let factor = d.second_factor(id)?.is_some();
            Ok(json!({
                "sessions": sessions, "passwords": passwords, "programs": programs, "hasSecondFactor": factor,
            }))
        })
        .await
}

async fn audit_lines(ctx: &Ctx, account: &Account) -> Result<String> {
    let mut addresses = account.aliases.clone();
    addresses.push(account.address.clone());
    let entries = ctx
        .store
        .directory()
        .read(move |d| d.audit_about(&addresses))
        .await?;
    let mut out = String::new();
    for e in entries {
        let line = json!({"at": rfc3339(e.at_ms), "actor": e.actor, "action": e.action, "detail": e.detail});
        out.push_str(&line.to_string());
        out.push('\n');
    }
    Ok(out)
}

/// Everything below `from`. Returns the bytes of the zip, which is on the disk then.
fn pack(from: &Path, to: &Path) -> Result<u64> {
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
    let mut folders = vec![from.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(from)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            zip.start_file(name, options).map_err(broken)?;
            io::copy(&mut File::open(&path)?, &mut zip)?;
        }
    }
    let mut out = zip.finish().map_err(broken)?;
    out.flush()?;
    let file = out.into_inner().map_err(|e| e.into_error())?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
