//! Mail to another server by IMAP: folders made where they are missing, messages appended many at a time with flags and dates.

use super::letter::Letter;
use super::{Options, Run};
use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::formats::imap::date_time::parse_date_time;
use crate::identity::Ctx;
use crate::mail::list_folders;
use crate::model::collect::CollectServer;
use crate::model::message::Item;
use crate::model::moved::{Moved, State};
use crate::model::{Account, Flags, Folder, FolderId, ItemId, Keywords};
use crate::moving::imap::client::Client;
use crate::moving::imap::mailboxes::{Mailbox, Naming, list_mailboxes, naming};
use crate::moving::imap::response::{Value, named, quote};
use crate::moving::imap::uid_set;
use crate::moving::import::roles::assign;
use crate::moving::import::source::{Marks, SourceFolder};
use crate::moving::import::{FolderReport, Report};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// After a run that was broken off: how often it is looked whether the other server is done with what it was sent, and the
/// pauses in between.
const SETTLES: usize = 30;
const SETTLE: Duration = Duration::from_secs(1);
/// UIDs of one command.
const BATCH: usize = 250;

/// A message there.
#[derive(Clone)]
pub struct There {
    pub uid: u32,
    pub size_bytes: u64,
    pub marks: Marks,
    pub received_at_ms: Option<i64>,
}

/// One folder on its way.
pub struct FolderRun<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) client: &'a mut Client,
    move_folder: i64,
    pub(super) folder: FolderId,
    pub(super) path: String,
}

/// Puts an account's mail onto another server. Errors: those of the connection and of the store; what is wrong with a single
/// message is in the report.
pub async fn send_mail(
    ctx: &Ctx,
    account: &Account,
    (room, server): (&Arc<PostRoom>, &CollectServer),
    options: &Options,
) -> Result<Report> {
    ctx.require_owner(account.id)?;
    let run = Run {
        ctx,
        account,
        options,
        name: format!("to:imap:{}@{}:{}", server.user, server.host, server.port),
    };
    let mut client = Client::sign_in(room, server).await?;
    let was_broken_off = begin(&run).await?;
    let naming = naming(&mut client).await?;
    let mailboxes = with_roles(list_mailboxes(&mut client, &naming).await?);
    let mut report = Report::new(&run.name, account, options.is_dry_run);
    for (path, folder) in list_folders(ctx, account.id).await?.iter() {
        if let Some(goal) = options.goal(path) {
            send_folder(
                (&run, was_broken_off),
                &mut client,
                (&naming, &mailboxes),
                (path, &goal, folder),
                &mut report,
            )
            .await?;
        }
    }
    client.log_out().await;
    finish(&run).await?;
    Ok(report)
}

fn unfinished_key(run: &Run<'_>) -> String {
    format!("unfinished {}", run.name)
}

/// Whether an earlier run was broken off: the other server may be busy still with what it had sent.
async fn begin(run: &Run<'_>) -> Result<bool> {
    let file = run.ctx.store.account(run.account.id)?;
    let key = unfinished_key(run);
    if run.options.is_dry_run {
        return Ok(false);
    }
    file.write(move |tx| {
        let was_there = tx.account_setting(&key)?.is_some();
        tx.put_account_setting(&key, Some(b"1"))?;
        Ok(was_there)
    })
    .await
}

async fn finish(run: &Run<'_>) -> Result<()> {
    let key = unfinished_key(run);
    match run.options.is_dry_run {
        true => Ok(()),
        false => {
            let file = run.ctx.store.account(run.account.id)?;
            file.write(move |tx| tx.put_account_setting(&key, None)).await
        }
    }
}

