//! CalDAV and CardDAV as sources: Kopano, Nextcloud, Radicale, iCloud, every server that speaks them, and another Hauspost.

use super::source::{Content, Fetched, Listed, Source, SourceFolder, hand_on};
use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::mail::Intake;
use crate::model::FolderKind;
use crate::moving::dav::client::Client;
use crate::moving::dav::collections::{Remote, Service, find_collections};
use crate::moving::dav::objects::{self, Entry, decoded, list_entries, read_objects};
use crate::objects::put::MAX_BYTES;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use url::Url;

pub struct Dav {
    ctx: Ctx,
    client: Client,
    name: String,
    start: Url,
    service: Service,
    places: Vec<Place>,
}

/// One collection, and what of it is one of ours.
struct Place {
    remote: Remote,
    kind: FolderKind,
    entries: Vec<Entry>,
}

impl Dav {
    /// `start`: an address with neither user nor password in it.
    pub fn new(
        ctx: &Ctx,
        room: &Arc<PostRoom>,
        (start, user, password): (Url, &str, &str),
        service: Service,
    ) -> Dav {
        let word = match service {
            Service::Calendars => "caldav",
            Service::Contacts => "carddav",
        };
        let port = start.port_or_known_default().unwrap_or(443);
        Dav {
            ctx: ctx.clone(),
            client: Client::new(room, user, password),
            name: format!("{word}:{user}@{}:{port}", start.host_str().unwrap_or_default()),
            start,
            service,
            places: Vec::new(),
        }
    }

    fn place(&mut self, folder: &SourceFolder) -> Result<(&mut Client, &mut Place)> {
        let place = self.places.get_mut(folder.place);
        let place = place.ok_or_else(|| Error::internal("a collection that was not listed"))?;
        Ok((&mut self.client, place))
    }
}

impl Source for Dav {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        let found = find_collections(&mut self.client, &self.start, self.service).await?;
        self.places.clear();
        let mut out: Vec<SourceFolder> = Vec::new();
        for remote in found.collections {
            for kind in remote.kinds.clone() {
                let entries = list_entries(&mut self.client, &remote, kind).await?;
                // Most calendars could hold tasks, and few do.
                if kind == FolderKind::TaskList && remote.kinds.len() > 1 && entries.is_empty() {
                    continue;
                }
                let same = |f: &&SourceFolder| f.kind == kind && f.path.starts_with(&remote.name);
                let path = match out.iter().filter(same).any(|f| f.path == remote.name) {
                    true => format!("{} ({})", remote.name, remote.url.path()),
                    false => remote.name.clone(),
                };
                out.push(SourceFolder {
                    path: path.replace('/', "∕"),
                    version: remote.url.path().to_owned(),
                    kind,
                    is_subscribed: true,
                    properties: remote.properties.clone(),
                    place: self.places.len(),
                    ..SourceFolder::default()
                });
                self.places.push(Place {
                    remote: remote.clone(),
                    kind,
                    entries,
                });
            }
        }
        Ok(out)
    }

    async fn list(&mut self, folder: &SourceFolder) -> Result<Vec<Listed>> {
        let (client, place) = self.place(folder)?;
        place.entries = list_entries(client, &place.remote, place.kind).await?;
        let listed = place.entries.iter().enumerate().map(|(at, e)| Listed {
            name: e.name.clone(),
            tag: e.etag.clone(),
            place: at as u64,
            ..Listed::default()
        });
        Ok(listed.collect())
    }

    async fn fetch(&mut self, folder: &SourceFolder, wanted: &[Listed], out: Sender<Fetched>) -> Result<()> {
        let ctx = self.ctx.clone();
        let (client, place) = self.place(folder)?;
        for (batch, listed) in wanted.chunks(objects::BATCH).enumerate() {
            let entry = |l: &Listed| place.entries.get(usize::try_from(l.place).unwrap_or(usize::MAX));
            let urls: Vec<Url> = listed
                .iter()
                .filter_map(|l| Some(entry(l)?.url.clone()))
                .collect();
            let found = read_objects(client, &place.remote, place.kind, &urls).await?;
            for (at, url) in urls.iter().enumerate() {
                let Some(raw) = found.get(&decoded(url)) else {
                    continue;
                };
                let content = if raw.len() > MAX_BYTES {
                    Content::Unreadable(format!("it is larger than {} MB", MAX_BYTES >> 20))
                } else {
                    let mut intake = Intake::new(&ctx, MAX_BYTES as u64);
                    intake.write(raw)?;
                    Content::Bytes(Box::new(intake))
                };
                hand_on(&out, batch * objects::BATCH + at, content).await?;
            }
        }
        Ok(())
    }
}
