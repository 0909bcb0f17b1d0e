//! IMAP as a source: every provider, and Gmail, where a message is in one mailbox and its labels say where people see it.

use super::source::{Content, Fetched, Listed, MAX_BYTES, Marks, Source, SourceFolder, hand_on};
use crate::base::{Error, Kind, Result};
use crate::delivery::PostRoom;
use crate::formats::imap::date_time::parse_date_time;
use crate::formats::imap::mailbox_name::{Names, decode};
use crate::identity::Ctx;
use crate::mail::Intake;
use crate::mail::category::to_keyword;
use crate::model::collect::CollectServer;
use crate::model::{Flags, Role};
use crate::moving::imap::client::{Answer, Client};
use crate::moving::imap::mailboxes::{Mailbox, list_mailboxes, naming};
use crate::moving::imap::response::{Value, named, quote, values};
use crate::moving::imap::uid_set;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Messages of one command, and commands that are out at the same time.
const BATCH: usize = 250;
const AHEAD: usize = 2;
/// A connection that breaks off is made anew so often, for one folder, each time after a pause.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

pub struct Imap {
    ctx: Ctx,
    room: Arc<PostRoom>,
    server: CollectServer,
    client: Option<Client>,
    /// What is open in the connection.
    selected: Option<Vec<u8>>,
    places: Vec<Place>,
    /// UIDs of the mailboxes that were listed, ascending.
    uids: HashMap<Vec<u8>, Vec<u32>>,
    /// What Gmail's mailbox with everything holds, by the folder in which people see it.
    gmail: HashMap<Role, Vec<Listed>>,
}

/// Where a folder's messages are.
struct Place {
    mailbox: Vec<u8>,
    /// Gmail: those of all that people see here.
    seen_in: Option<Role>,
}

/// What people see of Gmail's mailbox with everything.
const SEEN_IN: [(Role, &str); 4] = [
    (Role::Inbox, "INBOX"),
    (Role::Sent, "Sent"),
    (Role::Drafts, "Drafts"),
    (Role::Archive, "Archive"),
];

impl Imap {
    /// Connects and signs in. Errors: NotFound (the name), NotAuthenticated, Unavailable.
    pub async fn open(ctx: &Ctx, room: &Arc<PostRoom>, server: CollectServer) -> Result<Imap> {
        let client = Client::sign_in(room, &server).await?;
        Ok(Imap {
            ctx: ctx.clone(),
            room: room.clone(),
            server,
            client: Some(client),
            selected: None,
            places: Vec::new(),
            uids: HashMap::new(),
            gmail: HashMap::new(),
        })
    }

    async fn client(&mut self) -> Result<&mut Client> {
        if self.client.is_none() {
            self.selected = None;
            self.client = Some(Client::sign_in(&self.room, &self.server).await?);
        }
        self.client
            .as_mut()
            .ok_or_else(|| Error::internal("no connection"))
    }

    /// Opens a mailbox without changing anything in it. Returns its UIDVALIDITY.
    async fn examine(&mut self, mailbox: &[u8]) -> Result<String> {
        let command = [b"EXAMINE ", &quote(mailbox)[..]].concat();
        let client = self.client().await?;
        let mut validity = String::from("0");
        client
            .run(&String::from_utf8_lossy(&command), |answer| {
                let text = String::from_utf8_lossy(&answer.line).to_ascii_uppercase();
                if let Some((_, rest)) = text.split_once("[UIDVALIDITY ") {
                    validity = rest.chars().take_while(char::is_ascii_digit).collect();
                }
                Ok(())
            })
            .await?;
        self.selected = Some(mailbox.to_vec());
        Ok(validity)
    }

    async fn place_folder(&mut self, mailbox: &Mailbox, folders: &mut Vec<SourceFolder>) -> Result<()> {
        let version = match self.examine(&mailbox.name).await {
            Ok(version) => version,
            // A shared mailbox of somebody who has taken it away, a name that is none any more.
            Err(e) if e.kind() == Kind::Invalid => {
                tracing::warn!(
                    mailbox = mailbox.path,
                    error = e.message(),
                    "a mailbox cannot be opened"
                );
                return Ok(());
            }
            Err(e) => return Err(e),
        };
        folders.push(SourceFolder {
            path: mailbox.path.clone(),
            version,
            role: mailbox.role,
            is_subscribed: mailbox.is_subscribed,
            place: self.places.len(),
            ..SourceFolder::default()
        });
        self.places.push(Place {
            mailbox: mailbox.name.clone(),
            seen_in: None,
        });
        Ok(())
    }