/// Waits until nothing more arrives in the mailbox that is open.
async fn settle(client: &mut Client) -> Result<()> {
    let mut before = None;
    for _ in 0..SETTLES {
        let mut last = 0;
        client
            .run("UID FETCH * (UID)", |answer| {
                let all = answer.values();
                let uid = all
                    .get(3)
                    .and_then(|p| named(p.list(), "UID"))
                    .and_then(Value::number);
                last = last.max(uid.unwrap_or(0));
                Ok(())
            })
            .await?;
        if before.replace(last) == Some(last) {
            break;
        }
        tokio::time::sleep(SETTLE).await;
    }
    Ok(())
}

/// What a server does not say is told by its names.
fn with_roles(mut mailboxes: Vec<Mailbox>) -> Vec<Mailbox> {
    let mut folders: Vec<SourceFolder> = mailboxes
        .iter()
        .map(|m| SourceFolder {
            path: m.path.clone(),
            role: m.role,
            ..SourceFolder::default()
        })
        .collect();
    assign(&mut folders);
    for (mailbox, folder) in mailboxes.iter_mut().zip(folders) {
        mailbox.role = folder.role;
    }
    mailboxes
}

async fn send_folder(
    (run, was_broken_off): (&Run<'_>, bool),
    client: &mut Client,
    (naming, mailboxes): (&Naming, &[Mailbox]),
    (path, goal, folder): (&str, &str, &Folder),
    report: &mut Report,
) -> Result<()> {
    let by_role = mailboxes
        .iter()
        .find(|m| path == goal && m.role.is_some() && m.role == folder.role);
    let name = naming.name_of(goal);
    let known = by_role.or_else(|| mailboxes.iter().find(|m| m.name == name));
    let name = known.map_or(name, |m| m.name.clone());
    let file = run.ctx.store.account(run.account.id)?;
    let id = folder.id;
    let items = file.read(move |s| s.items_by_uid(id, 1, u32::MAX)).await?;
    report.begin_outward(FolderReport {
        path: path.to_owned(),
        target: known.map(|m| m.path.clone()),
        kind: "mail",
        items: items.len() as u64,
        bytes: items.iter().map(|i| i.size_bytes as u64).sum(),
        ..FolderReport::default()
    });
    if known.is_none() {
        if run.options.is_dry_run {
            let folder = report.folder();
            (folder.new, folder.new_bytes) = (folder.items, folder.bytes);
            return Ok(());
        }
        make_mailbox(client, &name, folder.is_subscribed).await?;
        report.folder().target = Some(goal.to_owned());
    }
    let version = select(client, &name, run.options.is_dry_run).await?;
    if was_broken_off {
        settle(client).await?;
    }
    let (source, path_text) = (run.name.clone(), path.to_owned());
    let move_folder = match run.options.is_dry_run {
        // Not in the ledger: it knows nothing.
        true => {
            let known = file.read(move |s| s.moved_folders(&source)).await?;
            let known = known.iter().find(|k| k.path == path_text && k.version == version);
            known.map_or(0, |k| k.id)
        }
        false => {
            file.write(move |tx| tx.put_moved_folder(&source, &path_text, &version, id))
                .await?
        }
    };
    let mut work = FolderRun {
        run,
        client,
        move_folder,
        folder: id,
        path: path.to_owned(),
    };
    work.bring(&name, items, report).await
}

async fn make_mailbox(client: &mut Client, name: &[u8], is_subscribed: bool) -> Result<()> {
    let quoted = String::from_utf8_lossy(&quote(name)).into_owned();
    client.run(&format!("CREATE {quoted}"), |_| Ok(())).await?;
    if is_subscribed {
        client.run(&format!("SUBSCRIBE {quoted}"), |_| Ok(())).await?;
    }
    Ok(())
}

/// Returns its UIDVALIDITY.
async fn select(client: &mut Client, name: &[u8], only_reads: bool) -> Result<String> {
    let verb = if only_reads { "EXAMINE" } else { "SELECT" };
    let mut validity = String::from("0");
    let command = format!("{verb} {}", String::from_utf8_lossy(&quote(name)));
    client
        .run(&command, |answer| {
            let text = String::from_utf8_lossy(&answer.line).to_ascii_uppercase();
            if let Some((_, rest)) = text.split_once("[UIDVALIDITY ") {
                validity = rest.chars().take_while(char::is_ascii_digit).collect();
            }
            Ok(())
        })
        .await?;
    Ok(validity)
}

/// `(\Seen $Forwarded)`
pub fn flag_list(flags: Flags, keywords: &Keywords) -> String {
    let names = [
        (Flags::SEEN, "\\Seen"),
        (Flags::ANSWERED, "\\Answered"),
        (Flags::FLAGGED, "\\Flagged"),
        (Flags::DELETED, "\\Deleted"),
        (Flags::DRAFT, "\\Draft"),
    ];
    let mut all: Vec<&str> = names
        .iter()
        .filter(|(f, _)| flags.contains(*f))
        .map(|(_, n)| *n)
        .collect();
    // What is no atom there was none here either.
    all.extend(keywords.iter().filter(|k| {
        k.bytes()
            .all(|b| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(&b))
    }));
    format!("({})", all.join(" "))
}

impl FolderRun<'_> {
    async fn bring(&mut self, name: &[u8], items: Vec<Item>, report: &mut Report) -> Result<()> {
        let there = self.list().await?;
        let mut rows = self.rows().await?;
        let by_uid: HashMap<u32, &There> = there.iter().map(|t| (t.uid, t)).collect();
        // What was removed there since is put there again only when somebody asks for it by another ledger: it was removed.
        let mut by_item: HashMap<ItemId, (u32, Moved)> = HashMap::new();
        let mut taken = HashSet::new();
        for row in rows.drain(..) {
            if let (Ok(uid), Some(item)) = (row.name.parse::<u32>(), row.item_id) {
                taken.insert(uid);
                by_item.insert(item, (uid, row));
            }
        }
        let unsent: Vec<Item> = items
            .iter()
            .filter(|i| !by_item.contains_key(&i.id))
            .cloned()
            .collect();
        let folder = report.folder();
        folder.known = (items.len() - unsent.len()) as u64;
        folder.new = unsent.len() as u64;
        folder.new_bytes = unsent.iter().map(|i| i.size_bytes as u64).sum();
        if self.run.options.is_dry_run {
            return Ok(());
        }
        self.change_flags(&items, &by_item, &by_uid, report).await?;
        if self.run.options.follow_deletions {
            self.remove(&items, &by_item, report).await?;
        }
        let strangers: Vec<There> = there
            .iter()
            .filter(|t| !taken.contains(&t.uid))
            .cloned()
            .collect();
        let left = self.adopt(unsent, strangers, report).await?;
        let unnamed = self.append_all(name, left, report).await?;
        if !unnamed.is_empty() {
            // A server that does not say under which UIDs it has taken them.
            let known: HashSet<u32> = self
                .rows()
                .await?
                .iter()
                .filter_map(|r| r.name.parse().ok())
                .collect();
            let strangers = self
                .list()
                .await?
                .into_iter()
                .filter(|t| !known.contains(&t.uid))
                .collect();
            let lost = self.adopt(unnamed, strangers, report).await?;
            let folder = report.folder();
            folder.adopted = folder.adopted.saturating_sub(folder.stored);
            for item in lost {
                report.problem(format!(
                    "{}, UID {}: the other server has not kept it as it was sent",
                    self.path, item.uid
                ));
            }
        }
        if self.run.options.verify {
            self.compare(report).await?;
        }
        Ok(())
    }

    pub(super) async fn rows(&self) -> Result<Vec<Moved>> {
        let id = self.move_folder;
        let file = self.run.ctx.store.account(self.run.account.id)?;
        file.read(move |s| s.moved_items(id)).await
    }

    pub(super) async fn list(&mut self) -> Result<Vec<There>> {
        let mut out: Vec<There> = Vec::new();
        self.client
            .run("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)", |answer| {
                out.extend(read_there(&answer.values()));
                Ok(())
            })
            .await?;
        out.sort_by_key(|t| t.uid);
        out.dedup_by_key(|t| t.uid);
        Ok(out)
    }

    pub(super) async fn letter(&self, item: Item) -> Result<Letter> {
        let file = self.run.ctx.store.account(self.run.account.id)?;
        file.read(move |s| {
            let body = s.open_body(item.body_id)?;
            Letter::new(item, body)
        })
        .await
    }

    /// Finds those that lie there already, by their bytes. Returns the others.
    async fn adopt(
        &mut self,
        items: Vec<Item>,
        strangers: Vec<There>,
        report: &mut Report,
    ) -> Result<Vec<Item>> {
        if strangers.is_empty() || items.is_empty() {
            return Ok(items);
        }
        let mut ours: HashMap<[u8; 32], Vec<Item>> = HashMap::new();
        let (mut sizes, mut left) = (HashSet::new(), Vec::new());
        for item in items {
            match self.letter(item.clone()).await {
                Ok(letter) => {
                    sizes.insert(letter.size_bytes);
                    ours.entry(letter.hash).or_default().push(item);
                }
                Err(_) => left.push(item),
            }
        }
        let likely: Vec<There> = strangers
            .into_iter()
            .filter(|t| sizes.contains(&t.size_bytes))
            .collect();
        for (uid, hash) in self.hashes(&likely).await? {
            let Some(item) = ours.get_mut(&hash).and_then(Vec::pop) else {
                continue;
            };
            self.note(vec![(uid, item, hash)]).await?;
            report.folder().adopted += 1;
        }
        left.extend(ours.into_values().flatten());
        left.sort_by_key(|i| i.uid);
        Ok(left)
    }

    /// Of bodies there, by UID.
    pub(super) async fn hashes(&mut self, wanted: &[There]) -> Result<Vec<(u32, [u8; 32])>> {
        let mut out = Vec::with_capacity(wanted.len());
        let uids: Vec<u32> = wanted.iter().map(|t| t.uid).collect();
        for batch in uids.chunks(BATCH) {
            let tag = self
                .client
                .send(&format!("UID FETCH {} (UID BODY.PEEK[])", uid_set(batch, &[])))
                .await?;
            loop {
                let mut answer = self.client.answer().await?;
                let mut hash = None;
                while let Some(size) = answer.body.take() {
                    let mut hasher = blake3::Hasher::new();
                    self.client
                        .body(size, |piece| {
                            hasher.update(piece);
                            Ok(())
                        })
                        .await?;
                    hash = Some(*hasher.finalize().as_bytes());
                    answer.line.extend_from_slice(b"\"\"");
                    self.client.rest(&mut answer).await?;
                }
                match answer.tagged() {
                    Some((found, true, _)) if found == tag => break,
                    Some((found, false, text)) if found == tag => {
                        return Err(Error::unavailable(format!("the other server says: {text}")));
                    }
                    _ => {}
                }
                let all = answer.values();
                let uid = all
                    .get(3)
                    .and_then(|p| named(p.list(), "UID"))
                    .and_then(Value::number);
                if let (Some(uid), Some(hash)) = (uid.and_then(|u| u32::try_from(u).ok()), hash) {
                    out.push((uid, hash));
                }
            }
        }
        Ok(out)
    }

    /// Into the ledger: UIDs there, and ours.
    pub(super) async fn note(&self, sent: Vec<(u32, Item, [u8; 32])>) -> Result<()> {
        let folder = self.move_folder;
        let file = self.run.ctx.store.account(self.run.account.id)?;
        file.write(move |tx| {
            for (uid, item, hash) in sent {
                let moved = Moved {
                    name: uid.to_string(),
                    item_id: Some(item.id),
                    hash,
                    state: State::Stored,
                    flags: item.flags,
                    tag: item.keywords.as_str().to_owned(),
                };
                tx.put_moved(folder, &moved)?;
            }
            Ok(())
        })
        .await
    }

    /// What was marked here since it went out is marked there, and what was taken away is taken away.
    async fn change_flags(
        &mut self,
        items: &[Item],
        by_item: &HashMap<ItemId, (u32, Moved)>,
        there: &HashMap<u32, &There>,
        report: &mut Report,
    ) -> Result<()> {
        let mut changed = Vec::new();
        for item in items {
            let Some((uid, row)) = by_item.get(&item.id).filter(|(uid, _)| there.contains_key(uid)) else {
                continue;
            };
            if row.flags == item.flags && row.tag == item.keywords.as_str() {
                continue;
            }
            let before = Keywords::from_stored(&row.tag);
            let taken: Keywords = before.iter().filter(|k| !item.keywords.contains(k)).collect();
            let added: Keywords = item.keywords.iter().filter(|k| !before.contains(k)).collect();
            for (sign, flags, keywords) in [
                ("-", row.flags.without(item.flags), taken),
                ("+", item.flags.without(row.flags), added),
            ] {
                let list = flag_list(flags, &keywords);
                if list != "()" {
                    self.client
                        .run(&format!("UID STORE {uid} {sign}FLAGS.SILENT {list}"), |_| Ok(()))
                        .await?;
                }
            }
            changed.push((*uid, item.clone(), row.hash));
        }
        report.folder().changed = changed.len() as u64;
        self.note(changed).await
    }

    /// What has gone here goes there.
    async fn remove(
        &mut self,
        items: &[Item],
        by_item: &HashMap<ItemId, (u32, Moved)>,
        report: &mut Report,
    ) -> Result<()> {
        let here: HashSet<ItemId> = items.iter().map(|i| i.id).collect();
        let mut gone: Vec<u32> = by_item
            .iter()
            .filter(|(id, _)| !here.contains(id))
            .map(|(_, (uid, _))| *uid)
            .collect();
        gone.sort_unstable();
        for batch in gone.chunks(BATCH) {
            let set = uid_set(batch, &[]);
            self.client
                .run(&format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)"), |_| Ok(()))
                .await?;
            // Without it everything that somebody has marked there would go.
            if self.client.has("UIDPLUS") {
                self.client.run(&format!("UID EXPUNGE {set}"), |_| Ok(())).await?;
            }
            let (folder, names): (i64, Vec<String>) =
                (self.move_folder, batch.iter().map(u32::to_string).collect());
            let file = self.run.ctx.store.account(self.run.account.id)?;
            file.write(move |tx| names.iter().try_for_each(|n| tx.forget_moved(folder, n)))
                .await?;
            report.removed += batch.len() as u64;
        }
        Ok(())
    }
}

fn read_there(values: &[Value]) -> Option<There> {
    let is_fetch = values
        .get(2)
        .is_some_and(|w| w.word().eq_ignore_ascii_case("FETCH"));
    let pairs = values.get(3).filter(|_| is_fetch)?.list();
    let mut marks = Marks::default();
    for flag in named(pairs, "FLAGS").map(Value::list).unwrap_or_default() {
        marks.add_name(&flag.word());
    }
    Some(There {
        uid: u32::try_from(named(pairs, "UID")?.number()?).ok()?,
        size_bytes: named(pairs, "RFC822.SIZE")?.number()?,
        marks,
        received_at_ms: named(pairs, "INTERNALDATE").and_then(|d| parse_date_time(&d.word())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_printed() {
        let keywords: Keywords = ["$Forwarded", "a(b"].into_iter().collect();
        assert_eq!(
            flag_list(Flags::SEEN.with(Flags::DRAFT), &keywords),
            "(\\Seen \\Draft $Forwarded)"
        );
        assert_eq!(flag_list(Flags::NONE, &Keywords::default()), "()");
    }
}
