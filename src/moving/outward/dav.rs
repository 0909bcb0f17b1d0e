//! Calendars, tasks and contacts to another server by CalDAV and CardDAV: collections made where they are missing, objects put
//! under their names.

use super::{Options, Run};
use crate::base::{Error, Kind, Result};
use crate::calendar::attach::with_contents;
use crate::delivery::PostRoom;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, read_component};
use crate::formats::ical::attachment::{file_name, managed_id, managed_ids};
use crate::formats::xml::{NAMESPACES, text};
use crate::identity::Ctx;
use crate::model::moved::{Moved, State};
use crate::model::object::{Collection, Object};
use crate::model::{Account, Flags, FolderId, FolderKind, ItemId};
use crate::moving::dav::client::{Ask, Client};
use crate::moving::dav::collections::{Found, Remote, Service, find_collections};
use crate::moving::dav::objects::{BATCH, decoded, list_entries, read_objects};
use crate::moving::import::{FolderReport, Report};
use crate::objects::collections::list_collections;
use crate::objects::get::{list_objects, read_named};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use url::Url;

/// Files of one object: many servers take objects of 10 MB, and base64 makes four letters of three bytes.
const MOST_SENT: u64 = 6 << 20;

/// In a part of a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@');

/// Puts an account's calendars and tasks, or its contacts, onto another server. Errors: those of the connection and of the
/// store; what is wrong with a single object is in the report.
pub async fn send_objects(
    ctx: &Ctx,
    account: &Account,
    (room, start, user, password): (&Arc<PostRoom>, &Url, &str, &str),
    service: Service,
    options: &Options,
) -> Result<Report> {
    ctx.require_owner(account.id)?;
    let (word, kinds): (&str, &[FolderKind]) = match service {
        Service::Calendars => ("caldav", &[FolderKind::Calendar, FolderKind::TaskList]),
        Service::Contacts => ("carddav", &[FolderKind::AddressBook]),
    };
    let port = start.port_or_known_default().unwrap_or(443);
    let run = Run {
        ctx,
        account,
        options,
        name: format!("to:{word}:{user}@{}:{port}", start.host_str().unwrap_or_default()),
    };
    let mut client = Client::new(room, user, password);
    let found = find_collections(&mut client, start, service).await?;
    let mut report = Report::new(&run.name, account, options.is_dry_run);
    for collection in list_collections(ctx, account.id, kinds).await? {
        if let Some(goal) = options.goal(collection.display_name()) {
            let mut work = CollectionRun {
                run: &run,
                client: &mut client,
                collection: &collection,
            };
            work.bring(&found, &goal, &mut report).await?;
        }
    }
    Ok(report)
}

struct CollectionRun<'a> {
    run: &'a Run<'a>,
    client: &'a mut Client,
    collection: &'a Collection,
}

/// What the ledger says of ours.
type Rows = HashMap<ItemId, Moved>;