    /// Gmail: what people see as folders is one mailbox, spam and trash.
    async fn gmail_folders(&mut self, all: &Mailbox, mailboxes: &[Mailbox]) -> Result<Vec<SourceFolder>> {
        let mut folders = Vec::new();
        for (role, path) in SEEN_IN {
            folders.push(SourceFolder {
                path: path.to_owned(),
                version: "gmail".into(),
                role: Some(role),
                is_subscribed: true,
                place: self.places.len(),
                ..SourceFolder::default()
            });
            self.places.push(Place {
                mailbox: all.name.clone(),
                seen_in: Some(role),
            });
        }
        for mailbox in mailboxes
            .iter()
            .filter(|m| matches!(m.role, Some(Role::Junk | Role::Trash)))
        {
            self.place_folder(mailbox, &mut folders).await?;
        }
        Ok(folders)
    }

    async fn list_mailbox(&mut self, mailbox: &[u8]) -> Result<Vec<(Listed, Vec<String>)>> {
        self.examine(mailbox).await?;
        let client = self.client().await?;
        let is_gmail = client.has("X-GM-EXT-1");
        let more = if is_gmail { " X-GM-MSGID X-GM-LABELS" } else { "" };
        let mut out: Vec<(Listed, Vec<String>)> = Vec::new();
        client
            .run(
                &format!("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE{more})"),
                |answer| {
                    out.extend(read_listed(&answer));
                    Ok(())
                },
            )
            .await?;
        out.sort_by_key(|(l, _)| l.place);
        // A server tells of a change meanwhile a second time.
        out.dedup_by_key(|(l, _)| l.place);
        let uids = out.iter().map(|(l, _)| l.place as u32).collect();
        self.uids.insert(mailbox.to_vec(), uids);
        Ok(out)
    }

    async fn list_gmail(&mut self, mailbox: &[u8], role: Role) -> Result<Vec<Listed>> {
        // The inbox is the first of them: everything is read with it, once.
        if role == Role::Inbox || self.gmail.is_empty() {
            self.gmail = SEEN_IN.iter().map(|(role, _)| (*role, Vec::new())).collect();
            for (mut listed, labels) in self.list_mailbox(mailbox).await? {
                let role = apply_labels(&mut listed, &labels);
                self.gmail.entry(role).or_default().push(listed);
            }
        }
        Ok(self.gmail.get(&role).cloned().unwrap_or_default())
    }

    /// Fetches until the connection breaks; notes in `done` what has been handed on.
    async fn fetch_some(
        &mut self,
        mailbox: &[u8],
        wanted: &[(u32, usize)],
        done: &mut [bool],
        out: &Sender<Fetched>,
    ) -> Result<()> {
        if self.selected.as_deref() != Some(mailbox) || self.client.is_none() {
            self.examine(mailbox).await?;
        }
        let all = self.uids.remove(mailbox).unwrap_or_default();
        let ctx = self.ctx.clone();
        let client = self.client().await?;
        let fetched = fetch_batches(&ctx, client, &all, wanted, done, out).await;
        self.uids.insert(mailbox.to_vec(), all);
        fetched
    }
}

async fn fetch_batches(
    ctx: &Ctx,
    client: &mut Client,
    all: &[u32],
    wanted: &[(u32, usize)],
    done: &mut [bool],
    out: &Sender<Fetched>,
) -> Result<()> {
    let left: Vec<(u32, usize)> = wanted.iter().filter(|(_, at)| !done[*at]).copied().collect();
    let by_uid: HashMap<u32, usize> = left.iter().copied().collect();
    let mut batches = left.chunks(BATCH);
    let mut sent: VecDeque<String> = VecDeque::new();
    loop {
        while sent.len() < AHEAD
            && let Some(batch) = batches.next()
        {
            let uids: Vec<u32> = batch.iter().map(|(uid, _)| *uid).collect();
            let command = format!("UID FETCH {} (UID BODY.PEEK[])", uid_set(&uids, all));
            sent.push_back(client.send(&command).await?);
        }
        let Some(tag) = sent.pop_front() else {
            return Ok(());
        };
        loop {
            let mut answer = client.answer().await?;
            if let Some((found, is_ok, text)) = answer.tagged() {
                if found == tag {
                    if !is_ok {
                        return Err(Error::invalid(format!("the other server says: {text}")));
                    }
                    break;
                }
                continue;
            }
            let read = read_body(ctx, client, &mut answer).await?;
            let at = read.as_ref().and_then(|(uid, _)| by_uid.get(uid)).copied();
            if let (Some((_, content)), Some(at)) = (read, at)
                && !done[at]
            {
                hand_on(out, at, content).await?;
                done[at] = true;
            }
        }
    }
}

