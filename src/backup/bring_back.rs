//! Bringing back into an account what it has lost since a backup: whatever of it is not where it was comes there again, as
//! something new, so that every program sees it arrive. What is there stays as it is.

use super::index::Index;
use super::pack::Unpacker;
use super::place::Place;
use super::restore::describe;
use super::rows::fetch_rows;
use super::seal::Key;
use super::snapshot::StoredAccount;
use crate::base::{Error, Result, SystemClock, random};
use crate::calendar::read_columns as calendar_columns;
use crate::contacts::read_columns as card_columns;
use crate::identity::Ctx;
use crate::mail::append::Placement;
use crate::mail::{Intake, append_message, create_folder, list_folders};
use crate::model::message::Item;
use crate::model::object::{Collection, Object};
use crate::model::{Account, AccountId, FolderId, FolderKind, ItemId, Role};
use crate::objects::collections::{create_collection, list_collections};
use crate::objects::put::{Condition, Given, Put, put_given};
use crate::store::account::AccountDb;
use crate::store::attachment::HeldFile;
use crate::store::blob::{Hash, Stage};
use crate::store::disk::{ScratchFolder, check_room};
use crate::store::file::File;
use crate::store::item::FlagChange;
use crate::store::rows::{LostItem, place_rows};
use crate::store::{Options, Store};
use serde::Serialize;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

const KINDS: [FolderKind; 3] = [
    FolderKind::Calendar,
    FolderKind::TaskList,
    FolderKind::AddressBook,
];

/// What is to come back, and where.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Path of a mail folder or name of a collection; None: everything.
    pub folder: Option<String>,
    /// The same, by the number that it had then.
    pub folder_id: Option<i64>,
    /// Only these items, by the ids that they had then; empty: all.
    pub items: Vec<i64>,
    /// A mail folder below which the folders are made again, beside those that are there; None: where they were. Events,
    /// tasks and cards always go where they were.
    pub into: Option<String>,
    /// What has changed since becomes what it was then: the words of an event, a task or a card; of a message the marks.
    pub over: bool,
}

impl Wanted {
    fn means_folder(&self, id: FolderId, names: &[&str]) -> bool {
        let is_named = |wanted: &String| names.iter().any(|name| wanted.eq_ignore_ascii_case(name));
        self.folder_id.is_none_or(|wanted| wanted == id.0) && self.folder.as_ref().is_none_or(is_named)
    }

    fn means(&self, item: &Item) -> bool {
        self.items.is_empty() || self.items.contains(&item.id.0)
    }
}

/// How it went.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Brought {
    pub id: String,
    pub address: String,
    pub messages: u64,
    pub objects: u64,
    /// Was there and has stayed as it is.
    pub present: u64,
    /// Was there, and is again what it was then.
    pub replaced: u64,
    /// Is in the list of the backup, and its bytes are damaged or missing.
    pub lost: Vec<String>,
}

/// Brings back into `account` what is missing there of what an account had in the backup `id`. `rows`: a copy of its rows that
/// is at hand. Events tell nobody: who was invited has been told then. Errors: NotFound (the folder), Forbidden, OverQuota;
/// Invalid, when what somebody has is to become what another had.
pub async fn bring_back(
    ctx: &Ctx,
    (place, key): (&dyn Place, &Key),
    (id, stored, rows): (&str, &StoredAccount, Option<&Path>),
    account: &Account,
    wanted: &Wanted,
) -> Result<Brought> {
    ctx.require_owner(account.id)?;
    if wanted.over && !stored.is_of(account) {
        return Err(Error::invalid(format!(
            "what {} has is another's past and cannot become that of {}; bring it back beside what is there",
            account.address, stored.address
        )));
    }
    let then = Then::open(ctx, (place, key), stored, rows)?;
    let index = Index::of_account(place, key, ctx.store.layout(), stored)?;
    let mut work = Work {
        ctx,
        account: account.id,
        then: &then,
        stored,
        unpacker: Unpacker::new(place, key, &index),
        brought: Brought {
            id: id.to_owned(),
            address: account.address.clone(),
            ..Brought::default()
        },
    };
    let folders = work.messages(wanted).await? + work.objects(wanted).await?;
    match (folders, &wanted.folder) {
        (0, Some(name)) => Err(Error::not_found(format!(
            "{} has no folder, calendar, task list or address book »{name}« in the backup of {}",
            stored.address, id
        ))),
        _ => Ok(work.brought),
    }
}

/// The account as it was, without its bodies, in a data folder of its own that goes with it.
struct Then {
    ctx: Ctx,
    id: AccountId,
    file: Arc<File<AccountDb>>,
    _folder: ScratchFolder,
}

