//! A folder by conversations: one row for each, at the place of its newest message there.

use crate::base::{Error, Result};
use crate::identity::Ctx;
pub use crate::model::message::Conversation;
use crate::model::message::ListedMessage;
use crate::model::{AccountId, Flags, FolderId, Keywords};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use crate::store::conversation::ListedConversation;
pub use crate::store::conversation::Writer;

/// More rows than a page of a list has; what belongs to each is read as well.
pub const MOST: u64 = 100;
/// The keyword for the third state that programs of Microsoft give a flag.
pub const COMPLETE: &str = "$FlagComplete";

/// Somebody who takes part, and whether something of theirs in this folder has not been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    pub writer: Writer,
    pub is_unread: bool,
}

#[derive(Clone, Debug)]
pub struct ConversationRow {
    pub key: Conversation,
    /// In this folder.
    pub newest: ListedMessage,
    /// Messages in all folders, in this one, and unread in this one.
    pub count: usize,
    pub here: usize,
    pub unread: usize,
    /// In this folder.
    pub is_flagged: bool,
    /// In this folder; of very long ones among the newest hundred messages.
    pub has_attachments: bool,
    /// Each once, who wrote last at the end; of very long ones the writers of the newest hundred messages.
    pub people: Vec<Participant>,
}

#[derive(Clone, Debug)]
pub struct Conversations {
    /// How many the folder has.
    pub total: u64,
    pub rows: Vec<ConversationRow>,
}

/// `skip` and `top` count conversations. Errors: NotFound (the folder); Invalid, for more than [`MOST`].
pub async fn list_conversations(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    skip: u64,
    top: u64,
) -> Result<Conversations> {
    ctx.require_owner(account)?;
    if top > MOST {
        return Err(Error::invalid(format!(
            "a page has at most {MOST} conversations; {top} were asked for"
        )));
    }
    let list = move |s: &Snapshot<'_, AccountDb>| {
        s.mail_folder(folder)?;
        let found = s.list_conversations(folder, skip, top)?;
        Ok(Conversations {
            total: s.count_conversations(folder)?,
            rows: found.into_iter().map(|c| row(folder, c)).collect(),
        })
    };
    ctx.store.account(account)?.read(list).await
}

/// Whether somebody is still to do something about it.
pub fn is_flagged(flags: Flags, keywords: &Keywords) -> bool {
    flags.contains(Flags::FLAGGED) && !keywords.contains(COMPLETE)
}

fn row(folder: FolderId, found: ListedConversation) -> ConversationRow {
    let mut out = ConversationRow {
        key: found.key,
        newest: found.newest,
        count: found.members.len(),
        here: 0,
        unread: 0,
        is_flagged: false,
        has_attachments: false,
        people: Vec::new(),
    };
    for member in found.members {
        let item = &member.item;
        let is_here = item.folder_id == folder;
        let is_unread = is_here && !item.flags.contains(Flags::SEEN);
        if is_here {
            out.here += 1;
            out.unread += usize::from(is_unread);
            out.is_flagged |= is_flagged(item.flags, &item.keywords);
            out.has_attachments |= member.has_attachments;
        }
        if let Some(writer) = member.writer {
            put_last(&mut out.people, writer, is_unread);
        }
    }
    out
}

/// Who has written before goes to the end, under the name of now.
fn put_last(people: &mut Vec<Participant>, writer: Writer, is_unread: bool) {
    let same = |p: &Participant| p.writer.address.eq_ignore_ascii_case(&writer.address);
    let before = people.iter().position(same).map(|n| people.remove(n));
    let (name, was_unread) = before.map_or((None, false), |p| (p.writer.name, p.is_unread));
    let writer = Writer {
        name: writer.name.or(name),
        ..writer
    };
    people.push(Participant {
        writer,
        is_unread: is_unread || was_unread,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_stand_once_with_a_name_and_the_last_to_write_at_the_end() {
        let writer = |name: Option<&str>, address: &str| Writer {
            name: name.map(str::to_owned),
            address: address.to_owned(),
        };
        let mut people = Vec::new();
        put_last(&mut people, writer(Some("Anna"), "anna@x.test"), true);
        put_last(&mut people, writer(None, "ben@x.test"), false);
        put_last(&mut people, writer(None, "ANNA@x.test"), false);
        let got: Vec<_> = people
            .iter()
            .map(|p| (p.writer.name.as_deref(), p.writer.address.as_str(), p.is_unread))
            .collect();
        assert_eq!(
            got,
            [(None, "ben@x.test", false), (Some("Anna"), "ANNA@x.test", true)]
        );
    }
}
