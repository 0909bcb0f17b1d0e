//! Microsoft Graph as a source of mail: Microsoft 365, and another Hauspost.

use super::source::{Content, Fetched, Listed, MAX_BYTES, Marks, Source, SourceFolder, hand_on};
use crate::base::{Error, Kind, Result, TimeMs};
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::mail::category::to_keyword;
use crate::model::{Flags, FolderKind, Role};
use crate::moving::graph::client::Client;
use crate::moving::graph::sign_in::Access;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc::Sender;
use url::Url;

/// Requests that are out at the same time; Microsoft takes four for one mailbox.
const AT_ONCE: usize = 4;
const MOST_FOLDERS: usize = 20_000;
/// Folders by their task (Graph's wellKnownName).
const ROLES: [(&str, Role); 6] = [
    ("inbox", Role::Inbox),
    ("drafts", Role::Drafts),
    ("sentitems", Role::Sent),
    ("deleteditems", Role::Trash),
    ("junkemail", Role::Junk),
    ("archive", Role::Archive),
];
/// What only waits to be sent is not moved: it would be sent twice, or never.
const OUTBOX: &str = "outbox";
/// MAPI properties: PidTagMessageSize, and PidTagLastVerbExecuted, what was done with it last.
const SIZE: &str = "Integer 0xe08";
const LAST_VERB: &str = "Integer 0x1081";

pub struct Graph {
    ctx: Ctx,
    name: String,
    /// `me`, or `users` and whom.
    owner: Vec<String>,
    clients: Vec<Client>,
    /// Ids of the folders that were listed.
    places: Vec<String>,
    /// Ids of messages, folder by folder.
    messages: HashMap<usize, Vec<String>>,
}

impl Graph {
    /// `user`: whose mailbox, for a program; None: of who has signed in. Errors: NotFound, Forbidden, NotAuthenticated, Unavailable.
    pub async fn open(
        ctx: &Ctx,
        room: &Arc<PostRoom>,
        (base, access): (Url, Arc<Access>),
        user: Option<&str>,
    ) -> Result<Graph> {
        let host = base.host_str().unwrap_or_default().to_owned();
        let owner = match user {
            Some(user) => vec!["users".to_owned(), user.to_owned()],
            None => vec!["me".to_owned()],
        };
        let clients = (0..AT_ONCE).map(|_| Client::new(room, access.clone(), base.clone()));
        let mut graph = Graph {
            ctx: ctx.clone(),
            name: String::new(),
            owner,
            clients: clients.collect(),
            places: Vec::new(),
            messages: HashMap::new(),
        };
        // Who is let into mailboxes may not ask about people.
        let whose = match user {
            Some(user) => user.to_owned(),
            None => graph.own_name().await?,
        };
        graph.name = format!("graph:{}@{host}", whose.to_lowercase());
        Ok(graph)
    }

    async fn own_name(&mut self) -> Result<String> {
        let url = self.url(&[], "$select=userPrincipalName")?;
        let me = self.client()?.get(&url).await?;
        let name = me["userPrincipalName"].as_str().map(str::to_owned);
        name.ok_or_else(|| Error::invalid("the other server does not say whose mailbox it is"))
    }

    fn client(&mut self) -> Result<&mut Client> {
        self.clients
            .first_mut()
            .ok_or_else(|| Error::internal("no connection"))
    }

    fn url(&self, path: &[&str], query: &str) -> Result<Url> {
        let client = self
            .clients
            .first()
            .ok_or_else(|| Error::internal("no connection"))?;
        let owner = self.owner.iter().map(String::as_str);
        client.url(&owner.chain(path.iter().copied()).collect::<Vec<_>>(), query)
    }

    /// None: there is none of that name.
    async fn well_known(&mut self, name: &str) -> Result<Option<String>> {
        let url = self.url(&["mailFolders", name], "$select=id")?;
        match self.client()?.get(&url).await {
            Ok(folder) => Ok(folder["id"].as_str().map(str::to_owned)),
            Err(e) if matches!(e.kind(), Kind::NotFound | Kind::Invalid) => Ok(None),
            Err(e) => Err(e),
        }
    }

    async fn children(&mut self, of: Option<&str>) -> Result<Vec<Value>> {
        let query = "$top=100&$select=id,displayName,childFolderCount";
        let url = match of {
            Some(id) => self.url(&["mailFolders", id, "childFolders"], query)?,
            None => self.url(&["mailFolders"], query)?,
        };
        let mut found = Vec::new();
        self.client()?.each(url, |folder| found.push(folder)).await?;
        Ok(found)
    }
}