impl Then {
    fn open(
        ctx: &Ctx,
        (place, key): (&dyn Place, &Key),
        stored: &StoredAccount,
        at_hand: Option<&Path>,
    ) -> Result<Then> {
        check_room(ctx.store.layout().root(), stored.rows.size * 2, 1 << 30)?;
        let folder = ScratchFolder::make_in(&ctx.store.layout().backups())?;
        let store = Store::open(folder.path(), Options::default(), Arc::new(SystemClock))?;
        let id = AccountId(stored.id);
        let fetched = store.layout().temporary().join("rows");
        if at_hand.is_none() {
            fetch_rows(place, key, stored, &fetched)?;
        }
        place_rows(store.layout(), id, at_hand.unwrap_or(&fetched))?;
        let file = store.account(id)?;
        Ok(Then {
            ctx: Ctx::system(&store),
            id,
            file,
            _folder: folder,
        })
    }

    fn hash(&self, item: &Item) -> Result<Hash> {
        self.file.read_blocking(|s| s.body_hash(item.body_id))
    }
}

/// What stands in the place of an object of then.
enum Now {
    /// The same, by its UID: its name and bytes.
    Here(String, Hash),
    /// Something else has its name by now, which is to stay.
    NameTaken,
    Gone,
}

/// `1.ics` as `1-0a1b….ics`.
fn another_name(name: &str) -> String {
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, "ics"));
    format!("{stem}-{}.{end}", random::short_id())
}

struct Work<'a> {
    ctx: &'a Ctx,
    account: AccountId,
    then: &'a Then,
    stored: &'a StoredAccount,
    unpacker: Unpacker<'a>,
    brought: Brought,
}

