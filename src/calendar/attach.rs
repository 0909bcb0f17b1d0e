//! Files of events and tasks (RFC 8607). They lie beside the event that names them, once an account; who may read the
//! event may read them, and people of ours who are invited get them with it.

use super::KINDS;
use super::put::put_with_files;
use crate::base::{Error, Kind, Result, random};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_component};
use crate::formats::ical::Series;
use crate::formats::ical::attachment::{
    HeldLine, content_type, file_name, line_of, managed_id, managed_ids, meant, take_instances,
};
use crate::formats::ical::private::has_private;
use crate::formats::ical::zone::plain_time;
use crate::identity::Ctx;
use crate::identity::shares::{level_in, require_level, sharing_accounts};
use crate::model::object::{Collection, ObjectKind};
use crate::model::share::ShareLevel;
use crate::model::{AccountId, ItemId};
use crate::objects::collections::list_collections;
use crate::objects::get::{get_object, read_object};
use crate::objects::put::check_quota;
use crate::objects::{Condition, Put};
use crate::store::Store;
use crate::store::attachment::HeldFile;
use crate::store::blob::{Stage, Staged};
use crate::store::body::BodyReader;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// One file; RFC 8607 §6.1.
pub const MAX_FILE_BYTES: u64 = 25 << 20;
/// Of one event with all its occurrences; RFC 8607 §6.2.
pub const MAX_FILES: usize = 50;
/// Below the host; behind it stand the managed id and the name.
pub const PATH: &str = "/dav/attachments/";

/// Times that a change is made again because somebody else was faster.
const TRIES: usize = 5;

/// A file that comes in pieces; small ones stay in memory, large ones go to the disk at once.
pub struct Intake {
    store: Arc<Store>,
    stage: Stage,
}

impl Intake {
    pub fn new(ctx: &Ctx) -> Intake {
        Intake {
            store: ctx.store.clone(),
            stage: Stage::new(ctx.store.layout()),
        }
    }

    /// Errors: TooLarge; OverQuota, when the disk has no room.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        check_size(self.stage.size_bytes() + bytes.len() as u64)?;
        self.store.check_room(bytes.len() as u64)?;
        self.stage.write(bytes)
    }

    /// For large ones until they are on the disk.
    pub async fn finish(self) -> Result<Staged> {
        tokio::task::spawn_blocking(move || self.stage.finish())
            .await
            .map_err(|e| Error::internal("storing a file was broken off").caused_by(e))?
    }
}

/// Errors: TooLarge.
pub fn check_size(bytes: u64) -> Result<()> {
    match bytes > MAX_FILE_BYTES {
        true => Err(Error::too_large(format!(
            "a file of an event or a task has at most {} MB",
            MAX_FILE_BYTES >> 20
        ))),
        false => Ok(()),
    }
}

/// A file on its way into an event.
#[derive(Clone)]
pub struct NewFile {
    pub name: String,
    pub content_type: String,
    pub content: Staged,
}

#[derive(Clone)]
pub enum FileChange {
    Add(NewFile),
    /// In the place of the one with this managed id; it gets another.
    Update(String, NewFile),
    Remove(String),
}

/// Where the event is, and at which of its occurrences (`rid` of RFC 8607; None: all).
#[derive(Clone, Copy)]
pub struct FilePlace<'a> {
    pub account: AccountId,
    pub collection: &'a Collection,
    pub name: &'a str,
    pub rid: Option<&'a str>,
}

pub enum Changed {
    /// With the managed id of what is new.
    Done(Put, Option<String>),
    /// The series has no such occurrence.
    NoSuchInstance,
    /// No such file is named there.
    NoSuchFile,
    TooMany,
}

/// Changes the files of an event or a task, and stores it as every change of it is stored: who is invited hears of it.
/// `origin`: `https://host`, for its address. Errors: NotFound; Forbidden; Conflict; OverQuota.
pub async fn change_files(
    ctx: &Ctx,
    place: FilePlace<'_>,
    change: &FileChange,
    condition: Condition,
    origin: &str,
) -> Result<Changed> {
    require_level(ctx, place.account, place.collection.folder.id, ShareLevel::Write).await?;
    let file = match change {
        FileChange::Add(file) | FileChange::Update(_, file) => Some(file),
        FileChange::Remove(_) => None,
    };
    let held = file.map(|file| HeldFile {
        managed_id: random::uuid(),
        staged: file.content.clone(),
    });
    if let Some(held) = &held {
        check_size(held.staged.size_bytes())?;
        check_quota(ctx, place.account, held.staged.size_bytes()).await?;
    }
    let line = held
        .as_ref()
        .zip(file)
        .map(|(held, file)| line_for(held, file, origin));
    let folder = place.collection.folder.id;
    let mut tries = 0;
    loop {
        let (object, raw) = read_object(ctx, place.account, folder, place.name).await?;
        condition.check(Some(&object))?;
        let mut series = Series::read(&raw)?;
        if let Some(refused) = apply(&mut series, place.rid, change, line.as_ref()) {
            return Ok(refused);
        }
        let now = plain_time(ctx.now_ms().div_euclid(1000)).strftime("%Y%m%dT%H%M%SZ");
        for entry in series.entries_mut() {
            entry.component.set("LAST-MODIFIED", now.to_string());
        }
        let unchanged = Condition::Unchanged(object.item.modseq);
        let files = held.iter().cloned().collect();
        tries += 1;
        let put = put_with_files(
            ctx,
            place.account,
            place.collection,
            place.name,
            series.print(),
            unchanged,
            files,
        );
        match put.await {
            Ok(put) => return Ok(Changed::Done(put, held.map(|h| h.managed_id))),
            Err(e) if e.kind() == Kind::Conflict && tries < TRIES => {}
            Err(e) => return Err(e),
        }
    }
}