/// The message that an answer holds, with its UID.
async fn read_body(ctx: &Ctx, client: &mut Client, answer: &mut Answer) -> Result<Option<(u32, Content)>> {
    let mut content = None;
    while let Some(size) = answer.body.take() {
        if size > MAX_BYTES {
            client.body(size, |_| Ok(())).await?;
            content = Some(Content::Unreadable(format!(
                "it is larger than {} MB",
                MAX_BYTES >> 20
            )));
        } else {
            let mut intake = Intake::new(ctx, MAX_BYTES);
            client.body(size, |piece| intake.write(piece)).await?;
            content = Some(Content::Bytes(Box::new(intake)));
        }
        answer.line.extend_from_slice(b"\"\"");
        client.rest(answer).await?;
    }
    let all = answer.values();
    let Some(pairs) = fetch_pairs(&all) else {
        return Ok(None);
    };
    let uid = named(pairs, "UID").and_then(Value::number);
    let Some(uid) = uid.and_then(|u| u32::try_from(u).ok()) else {
        return Ok(None);
    };
    if content.is_none() {
        // A short one may come as a quoted text.
        content = match named(pairs, "BODY[]") {
            Some(Value::Text(text)) if !text.eq_ignore_ascii_case(b"NIL") => {
                let mut intake = Intake::new(ctx, MAX_BYTES);
                intake.write(text)?;
                Some(Content::Bytes(Box::new(intake)))
            }
            _ => None,
        };
    }
    Ok(content.map(|c| (uid, c)))
}

fn fetch_pairs(all: &[Value]) -> Option<&[Value]> {
    let is_fetch = all.get(2).is_some_and(|w| w.word().eq_ignore_ascii_case("FETCH"));
    all.get(3).filter(|_| is_fetch).map(Value::list)
}

/// A message of a list, with its labels.
fn read_listed(answer: &Answer) -> Option<(Listed, Vec<String>)> {
    let all = values(&answer.line);
    let pairs = fetch_pairs(&all)?;
    let uid = named(pairs, "UID").and_then(Value::number)?;
    // What changes meanwhile is told without a size.
    let size = named(pairs, "RFC822.SIZE").and_then(Value::number)?;
    let mut marks = Marks::default();
    for flag in named(pairs, "FLAGS").map(Value::list).unwrap_or_default() {
        marks.add_name(&flag.word());
    }
    let labels = named(pairs, "X-GM-LABELS").map(Value::list).unwrap_or_default();
    let labels = labels
        .iter()
        .filter_map(|l| decode(l.text()?, Names::Utf7))
        .collect();
    let id = named(pairs, "X-GM-MSGID").map(Value::word);
    Some((
        Listed {
            name: id.unwrap_or_else(|| uid.to_string()),
            size_bytes: size,
            marks: Some(marks),
            received_at_ms: named(pairs, "INTERNALDATE").and_then(|d| parse_date_time(&d.word())),
            tag: String::new(),
            place: uid,
        },
        labels,
    ))
}