impl Source for Graph {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        let mut roles = HashMap::new();
        for (name, role) in ROLES {
            roles.extend(self.well_known(name).await?.map(|id| (id, role)));
        }
        let outbox = self.well_known(OUTBOX).await?;
        self.places.clear();
        self.messages.clear();
        let mut out = Vec::new();
        let mut open: Vec<(Option<String>, String)> = vec![(None, String::new())];
        while let Some((parent, above)) = open.pop() {
            for folder in self.children(parent.as_deref()).await? {
                let Some(id) = folder["id"].as_str().filter(|id| outbox.as_deref() != Some(*id)) else {
                    continue;
                };
                if out.len() >= MOST_FOLDERS {
                    return Err(Error::invalid(format!(
                        "there are more than {MOST_FOLDERS} folders there"
                    )));
                }
                let name = folder["displayName"].as_str().unwrap_or(id).replace('/', "∕");
                let path = match above.as_str() {
                    "" => name,
                    above => format!("{above}/{name}"),
                };
                if folder["childFolderCount"].as_u64() != Some(0) {
                    open.push((Some(id.to_owned()), path.clone()));
                }
                out.push(SourceFolder {
                    path,
                    version: id.to_owned(),
                    kind: FolderKind::Mail,
                    role: roles.get(id).copied(),
                    is_subscribed: true,
                    place: self.places.len(),
                    ..SourceFolder::default()
                });
                self.places.push(id.to_owned());
            }
        }
        Ok(out)
    }

    async fn list(&mut self, folder: &SourceFolder) -> Result<Vec<Listed>> {
        let id = self.places.get(folder.place).cloned();
        let id = id.ok_or_else(|| Error::internal("a folder that was not listed"))?;
        let query = format!(
            "$top=500&$select=id,isRead,isDraft,flag,categories,receivedDateTime&$expand=singleValueExtendedProperties($filter=id%20eq%20'{}'%20or%20id%20eq%20'{}')",
            SIZE.replace(' ', "%20"),
            LAST_VERB.replace(' ', "%20")
        );
        let url = self.url(&["mailFolders", &id, "messages"], &query)?;
        let mut listed = Vec::new();
        let take = |message: Value| listed.extend(describe(&message, listed.len()));
        self.client()?.each(url, take).await?;
        let ids = listed.iter().map(|l| l.name.clone()).collect();
        self.messages.insert(folder.place, ids);
        Ok(listed)
    }

    async fn fetch(&mut self, folder: &SourceFolder, wanted: &[Listed], out: Sender<Fetched>) -> Result<()> {
        let ids = self.messages.get(&folder.place);
        let ids = ids.ok_or_else(|| Error::internal("a folder that was not listed"))?;
        let mut urls = Vec::with_capacity(wanted.len());
        for listed in wanted {
            let id = usize::try_from(listed.place).ok().and_then(|at| ids.get(at));
            let id = id.ok_or_else(|| Error::internal("a message that was not listed"))?;
            urls.push(self.url(&["messages", id, "$value"], "")?);
        }
        let next = AtomicUsize::new(0);
        let each = self.clients.iter_mut().map(|client| {
            let (next, urls, out, ctx) = (&next, &urls, &out, &self.ctx);
            async move {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(url) = urls.get(at) else { return Ok(()) };
                    let content = match client.read(url, ctx, MAX_BYTES).await {
                        Ok(intake) => Content::Bytes(Box::new(intake)),
                        Err(e) if e.kind() == Kind::NotFound => continue,
                        Err(e) if matches!(e.kind(), Kind::OverQuota | Kind::Invalid) => {
                            Content::Unreadable(e.message().to_owned())
                        }
                        Err(e) => return Err(e),
                    };
                    hand_on(out, at, content).await?;
                }
            }
        });
        futures_util::future::try_join_all(each).await?;
        Ok(())
    }
}

/// `at`: its place in the list. None: it has no id.
fn describe(message: &Value, at: usize) -> Option<Listed> {
    let properties = message["singleValueExtendedProperties"].as_array();
    let property = |id: &str| -> Option<u64> {
        let found = properties?
            .iter()
            .find(|p| p["id"].as_str().is_some_and(|i| i.eq_ignore_ascii_case(id)));
        found?["value"].as_str()?.parse().ok()
    };
    let mut marks = Marks::default();
    let flagged = message["flag"]["flagStatus"] == "flagged";
    // MS-OXOMSG §2.2.1.8.
    let verb = property(LAST_VERB);
    let is_answered = matches!(verb, Some(102 | 103));
    for (is_set, flag) in [
        (message["isRead"] == true, Flags::SEEN),
        (message["isDraft"] == true, Flags::DRAFT),
        (flagged, Flags::FLAGGED),
        (is_answered, Flags::ANSWERED),
    ] {
        if is_set {
            marks.add(flag);
        }
    }
    if verb == Some(104) {
        marks.add_name("$Forwarded");
    }
    let categories = message["categories"].as_array().into_iter().flatten();
    for keyword in categories.filter_map(|c| to_keyword(c.as_str()?)) {
        marks.keywords.add(&keyword);
    }
    Some(Listed {
        name: message["id"].as_str()?.to_owned(),
        size_bytes: property(SIZE).unwrap_or(0),
        marks: Some(marks),
        received_at_ms: received(message),
        tag: String::new(),
        place: at as u64,
    })
}

fn received(message: &Value) -> Option<TimeMs> {
    let time: jiff::Timestamp = message["receivedDateTime"].as_str()?.parse().ok()?;
    Some(time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn marks_are_what_people_saw() {
        let message = json!({
            "id": "A", "isRead": true, "isDraft": false, "flag": {"flagStatus": "flagged"}, "categories": ["Offen"],
            "receivedDateTime": "2026-11-24T08:30:00Z",
            "singleValueExtendedProperties": [{"id": "Integer 0xe08", "value": "1234"}, {"id": "Integer 0x1081", "value": "102"}],
        });
        let listed = describe(&message, 7).unwrap();
        let marks = listed.marks.unwrap();
        for flag in [Flags::SEEN, Flags::FLAGGED, Flags::ANSWERED] {
            assert!(marks.flags.contains(flag));
        }
        assert!(!marks.flags.contains(Flags::DRAFT));
        assert_eq!((listed.size_bytes, listed.place), (1234, 7));
        assert_eq!(listed.received_at_ms, Some(1_795_509_000_000));
        assert_eq!(crate::mail::category::categories(&marks.keywords), ["Offen"]);
        assert!(describe(&json!({}), 0).is_none());
    }
}