fn line_for(held: &HeldFile, file: &NewFile, origin: &str) -> Property {
    let name = utf8_percent_encode(&file.name, NON_ALPHANUMERIC).to_string();
    let line = HeldLine {
        managed_id: held.managed_id.clone(),
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        size_bytes: held.staged.size_bytes(),
        url: format!("{origin}{PATH}{}/{}", held.managed_id, name.replace("%2E", ".")),
    };
    line.print()
}

/// None: it is done.
fn apply(
    series: &mut Series,
    rid: Option<&str>,
    change: &FileChange,
    line: Option<&Property>,
) -> Option<Changed> {
    let instances = match rid.map(|rid| take_instances(series, rid)) {
        None => None,
        Some(None) => return Some(Changed::NoSuchInstance),
        Some(named) => named,
    };
    let mut is_found = false;
    for component in meant(series, &instances) {
        match (change, line) {
            (FileChange::Add(_), Some(line)) => {
                component.properties.push(line.clone());
                is_found = true;
            }
            (FileChange::Update(id, _), Some(line)) => {
                for property in component.properties.iter_mut() {
                    if managed_id(property) == Some(id) {
                        *property = line.clone();
                        is_found = true;
                    }
                }
            }
            (FileChange::Remove(id), _) => {
                let before = component.properties.len();
                component.properties.retain(|p| managed_id(p) != Some(id));
                is_found |= component.properties.len() < before;
            }
            _ => {}
        }
    }
    let attached = |c: &Component| c.all("ATTACH").count();
    match series.entries().any(|e| attached(&e.component) > MAX_FILES) {
        true => Some(Changed::TooMany),
        false => (!is_found).then_some(Changed::NoSuchFile),
    }
}

/// As [`change_files`], of an event or task by its number, and all of it.
pub async fn change_files_of(
    ctx: &Ctx,
    account: AccountId,
    (id, kind): (ItemId, ObjectKind),
    change: &FileChange,
    origin: &str,
) -> Result<String> {
    let (object, _) = get_object(ctx, account, id, kind).await?;
    let all = list_collections(ctx, account, &KINDS).await?;
    let collection = all.into_iter().find(|c| c.folder.id == object.item.folder_id);
    let collection = collection.ok_or_else(|| Error::not_found("its calendar is gone"))?;
    let place = FilePlace {
        account,
        collection: &collection,
        name: &object.name,
        rid: None,
    };
    match change_files(ctx, place, change, Condition::Always, origin).await? {
        Changed::Done(Put::Stored { .. }, id) => Ok(id.unwrap_or_default()),
        Changed::Done(Put::AttendeeMayNot(what), _) => Err(Error::forbidden(what)),
        Changed::Done(Put::NoSuchFile(_), _) => Err(no_such_file()),
        Changed::Done(Put::UidTaken(_), _) => Err(Error::internal("an event stands in its own way")),
        Changed::NoSuchInstance | Changed::NoSuchFile => Err(Error::not_found("there is no such attachment")),
        Changed::TooMany => Err(Error::too_large(format!(
            "an event or a task has at most {MAX_FILES} files"
        ))),
    }
}

/// Whether one more file of this size may come to something. Errors: NotFound; Forbidden; TooLarge; OverQuota.
pub async fn check_file(
    ctx: &Ctx,
    account: AccountId,
    (id, kind): (ItemId, ObjectKind),
    size_bytes: u64,
) -> Result<()> {
    let (object, _) = get_object(ctx, account, id, kind).await?;
    require_level(ctx, account, object.item.folder_id, ShareLevel::Write).await?;
    check_size(size_bytes)?;
    check_quota(ctx, account, size_bytes).await?;
    ctx.store.check_room(size_bytes)
}

/// A file that is there.
pub struct HeldContent {
    pub name: String,
    pub content_type: String,
    pub body: BodyReader,
}

fn no_such_file() -> Error {
    Error::not_found("there is no such attachment")
}

/// A file by its managed id, for who may read an event that names it: one of their own, or one in a calendar that others
/// share with them. Errors: NotFound.
pub async fn open_file(ctx: &Ctx, managed_id: &str) -> Result<HeldContent> {
    find_file(ctx, managed_id).await.map(|(_, found)| found)
}