impl Work<'_> {
    /// Returns how many folders were meant.
    async fn messages(&mut self, wanted: &Wanted) -> Result<usize> {
        let mut meant = 0;
        for (path, folder) in list_folders(&self.then.ctx, self.then.id).await?.iter() {
            if !wanted.means_folder(folder.id, &[path]) {
                continue;
            }
            meant += 1;
            let id = folder.id;
            let items = self
                .then
                .file
                .read_blocking(|s| s.items_by_uid(id, 1, u32::MAX))?;
            if !items.iter().any(|i| wanted.means(i)) {
                continue;
            }
            let to = self.place_of(path, folder.role, wanted.into.as_deref()).await?;
            let mut taken = HashSet::new();
            for item in items.iter().filter(|i| wanted.means(i)) {
                let now = self.message_now(item, to, &items, &mut taken).await?;
                self.message(item, now, to, path, wanted.over).await?;
            }
        }
        Ok(meant)
    }

    /// What an item of then is today. Several of a folder may have the same bytes: each is another's present but once, and
    /// its own where it is still there. `then`: all of the folder.
    async fn message_now(
        &self,
        item: &Item,
        to: FolderId,
        then: &[Item],
        taken: &mut HashSet<ItemId>,
    ) -> Result<Option<Item>> {
        let hash = self.then.hash(item)?;
        let file = self.ctx.store.account(self.account)?;
        let there = file.read(move |s| s.items_with_body(to, &hash)).await?;
        let is_others = |id: ItemId| then.iter().any(|other| other.id == id && other.id != item.id);
        let own = there.iter().find(|now| now.id == item.id);
        let other = || {
            there
                .iter()
                .find(|now| !taken.contains(&now.id) && !is_others(now.id))
        };
        let found = own.or_else(other).cloned();
        taken.extend(found.iter().map(|now| now.id));
        Ok(found)
    }

    /// The folder of today: by its task where it has one, for it may have another name now; else by its path.
    async fn place_of(&self, path: &str, role: Option<Role>, into: Option<&str>) -> Result<FolderId> {
        let now = list_folders(self.ctx, self.account).await?;
        let path = match into {
            Some(above) => format!("{above}/{path}"),
            None => path.to_owned(),
        };
        let by_role = role.filter(|_| into.is_none()).and_then(|role| now.by_role(role));
        match by_role.map(|(_, f)| f).or_else(|| now.find(&path)) {
            Some(folder) => Ok(folder.id),
            None => create_folder(self.ctx, self.account, &path, None).await,
        }
    }

    async fn message(
        &mut self,
        item: &Item,
        now: Option<Item>,
        to: FolderId,
        path: &str,
        over: bool,
    ) -> Result<()> {
        if let Some(now) = now {
            let is_other = now.flags != item.flags || now.keywords != item.keywords;
            if !over || !is_other {
                self.brought.present += 1;
                return Ok(());
            }
            let (id, flags, keywords) = (now.id, item.flags, item.keywords.clone());
            let file = self.ctx.store.account(self.account)?;
            file.write(move |tx| {
                let Some(now) = tx.item(id)? else { return Ok(()) };
                let change = FlagChange {
                    id,
                    before: now.flags,
                    flags,
                    keywords,
                };
                tx.change_flags(now.folder_id, &[change]).map(drop)
            })
            .await?;
            self.brought.replaced += 1;
            return Ok(());
        }
        let hash = self.then.hash(item)?;
        let mut intake = Intake::expecting(self.ctx, item.size_bytes as u64, u64::MAX)?;
        if !self.unpacker.read(&hash, &mut |piece| intake.write(piece))? {
            self.note_lost(item, path, None, hash);
            return Ok(());
        }
        let placement = Placement {
            folder_id: to,
            flags: item.flags,
            keywords: item.keywords.clone(),
            received_at_ms: item.received_at_ms,
        };
        append_message(self.ctx, self.account, intake.finish()?, placement).await?;
        self.brought.messages += 1;
        Ok(())
    }

    async fn objects(&mut self, wanted: &Wanted) -> Result<usize> {
        let mut meant = 0;
        for collection in list_collections(&self.then.ctx, self.then.id, &KINDS).await? {
            let names = [collection.folder.name.as_str(), collection.display_name()];
            if !wanted.means_folder(collection.folder.id, &names) {
                continue;
            }
            meant += 1;
            let id = collection.folder.id;
            let objects = self.then.file.read_blocking(|s| s.objects(id))?;
            let objects: Vec<Object> = objects.into_iter().filter(|o| wanted.means(&o.item)).collect();
            if objects.is_empty() {
                continue;
            }
            let to = self.collection_of(&collection).await?;
            for object in objects {
                self.object(&object, to, &collection, wanted.over).await?;
            }
        }
        Ok(meant)
    }

    async fn collection_of(&self, then: &Collection) -> Result<FolderId> {
        let kind = then.folder.kind;
        let now = list_collections(self.ctx, self.account, &[kind]).await?;
        match now.into_iter().find(|c| c.folder.name == then.folder.name) {
            Some(collection) => Ok(collection.folder.id),
            None => {
                let properties = then.properties.clone();
                create_collection(
                    self.ctx,
                    self.account,
                    kind,
                    &then.folder.name,
                    properties,
                    Vec::new(),
                )
                .await
            }
        }
    }

    /// What stands in its place today.
    async fn object_now(&self, object: &Object, to: FolderId) -> Result<Now> {
        let (name, uid) = (object.name.clone(), object.uid.clone());
        let file = self.ctx.store.account(self.account)?;
        file.read(move |s| {
            let same_uid = match &uid {
                Some(uid) => s.object_by_uid(to, uid)?,
                None => None,
            };
            let found = match same_uid {
                Some(same) => same,
                None => match s.object_by_name(to, &name)? {
                    // Without a UID the name is all that there is.
                    Some(named) if uid.is_none() || named.uid.is_none() => named,
                    Some(_) => return Ok(Now::NameTaken),
                    None => return Ok(Now::Gone),
                },
            };
            Ok(Now::Here(found.name, s.body_hash(found.item.body_id)?))
        })
        .await
    }

    async fn object(
        &mut self,
        object: &Object,
        to: FolderId,
        collection: &Collection,
        over: bool,
    ) -> Result<()> {
        let hash = self.then.hash(&object.item)?;
        let now = self.object_now(object, to).await?;
        if matches!(&now, Now::Here(_, same) if !over || *same == hash) {
            self.brought.present += 1;
            return Ok(());
        }
        let mut raw = Vec::new();
        let is_whole = self.unpacker.read(&hash, &mut |piece| {
            raw.extend_from_slice(piece);
            Ok(())
        })?;
        if !is_whole {
            let title = Some(object.name.clone());
            self.note_lost(&object.item, collection.display_name(), title, hash);
            return Ok(());
        }
        let columns = match collection.folder.kind {
            FolderKind::AddressBook => card_columns(&raw)?,
            _ => calendar_columns(&raw)?,
        };
        let (name, condition) = match now {
            Now::Here(name, _) => (name, Condition::Present),
            Now::Gone => (object.name.clone(), Condition::Absent),
            Now::NameTaken => (another_name(&object.name), Condition::Absent),
        };
        let given = Given {
            name: &name,
            raw,
            files: self.files(object, &columns.files, collection)?,
            columns,
        };
        let put = put_given(self.ctx, self.account, to, given, condition).await?;
        match put {
            Put::Stored { is_new: true, .. } => self.brought.objects += 1,
            Put::Stored { .. } => self.brought.replaced += 1,
            _ => self.brought.present += 1,
        }
        Ok(())
    }

    /// The files that an event named then and that the account held. One that is damaged or missing is told; the event
    /// comes back without it.
    fn files(&mut self, object: &Object, named: &[String], collection: &Collection) -> Result<Vec<HeldFile>> {
        let mut out = Vec::new();
        for managed_id in named {
            let hash = self.then.file.read_blocking(|s| s.attachment_hash(managed_id))?;
            let Some(hash) = hash else { continue };
            let mut stage = Stage::new(self.ctx.store.layout());
            if !self.unpacker.read(&hash, &mut |piece| stage.write(piece))? {
                let title = format!("{}, attachment {managed_id}", object.name);
                self.note_lost(&object.item, collection.display_name(), Some(title), hash);
                continue;
            }
            out.push(HeldFile {
                managed_id: managed_id.clone(),
                staged: stage.finish()?,
            });
        }
        Ok(out)
    }

    fn note_lost(&mut self, item: &Item, folder: &str, title: Option<String>, hash: Hash) {
        let lost = LostItem {
            folder: folder.to_owned(),
            title,
            received_at_ms: item.received_at_ms,
            size_bytes: item.size_bytes,
            hash,
        };
        self.brought.lost.push(describe(self.stored, &lost));
    }
}