/// Gmail's own labels say where a message is seen, those of people are categories.
fn apply_labels(listed: &mut Listed, labels: &[String]) -> Role {
    let has = |name: &str| labels.iter().any(|l| l.eq_ignore_ascii_case(name));
    let mut marks = listed.marks.take().unwrap_or_default();
    for label in labels.iter().filter(|l| !l.starts_with('\\')) {
        if let Some(keyword) = to_keyword(label) {
            marks.keywords.add(&keyword);
        }
    }
    let is_draft = has("\\Draft") || has("\\Drafts");
    if is_draft {
        marks.add(Flags::DRAFT);
    }
    if has("\\Starred") {
        marks.add(Flags::FLAGGED);
    }
    listed.marks = Some(marks);
    match (is_draft, has("\\Inbox"), has("\\Sent")) {
        (true, _, _) => Role::Drafts,
        (_, true, _) => Role::Inbox,
        (_, _, true) => Role::Sent,
        _ => Role::Archive,
    }
}

impl Source for Imap {
    fn name(&self) -> String {
        format!(
            "imap:{}@{}:{}",
            self.server.user, self.server.host, self.server.port
        )
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        let client = self.client().await?;
        let is_gmail = client.has("X-GM-EXT-1");
        let naming = naming(client).await?;
        let mailboxes = list_mailboxes(client, &naming).await?;
        self.places.clear();
        if let Some(all) = mailboxes.iter().find(|m| m.is_all && is_gmail) {
            return self.gmail_folders(all, &mailboxes).await;
        }
        let mut folders = Vec::new();
        // Some servers show everything a second time in a mailbox of its own.
        for mailbox in mailboxes.iter().filter(|m| !m.is_all) {
            self.place_folder(mailbox, &mut folders).await?;
        }
        Ok(folders)
    }

    async fn list(&mut self, folder: &SourceFolder) -> Result<Vec<Listed>> {
        let place = self.places.get(folder.place);
        let place = place.ok_or_else(|| Error::internal("a folder that was not listed"))?;
        let (mailbox, seen_in) = (place.mailbox.clone(), place.seen_in);
        match seen_in {
            Some(role) => self.list_gmail(&mailbox, role).await,
            None => Ok(self
                .list_mailbox(&mailbox)
                .await?
                .into_iter()
                .map(|(l, _)| l)
                .collect()),
        }
    }

    async fn fetch(&mut self, folder: &SourceFolder, wanted: &[Listed], out: Sender<Fetched>) -> Result<()> {
        let place = self.places.get(folder.place);
        let mailbox = place
            .ok_or_else(|| Error::internal("a folder that was not listed"))?
            .mailbox
            .clone();
        let mut order: Vec<(u32, usize)> = Vec::with_capacity(wanted.len());
        for (at, listed) in wanted.iter().enumerate() {
            if listed.size_bytes > MAX_BYTES {
                let why = format!("it is larger than {} MB", MAX_BYTES >> 20);
                hand_on(&out, at, Content::Unreadable(why)).await?;
            } else {
                order.push((listed.place as u32, at));
            }
        }
        order.sort_unstable();
        let mut done = vec![false; wanted.len()];
        let mut tries = 0;
        loop {
            let before = done.iter().filter(|d| **d).count();
            match self.fetch_some(&mailbox, &order, &mut done, &out).await {
                Ok(()) => return Ok(()),
                Err(e) if e.kind() == Kind::Unavailable && tries < TRIES => {
                    // As long as it goes on, it may break off again.
                    tries = if done.iter().filter(|d| **d).count() > before {
                        0
                    } else {
                        tries + 1
                    };
                    tracing::warn!(error = e.message(), "the connection broke off; it is made again");
                    self.client = None;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(e) => return Err(e),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_gmail_are_a_folder_and_categories() {
        let line = b"* 1 FETCH (X-GM-MSGID 17 X-GM-LABELS (\"\\\\Inbox\" \"\\\\Starred\" \"B&APw-ro\") UID 5 RFC822.SIZE 9 \
            INTERNALDATE \"22-Nov-2026 19:41:05 +0000\" FLAGS (\\Seen))";
        let answer = Answer {
            line: line.to_vec(),
            body: None,
        };
        let (mut listed, labels) = read_listed(&answer).unwrap();
        assert_eq!(
            (listed.name.as_str(), listed.place, listed.size_bytes),
            ("17", 5, 9)
        );
        assert_eq!(apply_labels(&mut listed, &labels), Role::Inbox);
        let marks = listed.marks.unwrap();
        assert_eq!(marks.flags, Flags::SEEN.with(Flags::FLAGGED));
        assert_eq!(marks.keywords.as_str(), "B=C3=BCro");
    }
}