/// Whether an event that the actor may read names it.
pub async fn may_read_file(ctx: &Ctx, managed_id: &str) -> Result<bool> {
    match find_file(ctx, managed_id).await {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == Kind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// With the account that holds it.
async fn find_file(ctx: &Ctx, managed_id: &str) -> Result<(AccountId, HeldContent)> {
    let mut accounts = vec![ctx.account()?.id];
    accounts.extend(sharing_accounts(ctx).await?.into_iter().map(|a| a.id));
    for account in accounts {
        if let Some(found) = open_in(ctx, account, managed_id).await? {
            return Ok((account, found));
        }
    }
    Err(no_such_file())
}

async fn open_in(ctx: &Ctx, account: AccountId, managed_id: &str) -> Result<Option<HeldContent>> {
    let file = ctx.store.account(account)?;
    let id = managed_id.to_owned();
    let objects = file.read(move |s| s.objects_of_attachment(&id)).await?;
    for object in objects {
        let level = level_in(ctx, account, object.item.folder_id).await?;
        let Some(level) = level.filter(|l| *l >= ShareLevel::Read) else {
            continue;
        };
        let id = managed_id.to_owned();
        let found = file
            .read(move |s| {
                let raw = s.read_body(object.item.body_id)?;
                if !level.sees_private() && has_private(&raw) {
                    return Ok(None);
                }
                let calendar = read_component(&raw)?;
                let body = s.open_attachment(&id)?;
                let line = line_of(&calendar, &id);
                Ok(line.zip(body).map(|(line, body)| HeldContent {
                    name: file_name(line).to_owned(),
                    content_type: content_type(line).to_owned(),
                    body,
                }))
            })
            .await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The content of a file of an event that the caller has read. Errors: NotFound, when it is gone meanwhile.
pub async fn open_named(
    ctx: &Ctx,
    account: AccountId,
    (id, kind): (ItemId, ObjectKind),
    managed_id: &str,
) -> Result<BodyReader> {
    let (_, raw) = get_object(ctx, account, id, kind).await?;
    let is_named = line_of(&read_component(&raw)?, managed_id).is_some();
    let (file, wanted) = (ctx.store.account(account)?, managed_id.to_owned());
    let found = match is_named {
        true => file.read(move |s| s.open_attachment(&wanted)).await?,
        false => None,
    };
    found.ok_or_else(no_such_file)
}

/// Files that an event names which its account does not hold, from where the actor may read them: a copy of an event
/// keeps its files. What nobody of them holds is left out.
pub async fn gather(ctx: &Ctx, account: AccountId, named: &[String]) -> Result<Vec<HeldFile>> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let (file, ids) = (ctx.store.account(account)?, named.to_vec());
    let missing = file
        .read(move |s| {
            let mut out = Vec::new();
            for id in ids {
                if !s.has_attachment(&id)? {
                    out.push(id);
                }
            }
            Ok(out)
        })
        .await?;
    let mut out = Vec::new();
    for managed_id in missing.into_iter().take(MAX_FILES) {
        if ctx.account().is_err() {
            break;
        }
        let Ok((holder, _)) = find_file(ctx, &managed_id).await else {
            continue;
        };
        for held in stage_files(ctx, holder, vec![managed_id]).await? {
            check_quota(ctx, account, held.staged.size_bytes()).await?;
            out.push(held);
        }
    }
    Ok(out)
}

/// Those that an account holds, as they go into others.
pub async fn stage_files(ctx: &Ctx, account: AccountId, named: Vec<String>) -> Result<Vec<HeldFile>> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let store = ctx.store.clone();
    ctx.store
        .account(account)?
        .read(move |s| {
            let all = named.iter().map(|id| s.stage_attachment(id, store.layout()));
            all.filter_map(Result::transpose).collect()
        })
        .await
}

/// What [`with_contents`] puts into one object: base64 makes four letters of three bytes, in memory.
pub const MOST_INSIDE: u64 = 32 << 20;

/// The bytes of an object with its held files in them, as RFC 5545 knows files, for those who cannot read them elsewhere;
/// the managed id stays beside each. `only`: that one alone. Files behind the first `most` bytes, and those that are gone,
/// stay as they are. The caller has read the object.
pub async fn with_contents(
    ctx: &Ctx,
    account: AccountId,
    raw: Vec<u8>,
    only: Option<String>,
    most: u64,
) -> Result<Vec<u8>> {
    let mut calendar = read_component(&raw)?;
    let mut named = managed_ids(&calendar);
    named.retain(|id| only.as_ref().is_none_or(|only| only == id));
    if named.is_empty() {
        return Ok(raw);
    }
    let file = ctx.store.account(account)?;
    file.read(move |s| {
        let mut left = most;
        for id in named {
            let Some(body) = s.open_attachment(&id)?.filter(|b| b.size_bytes() <= left) else {
                continue;
            };
            left -= body.size_bytes();
            let content = STANDARD.encode(body.read_all()?);
            let lines = calendar.parts.iter_mut().flat_map(|c| &mut c.properties);
            for line in lines.filter(|p| managed_id(p) == Some(&id)) {
                line.value.clone_from(&content);
                line.set_param("ENCODING", "BASE64");
                line.set_param("VALUE", "BINARY");
            }
        }
        Ok(print_component(&calendar).into_bytes())
    })
    .await
}