impl CollectionRun<'_> {
    fn kind(&self) -> FolderKind {
        self.collection.folder.kind
    }

    fn folder(&self) -> FolderId {
        self.collection.folder.id
    }

    async fn bring(&mut self, found: &Found, goal: &str, report: &mut Report) -> Result<()> {
        let objects = list_objects(self.run.ctx, self.run.account.id, self.folder()).await?;
        let kind = match self.kind() {
            FolderKind::AddressBook => "contacts",
            FolderKind::TaskList => "tasks",
            _ => "calendar",
        };
        let fits =
            |r: &&Remote| r.kinds.contains(&self.kind()) && r.name.to_lowercase() == goal.to_lowercase();
        let known = found.collections.iter().find(fits).cloned();
        report.begin_outward(FolderReport {
            path: self.collection.display_name().to_owned(),
            target: known.as_ref().map(|r| r.name.clone()),
            kind,
            items: objects.len() as u64,
            bytes: objects.iter().map(|o| o.item.size_bytes as u64).sum(),
            ..FolderReport::default()
        });
        let is_dry = self.run.options.is_dry_run;
        let remote = match known {
            Some(remote) => remote,
            // Nothing to put there.
            None if objects.is_empty() => return Ok(()),
            None if is_dry => {
                report.folder().new = objects.len() as u64;
                return Ok(());
            }
            None => {
                let made = self.make(found, goal).await?;
                report.folder().target = Some(made.name.clone());
                made
            }
        };
        let (move_folder, rows) = self.rows(&remote).await?;
        let before: Vec<Object> = objects
            .iter()
            .filter(|o| rows.contains_key(&o.item.id))
            .cloned()
            .collect();
        report.folder().known = before.len() as u64;
        report.folder().new = (objects.len() - before.len()) as u64;
        if is_dry {
            return Ok(());
        }
        self.put_all(&remote, move_folder, &rows, &objects, report)
            .await?;
        if self.run.options.follow_deletions {
            self.remove(&remote, move_folder, &rows, &objects, report).await?;
        }
        if self.run.options.verify {
            self.compare(&remote, report).await?;
        }
        Ok(())
    }

    async fn rows(&self, remote: &Remote) -> Result<(i64, Rows)> {
        let file = self.run.ctx.store.account(self.run.account.id)?;
        let (source, path, to) = (self.run.name.clone(), remote.url.path().to_owned(), self.folder());
        let version = (self.kind() as i64).to_string();
        let is_dry = self.run.options.is_dry_run;
        let rows = |all: Vec<Moved>| all.into_iter().filter_map(|r| Some((r.item_id?, r))).collect();
        if is_dry {
            return file
                .read(move |s| {
                    let known = s.moved_folders(&source)?;
                    let known = known.iter().find(|k| k.path == path && k.version == version);
                    Ok((
                        0,
                        rows(
                            known
                                .map(|k| s.moved_items(k.id))
                                .transpose()?
                                .unwrap_or_default(),
                        ),
                    ))
                })
                .await;
        }
        file.write(move |tx| {
            let id = tx.put_moved_folder(&source, &path, &version, to)?;
            Ok((id, rows(tx.moved_items(id)?)))
        })
        .await
    }

    /// A collection of this kind. Errors: NotFound, when the server has no place for it.
    async fn make(&mut self, found: &Found, goal: &str) -> Result<Remote> {
        let home = found.home.as_ref().ok_or_else(|| {
            Error::not_found(format!(
                "there is no »{goal}« there, and no place to make it; name the address of the server instead of a collection's"
            ))
        })?;
        let part: String = goal
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' })
            .collect();
        let part = format!("{}-{}", part.to_lowercase(), self.kind() as i64);
        let base = home.path().trim_end_matches('/');
        let url = home
            .join(&format!("{base}/{}/", utf8_percent_encode(&part, PLAIN)))
            .map_err(|e| Error::internal("no address of a collection").caused_by(e))?;
        let name = format!("<D:displayname>{}</D:displayname>", text(goal));
        let colour = self.collection.properties.colour.as_deref();
        let colour = colour
            .map(|c| format!("<I:calendar-color>{}</I:calendar-color>", text(c)))
            .unwrap_or_default();
        let (method, body) = match self.kind() {
            FolderKind::AddressBook => (
                "MKCOL",
                format!(
                    "<D:mkcol {NAMESPACES}><D:set><D:prop><D:resourcetype><D:collection/><A:addressbook/></D:resourcetype>{name}\
                     </D:prop></D:set></D:mkcol>"
                ),
            ),
            kind => {
                let component = if kind == FolderKind::TaskList {
                    "VTODO"
                } else {
                    "VEVENT"
                };
                (
                    "MKCALENDAR",
                    format!(
                        "<C:mkcalendar {NAMESPACES}><D:set><D:prop>{name}{colour}<C:supported-calendar-component-set>\
                         <C:comp name=\"{component}\"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"
                    ),
                )
            }
        };
        let ask = Ask {
            headers: Vec::new(),
            ..Ask::xml(method, "0", format!("<?xml version=\"1.0\"?>{body}"))
        };
        match self.client.send(&url, &ask).await?.check() {
            Ok(_) => {}
            // By an earlier run, and somebody has named it anew.
            Err(e) if matches!(e.kind(), Kind::Conflict | Kind::Invalid) && e.message().contains("405") => {}
            Err(e) => return Err(e),
        }
        Ok(Remote {
            url,
            name: goal.to_owned(),
            kinds: vec![self.kind()],
            properties: self.collection.properties.clone(),
        })
    }

    async fn put_all(
        &mut self,
        remote: &Remote,
        move_folder: i64,
        rows: &Rows,
        objects: &[Object],
        report: &mut Report,
    ) -> Result<()> {
        let (account, folder) = (self.run.account.id, self.folder());
        for batch in objects.chunks(BATCH) {
            let names = batch.iter().map(|o| o.name.clone()).collect();
            let mut done = Vec::new();
            for (_, found) in read_named(self.run.ctx, account, folder, names, true).await? {
                // One that was removed meanwhile is none.
                let Some((object, raw)) = found else { continue };
                let row = rows.get(&object.item.id);
                let mut hash = hash_of(&raw);
                if row.is_some_and(|r| r.hash == hash) {
                    continue;
                }
                let (raw, left_out) = self.as_sent(raw).await?;
                if !left_out.is_empty() {
                    // Each run is to say what stays here.
                    hash = *blake3::hash(&raw).as_bytes();
                }
                for name in left_out {
                    report.problem(format!(
                        "{}, {}: the attachment {name} is too large to go along; it stays here",
                        self.collection.display_name(),
                        object.name
                    ));
                }
                if row.is_some_and(|r| r.hash == hash) {
                    continue;
                }
                match self.put(remote, &object, &raw, row).await {
                    Ok((tag, is_adopted)) => {
                        let folder = report.folder();
                        match (is_adopted, row) {
                            (true, _) => folder.adopted += 1,
                            (false, Some(_)) => folder.changed += 1,
                            (false, None) => folder.stored += 1,
                        }
                        done.push(Moved {
                            name: name_there(&object.name),
                            item_id: Some(object.item.id),
                            hash,
                            state: State::Stored,
                            flags: Flags::NONE,
                            tag,
                        });
                    }
                    Err(e) if matches!(e.kind(), Kind::NotAuthenticated | Kind::Unavailable) => {
                        return Err(e);
                    }
                    Err(e) => report.problem(format!(
                        "{}, {}: {}",
                        self.collection.display_name(),
                        object.name,
                        e.message()
                    )),
                }
            }
            let file = self.run.ctx.store.account(account)?;
            file.write(move |tx| done.iter().try_for_each(|row| tx.put_moved(move_folder, row)))
                .await?;
        }
        Ok(())
    }

    /// With the files that it names in it: nobody there reads them here, nor knows the names that they have here. And the
    /// names of those that are too large.
    async fn as_sent(&self, raw: Vec<u8>) -> Result<(Vec<u8>, Vec<String>)> {
        if self.kind() == FolderKind::AddressBook {
            return Ok((raw, Vec::new()));
        }
        let named = read_component(&raw).map(|c| managed_ids(&c)).unwrap_or_default();
        if named.is_empty() {
            return Ok((raw, Vec::new()));
        }
        let raw = with_contents(self.run.ctx, self.run.account.id, raw, None, MOST_SENT).await?;
        let mut calendar = read_component(&raw)?;
        let mut left_out = Vec::new();
        for line in calendar.parts.iter_mut().flat_map(|c| &mut c.properties) {
            if managed_id(line).is_none() {
                continue;
            }
            if line.param("VALUE") != Some("BINARY") {
                left_out.push(file_name(line).to_owned());
            }
            line.take_param("MANAGED-ID");
        }
        Ok((print_component(&calendar).into_bytes(), left_out))
    }

    /// `name`: as [`name_there`] has it.
    fn address(remote: &Remote, name: &str) -> Result<Url> {
        let base = remote.url.path().trim_end_matches('/');
        let url = remote
            .url
            .join(&format!("{base}/{}", utf8_percent_encode(name, PLAIN)));
        url.map_err(|e| Error::internal("no address of an object").caused_by(e))
    }

    /// Returns its ETag there, and whether it was there already. Errors: Conflict, when another one is.
    async fn put(
        &mut self,
        remote: &Remote,
        object: &Object,
        raw: &[u8],
        row: Option<&Moved>,
    ) -> Result<(String, bool)> {
        let url = Self::address(remote, &name_there(&object.name))?;
        let is_card = self.kind() == FolderKind::AddressBook;
        let condition = match row {
            None => vec![("if-none-match", "*".to_owned())],
            Some(row) if row.tag.starts_with('"') => vec![("if-match", row.tag.clone())],
            Some(_) => Vec::new(),
        };
        let ask = Ask {
            method: "PUT",
            headers: condition,
            content_type: if is_card {
                "text/vcard; charset=utf-8"
            } else {
                "text/calendar; charset=utf-8"
            },
            body: raw.to_vec(),
        };
        let reply = match self.client.send(&url, &ask).await?.check() {
            Ok(reply) => reply,
            Err(e) if e.kind() == Kind::Conflict => {
                let there = self.client.send(&url, &Ask::plain("GET")).await?.check()?;
                return match has_same_meaning(&there.body, raw) {
                    true => Ok((there.etag.unwrap_or_default(), true)),
                    false => Err(Error::conflict(
                        "another one is there, which was written there; it was left alone",
                    )),
                };
            }
            Err(e) => return Err(e),
        };
        Ok((reply.etag.unwrap_or_default(), false))
    }

    async fn remove(
        &mut self,
        remote: &Remote,
        move_folder: i64,
        rows: &Rows,
        objects: &[Object],
        report: &mut Report,
    ) -> Result<()> {
        let here: HashSet<ItemId> = objects.iter().map(|o| o.item.id).collect();
        for row in rows
            .iter()
            .filter(|(id, _)| !here.contains(id))
            .map(|(_, row)| row)
        {
            let mut ask = Ask::plain("DELETE");
            if row.tag.starts_with('"') {
                ask.headers.push(("if-match", row.tag.clone()));
            }
            match self
                .client
                .send(&Self::address(remote, &row.name)?, &ask)
                .await?
                .check()
            {
                Ok(_) => report.removed += 1,
                // Gone there too, or worked on there.
                Err(e) if matches!(e.kind(), Kind::NotFound | Kind::Conflict) => {}
                Err(e) => return Err(e),
            }
            let name = row.name.clone();
            let file = self.run.ctx.store.account(self.run.account.id)?;
            file.write(move |tx| tx.forget_moved(move_folder, &name)).await?;
        }
        Ok(())
    }

    /// The proof: every object of ours is there and says the same. Servers print in their own way.
    async fn compare(&mut self, remote: &Remote, report: &mut Report) -> Result<()> {
        let (ctx, account, folder) = (self.run.ctx, self.run.account.id, self.folder());
        let entries = list_entries(self.client, remote, self.kind()).await?;
        let by_name: HashMap<String, Url> = entries.into_iter().map(|e| (e.name, e.url)).collect();
        let path = self.collection.display_name().to_owned();
        let names: Vec<String> = list_objects(ctx, account, folder)
            .await?
            .into_iter()
            .map(|o| o.name)
            .collect();
        for batch in names.chunks(BATCH) {
            let urls: Vec<Url> = batch
                .iter()
                .filter_map(|n| by_name.get(&name_there(n)))
                .cloned()
                .collect();
            let there = match urls.is_empty() {
                true => HashMap::new(),
                false => read_objects(self.client, remote, self.kind(), &urls).await?,
            };
            for (name, ours) in read_named(ctx, account, folder, batch.to_vec(), true).await? {
                let Some((_, raw)) = ours else { continue };
                let (raw, _) = self.as_sent(raw).await?;
                report.compared += 1;
                match by_name
                    .get(&name_there(&name))
                    .and_then(|u| there.get(&decoded(u)))
                {
                    None => report.differ(&path, &name, "", "is not there"),
                    Some(found) if !has_same_meaning(found, &raw) => {
                        report.differ(&path, &name, "", "has other contents there");
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }
}

/// Stands for what is sent of an object. A managed id always means the same bytes, so that the files need not be read; an
/// object that names some has another hash than its text, under which it was noted when it went without them.
fn hash_of(raw: &[u8]) -> [u8; 32] {
    let named = read_component(raw).map(|c| managed_ids(&c)).unwrap_or_default();
    let mut hasher = blake3::Hasher::new();
    hasher.update(raw);
    if !named.is_empty() {
        hasher.update(b"with its files in it");
    }
    *hasher.finalize().as_bytes()
}

/// An object's name on another server: servers that keep a file for each take only plain ones.
fn name_there(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.@+".contains(c);
    if name.chars().all(is_plain) && !name.starts_with('.') && name.len() <= 200 {
        return name.to_owned();
    }
    let extension = name
        .rsplit_once('.')
        .map_or("ics", |(_, e)| if e == "vcf" { "vcf" } else { "ics" });
    format!("{}.{extension}", &blake3::hash(name.as_bytes()).to_hex()[..32])
}

/// The same properties with the same values, in whatever order. Who printed it is no part of it.
fn has_same_meaning(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    match (read_component(a), read_component(b)) {
        (Ok(a), Ok(b)) => essence(&a) == essence(&b),
        _ => false,
    }
}

fn essence(component: &Component) -> Vec<String> {
    let mut out: Vec<String> = component
        .properties
        .iter()
        .filter(|p| !["PRODID", "REV"].contains(&p.name.as_str()) && !p.name.starts_with("X-RADICALE"))
        .map(|p| {
            let mut params = p.params.clone();
            params.sort();
            // Blanks where a line was folded, and escapes that nobody needs.
            format!("{}{params:?}{}", p.name, p.text().trim_end())
        })
        .collect();
    out.extend(
        component
            .parts
            .iter()
            .map(|part| format!("{}{:?}", part.name, essence(part))),
    );
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_without_its_files_is_sent_again_and_the_rest_is_not() {
        let plain = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(hash_of(plain), *blake3::hash(plain).as_bytes());
        let text = String::from_utf8_lossy(plain);
        let with = text.replace("UID:1", "UID:1\r\nATTACH;MANAGED-ID=a:https://box.test/a");
        assert_ne!(
            hash_of(with.as_bytes()),
            *blake3::hash(with.as_bytes()).as_bytes()
        );
        assert_eq!(hash_of(with.as_bytes()), hash_of(with.as_bytes()));
    }

    #[test]
    fn another_order_says_the_same_and_another_value_does_not() {
        let a = b"BEGIN:VCALENDAR\r\nPRODID:a\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:a\\, b\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let b = b"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:b\nBEGIN:VEVENT\nSUMMARY:a, b\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n";
        assert!(has_same_meaning(a, b));
        assert!(!has_same_meaning(
            a,
            &b[..]
                .to_vec()
                .iter()
                .map(|c| if *c == b'1' { b'2' } else { *c })
                .collect::<Vec<u8>>()
        ));
        assert!(!has_same_meaning(a, b"x"));
    }
}
